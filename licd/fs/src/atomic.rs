//! Replaces files so that a crash leaves the old or the new one.
//!
//! The new content goes to a temporary file in the same directory, `.licd-PID-N.tmp`, which is then
//! renamed. The writer holds a lock on it; an unlocked one is the leftover of a crash, which [`sweep`]
//! removes. Sweeping is therefore safe while other processes write.
//!
//! Errors are the kernel's numbers: only the caller knows how to name the file to the user.

mod temporary;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::{FchmodatFlags, FileStat, SFlag, fchmodat, fstat};
use nix::unistd::{UnlinkatFlags, fsync, mkdir, unlinkat};

use crate::look::errno;
use crate::stamp::Stamp;

pub use nix::sys::stat::Mode;
pub(crate) use temporary::Temporary;
pub use temporary::{leftovers, sweep, sweep_path};

/// Mode of world-readable files.
pub const PUBLIC: Mode = Mode::from_bits_truncate(0o644);
/// Mode of world-readable directories.
pub const PUBLIC_DIR: Mode = Mode::from_bits_truncate(0o755);

/// Flags for reading a file of unknown type: a link is not followed, and a FIFO does not block.
const READ: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// The failure that a replacement survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: file and directory are on the medium before the call returns.
    Synced,
    /// A power cut, with either file: the content is on the medium before it gets its name, but the name
    /// may still be that of the old file.
    Whole,
    /// The death of the process: for file systems in memory.
    Volatile,
}

/// Why a file was not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceError {
    /// The file is as it was, and no temporary file stays.
    Unchanged(Errno),
    /// The new file is in place, but the medium may not have it: neither flushing the directory nor
    /// putting the old file back succeeded. A power cut may bring the old file back.
    Unflushed(Errno),
}

impl ReplaceError {
    /// The kernel's reason.
    #[must_use]
    pub const fn errno(self) -> Errno {
        match self {
            Self::Unchanged(reason) | Self::Unflushed(reason) => reason,
        }
    }
}

impl From<Errno> for ReplaceError {
    fn from(reason: Errno) -> Self {
        Self::Unchanged(reason)
    }
}

/// Opens a directory. Without its flag, opening would wait at a pipe of that name until another process
/// writes to it.
///
/// # Errors
/// The kernel's error.
pub fn open_dir(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(OFlag::O_DIRECTORY.bits()).open(path)
}

/// Replaces or creates the file at `path`, as [`replace_at`] does.
///
/// # Errors
/// [`ReplaceError`].
pub fn replace(
    path: &Path,
    bytes: &[u8],
    mode: Mode,
    durability: Durability,
) -> Result<(), ReplaceError> {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let name = path.file_name().ok_or(Errno::EINVAL)?;
    let dir = open_dir(parent.unwrap_or(Path::new("."))).map_err(errno)?;
    replace_at(&dir, name, bytes, mode, durability).map(drop)
}

/// Replaces or creates the file `name` (one path component) of an open directory. The umask does not
/// affect `mode`. A link of that name is replaced, not followed. Returns the stamp of the new file, if
/// it can be read; of a volatile one none.
///
/// # Errors
/// [`ReplaceError`]. If the very last step fails, flushing the directory, the old file is put back;
/// [`ReplaceError::Unflushed`] if that fails, too.
pub fn replace_at(
    dir: impl AsFd,
    name: &OsStr,
    bytes: &[u8],
    mode: Mode,
    durability: Durability,
) -> Result<Option<Stamp>, ReplaceError> {
    let dir = dir.as_fd();
    if durability == Durability::Volatile {
        Temporary::with(dir, bytes, mode)?.take_name(name)?;
        return Ok(None);
    }
    let before = open_before(dir, name)?;
    let temp = Temporary::with(dir, bytes, mode)?;
    temp.flush()?;
    let stamp = temp.rename(name)?;
    if durability == Durability::Whole {
        return Ok(stamp);
    }
    // The answer and the file have to agree.
    fsync(dir).map_err(|reason| match restore(dir, name, before) {
        Ok(()) => ReplaceError::Unchanged(reason),
        Err(_) => ReplaceError::Unflushed(reason),
    })?;
    Ok(stamp)
}

/// Opens the file that is about to be replaced, so that its content outlives its name.
pub(crate) fn open_before(dir: impl AsFd, name: &OsStr) -> Result<Option<File>, Errno> {
    match openat(dir, name, READ, Mode::empty()) {
        Ok(file) => Ok(Some(file.into())),
        // Links and sockets are not read.
        Err(Errno::ENOENT | Errno::ELOOP | Errno::ENXIO | Errno::ENAMETOOLONG) => Ok(None),
        Err(why) => Err(why),
    }
}

/// Restores the file from before a replacement.
fn restore(dir: BorrowedFd<'_>, name: &OsStr, before: Option<File>) -> Result<(), Errno> {
    let Some(mut before) = before else {
        return unlinkat(dir, name, UnlinkatFlags::NoRemoveDir);
    };
    let mode = Mode::from_bits_truncate(fstat(&before)?.st_mode);
    let mut bytes = Vec::new();
    before.read_to_end(&mut bytes).map_err(errno)?;
    Temporary::with(dir, &bytes, mode)?.rename(name).map(drop)
}

/// Whether the file `name` of an open directory is a regular file with exactly this content:
/// replacing it would only wear the medium.
pub fn holds(dir: impl AsFd, name: &OsStr, bytes: &[u8]) -> bool {
    let Ok(file) = openat(dir, name, READ, Mode::empty()) else { return false };
    let length = u64::try_from(bytes.len());
    match fstat(&file) {
        Ok(stat) if is_regular(&stat) && u64::try_from(stat.st_size) == length => {}
        _ => return false,
    }
    let mut present = Vec::with_capacity(bytes.len());
    let read = File::from(file).take(length.unwrap_or(u64::MAX)).read_to_end(&mut present);
    read.is_ok() && present == bytes
}

/// Moves an unusable file to `aside`, replacing the previous one there, and returns the new path.
///
/// # Errors
/// The kernel's error; the file has not moved.
pub fn set_aside(file: &Path, aside: PathBuf) -> Result<PathBuf, Errno> {
    let moved = match fs::rename(file, &aside).map_err(errno) {
        // rename(2) does not replace a directory by a file or the reverse.
        Err(Errno::EISDIR | Errno::ENOTDIR | Errno::ENOTEMPTY | Errno::EEXIST) => {
            let cleared = fs::remove_file(&aside).or_else(|_| fs::remove_dir_all(&aside));
            cleared.and_then(|()| fs::rename(file, &aside)).map_err(errno)
        }
        moved => moved,
    };
    moved.map(|()| aside)
}

/// Creates a directory and its missing parents, all with mode 0755 regardless of the umask.
///
/// # Errors
/// The kernel's error.
pub fn create_dir(path: &Path) -> Result<(), Errno> {
    match create_one(path) {
        Err(Errno::ENOENT) => {
            create_dir(path.parent().ok_or(Errno::ENOENT)?)?;
            // The parent may be a link to nothing, in which nothing can ever be created.
            create_one(path)
        }
        done => done,
    }
}

/// Does the same in a parent that exists.
fn create_one(path: &Path) -> Result<(), Errno> {
    match mkdir(path, PUBLIC_DIR) {
        Ok(()) => fchmodat(AT_FDCWD, path, PUBLIC_DIR, FchmodatFlags::FollowSymlink),
        Err(Errno::EEXIST) => Ok(()),
        Err(reason) => Err(reason),
    }
}

/// Whether this is a regular file.
fn is_regular(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG
}

#[cfg(test)]
mod tests;
