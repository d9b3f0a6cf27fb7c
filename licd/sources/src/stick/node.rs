//! A device file, and why a driver does not open it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{major, minor};

use super::error::StickError;

/// A device file, held by a descriptor so that a change of its name has no effect.
pub(super) struct Node {
    file: File,
    /// The device number as sysfs writes it, `8:17`.
    pub(super) number: String,
}

impl Node {
    pub(super) fn open(path: &Path) -> Result<Self, StickError> {
        // O_PATH does not open the device itself, which may have side effects.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags((OFlag::O_PATH | OFlag::O_CLOEXEC).bits())
            .open(path)
            .map_err(failure)?;
        let found = file.metadata().map_err(failure)?;
        if !found.file_type().is_block_device() {
            return Err(StickError::NotABlockDevice);
        }
        let number = format!("{}:{}", major(found.rdev()), minor(found.rdev()));
        Ok(Self { file, number })
    }

    /// A path to this very device.
    pub(super) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }

    /// Opens the device itself.
    pub(super) fn device(&self) -> Result<File, StickError> {
        File::open(self.path()).map_err(failure)
    }
}

/// Why a driver does not open a device.
pub(super) enum Refusal {
    /// The kernel has no such driver.
    NoDriver,
    /// The driver does not recognise its file system.
    NotMine,
    /// Any other error.
    Failed(StickError),
}

impl From<StickError> for Refusal {
    fn from(error: StickError) -> Self {
        Self::Failed(error)
    }
}

/// The error of a system call on a stick.
pub(super) fn failure(error: io::Error) -> StickError {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => StickError::NotPermitted,
        Some(Errno::EBUSY) => StickError::InUse,
        _ => StickError::Unreadable(error),
    }
}
