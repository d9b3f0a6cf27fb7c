//! What has to be known of an ext4 file system before the kernel's driver gets it.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::Error;
use super::mount::{Node, Refusal, device};

/// Where the superblock begins (ext4 Data Structures and Algorithms §4.1, kernel documentation).
const SUPERBLOCK: u64 = 1024;
/// As much of it as is looked at.
const BYTES: usize = 0x100;
/// Where its fields are (the same).
const S_MAGIC: usize = 0x38;
const S_FEATURE_RO_COMPAT: usize = 0x64;
const S_LAST_ORPHAN: usize = 0xe8;
/// What the magic field holds.
const MAGIC: u16 = 0xef53;
/// The feature flag that says that the file of orphans is in use.
const ORPHAN_PRESENT: u32 = 0x10000;

/// Looks whether there is an ext4 file system that can be opened without being written to.
///
/// The driver writes to a file system that it mounts read-only if there are deletions to be
/// brought to an end, even if it was told to leave the journal alone; what it writes then rests on
/// a state that may be older than the journal.
pub(super) fn look(node: &Node) -> Result<(), Refusal> {
    let superblock = read(node)?;
    let word = |at: usize| Some(u16::from_le_bytes(*superblock.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u32::from_le_bytes(*superblock.get(at..)?.first_chunk()?));
    if word(S_MAGIC) != Some(MAGIC) {
        return Err(Refusal::NotMine);
    }
    let orphans = long(S_FEATURE_RO_COMPAT).is_none_or(|flags| flags & ORPHAN_PRESENT != 0);
    if orphans || long(S_LAST_ORPHAN) != Some(0) {
        return Err(Error::Unfinished.into());
    }
    Ok(())
}

fn read(node: &Node) -> Result<[u8; BYTES], Refusal> {
    let mut superblock = [0; BYTES];
    let mut device = device(node)?;
    let read =
        device.seek(SeekFrom::Start(SUPERBLOCK)).and_then(|_| device.read_exact(&mut superblock));
    match read {
        Ok(()) => Ok(superblock),
        // Smaller than any file system.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Refusal::NotMine),
        Err(error) => Err(Error::Unreadable(error).into()),
    }
}
