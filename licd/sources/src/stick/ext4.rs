//! Checks an ext4 file system before the kernel's driver opens it.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::error::StickError;
use super::node::{Node, Refusal};

/// Offset of the superblock (ext4 Data Structures and Algorithms §4.1, kernel documentation).
const SUPERBLOCK: u64 = 1024;
/// Bytes of the superblock that are read.
const BYTES: usize = 0x100;
/// Offsets of fields in it (ibid.).
const S_MAGIC: usize = 0x38;
const S_FEATURE_RO_COMPAT: usize = 0x64;
const S_LAST_ORPHAN: usize = 0xe8;
/// The value of `s_magic`.
const MAGIC: u16 = 0xef53;
/// The feature flag for an orphan file in use.
const ORPHAN_PRESENT: u32 = 0x10000;

/// Checks that the device has an ext4 file system that the driver opens without writing to it.
///
/// The driver finishes interrupted deletions even on a read-only mount with `noload`, from a state that
/// may be older than the journal.
pub(super) fn check(node: &Node) -> Result<(), Refusal> {
    let superblock = read(node)?;
    let word = |at: usize| Some(u16::from_le_bytes(*superblock.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u32::from_le_bytes(*superblock.get(at..)?.first_chunk()?));
    if word(S_MAGIC) != Some(MAGIC) {
        return Err(Refusal::NotMine);
    }
    let orphans = long(S_FEATURE_RO_COMPAT).is_none_or(|flags| flags & ORPHAN_PRESENT != 0);
    if orphans || long(S_LAST_ORPHAN) != Some(0) {
        return Err(StickError::Unfinished.into());
    }
    Ok(())
}

fn read(node: &Node) -> Result<[u8; BYTES], Refusal> {
    let mut superblock = [0; BYTES];
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
