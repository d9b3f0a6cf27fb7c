//! The mount of a directory, and remounting it.
//!
//! The ID of the descriptor's mount identifies it, so that no paths are compared.

use std::ffi::CStr;
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::path::Path;

use licd_fs::look::{Looked, errno};
use licd_fs::mountinfo::{self, Options};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::mount::MsFlags;
use nix::sys::stat::Mode;
use nix::sys::statvfs::{FsFlags, fstatvfs};
use rustix::fs::{AtFlags, StatxFlags, statx};

/// The mounts of the calling thread, whose namespace may differ from the main thread's.
const MOUNTINFO: &str = "/proc/thread-self/mountinfo";

/// Mount options that a remount must repeat. The kernel keeps those about access times if none of them
/// is given.
const MOUNT_OPTIONS: [(&str, MsFlags); 4] = [
    ("nosuid", MsFlags::MS_NOSUID),
    ("nodev", MsFlags::MS_NODEV),
    ("noexec", MsFlags::MS_NOEXEC),
    // MS_NOSYMFOLLOW of linux/mount.h.
    ("nosymfollow", MsFlags::from_bits_retain(1 << 8)),
];
/// File system options that a remount must repeat.
const SUPER_OPTIONS: [(&str, MsFlags); 3] = [
    ("sync", MsFlags::MS_SYNCHRONOUS),
    ("dirsync", MsFlags::MS_DIRSYNC),
    ("lazytime", MsFlags::MS_LAZYTIME),
];
/// Those of both that statvfs(3) tells.
const STAT_FLAGS: [(FsFlags, MsFlags); 4] = [
    (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
    (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
    (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    (FsFlags::ST_SYNCHRONOUS, MsFlags::MS_SYNCHRONOUS),
];
/// Options of a file system that shut down after an error, of ext4 and xfs.
const SHUT_DOWN: [&str; 2] = ["shutdown", "emergency_ro"];

/// The mount of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Whether the directory is the mount point.
    pub(crate) is_mount_point: bool,
    /// Whether the whole file system is mounted. The file system of a container's volume or a
    /// subvolume has other users, so that only the mount may become read-only.
    is_whole: bool,
    mount_read_only: bool,
    fs_read_only: bool,
    is_shut_down: bool,
    mount_flags: MsFlags,
    super_flags: MsFlags,
}

impl From<&mountinfo::Mount> for Mount {
    fn from(mount: &mountinfo::Mount) -> Self {
        Self {
            is_mount_point: false,
            is_whole: mount.root == Path::new("/"),
            mount_read_only: mount.options.has("ro"),
            fs_read_only: mount.super_options.has("ro"),
            is_shut_down: SHUT_DOWN.iter().any(|option| mount.super_options.has(option)),
            mount_flags: flags(&mount.options, &MOUNT_OPTIONS),
            super_flags: flags(&mount.super_options, &SUPER_OPTIONS),
        }
    }
}

/// The flags of the options that are set.
fn flags(options: &Options, known: &[(&str, MsFlags)]) -> MsFlags {
    known.iter().filter(|(word, _)| options.has(word)).map(|(_, flag)| *flag).collect()
}

impl Mount {
    /// The mount of an open directory.
    pub(crate) fn of(dir: impl AsFd) -> Result<Self, Errno> {
        let dir = dir.as_fd();
        let [id, parent] = [id_of(dir, c"")?, id_of(dir, c"..")?];
        let table = match File::open(MOUNTINFO).and_then(mountinfo::read).map_err(errno) {
            // In a rescue shell, proc may not be mounted.
            Err(Errno::ENOENT) => None,
            table => Some(table?),
        };
        // The list lacks the mount of a process that is confined to a directory of it (chroot(2)).
        let mount = match table.and_then(|table| mountinfo::with_id(&table, id)) {
            Some(mount) => Self::from(&mount),
            None => Self::without_list(dir)?,
        };
        Ok(Self { is_mount_point: id != parent, ..mount })
    }

    /// The mount of an open directory, without the kernel's list of mounts. The kernel then tells one set of
    /// flags for the mount and its file system, so either makes both read-only.
    fn without_list(dir: BorrowedFd<'_>) -> Result<Self, Errno> {
        let flags = fstatvfs(dir)?.flags();
        let is_read_only = flags.contains(FsFlags::ST_RDONLY);
        let set = STAT_FLAGS.iter().filter(|(flag, _)| flags.contains(*flag));
        Ok(Self {
            is_mount_point: false,
            is_whole: true,
            mount_read_only: is_read_only,
            fs_read_only: is_read_only,
            is_shut_down: false,
            mount_flags: set.map(|(_, flag)| *flag).collect(),
            super_flags: MsFlags::empty(),
        })
    }

    /// Whether this is the mount point of a partition that is not mounted; `had_partition`: whether one was
    /// since boot. A directory of a read-only system cannot be anything else.
    pub(crate) fn is_missing(&self, had_partition: impl FnOnce() -> Looked<bool>) -> Looked<bool> {
        Ok(!self.is_mount_point && (self.is_read_only() || had_partition()?))
    }

    /// Whether the mount cannot be written now.
    pub(crate) fn is_read_only(&self) -> bool {
        self.mount_read_only || self.fs_read_only
    }

    /// Whether the medium will not be written. A read-only mount of a writable file system is not
    /// enough, unless the file system has other users.
    pub(crate) fn is_closed(&self) -> bool {
        self.fs_read_only || (self.mount_read_only && !(self.is_mount_point && self.is_whole))
    }

    /// Whether the file system shut down after an error.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.is_shut_down
    }

    /// Makes the mount and its file system writable.
    pub(crate) fn make_writable(&self, at: &Path) -> Result<(), Errno> {
        remount(at, self.flags())
    }

    /// Makes the mount and its file system read-only. `EBUSY` means that a process holds a removed
    /// file or one open for writing; the mount is unchanged.
    pub(crate) fn make_read_only(&self, at: &Path) -> Result<(), Errno> {
        remount(at, self.flags() | MsFlags::MS_RDONLY)
    }

    /// Makes only the mount read-only, which succeeds while a process holds a removed file.
    pub(crate) fn shield(&self, at: &Path) -> Result<(), Errno> {
        remount(at, self.mount_flags | MsFlags::MS_BIND | MsFlags::MS_RDONLY)
    }

    fn flags(&self) -> MsFlags {
        if self.is_whole {
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

/// The ID of the mount that a directory, or its parent, is on.
fn id_of(dir: BorrowedFd<'_>, path: &CStr) -> Result<u64, Errno> {
    match statx(dir, path, AtFlags::EMPTY_PATH, StatxFlags::MNT_ID) {
        Ok(found) if found.stx_mask & StatxFlags::MNT_ID.bits() != 0 => Ok(found.stx_mnt_id),
        // Linux tells it since 5.8.
        _ if path.is_empty() => id_by_descriptor(dir),
        _ => {
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            id_by_descriptor(openat(dir, path, flags, Mode::empty())?.as_fd())
        }
    }
}

/// The ID of a descriptor's mount (`mnt_id` in proc_pid_fdinfo(5)).
fn id_by_descriptor(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    let info = fs::read(format!("/proc/thread-self/fdinfo/{}", fd.as_raw_fd())).map_err(errno)?;
    info.split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"mnt_id:"))
        .and_then(|id| str::from_utf8(id).ok()?.trim().parse().ok())
        .ok_or(Errno::ENODEV)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LICENSE: &[u8] = b"36 27 7:0 / /a\\040b\\011\xff ro,nosuid,nodev,noexec,relatime \
        shared:7 master:1 - ext4 /dev/loop0 rw,sync,errors=remount-ro";

    fn parse(line: &[u8]) -> Mount {
        Mount::from(&mountinfo::Mount::parse(line).unwrap())
    }

    #[test]
    fn the_options_of_a_mount_are_read() {
        let mount = parse(LICENSE);
        assert!(
            mount.is_whole && mount.mount_read_only && !mount.fs_read_only && !mount.is_shut_down
        );
        let kept = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        assert_eq!(mount.mount_flags, kept);
        assert_eq!(mount.super_flags, MsFlags::MS_SYNCHRONOUS);
    }

    #[test]
    fn a_file_system_without_source_or_optional_fields_is_accepted() {
        let line = b"1 0 0:2 /@license /license rw - btrfs  ro,emergency_ro,subvol=/@license";
        let mount = parse(line);
        assert!(!mount.is_whole && !mount.mount_read_only);
        assert!(mount.fs_read_only && mount.is_shut_down);
    }

    #[test]
    fn a_read_only_mount_of_a_writable_file_system_is_not_closed() {
        let mount = Mount { is_mount_point: true, ..parse(LICENSE) };
        assert!(mount.is_read_only() && !mount.is_closed());
        let volume = Mount { is_whole: false, ..mount };
        assert!(volume.is_read_only() && volume.is_closed());
    }

    #[test]
    fn a_directory_inside_a_mount_is_not_a_mount_point() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!Mount::of(fs::File::open(dir.path()).unwrap()).unwrap().is_mount_point);
        assert!(Mount::of(fs::File::open("/proc").unwrap()).unwrap().is_mount_point);
    }

    #[test]
    fn without_the_list_a_mount_has_the_same_flags() {
        for place in ["/", "/proc", "/sys", "/dev"] {
            let dir = File::open(place).unwrap();
            let listed = Mount::of(&dir).unwrap();
            let told = Mount::without_list(dir.as_fd()).unwrap();
            assert_eq!(told.is_read_only(), listed.is_read_only(), "{place}");
            assert_eq!(told.is_closed(), listed.is_read_only(), "{place}");
            assert_eq!(told.flags(), listed.mount_flags | listed.super_flags, "{place}");
            assert!(!told.is_mount_point && !told.is_shut_down, "{place}");
        }
    }

    #[test]
    fn a_descriptor_and_the_newer_call_have_the_same_mount() {
        for place in ["/", "/proc"] {
            let dir = File::open(place).unwrap();
            let id = id_of(dir.as_fd(), c"").unwrap();
            assert_eq!(id_by_descriptor(dir.as_fd()), Ok(id), "{place}");
        }
    }
}
