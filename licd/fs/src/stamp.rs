//! By what a file is known again: a file that has the same stamp holds what it held.

use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::sys::stat::{FileStat, lstat};

use crate::look::{Looked, look_errno};

/// The longest step in which a file system counts time.
const STEP: Duration = Duration::from_secs(2);

/// The identity of a file and of its content. Every program that replaces a file makes another one,
/// and what changes a file in place changes the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: i64,
    /// The last change, of content or attributes: nanoseconds since 1970.
    changed: i64,
}

impl Stamp {
    /// The stamp of a file.
    #[must_use]
    pub fn of(stat: &FileStat) -> Self {
        let changed =
            stat.st_ctime.saturating_mul(1_000_000_000).saturating_add(stat.st_ctime_nsec);
        Self { device: stat.st_dev, inode: stat.st_ino, bytes: stat.st_size, changed }
    }

    /// The stamp of what is at a path, a link not followed; `None` if there is nothing.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable).
    pub fn at(path: &Path) -> Looked<Option<Self>> {
        Ok(look_errno(path, lstat(path))?.ok().as_ref().map(Self::of))
    }

    /// Whether the file was changed so recently that the next change may leave the same time: file
    /// systems count in steps, of up to two seconds (FAT).
    #[must_use]
    pub fn is_recent(&self) -> bool {
        let changed = SystemTime::UNIX_EPOCH
            + Duration::from_nanos(u64::try_from(self.changed).unwrap_or_default());
        // A time to come says nothing.
        changed.elapsed().is_ok_and(|age| age <= STEP) || changed > SystemTime::now()
    }

    /// The file's number in its file system, and when it was changed last: what is written down to
    /// know it again.
    #[must_use]
    pub fn written(&self) -> (u64, i64) {
        (self.inode, self.changed)
    }
}
