//! Mounts at and under the watched directories: the licence partition comes, goes, or changes between
//! read-only and writable.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use licd_fs::root::Root;

/// The table of the daemon's mount namespace. poll(2) reports `POLLPRI` on every change
/// (proc_pid_mounts(5)).
const TABLE: &str = "/proc/self/mountinfo";
/// The directories at and under which mounts are watched.
const PLACES: [&str; 2] = ["license", "etc"];

/// The table of mounts.
pub(crate) struct Mounts {
    table: File,
    places: Vec<PathBuf>,
    last: Vec<Vec<u8>>,
}

impl Mounts {
    /// Reads the mounts under this root.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(crate) fn open(root: &Root) -> io::Result<Self> {
        // The kernel's table has no links and no relative paths.
        let top = fs::canonicalize(root.path("/"))?;
        let places = PLACES.iter().map(|place| top.join(place)).collect();
        let mut mounts = Self { table: File::open(TABLE)?, places, last: Vec::new() };
        mounts.have_changed()?;
        Ok(mounts)
    }

    /// Whether the watched mounts have changed since the last call.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(crate) fn have_changed(&mut self) -> io::Result<bool> {
        let mut table = Vec::new();
        self.table.rewind()?;
        self.table.read_to_end(&mut table)?;
        let lines = table.split(|byte| *byte == b'\n');
        let now: Vec<_> = lines.filter(|line| self.is_watched(line)).map(<[u8]>::to_vec).collect();
        let changed = now != self.last;
        self.last = now;
        Ok(changed)
    }

    /// Field (5) of proc_pid_mountinfo(5) is where the mount is.
    fn is_watched(&self, line: &[u8]) -> bool {
        let point = line.split(|byte| *byte == b' ').nth(4).map(unescaped);
        let point = point.as_deref().map(std::ffi::OsStr::from_bytes).map(PathBuf::from);
        point.is_some_and(|point| self.places.iter().any(|place| point.starts_with(place)))
    }
}

impl AsFd for Mounts {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.table.as_fd()
    }
}

/// The kernel writes space, tab, line feed and backslash of a path as `\ooo`.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        let octal = |digits: &[u8; 3]| u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok();
        let escape = after.split_first_chunk().filter(|_| byte == b'\\');
        match escape.and_then(|(digits, after)| Some((octal(digits)?, after))) {
            Some((byte, after)) => {
                plain.push(byte);
                rest = after;
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_kernel_writes_them() {
        assert_eq!(unescaped(br"/a\040b\134\011"), b"/a b\\\t");
        assert_eq!(unescaped(br"/a\04"), br"/a\04");
        assert_eq!(unescaped(br"/\999"), br"/\999");
    }

    #[test]
    fn only_mounts_under_the_places_are_watched() {
        let root = tempfile::tempdir().unwrap();
        let mounts = Mounts::open(&Root::new(root.path())).unwrap();
        let top = fs::canonicalize(root.path()).unwrap();
        let line = |at: &str| format!("36 27 7:0 / {}{at} ro - ext4 /dev/loop0 ro", top.display());
        for at in ["/license", "/license/dsa/licenses", "/etc/licd"] {
            assert!(mounts.is_watched(line(at).as_bytes()), "{at}");
        }
        for at in ["", "/licenses", "/run", "/var/license"] {
            assert!(!mounts.is_watched(line(at).as_bytes()), "{at}");
        }
        assert!(!mounts.is_watched(b"") && !mounts.is_watched(b"36 27 7:0 /"));
    }

    #[test]
    fn without_a_mount_nothing_has_changed() {
        let root = tempfile::tempdir().unwrap();
        let mut mounts = Mounts::open(&Root::new(root.path())).unwrap();
        assert!(!mounts.have_changed().unwrap());
    }
}
