//! The file of a state file: read, set aside and replaced.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::fsync;

use super::error::{ParseError, Warning};
use crate::atomic::{self, Durability, Mode, ReplaceError};
use crate::look::{self, Looked};
use crate::textfile::{self, ReadError};

/// Suffix of a file that was set aside.
const ASIDE: &str = ".damaged";

/// The content of a state file's path.
pub enum Found<T> {
    /// A valid file.
    Sound(T),
    /// The path does not exist.
    Nothing,
    /// This user may not read the file.
    Closed,
    /// The file was read and cannot be parsed.
    Damaged(ParseError),
}

impl<T> Found<T> {
    /// Sets a damaged file aside and returns the warning; `without` is the consequence.
    pub fn set_aside(&self, file: &Path, without: &'static str) -> Option<Warning> {
        self.warning(file, without, |file| atomic::set_aside(file, aside(file)))
    }

    /// The warning about a file; `keep` moves a damaged one.
    pub(super) fn warning(
        &self,
        file: &Path,
        without: &'static str,
        keep: impl FnOnce(&Path) -> Result<PathBuf, Errno>,
    ) -> Option<Warning> {
        match self {
            Self::Sound(_) | Self::Nothing => None,
            Self::Closed => Some(Warning::Unreadable { file: file.to_owned() }),
            Self::Damaged(damage) => {
                let (file, damage, kept) = (file.to_owned(), damage.to_string(), keep(file));
                Some(Warning::SetAside { file, kept, damage, without })
            }
        }
    }
}

/// Reads and parses a state file.
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn find<T>(
    file: &Path,
    limit: u64,
    parse: impl FnOnce(&str) -> Result<T, ParseError>,
) -> Looked<Found<T>> {
    Ok(match textfile::read_own_text(file, limit)? {
        Ok(None) => Found::Nothing,
        Ok(Some(text)) => parse(&text).map_or_else(Found::Damaged, Found::Sound),
        Err(ReadError::Unreadable(e)) if e.kind() == io::ErrorKind::PermissionDenied => {
            Found::Closed
        }
        Err(error) => Found::Damaged(ParseError::Read(error)),
    })
}

/// Replaces a state file unless it already has this content; creates its directory if necessary.
///
/// # Errors
/// The kernel's error; the file is unchanged.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), Errno> {
    write_as(file, bytes, atomic::PUBLIC)
}

/// Does the same with a mode. A file that already has this content keeps its mode.
///
/// # Errors
/// The kernel's error; the file is unchanged.
pub fn write_as(file: &Path, bytes: &[u8], mode: Mode) -> Result<(), Errno> {
    replace(file, bytes, mode, Durability::Synced)
}

pub(super) fn replace(
    file: &Path,
    bytes: &[u8],
    mode: Mode,
    durability: Durability,
) -> Result<(), Errno> {
    let (Some(dir), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(Errno::EINVAL);
    };
    atomic::create_dir(dir)?;
    let dir = atomic::open_dir(dir).map_err(look::errno)?;
    if atomic::holds(&dir, name, bytes) {
        return Ok(());
    }
    let _ = atomic::sweep(&dir);
    let replace = || {
        let replaced = atomic::replace_at(&dir, name, bytes, mode, durability);
        replaced.map(drop).map_err(ReplaceError::errno)
    };
    match replace() {
        // A directory at the path would block every write for good.
        Err(Errno::EISDIR) => atomic::set_aside(file, aside(file)).and_then(|_| replace()),
        done => done,
    }
}

/// Flushes the directory of a state file, so that a file that a killed program has replaced survives a
/// power cut. A directory that does not exist, or is never written, has nothing to flush.
///
/// # Errors
/// The kernel's error.
pub fn flush(file: &Path) -> Result<(), Errno> {
    let dir = file.parent().ok_or(Errno::EINVAL)?;
    let flushed = atomic::open_dir(dir).map_err(look::errno);
    match flushed.and_then(|dir| fsync(&dir)) {
        // File systems that are never written do not know fsync(2).
        Ok(()) | Err(Errno::ENOENT | Errno::EROFS | Errno::EINVAL) => Ok(()),
        Err(why) => Err(why),
    }
}

/// The path to which a damaged file is moved.
fn aside(file: &Path) -> PathBuf {
    let mut aside = file.as_os_str().to_owned();
    aside.push(ASIDE);
    aside.into()
}
