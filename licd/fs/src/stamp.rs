//! Stamps of files: a file with an unchanged stamp has unchanged content.

use std::path::Path;

use nix::sys::stat::{FileStat, lstat};

use crate::look::{Looked, look_errno};

/// The identity of a file and its content. A program that replaces a file creates another inode, and
/// a change in place updates the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// The inode and the time of the last change, by which a state file identifies a file.
    #[must_use]
    pub fn written(&self) -> (u64, i64) {
        (self.inode, self.changed)
    }
}
