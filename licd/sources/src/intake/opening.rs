//! Opens what is to be read: files of the size of a licence, and streams where they are allowed.

use std::fmt;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use licd_fs::printable::reason;
use license_format::limits::FILE_BYTES;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::is_closed_to_readers;

/// Why a file is not opened. The text follows the file's name.
#[derive(Debug)]
pub enum OpenError {
    /// The file cannot be opened.
    Unreadable(io::Error),
    /// The name belongs to something other than a regular file.
    NotAFile(Kind),
    /// The file exceeds the limit of a licence file.
    TooLarge {
        /// The size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
}

/// The kind of what is not a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A device.
    Device,
}

/// Whether a descriptor may be a stream, whose size is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// A pipe, a socket or a file is accepted.
    Allowed,
    /// Only a file is accepted.
    Refused,
}

/// Opens a file that a user has named, following links.
///
/// # Errors
/// [`OpenError`]; a file of more than [`FILE_BYTES`] is not read.
pub fn open(path: &Path) -> Result<File, OpenError> {
    // Opening some devices has side effects, hence a check before and after.
    let found = path.metadata().map_err(OpenError::Unreadable)?;
    check(found.file_type(), found.len(), Streams::Refused)?;
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
        .map_err(OpenError::Unreadable)?;
    accept(file, Streams::Refused)
}

/// Accepts a descriptor that another process has opened, at its current position.
///
/// # Errors
/// [`OpenError`]; a file of more than [`FILE_BYTES`] is not read.
pub fn accept(file: File, streams: Streams) -> Result<File, OpenError> {
    let found = file.metadata().map_err(OpenError::Unreadable)?;
    check(found.file_type(), found.len(), streams)?;
    // Other files refuse to be read; the end of a pipe that only writes would be waited for.
    if found.file_type().is_fifo() && is_for_writing_only(&file) {
        return Err(OpenError::Unreadable(Errno::EBADF.into()));
    }
    Ok(file)
}

fn is_for_writing_only(file: &File) -> bool {
    let flags = fcntl(file, FcntlArg::F_GETFL).map(OFlag::from_bits_retain);
    flags.is_ok_and(|flags| flags & OFlag::O_ACCMODE == OFlag::O_WRONLY)
}

fn check(kind: FileType, bytes: u64, streams: Streams) -> Result<(), OpenError> {
    let refused = |kind| Err(OpenError::NotAFile(kind));
    if kind.is_file() {
        if bytes > FILE_BYTES {
            return Err(OpenError::TooLarge { bytes, limit: FILE_BYTES });
        }
        Ok(())
    } else if kind.is_dir() {
        refused(Kind::Directory)
    } else if kind.is_fifo() || kind.is_socket() {
        let kind = if kind.is_fifo() { Kind::Pipe } else { Kind::Socket };
        if streams == Streams::Allowed { Ok(()) } else { refused(kind) }
    } else {
        refused(Kind::Device)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) if is_closed_to_readers(error) => {
                f.write_str("is open for writing only; open it for reading")
            }
            Self::Unreadable(error) => write!(f, "cannot be opened: {}", reason(error)),
            Self::NotAFile(kind) => {
                write!(f, "is {kind}, not a file")?;
                match kind {
                    Kind::Directory => f.write_str("; name the files in it"),
                    Kind::Device => f.write_str("; name a stick's partition, as in usb:/dev/sdb1"),
                    Kind::Link | Kind::Pipe | Kind::Socket => Ok(()),
                }
            }
            Self::TooLarge { bytes, limit } => {
                write!(f, "has {bytes} bytes, a licence at most {limit}; check the file")
            }
        }
    }
}

/// The kind, with its article.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory",
            Self::Link => "a link",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
        })
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::NotAFile(_) | Self::TooLarge { .. } => None,
        }
    }
}
