//! Temporary files, and the removal of those that a crash left.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::{Mode, fchmod, fstat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use super::{READ, open_dir};
use crate::flock::{LockError, Locked};
use crate::look::errno;
use crate::names;
use crate::stamp::Stamp;

/// Prefix and suffix of a temporary file's name. The suffix is never `.lic`, the suffix of licences.
const PREFIX: &str = ".licd-";
const SUFFIX: &str = ".tmp";
/// Names tried before giving up. Each collision is the leftover of a process with the same ID.
const ATTEMPTS: usize = 1000;

/// A temporary file; dropping it removes it unless it was renamed.
pub(crate) struct Temporary<D: AsFd> {
    dir: D,
    pub(super) name: String,
    file: Locked,
    renamed: bool,
}

impl<D: AsFd + Clone> Temporary<D> {
    /// Creates one with this content.
    pub(crate) fn with(dir: D, bytes: &[u8], mode: Mode) -> Result<Self, Errno> {
        let temp = Self::create(dir)?;
        fchmod(&*temp.file, mode)?;
        (&*temp.file).write_all(bytes).map_err(errno)?;
        Ok(temp)
    }

    pub(super) fn create(dir: D) -> Result<Self, Errno> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static PROCESS: LazyLock<u32> = LazyLock::new(std::process::id);
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        for _ in 0..ATTEMPTS {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{PREFIX}{}-{number}{SUFFIX}", *PROCESS);
            let file = match openat(&dir, name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR) {
                Ok(file) => File::from(file),
                Err(Errno::EEXIST) => continue,
                Err(reason) => return Err(reason),
            };
            if let Some(temp) = Self::locked(dir.clone(), name, file)? {
                return Ok(temp);
            }
        }
        Err(Errno::EEXIST)
    }

    /// Locks a file that was just created. `None` if a sweeper has mistaken it for a leftover meanwhile: it
    /// holds the lock or has already removed the file.
    pub(crate) fn locked(dir: D, name: String, file: File) -> Result<Option<Self>, Errno> {
        let file = match Locked::try_new(file) {
            Ok(file) => file,
            Err(LockError::Held(_)) => return Ok(None),
            Err(LockError::Kernel(reason)) => {
                unlinkat(&dir, name.as_str(), UnlinkatFlags::NoRemoveDir)?;
                return Err(reason);
            }
        };
        // From here on, dropping it removes the file.
        let temp = Self { dir, name, file, renamed: false };
        let is_there = fstat(&*temp.file)?.st_nlink > 0;
        Ok(is_there.then_some(temp))
    }

    /// Flushes its content to the medium.
    pub(crate) fn flush(&self) -> Result<(), Errno> {
        fsync(&*self.file)
    }

    /// Gives it its name, and returns its stamp if it can be read.
    pub(crate) fn rename(mut self, name: &OsStr) -> Result<Option<Stamp>, Errno> {
        self.take_name(name)?;
        // Renaming counts as a change of the file.
        Ok(fstat(&*self.file).ok().as_ref().map(Stamp::of))
    }

    /// Gives it its name.
    pub(crate) fn take_name(&mut self, name: &OsStr) -> Result<(), Errno> {
        renameat(&self.dir, self.name.as_str(), &self.dir, name)?;
        self.renamed = true;
        // Only temporary files are swept.
        self.file.leave();
        Ok(())
    }
}

impl<D: AsFd> Drop for Temporary<D> {
    fn drop(&mut self) {
        if !self.renamed {
            // A later sweep removes it otherwise.
            let _ = unlinkat(&self.dir, self.name.as_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

fn remove_leftover(dir: BorrowedFd<'_>, name: &OsStr) -> Result<(), Errno> {
    let file = File::from(openat(dir, name, READ, Mode::empty())?);
    let _lock = Locked::try_new(file).map_err(|_| Errno::EWOULDBLOCK)?;
    unlinkat(dir, name, UnlinkatFlags::NoRemoveDir)
}

/// Removes the temporary files that a crash left in an open directory and returns their number. A
/// file that cannot be removed stays for the next sweep.
///
/// # Errors
/// The directory cannot be read.
pub fn sweep(dir: impl AsFd) -> Result<usize, Errno> {
    let dir = dir.as_fd();
    let names = leftovers(dir)?;
    Ok(names.iter().filter(|name| remove_leftover(dir, name).is_ok()).count())
}

/// The names of the temporary files in an open directory. Without a writer, they are leftovers of a
/// crash.
///
/// # Errors
/// The directory cannot be read.
pub fn leftovers(dir: impl AsFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    // The given descriptor would begin where the last reading has ended.
    let dir = openat(dir, ".", OFlag::O_CLOEXEC, Mode::empty())?;
    let _ = names::each(dir, usize::MAX, &mut |entry| {
        if is_temporary(entry.name) {
            names.push(entry.name.to_owned());
        }
        Ok(())
    })?;
    Ok(names)
}

/// Sweeps the directory at a path; a missing directory holds no leftovers.
///
/// # Errors
/// The directory cannot be read.
pub fn sweep_path(path: &Path) -> Result<usize, Errno> {
    match open_dir(path) {
        Ok(dir) => sweep(&dir),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(errno(error)),
    }
}
