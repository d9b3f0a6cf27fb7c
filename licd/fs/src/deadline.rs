//! Reads a stream up to a deadline, or until the caller cancels.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A reader with a deadline. The inner reader is a file, or returns the available bytes whenever
/// poll(2) reports it readable.
pub struct DeadlineReader<'a, R> {
    inner: R,
    limit: Duration,
    until: Instant,
    cancel: Option<BorrowedFd<'a>>,
}

impl<'a, R: Read + AsFd> DeadlineReader<'a, R> {
    /// Reads for at most `limit` from now on, until `cancel` becomes readable.
    pub fn new(inner: R, limit: Duration, cancel: Option<BorrowedFd<'a>>) -> Self {
        Self { inner, limit, until: Instant::now() + limit, cancel }
    }

    /// Waits until the stream is readable or at its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] after the deadline, [`io::ErrorKind::ConnectionAborted`] after a
    /// cancellation; both texts are for users.
    fn wait(&self) -> io::Result<()> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("not all of it has come within {} seconds", self.limit.as_secs()),
                ));
            }
            let fds = [Some(self.inner.as_fd()), self.cancel];
            let mut fds: Vec<_> =
                fds.into_iter().flatten().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
            // Rounded up: a timeout of zero would poll in a busy loop.
            let limit = PollTimeout::try_from(left + Duration::from_millis(1));
            match poll(&mut fds, limit.unwrap_or(PollTimeout::MAX)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(reason) => return Err(reason.into()),
            }
            let is_ready = |fd: Option<&PollFd<'_>>| fd.and_then(PollFd::any) == Some(true);
            if is_ready(fds.get(1)) {
                let kind = io::ErrorKind::ConnectionAborted;
                return Err(io::Error::new(kind, "the import was cancelled"));
            }
            if is_ready(fds.first()) {
                return Ok(());
            }
        }
    }
}

impl<R: Read + AsFd> Read for DeadlineReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait()?;
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_stream_that_ends_in_time_is_read_to_its_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        let reading =
            std::thread::spawn(|| io::read_to_string(DeadlineReader::new(reader, LONG, None)));
        for piece in ["ab", "", "cd"] {
            writer.write_all(piece.as_bytes()).unwrap();
            std::thread::yield_now();
        }
        drop(writer);
        assert_eq!(reading.join().unwrap().unwrap(), "abcd");
    }

    #[test]
    fn a_silent_stream_ends_when_it_is_cancelled() {
        let (near, _far) = UnixStream::pair().unwrap();
        let (cancel, mut canceller) = io::pipe().unwrap();
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                io::read_to_string(DeadlineReader::new(near, LONG, Some(cancel.as_fd())))
            });
            canceller.write_all(b"x").unwrap();
            let error = reading.join().unwrap().unwrap_err();
            assert_eq!(error.to_string(), "the import was cancelled");
        });
    }

    #[test]
    fn a_cancelled_stream_is_not_read_although_bytes_are_available() {
        let (reader, mut writer) = io::pipe().unwrap();
        let (cancel, mut canceller) = io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        canceller.write_all(b"x").unwrap();
        assert!(DeadlineReader::new(reader, LONG, Some(cancel.as_fd())).read(&mut [0]).is_err());
    }

    #[test]
    fn a_silent_stream_ends_at_its_deadline() {
        let (reader, _writer) = io::pipe().unwrap();
        let error = DeadlineReader::new(reader, Duration::from_millis(20), None).read(&mut [0]);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    /// A pipe with a byte, whose reader gives each of these outcomes in turn.
    struct Given {
        pipe: io::PipeReader,
        outcomes: Vec<io::Result<usize>>,
    }

    impl AsFd for Given {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.pipe.as_fd()
        }
    }

    impl Read for Given {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.outcomes.remove(0)
        }
    }

    #[test]
    fn a_stream_that_has_nothing_after_all_is_waited_for_again_and_one_that_fails_is_not() {
        let (pipe, mut writer) = io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        let failed = |kind: io::ErrorKind| Err(kind.into());
        let (again, reset) = (io::ErrorKind::WouldBlock, io::ErrorKind::ConnectionReset);
        let outcomes = vec![failed(again), Ok(7), failed(reset), Ok(8)];
        let mut reader = DeadlineReader::new(Given { pipe, outcomes }, LONG, None);
        assert_eq!(reader.read(&mut [0]).unwrap(), 7);
        assert_eq!(reader.read(&mut [0]).unwrap_err().kind(), reset);
    }
}
