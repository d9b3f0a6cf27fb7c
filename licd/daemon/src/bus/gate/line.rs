//! The socket to the bus. A kernel that is out of memory delays a message and does not end the
//! connection.

use std::io::{self, ErrorKind, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::cmsg_space;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send as send_once,
};
use zruntime::{AsyncIo, Shared as Runtime, SharedRuntime};

use super::foreign::Foreign;

/// The way to the bus.
pub(in crate::bus) type Line = AsyncIo<OwnedFd, Runtime>;

/// Descriptors that there is space for in one reading; rounded up, it holds four. The kernel closes all
/// others at once.
const DESCRIPTORS: usize = 1;
/// How often the same operation is tried again while the kernel is out of memory: five seconds in all,
/// as long as the bus may take no byte.
const ATTEMPTS: u32 = 100;
/// The pause before each of these attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends some bytes and returns their number.
///
/// # Errors
/// The kernel's.
pub(super) async fn send(line: &Line, bytes: &[u8]) -> io::Result<usize> {
    let mut left = Attempts::default();
    loop {
        let send = |socket: &OwnedFd| Ok(send_once(socket, bytes, SendFlags::NOSIGNAL)?);
        let sent = line.write_with(send).await;
        if !left.allow_another(&sent).await {
            return sent;
        }
    }
}

/// Reads what there is, and a few descriptors at most. Where none can be opened, the message comes
/// without.
///
/// # Errors
/// The kernel's; [`ErrorKind::UnexpectedEof`] at the end.
pub(super) async fn receive(line: &Line, room: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut left = Attempts::default();
    loop {
        let received = line.read_with(|socket| receive_once(socket, room)).await;
        if left.allow_another(&received).await {
            continue;
        }
        return match received? {
            (0, _) => Err(ErrorKind::UnexpectedEof.into()),
            got => Ok(got),
        };
    }
}

fn receive_once(socket: &OwnedFd, room: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = if Foreign::has_room() {
        RecvAncillaryBuffer::new(&mut space)
    } else {
        RecvAncillaryBuffer::default()
    };
    let mut slices = [IoSliceMut::new(room)];
    let got = recvmsg(socket, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            descriptors.extend(more);
        }
    }
    Ok((got.bytes, descriptors))
}

/// The attempts that are left to an operation.
struct Attempts(u32);

impl Default for Attempts {
    fn default() -> Self {
        Self(ATTEMPTS)
    }
}

impl Attempts {
    /// Whether to try an operation again that ended so. Waits before it says yes.
    async fn allow_another<R>(&mut self, result: &io::Result<R>) -> bool {
        let Err(error) = result else { return false };
        let is_out_of_memory =
            matches!(Errno::from_io_error(error), Some(Errno::NOMEM | Errno::NOBUFS));
        let (true, Some(fewer), Ok(runtime)) =
            (is_out_of_memory, self.0.checked_sub(1), SharedRuntime::current())
        else {
            return false;
        };
        self.0 = fewer;
        runtime.sleep(PAUSE).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn is_tried_again(left: &mut Attempts, error: Errno) -> bool {
        let result: io::Result<()> = Err(error.into());
        zruntime::block_on(left.allow_another(&result))
    }

    #[test]
    fn an_operation_without_memory_is_tried_again_after_a_pause_and_not_forever() {
        let mut left = Attempts(2);
        let began = Instant::now();
        assert!(is_tried_again(&mut left, Errno::NOMEM));
        assert!(is_tried_again(&mut left, Errno::NOBUFS));
        assert!(began.elapsed() >= 2 * PAUSE);
        assert!(!is_tried_again(&mut left, Errno::NOMEM));
    }

    #[test]
    fn an_operation_on_a_closed_connection_is_not_tried_again() {
        let mut left = Attempts::default();
        assert!(!is_tried_again(&mut left, Errno::PIPE));
        assert!(!zruntime::block_on(left.allow_another(&Ok(1))));
    }
}
