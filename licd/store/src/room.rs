//! Free space on the licence partition.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::statvfs::fstatvfs;

/// Bytes that automatic imports, from a stick or a link, leave free: for the largest trust document
/// (LF §7), which may have to revoke a key, and one licence.
pub const RESERVE: u64 = 64 * 1024;
/// Free inodes that another file requires, on a file system that counts them.
const FILES: u64 = 4;

/// Bytes that any process may still write to the file system of an open directory; 0 if another file
/// does not fit.
pub(crate) fn left(dir: impl AsFd) -> Result<u64, Errno> {
    let found = fstatvfs(&dir)?;
    if found.files() > 0 && found.files_free() < FILES {
        return Ok(0);
    }
    // Of the free blocks, ext4 keeps some for itself, which root cannot use either, and some for root, which
    // are left to a person's import.
    Ok(found.blocks_available().saturating_mul(found.fragment_size()))
}
