//! Sticks that licences come on: which ones are plugged in, and the files in the top directory of
//! one.
//!
//! A stick is not mounted anywhere. Its file system is opened as a mount without a place
//! (fsmount(2)), which no other process sees and which is gone with the last descriptor in it,
//! however this process ends.

mod content;
mod ext4;
mod find;
mod mount;
mod udev;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use content::{Content, ENTRIES, Fault, Rest};
pub use find::{Stick, find};

use licd_fs::look::Unavailable;
use licd_fs::root::Root;
use licd_fs::textfile::{escaped, reason};

/// A file system that a stick may have. Others are not tried: every driver that parses what a
/// stranger has formatted is one more that can be attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// FAT12, FAT16 or FAT32: most sticks.
    Fat,
    /// exFAT: large ones.
    Exfat,
    /// ext2, ext3 or ext4.
    Ext4,
}

impl FileSystem {
    /// All of them, the most frequent first.
    const ALL: [Self; 3] = [Self::Fat, Self::Exfat, Self::Ext4];

    /// The kernel's name of its driver.
    fn driver(self) -> &'static str {
        match self {
            Self::Fat => "vfat",
            Self::Exfat => "exfat",
            Self::Ext4 => "ext4",
        }
    }

    /// The file system by blkid's word for it.
    fn named(word: &str) -> Option<Self> {
        match word {
            "vfat" => Some(Self::Fat),
            "exfat" => Some(Self::Exfat),
            "ext2" | "ext3" | "ext4" => Some(Self::Ext4),
            _ => None,
        }
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fat => "FAT",
            Self::Exfat => "exFAT",
            Self::Ext4 => "ext4",
        })
    }
}

/// Why a stick cannot be read. The text is what comes after its name.
#[derive(Debug)]
pub enum Error {
    /// Only root may do this.
    NotPermitted,
    /// The name belongs to something else.
    NotABlockDevice,
    /// It is a disk that consists of partitions.
    Partitioned {
        /// Their device files.
        partitions: Vec<PathBuf>,
    },
    /// It is formatted with something that sticks are not read with.
    Unsupported {
        /// blkid's word for it.
        kind: String,
    },
    /// This kernel cannot read what it is formatted with.
    NoDriver(FileSystem),
    /// What should be a file system is none.
    Damaged(FileSystem),
    /// It has none of the file systems that sticks are read with.
    NoFileSystem,
    /// It was pulled while files on it were being deleted, which the kernel would bring to an end
    /// now: it would write to the stick.
    Unfinished,
    /// Somebody else has mounted it in a way that leaves no room for us.
    InUse,
    /// The system fails to read it.
    Unreadable(io::Error),
    /// What the machine says of it could not be looked at.
    Unavailable(Unavailable),
}

/// Opens the file system of a block device, `/dev/sdb1`, and looks at its top directory. Nothing is
/// written to the device.
///
/// # Errors
/// [`Error`]
pub fn open(root: &Root, device: &Path) -> Result<Content, Error> {
    let node = mount::Node::open(&root.hardware(&device.to_string_lossy()))?;
    let partitions = find::partitions(root, &node.numbers)?;
    if !partitions.is_empty() {
        return Err(Error::Partitioned { partitions });
    }
    match udev::Record::of(root, &node.numbers)?.and_then(|record| record.kind) {
        None => Content::list(mount::any(&node)?),
        Some(kind) => match FileSystem::named(&kind) {
            Some(file_system) => Content::list(mount::one(&node, file_system)?),
            None => Err(Error::Unsupported { kind }),
        },
    }
}

impl fmt::Display for Error {
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
            Self::NoFileSystem => f.write_str(
                "has no file system that can be read here; use a stick with FAT, exFAT or ext4",
            ),
            Self::Unfinished => f.write_str(
                "was pulled before all was written; plug it into the other computer again and \
                 eject it there",
            ),
            Self::InUse => f.write_str("is in use by another program; unmount it, or try again"),
            Self::Unreadable(error) => write!(f, "cannot be read: {}", reason(error)),
            Self::Unavailable(unavailable) => unavailable.fmt(f),
        }
    }
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Unavailable(unavailable) => Some(unavailable),
            _ => None,
        }
    }
}
