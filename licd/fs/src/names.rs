//! Lists a directory.

use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::RawDir;

use crate::atomic::open_dir;

/// Bytes of entries that one system call returns: those of a small directory.
const ENTRY_BYTES: usize = 2048;

/// The names in the directory at `path`, in byte order. Takes a system call less than [`std::fs::read_dir`],
/// and no memory for a large directory.
///
/// # Errors
/// The kernel's error.
pub fn names(path: &Path) -> io::Result<Vec<OsString>> {
    let dir = open_dir(path)?;
    let (mut names, mut buffer) = (Vec::new(), [MaybeUninit::uninit(); ENTRY_BYTES]);
    let mut entries = RawDir::new(dir, &mut buffer);
    while let Some(entry) = entries.next() {
        let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
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
}
