//! Messages as they come from the bus. No more is read than one of its kind may have: what is longer
//! is passed over, piece by piece, and never in memory.

use std::fmt;
use std::io::{self, ErrorKind, IoSliceMut};
use std::mem::{MaybeUninit, take};
use std::os::fd::OwnedFd;

use rustix::cmsg_space;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::Line;
use super::envelope::{BODY, Envelope, FIXED, Lengths};

/// Bytes of a head. Its longest field is a path, which the bus does not bound; those of licd have less
/// than 100. A caller with a longer one gets no answer, since the head says who that is.
const HEAD: usize = 16 * 1024;
/// Bytes of a message that is passed over, read at a time.
const CHUNK: usize = 32 * 1024;
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
    /// A message with a body longer than it may be; it is gone.
    TooLong(Envelope),
    /// Something that makes no sense; it is gone.
    Nothing,
}

/// Reads messages.
#[derive(Debug)]
pub(super) struct Inbound {
    /// What was read before the first message was asked for.
    early: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

impl Inbound {
    pub(super) fn new(early: Vec<u8>, descriptors: Vec<OwnedFd>) -> Self {
        Self { early, descriptors }
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// The connection is gone, or what comes from it is no message.
    pub(super) async fn next(&mut self, line: &Line) -> io::Result<Arrival> {
        self.descriptors.clear();
        let mut bytes = Vec::new();
        self.fill(line, &mut bytes, FIXED).await?;
        let lengths = Lengths::of(&bytes).ok_or(ErrorKind::InvalidData)?;
        if lengths.head > HEAD {
            self.pass_over(line, lengths.all() - FIXED).await?;
            return Ok(Arrival::Nothing);
        }
        let is_short = lengths.body <= BODY;
        let now = if is_short { lengths.all() } else { lengths.head };
        self.fill(line, &mut bytes, now).await?;
        // Those of a long message come with its first bytes, too.
        let Some(envelope) = bytes.get(..lengths.head).and_then(Envelope::read) else {
            self.pass_over(line, lengths.all() - now).await?;
            return Ok(Arrival::Nothing);
        };
        if lengths.body > envelope.most_body() {
            self.pass_over(line, lengths.all() - now).await?;
            return Ok(Arrival::TooLong(envelope));
        }
        self.fill(line, &mut bytes, lengths.all()).await?;
        let descriptors = take(&mut self.descriptors);
        Ok(Arrival::Message(envelope, Frame { bytes, descriptors }))
    }

    /// Reads until there are so many bytes. Never further: descriptors come with the first byte of
    /// the message that they belong to.
    async fn fill(&mut self, line: &Line, bytes: &mut Vec<u8>, length: usize) -> io::Result<()> {
        let mut filled = bytes.len();
        bytes.resize(length, 0);
        while filled < length {
            let rest = bytes.get_mut(filled..).unwrap_or_default();
            filled += self.read(line, rest).await?;
        }
        Ok(())
    }

    async fn pass_over(&mut self, line: &Line, mut length: usize) -> io::Result<()> {
        self.descriptors.clear();
        let mut chunk = vec![0; CHUNK.min(length)];
        while length > 0 {
            let room = chunk.len().min(length);
            length -= self.read(line, chunk.get_mut(..room).unwrap_or_default()).await?;
        }
        Ok(())
    }

    async fn read(&mut self, line: &Line, room: &mut [u8]) -> io::Result<usize> {
        if !self.early.is_empty() {
            let length = room.len().min(self.early.len());
            let early = self.early.drain(..length);
            room.iter_mut().zip(early).for_each(|(to, from)| *to = from);
            return Ok(length);
        }
        let (length, descriptors) = receive(line, room).await?;
        let free = DESCRIPTORS.saturating_sub(self.descriptors.len());
        self.descriptors.extend(descriptors.into_iter().take(free));
        Ok(length)
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
