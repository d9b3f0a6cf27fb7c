//! Messages as they come from the bus. No more is read than one of its kind may have: what is longer
//! is passed over, piece by piece, and never in memory.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};

use super::envelope::{Envelope, FIXED, Kind, Lengths};
use super::foreign::Foreign;
use super::line::{Line, receive};

/// Bytes of a head. Its longest field is a path, which the bus does not bound; those of licd have less
/// than 100. A caller with a longer one gets no answer, since the head says who that is.
const HEAD: usize = 16 * 1024;
/// Bytes that are read at a time: a flood is many small messages, and each reading costs more than
/// what is done with one of them. More than a short message with the longest head has.
const AHEAD: usize = 64 * 1024;

/// A message, whole.
pub(in crate::bus) struct Frame {
    pub(in crate::bus) bytes: Vec<u8>,
    pub(in crate::bus) descriptors: Vec<Foreign>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {} descriptors", self.bytes.len(), self.descriptors.len())
    }
}

/// What has come.
pub(in crate::bus) enum Arrival {
    Message(Envelope, Frame),
    /// A message that licd does not handle, or with a body longer than allowed; it is discarded.
    TooLong(Envelope),
    /// Bytes that are no message; they are discarded.
    Nothing,
}

/// Reads messages.
#[derive(Debug)]
pub(in crate::bus) struct Inbound {
    buffer: Vec<u8>,
    /// What of it was read and not used yet.
    start: usize,
    end: usize,
    /// Descriptors that were read, and how much of the buffer was filled by then. The kernel ends a
    /// reading behind the piece that has descriptors, and the bus begins one with each message that
    /// has any: so they belong to the last message that begins before this.
    descriptors: VecDeque<(usize, Vec<Foreign>)>,
}

impl Inbound {
    /// `early` was read before the first message was asked for.
    pub(in crate::bus) fn new(early: &[u8]) -> Self {
        let end = early.len();
        // Memory that comes zeroed takes up no page before it is read into.
        let mut buffer = vec![0; end.max(AHEAD)];
        buffer.iter_mut().zip(early).for_each(|(to, from)| *to = *from);
        Self { buffer, start: 0, end, descriptors: VecDeque::new() }
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// The connection is gone, or what comes from it is no message.
    pub(in crate::bus) async fn next(&mut self, line: &Line) -> io::Result<Arrival> {
        self.wait_for(line, FIXED).await?;
        let lengths = Lengths::of(self.ready(FIXED)).ok_or(ErrorKind::InvalidData)?;
        if lengths.head > HEAD {
            self.pass_over(line, lengths.all()).await?;
            return Ok(Arrival::Nothing);
        }
        self.wait_for(line, lengths.head).await?;
        let Some(envelope) = Envelope::read(self.ready(lengths.head)) else {
            self.pass_over(line, lengths.all()).await?;
            return Ok(Arrival::Nothing);
        };
        if envelope.kind == Kind::Void || lengths.body > envelope.most_body() {
            self.pass_over(line, lengths.all()).await?;
            return Ok(Arrival::TooLong(envelope));
        }
        let mut frame = Frame { bytes: Vec::with_capacity(lengths.all()), descriptors: Vec::new() };
        while frame.bytes.len() < lengths.all() {
            self.wait_for(line, 1).await?;
            let piece = (lengths.all() - frame.bytes.len()).min(self.end - self.start);
            frame.bytes.extend_from_slice(self.ready(piece));
            frame.descriptors.extend(self.used(piece));
        }
        Ok(Arrival::Message(envelope, frame))
    }

    /// The first of what was read, as much as that.
    fn ready(&self, length: usize) -> &[u8] {
        self.buffer.get(self.start..self.start + length).unwrap_or_default()
    }

    /// So much is used; the descriptors that came with it.
    fn used(&mut self, length: usize) -> Vec<Foreign> {
        self.start += length;
        let mut came = Vec::new();
        while let Some((_, more)) =
            self.descriptors.pop_front_if(|(filled, _)| *filled <= self.start)
        {
            came.extend(more);
        }
        came
    }

    /// Reads until there is so much: at most [`AHEAD`].
    async fn wait_for(&mut self, line: &Line, length: usize) -> io::Result<()> {
        while self.end - self.start < length {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.descriptors.iter_mut().for_each(|(filled, _)| *filled -= self.start);
                self.start = 0;
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            let (more, descriptors) = receive(line, room).await?;
            self.end += more;
            if !descriptors.is_empty() {
                let descriptors = descriptors.into_iter().map(Foreign::from).collect();
                self.descriptors.push_back((self.end, descriptors));
            }
        }
        Ok(())
    }

    async fn pass_over(&mut self, line: &Line, mut length: usize) -> io::Result<()> {
        while length > 0 {
            self.wait_for(line, 1).await?;
            let piece = length.min(self.end - self.start);
            drop(self.used(piece));
            length -= piece;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{IoSlice, Write as _};
    use std::mem::MaybeUninit;
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;

    use rustix::cmsg_space;
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    use zbus::Message;
    use zruntime::SharedRuntime;

    use super::*;

    fn call(member: &'static str, body: &str) -> Vec<u8> {
        let call = Message::method_call("/", member).sender(":1.7").build(&body).unwrap();
        call.data().bytes().to_vec()
    }

    fn send_with(socket: &UnixStream, bytes: &[u8], descriptors: usize) {
        let null = File::open("/dev/null").unwrap();
        let many = vec![null.as_fd(); descriptors];
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(16))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&many)));
        let sent = sendmsg(socket, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::empty());
        assert_eq!(sent.unwrap(), bytes.len());
    }

    /// What is read of all that was sent: the length of each message, and its descriptors; `None` for
    /// what was passed over.
    fn read_all(far: UnixStream, near: UnixStream) -> Vec<Option<(usize, usize)>> {
        drop(far);
        zruntime::block_on(async {
            let line: Line = Line::new(&SharedRuntime::current().unwrap(), near.into()).unwrap();
            let (mut inbound, mut read) = (Inbound::new(&[]), Vec::new());
            while let Ok(arrival) = inbound.next(&line).await {
                read.push(match arrival {
                    Arrival::Message(_, frame) => {
                        Some((frame.bytes.len(), frame.descriptors.len()))
                    }
                    Arrival::TooLong(_) | Arrival::Nothing => None,
                });
            }
            read
        })
    }

    #[test]
    fn descriptors_belong_to_the_message_that_they_came_with() {
        let (mut far, near) = UnixStream::pair().unwrap();
        let plain = call("GetStatus", "");
        let length = plain.len();
        for _ in 0..3 {
            far.write_all(&plain).unwrap();
            send_with(&far, &plain, 1);
        }
        far.write_all(&plain).unwrap();
        let read = read_all(far, near);
        let expected = [0, 1, 0, 1, 0, 1, 0].map(|descriptors| Some((length, descriptors)));
        assert_eq!(read, expected);
    }

    #[test]
    fn of_many_descriptors_few_are_opened_and_those_of_what_is_passed_over_are_closed() {
        let (mut far, near) = UnixStream::pair().unwrap();
        send_with(&far, &call("GetStatus", ""), 16);
        send_with(&far, &call("CheckFeature", &"x".repeat(20_000)), 16);
        let settings = call("ApplySettings", &"#".repeat(100_000));
        far.write_all(&settings).unwrap();
        let read = read_all(far, near);
        let [Some((_, opened)), None, Some((length, 0))] = read[..] else { panic!("{read:?}") };
        assert!(opened <= 4 && length == settings.len(), "{opened} {length}");
    }
}
