//! Watches the mounts under `/license` and `/etc`: the licence partition appears, disappears, or changes
//! between read-only and writable.

use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use licd_fs::look::{self, is_fact};
use licd_fs::mountinfo;
use licd_fs::root::Root;
use nix::errno::Errno;

/// The mounts of the daemon's namespace. poll(2) reports every change as `POLLPRI`
/// (proc_pid_mounts(5)).
const MOUNTINFO: &str = "/proc/self/mountinfo";
/// The watched directories.
const DIRS: [&str; 2] = ["license", "etc"];

/// The watched mounts.
pub(crate) struct Mounts {
    mountinfo: File,
    dirs: Vec<PathBuf>,
    /// The lines of the watched mounts at the last call.
    last: Vec<Vec<u8>>,
}

impl Mounts {
    /// Watches the mounts under this root.
    ///
    /// # Errors
    /// The list of mounts cannot be read.
    pub(crate) fn open(root: &Root) -> Result<Self, Errno> {
        // The kernel lists absolute paths without links.
        let top = fs::canonicalize(root.path("/")).map_err(look::errno)?;
        let dirs = DIRS.iter().map(|dir| top.join(dir)).collect();
        let mountinfo = File::open(MOUNTINFO).map_err(look::errno)?;
        let mut mounts = Self { mountinfo, dirs, last: Vec::new() };
        mounts.last = mounts.lines().map_err(look::errno)?;
        Ok(mounts)
    }

    /// Whether the watched mounts may have changed since the last call. If the list cannot be read now, they may.
    ///
    /// # Errors
    /// The list of mounts cannot be read at any time.
    pub(crate) fn have_changed(&mut self) -> Result<bool, Errno> {
        let rewound = self.mountinfo.rewind();
        let now = match rewound.and_then(|()| self.lines()).map_err(look::errno) {
            Err(reason) if !is_fact(reason) => return Ok(true),
            now => now?,
        };
        let changed = now != self.last;
        self.last = now;
        Ok(changed)
    }

    /// The lines of the watched mounts, from where the list was read to.
    fn lines(&self) -> io::Result<Vec<Vec<u8>>> {
        let list = mountinfo::read(&self.mountinfo)?;
        let lines = list.split(|byte| *byte == b'\n');
        Ok(lines.filter(|line| self.watches(line)).map(<[u8]>::to_vec).collect())
    }

    /// Whether a line is that of a mount in one of the directories.
    fn watches(&self, line: &[u8]) -> bool {
        mountinfo::point(line)
            .is_some_and(|point| self.dirs.iter().any(|dir| point.starts_with(dir)))
    }
}

impl AsFd for Mounts {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.mountinfo.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mounts_in_the_directories_are_watched() {
        let root = tempfile::tempdir().unwrap();
        let mounts = Mounts::open(&Root::new(root.path()).unwrap()).unwrap();
        let top = fs::canonicalize(root.path()).unwrap();
        let line = |at: &str| format!("36 27 7:0 / {}{at} ro - ext4 /dev/loop0 ro", top.display());
        for at in ["/license", "/license/dsa/licenses", "/etc/licd"] {
            assert!(mounts.watches(line(at).as_bytes()), "{at}");
        }
        for at in ["", "/licenses", "/run", "/var/license"] {
            assert!(!mounts.watches(line(at).as_bytes()), "{at}");
        }
        assert!(!mounts.watches(b"") && !mounts.watches(b"36 27 7:0 /"));
    }

    #[test]
    fn mounts_that_cannot_be_read_now_are_watched_further() {
        let root = tempfile::tempdir().unwrap();
        let mut mounts = Mounts::open(&Root::new(root.path()).unwrap()).unwrap();
        // Reading an address that is not mapped fails.
        let list = std::mem::replace(&mut mounts.mountinfo, File::open("/proc/self/mem").unwrap());
        assert!(mounts.have_changed().unwrap());
        mounts.mountinfo = list;
        assert!(!mounts.have_changed().unwrap());
        mounts.mountinfo = File::open(root.path()).unwrap();
        assert!(mounts.have_changed().is_err());
    }

    #[test]
    fn without_a_new_mount_the_mounts_are_unchanged() {
        let root = tempfile::tempdir().unwrap();
        let mut mounts = Mounts::open(&Root::new(root.path()).unwrap()).unwrap();
        assert!(!mounts.have_changed().unwrap());
    }
}
