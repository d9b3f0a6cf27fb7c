//! Where an import reads from. A kind that is fetched from elsewhere becomes another variant of
//! [`Source`] and another arm of [`Source::parse`] and [`Source::open`].

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use licd_device::{Device, Failure};
use licd_edge::intake::{self, Streams};
use licd_edge::textfile::escaped;
use licd_rules::Code;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;
use nix::sys::socket::{MsgFlags, recv};

use crate::hub::Refusal;

/// How long a source may take to bring all of itself: as long as a download may by default.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where an import reads from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file of this machine.
    Path(PathBuf),
    /// What the caller has opened.
    Descriptor(OwnedFd),
}

impl Source {
    /// Reads the name of a source as a caller gives it.
    ///
    /// # Errors
    /// [`Code::SourceRefused`] for what only a later version can fetch.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.starts_with('/') {
            return Ok(Self::Path(text.into()));
        }
        let shown = escaped(text);
        if text.contains("://") || text == "usb" || text.starts_with("usb:") {
            let message = format!(
                "{shown}: this licd cannot fetch from there yet; give the absolute path of a file"
            );
            return Err(Refusal::new(Code::SourceRefused, message));
        }
        Err(Refusal::Arguments(format!("“{shown}”: is no absolute path")))
    }

    /// Opens it. Reading ends when `cancel` is readable, and after [`PATIENCE`].
    pub(super) fn open(self, cancel: &EventFd) -> Result<Reading<'_>, Failure> {
        let stream = match self {
            Self::Path(path) => Stream::File(Device::open(&path)?),
            Self::Descriptor(descriptor) => Stream::of(descriptor)?,
        };
        let total = stream.total();
        Ok(Reading { stream, total, cancel, deadline: Instant::now() + PATIENCE })
    }
}

/// Something that can be read without waiting for it.
enum Stream {
    /// A file, or a pipe that does not block.
    File(File),
    Socket(OwnedFd),
}

impl Stream {
    fn of(descriptor: OwnedFd) -> Result<Self, Failure> {
        let file = intake::accept(descriptor.into(), Streams::Allowed)?;
        let unreadable = |error| Failure::from(intake::OpenFault::Unreadable(error));
        let kind = file.metadata().map_err(unreadable)?.file_type();
        if kind.is_socket() {
            return Ok(Self::Socket(file.into()));
        }
        if !kind.is_fifo() {
            return Ok(Self::File(file));
        }
        // Whether a pipe blocks is common to all who hold this end of it, the caller too. Opened
        // anew it is our own to decide.
        let pipe = File::options()
            .read(true)
            .custom_flags((OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
            .open(format!("/proc/self/fd/{}", file.as_raw_fd()));
        pipe.map(Self::File).map_err(unreadable)
    }

    /// Bytes still to come, 0 if nobody knows.
    fn total(&self) -> u64 {
        let Self::File(file) = self else { return 0 };
        let here = (&*file).stream_position().unwrap_or_default();
        file.metadata().map_or(0, |found| found.len().saturating_sub(here))
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::File(file) => file.as_fd(),
            Self::Socket(socket) => socket.as_fd(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Socket(socket) => {
                recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT).map_err(io::Error::from)
            }
        }
    }
}

/// A source that is being read.
pub(super) struct Reading<'a> {
    stream: Stream,
    /// Bytes that it has, 0 if nobody knows.
    pub(super) total: u64,
    cancel: &'a EventFd,
    deadline: Instant,
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(false)?;
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(true)?,
                done => return done,
            }
        }
    }
}

impl Reading<'_> {
    /// Waits for something to read if asked to.
    ///
    /// # Errors
    /// The import was cancelled, or its time is over.
    fn wait(&self, for_stream: bool) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("not all of it has come within {} seconds", PATIENCE.as_secs()),
            ));
        }
        let mut fds =
            [self.cancel.as_fd(), self.stream.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let (fds, limit) = match (&mut fds, for_stream) {
            (fds, true) => (fds.as_mut_slice(), PollTimeout::try_from(left)),
            ([cancel, _], false) => (std::slice::from_mut(cancel), Ok(PollTimeout::ZERO)),
        };
        match poll(fds, limit.unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(reason) => return Err(reason.into()),
        }
        match fds.first().and_then(PollFd::any) {
            Some(true) => Err(io::Error::other("the import was cancelled")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::eventfd::EfdFlags;
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    fn cancel() -> EventFd {
        EventFd::from_flags(EfdFlags::EFD_NONBLOCK).unwrap()
    }

    fn read_all(descriptor: impl Into<OwnedFd>, cancel: &EventFd) -> io::Result<String> {
        let mut text = String::new();
        let mut reading = Source::Descriptor(descriptor.into()).open(cancel).unwrap();
        reading.read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn a_path_is_absolute_or_none() {
        assert!(
            matches!(Source::parse("/a b"), Ok(Source::Path(path)) if path.as_os_str() == "/a b")
        );
        for relative in ["", "a.lic", "./a.lic", "usbstick.lic", "~/a.lic"] {
            assert!(matches!(Source::parse(relative), Err(Refusal::Arguments(_))), "{relative}");
        }
    }

    #[test]
    fn what_cannot_be_fetched_yet_is_refused_by_name() {
        for source in ["https://ums/a.lic", "ftp://a", "usb", "usb:/dev/sdX1"] {
            let Err(Refusal::Verdict(failure)) = Source::parse(source) else { panic!("{source}") };
            assert_eq!(failure.code, Code::SourceRefused);
            assert!(failure.message.starts_with(source), "{}", failure.message);
        }
    }

    #[test]
    fn a_file_is_read_from_where_it_stands() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abcdef").unwrap();
        file.seek(io::SeekFrom::Start(2)).unwrap();
        let cancel = cancel();
        let reading = Source::Descriptor(file.try_clone().unwrap().into()).open(&cancel).unwrap();
        assert_eq!(reading.total, 4);
        assert_eq!(read_all(file, &cancel).unwrap(), "cdef");
    }

    #[test]
    fn pipes_and_sockets_are_read_to_their_end_however_it_comes() {
        let (reader, writer) = io::pipe().unwrap();
        let (near, far) = UnixStream::pair().unwrap();
        let pairs: [(OwnedFd, OwnedFd); 2] =
            [(reader.into(), writer.into()), (near.into(), far.into())];
        for (reader, writer) in pairs {
            let reading = std::thread::spawn(|| read_all(reader, &cancel()));
            let mut writer = File::from(writer);
            for piece in ["ab", "", "cd"] {
                writer.write_all(piece.as_bytes()).unwrap();
                std::thread::yield_now();
            }
            drop(writer);
            assert_eq!(reading.join().unwrap().unwrap(), "abcd");
        }
    }

    #[test]
    fn a_source_that_brings_nothing_ends_when_it_is_cancelled() {
        let (reader, _writer) = io::pipe().unwrap();
        let cancel = cancel();
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| read_all(reader, &cancel));
            cancel.write(1).unwrap();
            let error = reading.join().unwrap().unwrap_err();
            assert_eq!(error.to_string(), "the import was cancelled");
        });
    }

    #[test]
    fn a_source_ends_when_its_time_is_over() {
        let (reader, _writer) = io::pipe().unwrap();
        let cancel = cancel();
        let mut reading = Source::Descriptor(reader.into()).open(&cancel).unwrap();
        reading.deadline = Instant::now() + Duration::from_millis(20);
        let error = reading.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn the_callers_end_of_a_pipe_keeps_blocking() {
        let (reader, writer) = io::pipe().unwrap();
        let kept = reader.try_clone().unwrap();
        drop(writer);
        assert_eq!(read_all(reader, &cancel()).unwrap(), "");
        let flags = nix::fcntl::fcntl(&kept, nix::fcntl::FcntlArg::F_GETFL).unwrap();
        assert!(!OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK));
    }

    #[test]
    fn what_is_no_stream_of_bytes_is_refused() {
        let device = File::open("/dev/null").unwrap();
        let Err(failure) = Source::Descriptor(device.into()).open(&cancel()).map(|_| ()) else {
            panic!("/dev/null was opened")
        };
        assert!(!failure.code.is_accepted());
    }
}
