//! Reading what may never come: until a time, or until somebody has had enough.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A stream that is read within bounds of time. What it is read from is a file, or something whose
/// reads return what is there when `poll(2)` says that something is.
pub struct DeadlineReader<'a, R> {
    inner: R,
    limit: Duration,
    until: Instant,
    cancel: Option<BorrowedFd<'a>>,
}

impl<'a, R: Read + AsFd> DeadlineReader<'a, R> {
    /// Reads for at most `limit` from now on, and not after `cancel` has become readable.
    pub fn new(inner: R, limit: Duration, cancel: Option<BorrowedFd<'a>>) -> Self {
        Self { inner, limit, until: Instant::now() + limit, cancel }
    }

    /// Waits until there is something to read, or an end.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] if the time is over, [`io::ErrorKind::ConnectionAborted`] if it
    /// was cancelled; their texts are fit for users.
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
            // Rounded up, or the last millisecond is spent on asking again and again.
            let limit = PollTimeout::try_from(left + Duration::from_millis(1));
            match poll(&mut fds, limit.unwrap_or(PollTimeout::MAX)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(reason) => return Err(reason.into()),
            }
            let stirred = |fd: Option<&PollFd<'_>>| fd.and_then(PollFd::any) == Some(true);
            if stirred(fds.get(1)) {
                let kind = io::ErrorKind::ConnectionAborted;
                return Err(io::Error::new(kind, "the import was cancelled"));
            }
            if stirred(fds.first()) {
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
    fn what_comes_in_time_is_read_to_its_end() {
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
    fn what_brings_nothing_ends_when_it_is_cancelled() {
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
    fn what_is_cancelled_is_not_read_although_there_is_something() {
        let (reader, mut writer) = io::pipe().unwrap();
        let (cancel, mut canceller) = io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        canceller.write_all(b"x").unwrap();
        assert!(DeadlineReader::new(reader, LONG, Some(cancel.as_fd())).read(&mut [0]).is_err());
    }

    #[test]
    fn what_brings_nothing_ends_when_its_time_is_over() {
        let (reader, _writer) = io::pipe().unwrap();
        let error = DeadlineReader::new(reader, Duration::from_millis(20), None).read(&mut [0]);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
