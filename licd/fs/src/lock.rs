//! One writer at a time, by a lock on a separate file: every user may read the files that are written,
//! and a user who may read a file may lock it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use crate::atomic;
use crate::look::errno;

pub use crate::flock::{LockError, Locked};

/// Attempts to lock the file, each after another process replaced it.
const ATTEMPTS: usize = 8;

/// Takes the lock at `path`, waiting at most `timeout`. Dropping it releases the lock.
///
/// # Errors
/// [`LockError`].
pub fn take(path: &Path, timeout: Duration) -> Result<Locked, LockError> {
    let deadline = Instant::now() + timeout;
    for _ in 0..ATTEMPTS {
        let lock = Locked::new(open_lock(path).map_err(LockError::Kernel)?, deadline)?;
        // Two processes that clear the path each create a file; the last one counts.
        if is_at(&lock, path) {
            return Ok(lock);
        }
    }
    Err(LockError::Kernel(Errno::EAGAIN))
}

fn is_at(lock: &File, path: &Path) -> bool {
    let found = lock.metadata().and_then(|own| Ok((own, fs::symlink_metadata(path)?)));
    found.is_ok_and(|(own, there)| (own.dev(), own.ino()) == (there.dev(), there.ino()))
}

/// Opens the file of a lock, and moves aside what cannot be opened as one, which would keep every writer
/// out until the next boot.
fn open_lock(path: &Path) -> Result<File, Errno> {
    if let Some(dir) = path.parent() {
        atomic::create_dir(dir)?;
    }
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let opened = || open(path, flags, Mode::S_IRUSR | Mode::S_IWUSR).map(File::from);
    match opened() {
        Err(Errno::EISDIR | Errno::ELOOP | Errno::ENXIO) => {
            clear(path)?;
            opened()
        }
        outcome => outcome,
    }
}

/// Moves aside anything at `path` but a regular file.
fn clear(path: &Path) -> Result<(), Errno> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => atomic::set_aside(path, path.with_extension("lock.damaged")).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(errno(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::names;
    use std::os::unix::fs::symlink;

    fn try_take(path: &Path) -> Option<Locked> {
        take(path, Duration::ZERO).ok()
    }

    #[test]
    fn one_lock_keeps_others_out_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/x.lock");
        let first = try_take(&path).unwrap();
        assert!(matches!(take(&path, Duration::ZERO), Err(LockError::Held(_))));
        drop(first);
        assert!(try_take(&path).is_some());
    }

    #[test]
    fn what_cannot_be_opened_as_a_lock_is_moved_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let makers: [fn(&Path); 3] = [
            |path| fs::create_dir(path).unwrap(),
            |path| symlink("nowhere", path).unwrap(),
            |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        ];
        for make in makers {
            make(&path);
            let made = fs::symlink_metadata(&path).unwrap();
            let lock = try_take(&path).unwrap();
            assert_eq!(lock.metadata().unwrap().mode() & 0o777, 0o600);
            let aside = fs::symlink_metadata(path.with_extension("lock.damaged")).unwrap();
            assert_eq!(aside.ino(), made.ino());
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(names(dir.path()).unwrap(), ["x.lock.damaged"]);
    }

    #[test]
    fn a_fifo_serves_as_a_lock_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
        let _lock = try_take(&path).unwrap();
        assert!(try_take(&path).is_none());
    }

    #[test]
    fn a_lock_that_another_process_has_made_meanwhile_is_not_moved_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        clear(&path).unwrap();
        let _lock = try_take(&path).unwrap();
        clear(&path).unwrap();
        assert!(try_take(&path).is_none());
        assert_eq!(clear(&path.join("below")), Err(Errno::ENOTDIR));
    }

    #[test]
    fn a_held_lock_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let _lock = try_take(&path).unwrap();
        let (began, timeout) = (Instant::now(), Duration::from_millis(30));
        assert!(matches!(take(&path, timeout), Err(LockError::Held(_))));
        assert!(began.elapsed() >= timeout);
    }

    #[test]
    fn a_lock_whose_file_was_replaced_is_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let old = try_take(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&old, &path));
        let new = try_take(&path).unwrap();
        assert!(is_at(&new, &path));
    }
}
