//! Stamps of files: a file with an unchanged stamp has unchanged content.

use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::sys::stat::{FileStat, lstat};

use crate::look::{Looked, look_errno};

/// The coarsest granularity of a file system's time stamps.
const GRANULARITY: Duration = Duration::from_secs(2);

/// The identity of a file and its content. A program that replaces a file creates another inode, and
/// a change in place updates the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: i64,
    /// The last change of content or attributes, in nanoseconds since 1970.
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

    /// The stamp of a path, without following a link; `None` if the path does not exist.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable).
    pub fn at(path: &Path) -> Looked<Option<Self>> {
        Ok(look_errno(path, lstat(path))?.ok().as_ref().map(Self::of))
    }

    /// Whether the last change is so recent that the next one may have the same time: time stamps have
    /// a granularity of up to two seconds (FAT).
    #[must_use]
    pub fn is_recent(&self) -> bool {
        let changed = SystemTime::UNIX_EPOCH
            + Duration::from_nanos(u64::try_from(self.changed).unwrap_or_default());
        // A time in the future, which has no age, is not evidence.
        changed.elapsed().ok().is_none_or(|age| age <= GRANULARITY)
    }

    /// The inode and the time of the last change, by which a state file identifies a file.
    #[must_use]
    pub fn written(&self) -> (u64, i64) {
        (self.inode, self.changed)
    }
}
