//! Messages as they come from the bus. No more is read than one of its kind may have: what is longer
//! is passed over, piece by piece, and never in memory.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::cmsg_space;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::Line;
use super::envelope::{Envelope, FIXED, Kind, Lengths};

/// Bytes of a head. Its longest field is a path, which the bus does not bound; those of licd have less
/// than 100. A caller with a longer one gets no answer, since the head says who that is.
const HEAD: usize = 16 * 1024;
/// Bytes that are read at a time: a flood is many small messages, and each reading costs more than
/// what is done with one of them. More than a short message with the longest head has.
const AHEAD: usize = 64 * 1024;
/// Descriptors that are taken from one read; the kernel closes all others at once.
const DESCRIPTORS: usize = 1;

/// A message, whole.
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    pub(super) descriptors: Vec<OwnedFd>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {} descriptors", self.bytes.len(), self.descriptors.len())
    }
}

/// What has come.
pub(super) enum Arrival {
    Message(Envelope, Frame),
    /// A message that is for nobody here, or with a body longer than it may be; it is gone.
    TooLong(Envelope),
    /// Something that makes no sense; it is gone.
    Nothing,
}

/// Reads messages.
#[derive(Debug)]
pub(super) struct Inbound {
    buffer: Vec<u8>,
    /// What of it was read and not used yet.
    start: usize,
    end: usize,
    /// Descriptors that were read, and how much of the buffer was filled by then. The kernel ends a
    /// reading behind the piece that has descriptors, and the bus begins one with each message that
    /// has any: so they belong to the last message that begins before this.
    descriptors: VecDeque<(usize, Vec<OwnedFd>)>,
}

impl Inbound {
    /// `early` was read before the first message was asked for.
    pub(super) fn new(mut early: Vec<u8>) -> Self {
        let (end, room) = (early.len(), early.len().max(AHEAD));
        early.resize(room, 0);
        Self { buffer: early, start: 0, end, descriptors: VecDeque::new() }
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// The connection is gone, or what comes from it is no message.
    pub(super) async fn next(&mut self, line: &Line) -> io::Result<Arrival> {
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
    fn used(&mut self, length: usize) -> Vec<OwnedFd> {
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

/// Reads what there is, and at most two descriptors: the space for one holds so many. Where none can
/// be opened, the message comes without.
///
/// # Errors
/// The kernel's; [`ErrorKind::UnexpectedEof`] at the end.
pub(super) async fn receive(line: &Line, room: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let read = |socket: &OwnedFd| {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(&mut *room)];
        let got = recvmsg(socket, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        let mut descriptors = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(more) = message {
                descriptors.extend(more);
            }
        }
        Ok((got.bytes, descriptors))
    };
    match line.read_with(read).await? {
        (0, _) => Err(ErrorKind::UnexpectedEof.into()),
        got => Ok(got),
    }
}
