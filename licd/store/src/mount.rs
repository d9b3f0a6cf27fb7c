//! Whether a directory is a mount point, and its mount's flags.
//!
//! The mount is found by its ID, from the descriptor, so that no path is compared and none of the
//! kernel's path escapes matters. `procfs-core` reads the same table, but keeps the escapes and
//! gives up the whole of it for one path that is not UTF-8, which any USB stick's label can cause.

use std::fs;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::mount::MsFlags;
use nix::sys::stat::Mode;

/// Mounts as the calling thread sees them: its mount namespace counts, not the main thread's.
const TABLE: &str = "/proc/thread-self/mountinfo";

/// Options of a mount that a remount drops unless they are given again. Not those about access
/// times, which the kernel keeps if none of them is given.
const MOUNT_OPTIONS: [(&str, MsFlags); 4] = [
    ("nosuid", MsFlags::MS_NOSUID),
    ("nodev", MsFlags::MS_NODEV),
    ("noexec", MsFlags::MS_NOEXEC),
    // MS_NOSYMFOLLOW of linux/mount.h.
    ("nosymfollow", MsFlags::from_bits_retain(1 << 8)),
];
/// The same for options of a file system.
const SUPER_OPTIONS: [(&str, MsFlags); 3] = [
    ("sync", MsFlags::MS_SYNCHRONOUS),
    ("dirsync", MsFlags::MS_DIRSYNC),
    ("lazytime", MsFlags::MS_LAZYTIME),
];
/// Options by which a file system says that it has given up: ext4's and xfs's.
const GAVE_UP: [&str; 2] = ["shutdown", "emergency_ro"];

/// The mount that a directory lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Whether the directory is this mount's root.
    pub(super) here: bool,
    /// Whether it shows a whole file system. Otherwise, the root of a container's volume or a
    /// subvolume, others use the same file system, and only the mount may be made read-only.
    whole: bool,
    mount_read_only: bool,
    fs_read_only: bool,
    gave_up: bool,
    mount_flags: MsFlags,
    super_flags: MsFlags,
}

impl Mount {
    /// The mount of an open directory.
    pub(super) fn of(dir: impl AsFd) -> Result<Self, Errno> {
        let dir = dir.as_fd();
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let id = id_of(dir)?;
        let parent = id_of(openat(dir, "..", flags, Mode::empty())?.as_fd())?;
        let table = fs::read(TABLE).map_err(|e| Errno::try_from(e).unwrap_or(Errno::EIO))?;
        let mut lines = table.split(|byte| *byte == b'\n');
        let mount = lines.find_map(|line| Self::parse(line, id)).ok_or(Errno::ENODEV)?;
        Ok(Self { here: id != parent, ..mount })
    }

    /// One line of proc_pid_mountinfo(5), if it is about the mount `id`. Fields are counted from
    /// (1) as there.
    fn parse(line: &[u8], id: u64) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        if number(fields.next()?)? != id {
            return None;
        }
        let root = fields.nth(2)?; // (4)
        let mount_options = Options(fields.nth(1)?); // (6)
        let super_options = Options(fields.next_back()?); // (11)
        Some(Self {
            here: false,
            whole: root == b"/",
            mount_read_only: mount_options.has("ro"),
            fs_read_only: super_options.has("ro"),
            gave_up: GAVE_UP.iter().any(|word| super_options.has(word)),
            mount_flags: mount_options.flags(&MOUNT_OPTIONS),
            super_flags: super_options.flags(&SUPER_OPTIONS),
        })
    }

    /// Whether nothing can be written here now.
    pub(super) fn is_read_only(&self) -> bool {
        self.mount_read_only || self.fs_read_only
    }

    /// Whether nothing will be written to the medium. A read-only mount of a file system that
    /// stays writable is not enough, unless the file system is not ours alone.
    pub(super) fn is_closed(&self) -> bool {
        self.fs_read_only || (self.mount_read_only && !(self.here && self.whole))
    }

    /// Whether the file system stopped working after an error.
    pub(super) fn has_given_up(&self) -> bool {
        self.gave_up
    }

    /// Makes the mount and its file system writable.
    pub(super) fn make_writable(&self, at: &Path) -> Result<(), Errno> {
        remount(at, self.flags())
    }

    /// Makes the mount and its file system read-only. `EBUSY`: somebody holds a file open for
    /// writing, or one that is removed; nothing has changed.
    pub(super) fn make_read_only(&self, at: &Path) -> Result<(), Errno> {
        remount(at, self.flags() | MsFlags::MS_RDONLY)
    }

    /// Makes only the mount read-only, which does not ask who holds a removed file.
    pub(super) fn shield(&self, at: &Path) -> Result<(), Errno> {
        remount(at, self.mount_flags | MsFlags::MS_BIND | MsFlags::MS_RDONLY)
    }

    fn flags(&self) -> MsFlags {
        if self.whole {
            self.mount_flags | self.super_flags
        } else {
            self.mount_flags | MsFlags::MS_BIND
        }
    }
}

fn remount(at: &Path, flags: MsFlags) -> Result<(), Errno> {
    const NONE: Option<&str> = None;
    nix::mount::mount(NONE, at, NONE, MsFlags::MS_REMOUNT | flags, NONE)
}

/// The ID of the mount that a descriptor was opened in (proc_pid_fdinfo(5), `mnt_id`).
fn id_of(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    let info = fs::read(format!("/proc/thread-self/fdinfo/{}", fd.as_raw_fd()))
        .map_err(|e| Errno::try_from(e).unwrap_or(Errno::EIO))?;
    info.split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"mnt_id:"))
        .and_then(number)
        .ok_or(Errno::ENODEV)
}

fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Mount options, separated by commas.
struct Options<'a>(&'a [u8]);

impl Options<'_> {
    fn has(&self, word: &str) -> bool {
        self.0.split(|byte| *byte == b',').any(|option| option == word.as_bytes())
    }

    fn flags(&self, known: &[(&str, MsFlags)]) -> MsFlags {
        known.iter().filter(|(word, _)| self.has(word)).map(|(_, flag)| *flag).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LICENSE: &[u8] = b"36 27 7:0 / /a\\040b\\011\xff ro,nosuid,nodev,noexec,relatime \
        shared:7 master:1 - ext4 /dev/loop0 rw,sync,errors=remount-ro";

    #[test]
    fn a_line_is_found_by_its_id_whatever_its_path() {
        let mount = Mount::parse(LICENSE, 36).unwrap();
        assert!(mount.whole && mount.mount_read_only && !mount.fs_read_only && !mount.gave_up);
        let kept = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        assert_eq!(mount.mount_flags, kept);
        assert_eq!(mount.super_flags, MsFlags::MS_SYNCHRONOUS);
        assert_eq!(Mount::parse(LICENSE, 27), None);
    }

    #[test]
    fn a_file_system_without_source_or_optional_fields_is_read_too() {
        let line = b"1 0 0:2 /@license /license rw - btrfs  ro,emergency_ro,subvol=/@license";
        let mount = Mount::parse(line, 1).unwrap();
        assert!(!mount.whole && !mount.mount_read_only && mount.fs_read_only && mount.gave_up);
    }

    #[test]
    fn anything_else_is_no_mount() {
        for line in ["", "36", "36 27 7:0 /", "x 27 7:0 / / rw - ext4 a rw"] {
            assert_eq!(Mount::parse(line.as_bytes(), 36), None, "{line}");
        }
    }

    #[test]
    fn a_read_only_mount_of_a_writable_file_system_is_not_closed() {
        let mount = Mount { here: true, ..Mount::parse(LICENSE, 36).unwrap() };
        assert!(mount.is_read_only() && !mount.is_closed());
        let volume = Mount { whole: false, ..mount };
        assert!(volume.is_read_only() && volume.is_closed());
    }

    #[test]
    fn a_directory_inside_a_mount_is_no_mount_point() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!Mount::of(fs::File::open(dir.path()).unwrap()).unwrap().here);
        assert!(Mount::of(fs::File::open("/proc").unwrap()).unwrap().here);
    }
}
