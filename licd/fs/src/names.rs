//! Lists a directory.

use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::errno::Errno;
use rustix::fs::RawDir;

pub use rustix::fs::FileType;

use crate::atomic::open_dir;

/// Bytes of entries that one system call returns: those of a hundred licences.
const ENTRY_BYTES: usize = 8192;

/// An entry of a directory, neither `.` nor `..`.
#[derive(Debug, Clone, Copy)]
pub struct DirEntry<'a> {
    /// Its name.
    pub name: &'a OsStr,
    /// The type of its file; some file systems do not store that in the directory.
    pub kind: FileType,
    /// The number of its file. Entries of one file have one number.
    pub inode: u64,
}

/// How much of a directory was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Listed {
    /// All entries.
    All,
    /// As many as the limit allows; there are more.
    First,
}

/// Passes the entries of an open directory to `visit`, `limit` at most, from where it was read to. Takes a
/// system call less than [`std::fs::read_dir`], and no memory for a large directory.
///
/// # Errors
/// The kernel's error, or the first one of `visit`.
pub fn each(
    dir: impl AsFd,
    limit: usize,
    visit: &mut dyn FnMut(DirEntry<'_>) -> Result<(), Errno>,
) -> Result<Listed, Errno> {
    let mut buffer = [MaybeUninit::uninit(); ENTRY_BYTES];
    let (mut entries, mut left) = (RawDir::new(dir, &mut buffer), limit);
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|why| Errno::from_raw(why.raw_os_error()))?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let Some(fewer) = left.checked_sub(1) else { return Ok(Listed::First) };
        left = fewer;
        visit(DirEntry { name, kind: entry.file_type(), inode: entry.ino() })?;
    }
    Ok(Listed::All)
}

/// The names in the directory at `path`, in byte order.
///
/// # Errors
/// The kernel's error.
pub fn names(path: &Path) -> io::Result<Vec<OsString>> {
    let dir = open_dir(path)?;
    let mut names = Vec::new();
    let _ = each(&dir, usize::MAX, &mut |entry| {
        names.push(entry.name.to_owned());
        Ok(())
    })?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn all_names_of_a_large_directory_are_listed_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut expected: Vec<_> = (0..200).map(|n| OsString::from(format!("{n:0250}"))).collect();
        expected.extend([".hidden", "z"].map(OsString::from));
        for name in &expected {
            fs::write(dir.path().join(name), "").unwrap();
        }
        expected.sort();
        assert_eq!(names(dir.path()).unwrap(), expected);
        assert!(names(&dir.path().join("none")).is_err());
        assert!(names(&dir.path().join("z")).is_err());
    }

    #[test]
    fn a_limit_and_an_error_end_a_listing() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let open = || fs::File::open(dir.path()).unwrap();
        for (limit, listed, seen) in [(2, Listed::First, 2), (3, Listed::All, 3)] {
            let mut count = 0;
            let done = each(open(), limit, &mut |_| {
                count += 1;
                Ok(())
            });
            assert_eq!((done, count), (Ok(listed), seen));
        }
        assert_eq!(each(open(), 3, &mut |_| Err(Errno::EIO)), Err(Errno::EIO));
    }
}
