//! One writer at a time, by a lock that is a file of its own: a user who may read a file may lock it,
//! and what is locked here every user may read.

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use crate::atomic;

/// How often a taken lock is tried again; flock(2) cannot wait for a limited time.
const RETRY: Duration = Duration::from_millis(10);
/// Times that the lock file is opened, each after another one was found in its place.
const ATTEMPTS: usize = 8;

/// A locked file, unlocked when dropped.
#[derive(Debug)]
pub struct Locked(File);

/// Why a lock was not taken.
pub enum Refused {
    /// Another process has it; the kernel's table of locks has the file.
    Taken(File),
    /// The kernel's reason.
    Kernel(Errno),
}

impl Locked {
    /// Locks a file at once.
    pub fn try_new(file: File) -> Result<Self, Refused> {
        wait(file, Instant::now())
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing unlocks as well, but for a child that has not run its program yet.
        let _ = self.0.unlock();
    }
}

/// Takes a lock until it is dropped, waiting at most `patience`.
pub fn take(path: &Path, patience: Duration) -> Result<Locked, Refused> {
    let deadline = Instant::now() + patience;
    for _ in 0..ATTEMPTS {
        let lock = wait(open_lock(path).map_err(Refused::Kernel)?, deadline)?;
        // Of two who find something else in its place, each makes a file; the last one counts.
        if is_at(&lock, path) {
            return Ok(lock);
        }
    }
    Err(Refused::Kernel(Errno::EAGAIN))
}

fn wait(file: File, deadline: Instant) -> Result<Locked, Refused> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Locked(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(RETRY),
            Err(TryLockError::WouldBlock) => return Err(Refused::Taken(file)),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(Refused::Kernel(errno(&error))),
        }
    }
}

fn is_at(lock: &File, path: &Path) -> bool {
    let found = lock.metadata().and_then(|own| Ok((own, fs::symlink_metadata(path)?)));
    found.is_ok_and(|(own, there)| (own.dev(), own.ino()) == (there.dev(), there.ino()))
}

/// Opens the file of a lock. Something else of that name, which no program of this project makes, is
/// cleared away: it would keep every writer out until the next start of the system.
fn open_lock(path: &Path) -> Result<File, Errno> {
    if let Some(dir) = path.parent() {
        atomic::create_dir(dir)?;
    }
    // Opening a FIFO would otherwise wait for a reader.
    let flags =
        OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let opened = || open(path, flags, Mode::S_IRUSR | Mode::S_IWUSR).map(File::from);
    match opened() {
        Ok(file) if file.metadata().is_ok_and(|found| found.is_file()) => Ok(file),
        Ok(_) | Err(Errno::EISDIR | Errno::ELOOP | Errno::ENXIO) => {
            clear(path)?;
            opened()
        }
        Err(why) => Err(why),
    }
}

fn clear(path: &Path) -> Result<(), Errno> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => atomic::set_aside(path, path.with_extension("lock.damaged")).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(errno(&error)),
    }
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn taken(path: &Path) -> Option<Locked> {
        take(path, Duration::ZERO).ok()
    }

    #[test]
    fn one_lock_keeps_others_out_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/x.lock");
        let first = taken(&path).unwrap();
        assert!(matches!(take(&path, Duration::ZERO), Err(Refused::Taken(_))));
        drop(first);
        assert!(taken(&path).is_some());
    }

    #[test]
    fn what_is_no_file_is_cleared_away_from_the_place_of_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let makers: [fn(&Path); 4] = [
            |path| fs::create_dir(path).unwrap(),
            |path| symlink("/nowhere", path).unwrap(),
            |path| nix::unistd::mkfifo(path, Mode::S_IRWXU).unwrap(),
            |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        ];
        for make in makers {
            make(&path);
            assert!(taken(&path).is_some());
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_lock_whose_file_is_another_one_by_now_is_taken_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let old = taken(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&old, &path));
        let new = taken(&path).unwrap();
        assert!(is_at(&new, &path));
    }
}
