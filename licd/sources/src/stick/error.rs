//! Why a stick cannot be read.

use std::fmt;
use std::io;
use std::path::PathBuf;

use licd_fs::look::Unavailable;
use licd_fs::printable::{escaped, reason};

use super::file_system::FileSystem;

/// Why a stick cannot be read. The text follows the stick's name.
#[derive(Debug)]
pub enum StickError {
    /// The process is not root.
    NotPermitted,
    /// The name does not belong to a block device.
    NotABlockDevice,
    /// The device is a disk with partitions.
    Partitioned {
        /// The device files of the partitions.
        partitions: Vec<PathBuf>,
    },
    /// The device has an unsupported format.
    Unsupported {
        /// The type that blkid reports.
        kind: String,
    },
    /// The kernel has no driver for the file system.
    NoDriver(FileSystem),
    /// The file system is damaged.
    Damaged(FileSystem),
    /// The device has none of the supported file systems, or one without a driver in this kernel.
    NoFileSystem {
        /// The file systems that this kernel has no driver for.
        missing: Vec<FileSystem>,
    },
    /// The stick was removed while files were being deleted; the kernel would write to it to finish the
    /// deletion.
    Unfinished,
    /// Another process uses the device exclusively.
    InUse,
    /// The device cannot be read.
    Unreadable(io::Error),
    /// The machine's facts about the device could not be looked at.
    Unavailable(Unavailable),
}

impl fmt::Display for StickError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPermitted => f.write_str("cannot be opened: only root may; run it as root"),
            Self::NotABlockDevice => {
                f.write_str("is no block device; name a stick's partition, as in usb:/dev/sdb1")
            }
            Self::Partitioned { partitions } => {
                let names: Vec<_> =
                    partitions.iter().map(|path| format!("usb:{}", path.display())).collect();
                write!(f, "is a disk of several parts; name one: {}", names.join(", "))
            }
            Self::Unsupported { kind } => {
                let kind = escaped(kind);
                write!(f, "is formatted as {kind}; use a stick with FAT, exFAT or ext4")
            }
            Self::NoDriver(file_system) => {
                let driver = file_system.driver();
                write!(
                    f,
                    "is formatted as {file_system}, and this kernel has no driver “{driver}” for it; \
                     use a stick with another of FAT, exFAT and ext4"
                )
            }
            Self::Damaged(file_system) => write!(
                f,
                "is damaged: its {file_system} file system cannot be read; use another stick"
            ),
            Self::NoFileSystem { missing } if missing.is_empty() => f.write_str(
                "has no file system that can be read here; use a stick with FAT, exFAT or ext4",
            ),
            Self::NoFileSystem { missing } => {
                let readable = FileSystem::ALL.into_iter().filter(|one| !missing.contains(one));
                write!(
                    f,
                    "has no file system that can be read here, and this kernel has no driver for {}",
                    list(missing.iter().copied())
                )?;
                match list(readable) {
                    readable if readable.is_empty() => f.write_str("; load one"),
                    readable => write!(f, "; use a stick with {readable}"),
                }
            }
            Self::Unfinished => f.write_str(
                "was pulled before all was written; plug it into the other computer again and \
                 eject it there",
            ),
            Self::InUse => f.write_str("is in use by another program; unmount it, or try again"),
            Self::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => f.write_str(
                "is not plugged in; plug it in, or name another partition (lsblk lists them)",
            ),
            Self::Unreadable(error) => write!(f, "cannot be read: {}", reason(error)),
            Self::Unavailable(unavailable) => unavailable.fmt(f),
        }
    }
}

fn list(file_systems: impl Iterator<Item = FileSystem>) -> String {
    file_systems.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

impl From<Unavailable> for StickError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl std::error::Error for StickError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Unavailable(unavailable) => Some(unavailable),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stick_that_is_not_plugged_in_is_named_with_its_cure() {
        let absent = StickError::Unreadable(io::ErrorKind::NotFound.into());
        assert_eq!(
            absent.to_string(),
            "is not plugged in; plug it in, or name another partition (lsblk lists them)"
        );
    }

    #[test]
    fn a_stick_without_a_readable_file_system_names_missing_drivers_and_what_can_be_read() {
        let message =
            |missing: &[_]| StickError::NoFileSystem { missing: missing.to_vec() }.to_string();
        let none = "has no file system that can be read here";
        assert_eq!(message(&[]), format!("{none}; use a stick with FAT, exFAT or ext4"));
        assert_eq!(
            message(&[FileSystem::Fat, FileSystem::Exfat]),
            format!("{none}, and this kernel has no driver for FAT, exFAT; use a stick with ext4")
        );
        let all = message(&FileSystem::ALL);
        assert!(all.ends_with("no driver for FAT, exFAT, ext4; load one"), "{all}");
    }
}
