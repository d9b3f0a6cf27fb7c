//! Where an import reads from.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use licd_device::{Arrival, Device, Failure, Login, Place, Proxy, Scheme, Survey, Url};
use licd_fs::deadline::DeadlineReader;
use licd_fs::printable::escaped_path;
use licd_rules::Code;
use licd_sources::intake::{self, Streams};
use nix::fcntl::OFlag;
use nix::sys::socket::{MsgFlags, recv};

use super::server::{activate, fetch, warn_of_clock};
use super::{JobKind, Meter, Read as ReadDocuments, stick};
use crate::bus::Foreign;
use crate::dispatch::More;
use crate::shared::Refusal;

/// How long reading a source may take: as long as a download may by default.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(120);
/// Directories that licd.service cannot see into (`ProtectHome=`, systemd.exec(5)).
const HIDDEN: [&str; 3] = ["/home", "/root", "/run/user"];

/// Where an import reads from.
pub(crate) enum Source {
    /// A file of this machine.
    Path(PathBuf),
    /// A descriptor that the caller has opened.
    Descriptor(Foreign, More),
    /// An address on a server.
    Url(Url, Box<Access>),
    /// A download link of the settings.
    Link(Url),
    /// The USB stick on this block device, or the only one that is plugged in.
    Stick(Option<PathBuf>),
    /// The licensing service: its answer to this request, or to the stored one.
    Activation(Option<String>),
}

/// The way to a server, where a caller names one of its own.
#[derive(Default)]
pub(crate) struct Access {
    /// The login for the server.
    pub(crate) login: Option<Login>,
    /// The proxy, in place of that of the configuration.
    pub(crate) proxy: Option<Proxy>,
}

impl Source {
    /// Reads the name of a source as a caller gives it; the access is for servers.
    ///
    /// # Errors
    /// [`licd_rules::Code::SourceRefused`] for what cannot be fetched from.
    pub(crate) fn parse(text: &str, access: Access) -> Result<Self, Refusal> {
        let shown = Place::refused_name(text.as_ref());
        let named = |failure: Failure| Failure {
            message: format!("{shown}: {}", failure.message),
            ..failure
        };
        match Place::parse(text.as_ref()).map_err(named)? {
            Place::Url(url) if access.proxy.is_some() && !is_http(&url) => {
                Err(Refusal::Arguments(format!("“{shown}”: takes no proxy; only HTTP does")))
            }
            Place::Url(url) => Ok(Self::Url(url, access.into())),
            _ if access.login.is_some() || access.proxy.is_some() => {
                let message = format!("“{shown}”: takes no user and no proxy; only servers do");
                Err(Refusal::Arguments(message))
            }
            Place::File(path) if path.is_absolute() => Ok(Self::Path(path)),
            Place::File(_) => Err(Refusal::Arguments(format!("“{shown}”: is no absolute path"))),
            Place::Stick(device) => Ok(Self::Stick(device)),
        }
    }

    /// Its name, fit to be shown; a descriptor has none of its own.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Path(path) => escaped_path(path),
            Self::Descriptor(..) => "the descriptor".to_owned(),
            Self::Url(url, _) | Self::Link(url) => url.to_string(),
            Self::Stick(None) => "usb".to_owned(),
            Self::Stick(Some(device)) => format!("usb:{}", escaped_path(device)),
            Self::Activation(_) => "activation".to_owned(),
        }
    }

    /// What a job with this source imports.
    pub(crate) fn kind(&self) -> JobKind {
        match self {
            Self::Activation(_) => JobKind::Activation,
            _ => JobKind::Import,
        }
    }

    /// Whether the caller has promised another file to import together with it.
    pub(crate) fn more(&self) -> More {
        match self {
            Self::Descriptor(_, more) => *more,
            _ => More::Nothing,
        }
    }

    /// Whether it is a file, which is read without waiting for its writer.
    pub(crate) fn is_file(&self) -> bool {
        match self {
            Self::Path(_) => true,
            Self::Descriptor(descriptor, _) => descriptor.is_file(),
            Self::Url(..) | Self::Link(_) | Self::Stick(_) | Self::Activation(_) => false,
        }
    }

    /// Reads its documents, and reports the progress to `meter`. Reading ends when the job is cancelled,
    /// and after [`READ_TIMEOUT`].
    pub(super) fn read(
        self,
        device: &Device,
        known: &Survey,
        meter: &mut Meter<'_>,
    ) -> ReadDocuments {
        let (name, intent) = (meter.job.name.clone(), meter.job.intent);
        let arrival = match self {
            Self::Path(path) => open(&path)
                .map(|file| known.read(&name, Watched::new(Stream::File(file), meter), intent)),
            Self::Descriptor(descriptor, _) => Stream::of(descriptor)
                .map(|stream| known.read(&name, Watched::new(stream, meter), intent)),
            Self::Url(url, access) => fetch(device, known, &url, *access, meter)
                .map(|file| known.read(&name, file, intent)),
            Self::Activation(request) => activate(device, known, request.as_deref(), meter)
                .map(|answer| known.read_answer(&name, answer)),
            Self::Link(link) => {
                let cancel = meter.job.cancel.as_fd();
                let followed = device.follow(known, &link, cancel, |so_far, total| {
                    meter.set(so_far, total.unwrap_or(0));
                });
                warn_of_clock(&link, followed.clock_ignored);
                let following = Some(followed.following);
                return ReadDocuments { arrivals: vec![followed.arrival], following };
            }
            Self::Stick(stick) => {
                let arrivals = stick::read(stick, device, known, meter);
                return ReadDocuments { arrivals, following: None };
            }
        };
        ReadDocuments::one(arrival.unwrap_or_else(|failure| Arrival::unread(&name, failure)))
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), Scheme::Http | Scheme::Https)
}

/// Opens a file. The message about one that the sandbox hides names the cure.
fn open(path: &Path) -> Result<File, Failure> {
    Device::open(path).map_err(|mut failure| {
        let hidden = HIDDEN.iter().any(|place| path.starts_with(place));
        if hidden && failure.code == Code::SourceUnreachable {
            failure.message += "; licd.service sees no home directories: use licctl import, \
                                which opens the file itself";
        }
        failure
    })
}

/// A source that can be read without blocking.
pub(super) enum Stream {
    /// A file, or a pipe that does not block.
    File(File),
    Socket(OwnedFd),
}

impl Stream {
    fn of(descriptor: Foreign) -> Result<Self, Failure> {
        let unreadable = |error| Failure::from(intake::OpenError::Unreadable(error));
        let file = intake::accept(descriptor.into_file().map_err(unreadable)?, Streams::Allowed)?;
        let kind = file.metadata().map_err(unreadable)?.file_type();
        if kind.is_socket() {
            return Ok(Self::Socket(file.into()));
        }
        if !kind.is_fifo() {
            return Ok(Self::File(file));
        }
        // O_NONBLOCK belongs to the open file description, which the caller shares. Opening the pipe
        // again makes one of our own.
        let pipe = File::options()
            .read(true)
            .custom_flags((OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
            .open(format!("/proc/self/fd/{}", file.as_raw_fd()));
        pipe.map(Self::File).map_err(unreadable)
    }

    /// Bytes still to come; 0 if that is not known.
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

/// A stream that reports its progress to the meter.
pub(super) struct Watched<'a, 'm> {
    stream: DeadlineReader<'a, Stream>,
    meter: &'a mut Meter<'m>,
    pub(super) done: u64,
    total: u64,
}

impl<'a, 'm> Watched<'a, 'm> {
    fn new(stream: Stream, meter: &'a mut Meter<'m>) -> Self
    where
        'm: 'a,
    {
        let total = stream.total();
        Self::part(stream, meter, 0, total)
    }

    /// One of several streams that have `total` bytes together, of which `done` were read.
    pub(super) fn part(stream: Stream, meter: &'a mut Meter<'m>, done: u64, total: u64) -> Self
    where
        'm: 'a,
    {
        meter.set(done, total);
        let stream = DeadlineReader::new(stream, READ_TIMEOUT, Some(meter.job.cancel.as_fd()));
        Self { stream, meter, done, total }
    }
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        // The sum is at most the length of a file.
        self.done += length as u64;
        self.meter.set(self.done, self.total);
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
