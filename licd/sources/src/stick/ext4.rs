//! Checks an ext4 file system before the kernel's driver opens it.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::error::StickError;
use super::node::{Node, Refusal};

/// Offset of the superblock (ext4 Data Structures and Algorithms §4.1, kernel documentation).
const SUPERBLOCK: u64 = 1024;
/// Offsets of fields in it (ibid.).
const S_MAGIC: usize = 0x38;
const S_FEATURE_RO_COMPAT: usize = 0x64;
const S_LAST_ORPHAN: usize = 0xe8;
/// The value of `s_magic`.
const MAGIC: u16 = 0xef53;
/// The feature flag for an orphan file in use.
const ORPHAN_PRESENT: u32 = 0x10000;

/// What the superblock of a device shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Superblock {
    /// An ext4 file system that the driver opens without writing to it.
    Finished,
    /// An ext4 file system with interrupted deletions.
    Unfinished,
    /// No ext4 file system.
    Absent,
}

impl Superblock {
    /// Bytes of a superblock that are read.
    pub const BYTES: usize = 0x100;

    /// Reads the beginning of a superblock.
    #[must_use]
    pub fn of(bytes: &[u8; Self::BYTES]) -> Self {
        let word = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let long = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        if word(S_MAGIC) != Some(MAGIC) {
            return Self::Absent;
        }
        let orphans = long(S_FEATURE_RO_COMPAT).is_none_or(|flags| flags & ORPHAN_PRESENT != 0);
        if orphans || long(S_LAST_ORPHAN) != Some(0) { Self::Unfinished } else { Self::Finished }
    }
}

/// Checks that the device has an ext4 file system that the driver opens without writing to it.
///
/// The driver finishes interrupted deletions even on a read-only mount with `noload`, from a state that
/// may be older than the journal.
pub(super) fn check(node: &Node) -> Result<(), Refusal> {
    match Superblock::of(&read(node)?) {
        Superblock::Finished => Ok(()),
        Superblock::Unfinished => Err(StickError::Unfinished.into()),
        Superblock::Absent => Err(Refusal::NotMine),
    }
}

fn read(node: &Node) -> Result<[u8; Superblock::BYTES], Refusal> {
    let mut superblock = [0; Superblock::BYTES];
    let mut device = node.device()?;
    let read =
        device.seek(SeekFrom::Start(SUPERBLOCK)).and_then(|_| device.read_exact(&mut superblock));
    match read {
        Ok(()) => Ok(superblock),
        // The device is smaller than any file system.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Refusal::NotMine),
        Err(error) => Err(StickError::Unreadable(error).into()),
    }
}
