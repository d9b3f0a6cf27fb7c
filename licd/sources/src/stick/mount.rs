//! Opens the file system of a block device as a detached mount.

use std::os::fd::OwnedFd;

use licd_fs::root::Root;
use licd_machine::block::Stack;
use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{major, minor};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, open_tree,
};

use super::error::StickError;
use super::ext4;
use super::file_system::FileSystem;
use super::node::{Node, Refusal, failure};

/// Opens the given file system of a device.
pub(super) fn one(node: &Node, file_system: FileSystem) -> Result<OwnedFd, StickError> {
    open(node, file_system).map_err(|refusal| match refusal {
        Refusal::NoDriver => StickError::NoDriver(file_system),
        Refusal::NotMine => StickError::Damaged(file_system),
        Refusal::Failed(error) => error,
    })
}

/// Opens the first supported file system that a device has.
pub(super) fn any(node: &Node) -> Result<OwnedFd, StickError> {
    let mut missing = Vec::new();
    for file_system in FileSystem::ALL {
        match open(node, file_system) {
            Ok(mount) => return Ok(mount),
            Err(Refusal::Failed(error)) => return Err(error),
            Err(Refusal::NoDriver) => missing.push(file_system),
            Err(Refusal::NotMine) => {}
        }
    }
    Err(StickError::NoFileSystem { missing })
}

fn open(node: &Node, file_system: FileSystem) -> Result<OwnedFd, Refusal> {
    let driver = match fsopen(file_system.driver(), FsOpenFlags::FSOPEN_CLOEXEC) {
        Err(rustix::io::Errno::NODEV) => return Err(Refusal::NoDriver),
        driver => driver.map_err(|error| Refusal::Failed(failure(error.into())))?,
    };
    if file_system == FileSystem::Ext4 {
        ext4::check(node)?;
    }
    match create(&driver, node, file_system) {
        Err(rustix::io::Errno::BUSY) => share(node).map_err(Refusal::Failed),
        Err(error) => Err(match Errno::from_raw(error.raw_os_error()) {
            // The errors of drivers for an unknown or broken superblock.
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
        // Names in UTF-8 whatever the kernel's default.
        FileSystem::Fat => fsconfig_set_string(driver, "utf8", "1")?,
        FileSystem::Exfat => {}
        FileSystem::Ext4 => {
            // Otherwise the driver replays the journal even on a read-only mount.
            fsconfig_set_flag(driver, "noload")?;
            // Otherwise the superblock could make the kernel panic at the first error.
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

/// Clones the mount of a device that another process has mounted writable, as the recipe of the rescue
/// shell does. A superblock is writable for all its mounts or for none, so that a separate read-only
/// mount is impossible.
fn share(node: &Node) -> Result<OwnedFd, StickError> {
    // The mounts of the real machine: a simulated one cannot be cloned.
    let stack = Stack::of(&Root::new("/")?)?.map_err(StickError::Unreadable)?;
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    stack
        .mount_points(&node.number)
        .filter_map(|point| open_tree(AT_FDCWD, point, flags).ok())
        // Another mount may cover the mount point.
        .find(|mount| {
            let found = nix::sys::stat::fstat(mount).map(|found| found.st_dev);
            found.is_ok_and(|dev| format!("{}:{}", major(dev), minor(dev)) == node.number)
        })
        .ok_or(StickError::InUse)
}
