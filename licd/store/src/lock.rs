//! The lock of writers of the store.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use licd_fs::lock::{self, LockError, Locked};
use nix::sys::stat::{fstat, major, minor};

use crate::error::StoreError;
use crate::holders::Holder;

/// The right to write; dropping it releases the lock.
pub(crate) struct Lock {
    _file: Locked,
}

impl Lock {
    /// Takes the lock `file` for writing to `place`, waiting at most `timeout`.
    pub(crate) fn take(file: &Path, place: &Path, timeout: Duration) -> Result<Self, StoreError> {
        match lock::take(file, timeout) {
            Ok(lock) => Ok(Self { _file: lock }),
            Err(LockError::Kernel(reason)) => Err(StoreError::writing(file, reason)),
            Err(LockError::Held(lock)) => {
                let holder = holder_of(&lock).map(Holder::of);
                Err(StoreError::Busy { place: place.to_owned(), holder })
            }
        }
    }
}

/// The process that holds the lock on a file. A line of proc_locks(5) is
/// `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF`, or `1: -> FLOCK …` for a waiting process.
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
