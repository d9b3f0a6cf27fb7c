//! The file system of a block device, as a mount without a place.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use licd_fs::root::Root;
use licd_machine::block::Stack;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::sys::stat::{major, minor};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, open_tree,
};

use super::{Error, FileSystem, ext4};

/// A device file that was looked at, so that it stays the same one whatever its name becomes.
pub(super) struct Node {
    file: File,
    /// The kernel's numbers of the device, as sysfs writes them.
    pub(super) numbers: String,
}

impl Node {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        // Without opening the device itself: some do something when they are.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags((OFlag::O_PATH | OFlag::O_CLOEXEC).bits())
            .open(path)
            .map_err(failure)?;
        let found = file.metadata().map_err(failure)?;
        if !found.file_type().is_block_device() {
            return Err(Error::NotABlockDevice);
        }
        let numbers = format!("{}:{}", major(found.rdev()), minor(found.rdev()));
        Ok(Self { file, numbers })
    }

    /// A path that leads to this very device.
    pub(super) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}

/// Why one driver does not open a device.
pub(super) enum Refusal {
    /// The kernel has no such driver.
    NoDriver,
    /// It does not recognise its file system.
    NotMine,
    Failed(Error),
}

/// Opens the file system that is known to be there.
pub(super) fn one(node: &Node, file_system: FileSystem) -> Result<OwnedFd, Error> {
    open(node, file_system).map_err(|refusal| match refusal {
        Refusal::NoDriver => Error::NoDriver(file_system),
        Refusal::NotMine => Error::Damaged(file_system),
        Refusal::Failed(error) => error,
    })
}

/// Opens whatever file system is there.
pub(super) fn any(node: &Node) -> Result<OwnedFd, Error> {
    for file_system in FileSystem::ALL {
        match open(node, file_system) {
            Ok(mount) => return Ok(mount),
            Err(Refusal::Failed(error)) => return Err(error),
            Err(Refusal::NoDriver | Refusal::NotMine) => {}
        }
    }
    Err(Error::NoFileSystem)
}

fn open(node: &Node, file_system: FileSystem) -> Result<OwnedFd, Refusal> {
    let kernels_word = match file_system {
        FileSystem::Fat => "vfat",
        FileSystem::Exfat => "exfat",
        FileSystem::Ext4 => "ext4",
    };
    let driver = match fsopen(kernels_word, FsOpenFlags::FSOPEN_CLOEXEC) {
        Err(rustix::io::Errno::NODEV) => return Err(Refusal::NoDriver),
        driver => driver.map_err(|error| Refusal::Failed(failure(error.into())))?,
    };
    if file_system == FileSystem::Ext4 {
        ext4::look(node)?;
    }
    match create(&driver, node, file_system) {
        Err(rustix::io::Errno::BUSY) => share(node).map_err(Refusal::Failed),
        Err(error) => Err(match Errno::from_raw(error.raw_os_error()) {
            // What drivers say of a superblock that they do not know, or that is broken.
            Errno::EINVAL | Errno::EUCLEAN | Errno::EBADMSG => Refusal::NotMine,
            error => Refusal::Failed(failure(error.into())),
        }),
        done => done.map_err(|error| Refusal::Failed(failure(error.into()))),
    }
}

fn create(
    driver: &OwnedFd,
    node: &Node,
    file_system: FileSystem,
) -> Result<OwnedFd, rustix::io::Errno> {
    fsconfig_set_string(driver, "source", node.path())?;
    fsconfig_set_flag(driver, "ro")?;
    match file_system {
        // Names in UTF-8, whatever the kernel was built for.
        FileSystem::Fat => fsconfig_set_string(driver, "utf8", "1")?,
        FileSystem::Exfat => {}
        FileSystem::Ext4 => {
            // Else the journal would be written back, also to a file system that is read-only.
            fsconfig_set_flag(driver, "noload")?;
            // Else the stick could ask for a kernel panic at its first fault.
            fsconfig_set_string(driver, "errors", "continue")?;
        }
    }
    fsconfig_create(driver)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    fsmount(driver, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// The file system of a device that somebody else has mounted writable, as the rescue shell's
/// recipe does: a copy of that mount. The kernel has one state of writing for all mounts of a
/// device, so there is no read-only one to be had beside it.
fn share(node: &Node) -> Result<OwnedFd, Error> {
    // The mounts of this machine, never simulated ones: they are about to be used.
    let stack = Stack::of(&Root::new("/"))?.map_err(Error::Unreadable)?;
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    stack
        .mount_points(&node.numbers)
        .filter_map(|point| open_tree(AT_FDCWD, point, flags).ok())
        // Something else may be mounted on top of it.
        .find(|mount| {
            let found = nix::sys::stat::fstat(mount).map(|found| found.st_dev);
            found.is_ok_and(|dev| format!("{}:{}", major(dev), minor(dev)) == node.numbers)
        })
        .ok_or(Error::InUse)
}

/// What a failed system call on a stick means.
fn failure(error: io::Error) -> Error {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => Error::NotPermitted,
        Some(Errno::EBUSY) => Error::InUse,
        _ => Error::Unreadable(error),
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Opens the device itself to look at how it begins.
pub(super) fn device(node: &Node) -> Result<File, Error> {
    File::open(node.path()).map_err(failure)
}
