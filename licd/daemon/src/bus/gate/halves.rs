//! The two halves of the socket that zbus speaks through.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::net::{Shutdown, shutdown};
use zbus::Message;
use zbus::connection::socket::{ReadHalf, WriteHalf};
use zbus::export::async_trait::async_trait;
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
            let Some(answer) = self.connection.answer(&message) else { return Ok(message) };
            let connection = Arc::clone(&self.connection);
            // What fails here fails the reading, too.
            let send = async move { drop(connection.send(&answer).await) };
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
        Ok(self.0.send(message).await?)
    }

    /// Of the handshake; nothing that licd says has descriptors.
    async fn sendmsg(&mut self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        if !fds.is_empty() {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.0.write(bytes).await?;
        Ok(bytes.len())
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(shutdown(self.0.line.get_ref(), Shutdown::Both)?)
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}
