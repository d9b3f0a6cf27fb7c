//! The next content of a state file, written and flushed ahead of the change.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::sys::stat::{fstat, lstat};

use crate::atomic::{self, Temporary};
use crate::look::errno;

/// The next content of a state file in a temporary file. Dropping it leaves the state file as it is.
pub struct Prepared {
    file: PathBuf,
    base: Base,
    /// The thread that flushes the temporary file, which goes if that fails.
    flushing: Option<JoinHandle<Result<Temporary<Arc<File>>, Errno>>>,
}

/// A state file that is about to be read and changed.
pub(super) struct Base {
    dir: Arc<File>,
    /// The file, if it exists: as long as it is open, no other file gets its inode.
    before: Option<File>,
}

impl Base {
    /// Opens it, and makes its directory if that is missing.
    pub(super) fn open(file: &Path) -> Result<Self, Errno> {
        let (Some(dir), Some(name)) = (file.parent(), file.file_name()) else {
            return Err(Errno::EINVAL);
        };
        atomic::create_dir(dir)?;
        let dir = Arc::new(File::open(dir).map_err(errno)?);
        let before = atomic::open_before(&dir, name)?;
        Ok(Self { dir, before })
    }

    /// Whether this file is still at its path. State files are replaced, not changed in place.
    fn is_at(&self, file: &Path) -> bool {
        let there = lstat(file);
        match &self.before {
            None => there == Err(Errno::ENOENT),
            Some(before) => {
                there.and_then(|there| Ok((there, fstat(before)?))).is_ok_and(|(there, before)| {
                    (there.st_dev, there.st_ino) == (before.st_dev, before.st_ino)
                })
            }
        }
    }
}

impl Prepared {
    /// Writes the content that follows from the base, and has another thread flush it.
    pub(super) fn begin(file: PathBuf, base: Base, bytes: &[u8]) -> Result<Self, Errno> {
        let _ = atomic::sweep(&base.dir);
        let temp = Temporary::with(Arc::clone(&base.dir), bytes, atomic::PUBLIC)?;
        let flush = move || temp.flush().map(|()| temp);
        let flushing = thread::Builder::new().name("flush".to_owned()).spawn(flush);
        Ok(Self { file, base, flushing: Some(flushing.map_err(errno)?) })
    }

    /// Replaces the file by the content once that is flushed, if the file is still the one that was read. The
    /// caller holds the lock of state files.
    pub(super) fn make(mut self) -> Result<(), Errno> {
        let mut temp = self.flushed()?;
        let name = self.file.file_name().filter(|_| self.base.is_at(&self.file));
        temp.take_name(name.ok_or(Errno::ESTALE)?)
    }

    /// Waits until the content is flushed.
    fn flushed(&mut self) -> Result<Temporary<Arc<File>>, Errno> {
        let flushing = self.flushing.take().and_then(|thread| thread.join().ok());
        flushing.unwrap_or(Err(Errno::EIO))
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // The thread removes the temporary file before this process may end.
        let _ = self.flushed();
    }
}
