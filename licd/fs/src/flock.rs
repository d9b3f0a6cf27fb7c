//! Locks of open files (flock(2)).

use std::fs::File;
use std::ops::Deref;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

use crate::look::errno;
use crate::retry;

/// How often a held lock is retried; flock(2) cannot wait for a limited time.
const RETRY: Duration = Duration::from_millis(10);

/// A locked file; dropping it unlocks it.
#[derive(Debug)]
pub struct Locked {
    file: File,
    end: End,
}

/// How a lock ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With the drop.
    Unlock,
    /// With the last descriptor of the file, perhaps of a child that has not called execve(2) yet.
    Close,
}

/// Why a lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds the lock on this file; proc_locks(5) names it.
    Held(File),
    /// The kernel's error.
    Kernel(Errno),
}

impl Locked {
    /// Locks a file without waiting.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn try_new(file: File) -> Result<Self, LockError> {
        Self::new(file, Instant::now())
    }

    /// Locks a file, waiting until `deadline`.
    ///
    /// # Errors
    /// [`LockError`].
    pub(crate) fn new(file: File, deadline: Instant) -> Result<Self, LockError> {
        let is_held = |why: &Errno| *why == Errno::EWOULDBLOCK;
        match retry::until(deadline, RETRY, || try_lock(&file), is_held) {
            Ok(()) => Ok(Self { file, end: End::Unlock }),
            Err(Errno::EWOULDBLOCK) => Err(LockError::Held(file)),
            Err(why) => Err(LockError::Kernel(why)),
        }
    }

    /// Leaves the lock to the end of the file's last descriptor: no process asks for it any more.
    pub(crate) fn leave(&mut self) {
        self.end = End::Close;
    }
}

/// Locks a file unless it is locked, also if a signal interrupts that.
fn try_lock(file: &File) -> Result<(), Errno> {
    let locked = retry_on_intr(|| flock(file, FlockOperation::NonBlockingLockExclusive));
    locked.map_err(|why| errno(why.into()))
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if self.end == End::Unlock {
            let _ = self.file.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A locked file, a copy of its descriptor, and whether another descriptor can lock the file.
    fn locked() -> (Locked, File, impl Fn() -> bool) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lock = Locked::try_new(file.reopen().unwrap()).unwrap();
        let copy = lock.try_clone().unwrap();
        (lock, copy, move || Locked::try_new(file.reopen().unwrap()).is_ok())
    }

    #[test]
    fn a_lock_ends_with_its_drop_although_a_copy_of_the_descriptor_is_open() {
        let (lock, _copy, can_be_locked) = locked();
        assert!(!can_be_locked());
        drop(lock);
        assert!(can_be_locked());
    }

    #[test]
    fn a_lock_that_is_left_ends_with_the_last_descriptor() {
        let (mut lock, copy, can_be_locked) = locked();
        lock.leave();
        drop(lock);
        assert!(!can_be_locked());
        drop(copy);
        assert!(can_be_locked());
    }
}
