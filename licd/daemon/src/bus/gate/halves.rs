//! The two halves of the socket that zbus speaks through.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::net::{Shutdown, shutdown};
use zbus::Message;
use zbus::connection::socket::{ReadHalf, WriteHalf};
use zbus::export::async_trait::async_trait;
use zbus::message::Type;
use zruntime::{Shared as Runtime, Task};

use super::inbound::Inbound;
use super::{Connection, line};

/// Where zbus reads.
#[derive(Debug)]
pub(in crate::bus) struct Reader {
    connection: Arc<Connection>,
    /// Reads from the first message on.
    receiver: Option<Task<(), Runtime>>,
}

impl Reader {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, receiver: None }
    }
}

#[async_trait]
impl ReadHalf for Reader {
    async fn receive_message(
        &mut self,
        seq: u64,
        early: &mut Vec<u8>,
        descriptors: &mut Vec<OwnedFd>,
    ) -> zbus::Result<Message> {
        if self.receiver.is_none() {
            let inbound = Inbound::new(&std::mem::take(early));
            self.receiver = Some(zruntime::spawn(Arc::clone(&self.connection).receive(inbound)));
        }
        loop {
            let changed = self.connection.changed.listen();
            let Some(next) = self.connection.next() else {
                self.connection.change(changed).await;
                continue;
            };
            // What zbus cannot read is nothing that the bus would pass on.
            let Ok(message) = next?.receive_message(seq, early, descriptors).await else {
                continue;
            };
            if message.message_type() != Type::MethodCall {
                return Ok(message);
            }
            let connection = Arc::clone(&self.connection);
            // An answer is made in its turn to be written, so that it is never older than a signal that
            // left before it: callers would keep what that signal took back.
            let turn = connection.turn().await;
            let Some(answer) = connection.answer(&message) else { return Ok(message) };
            // What fails here fails the reading, too.
            let send = async move { drop(connection.send(turn, &answer).await) };
            zruntime::spawn(send).detach();
        }
    }

    /// Of the handshake.
    async fn recvmsg(&mut self, room: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        line::receive(&self.connection.line, room).await
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

/// A message that zbus reads from memory.
#[derive(Debug)]
pub(super) struct Whole {
    bytes: Vec<u8>,
    /// What zbus gets in place of the caller's descriptor: it closes what it gets on the thread that
    /// answers every caller.
    stand_in: Option<OwnedFd>,
}

#[async_trait]
impl ReadHalf for Whole {
    async fn recvmsg(&mut self, room: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        let length = room.len().min(self.bytes.len());
        room.iter_mut().zip(self.bytes.drain(..length)).for_each(|(to, from)| *to = from);
        Ok((length, self.stand_in.take().into_iter().collect()))
    }
}

impl Whole {
    pub(super) fn new(bytes: Vec<u8>, stand_in: Option<OwnedFd>) -> Self {
        Self { bytes, stand_in }
    }
}

/// Where zbus writes.
#[derive(Debug)]
pub(in crate::bus) struct Writer(Arc<Connection>);

impl Writer {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self(connection)
    }
}

#[async_trait]
impl WriteHalf for Writer {
    async fn send_message(&mut self, message: &Message) -> zbus::Result<()> {
        Ok(self.0.send(self.0.turn().await, message).await?)
    }

    /// Of the handshake; nothing that licd says has descriptors.
    async fn sendmsg(&mut self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        if !fds.is_empty() {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.0.write(self.0.turn().await, bytes).await?;
        Ok(bytes.len())
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(shutdown(self.0.line.get_ref(), Shutdown::Both)?)
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::sync::Mutex;
    use std::thread;

    use zbus::connection::socket::Socket as _;
    use zruntime::SharedRuntime;

    use super::*;
    use crate::bus::gate::{Gate, Local};

    /// Answers with one state, and announces the next one before the answer can leave.
    #[derive(Debug)]
    struct Overtaken(Mutex<Writer>);

    impl Local for Overtaken {
        fn answer(&self, call: &Message) -> Option<Message> {
            let connection = Arc::clone(&self.0.lock().unwrap().0);
            let signal = Message::signal("/", "com.igel.Test", "Next").build(&()).unwrap();
            let announce = async move { Writer(connection).send_message(&signal).await.unwrap() };
            zruntime::spawn(announce).detach();
            Message::method_return(&call.header()).build(&"This").ok()
        }
    }

    #[test]
    fn no_signal_of_a_later_state_leaves_before_an_answer() {
        let (mut far, near) = UnixStream::pair().unwrap();
        let call = Message::method_call("/", "Get").sender(":1.7").build(&()).unwrap();
        far.write_all(call.data().bytes()).unwrap();
        let sent = thread::spawn(move || {
            let (mut sent, mut some) = (String::new(), [0; 4096]);
            while !(sent.contains("This") && sent.contains("Next")) {
                let length = far.read(&mut some).unwrap();
                sent.push_str(&String::from_utf8_lossy(&some[..length]));
            }
            sent
        });
        zruntime::block_on(async {
            let gate = Gate::over(&SharedRuntime::current().unwrap(), near.into()).unwrap();
            let entrance = gate.entrance();
            let (mut reader, writer) = gate.split().take();
            entrance.open(Arc::new(Overtaken(Mutex::new(writer))));
            // Until the far end has seen both messages, and hangs up.
            let end = reader.receive_message(0, &mut Vec::new(), &mut Vec::new()).await;
            assert!(end.is_err(), "zbus sees no call that is answered here");
        });
        let sent = sent.join().unwrap();
        assert!(sent.find("This") < sent.find("Next"), "{sent}");
    }
}
