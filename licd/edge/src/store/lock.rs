//! One writer at a time.
//!
//! The lock is a file of its own: whoever may read a file may lock it, and everybody may read the
//! store.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::sys::stat::{Mode, fstat, major, minor};

use super::{Holder, StoreError};
use crate::atomic;

/// How often a taken lock is tried again; flock(2) cannot wait for a limited time.
const RETRY: Duration = Duration::from_millis(10);

/// The right to write, until dropped.
pub(super) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Takes the lock `file`, for writing to `place`, waiting at most `patience`.
    pub(super) fn take(file: &Path, place: &Path, patience: Duration) -> Result<Self, StoreError> {
        let deadline = Instant::now() + patience;
        let mut lock = open_lock(file).map_err(|reason| StoreError::writing(file, reason))?;
        loop {
            lock = match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(Self { _file: lock }),
                Err((taken, Errno::EWOULDBLOCK)) => taken,
                Err((_, reason)) => return Err(StoreError::writing(file, reason)),
            };
            if Instant::now() >= deadline {
                let holder = holder_of(&lock).map(Holder::of);
                return Err(StoreError::Busy { place: place.to_owned(), holder });
            }
            thread::sleep(RETRY);
        }
    }
}

fn open_lock(file: &Path) -> Result<File, Errno> {
    if let Some(dir) = file.parent() {
        atomic::create_dir(dir)?;
    }
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    open(file, flags, Mode::S_IRUSR | Mode::S_IWUSR).map(File::from)
}

/// Who holds a lock on the file: proc_locks(5), where a line reads
/// `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF`, or `1: -> FLOCK …` for one who waits.
fn holder_of(file: &File) -> Option<u32> {
    let stat = fstat(file).ok()?;
    let inode = format!("{:02x}:{:02x}:{}", major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
    fs::read_to_string("/proc/locks").ok()?.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let held = fields.next()? == "FLOCK";
        let pid = fields.nth(2)?.parse().ok()?;
        (held && fields.next()? == inode).then_some(pid)
    })
}
