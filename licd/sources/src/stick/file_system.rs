//! The file systems that licd reads from sticks.

use std::fmt;

/// A file system of a stick. licd tries no others: each driver that parses a stranger's medium adds to
/// the attack surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// FAT12, FAT16 or FAT32, as on most sticks.
    Fat,
    /// exFAT, as on large sticks.
    Exfat,
    /// ext2, ext3 or ext4.
    Ext4,
}

impl FileSystem {
    /// All file systems, the most frequent first.
    pub(super) const ALL: [Self; 3] = [Self::Fat, Self::Exfat, Self::Ext4];

    /// The name of the kernel's driver.
    pub(super) fn driver(self) -> &'static str {
        match self {
            Self::Fat => "vfat",
            Self::Exfat => "exfat",
            Self::Ext4 => "ext4",
        }
    }

    /// The file system of a type that blkid reports.
    pub(super) fn named(word: &str) -> Option<Self> {
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
