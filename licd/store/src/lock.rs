//! Who may write the store.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use licd_fs::lock::{self, Locked, Refused};
use nix::sys::stat::{fstat, major, minor};

use super::{Holder, StoreError};

/// The right to write, until dropped.
pub(super) struct Lock {
    _file: Locked,
}

impl Lock {
    /// Takes the lock `file`, for writing to `place`, waiting at most `patience`.
    pub(super) fn take(file: &Path, place: &Path, patience: Duration) -> Result<Self, StoreError> {
        match lock::take(file, patience) {
            Ok(lock) => Ok(Self { _file: lock }),
            Err(Refused::Kernel(reason)) => Err(StoreError::writing(file, reason)),
            Err(Refused::Taken(lock)) => {
                let holder = holder_of(&lock).map(Holder::of);
                Err(StoreError::Busy { place: place.to_owned(), holder })
            }
        }
    }
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
