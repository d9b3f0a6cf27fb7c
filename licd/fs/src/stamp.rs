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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_file_keeps_its_stamp_until_it_is_changed_or_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("file"), dir.path().join("other"));
        assert_eq!(Stamp::at(&file), Ok(None));
        fs::write(&file, "a").unwrap();
        let first = Stamp::at(&file).unwrap().unwrap();
        assert_eq!(Stamp::at(&file), Ok(Some(first)));
        fs::write(&file, "ab").unwrap();
        let second = Stamp::at(&file).unwrap().unwrap();
        fs::write(&other, "cd").unwrap();
        fs::rename(&other, &file).unwrap();
        let third = Stamp::at(&file).unwrap().unwrap();
        assert!(first != second && second != third);
    }

    #[test]
    fn a_change_is_recent_within_two_seconds_and_in_the_future() {
        let at = |time: SystemTime| {
            let changed = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
            Stamp { changed: i64::try_from(changed).unwrap(), ..Stamp::default() }
        };
        let (now, minute) = (SystemTime::now(), Duration::from_secs(60));
        assert!(at(now).is_recent() && at(now + minute).is_recent());
        assert!(!at(now - GRANULARITY).is_recent() && !at(now - minute).is_recent());
    }

    #[test]
    fn a_file_is_written_down_by_its_inode_and_the_time_of_its_change() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = file.path().metadata().unwrap();
        let changed = found.ctime() * 1_000_000_000 + found.ctime_nsec();
        assert_eq!(Stamp::at(file.path()).unwrap().unwrap().written(), (found.ino(), changed));
    }
}
