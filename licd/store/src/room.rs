//! Free space on the licence partition.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::statvfs::fstatvfs;
use nix::unistd::geteuid;

/// Bytes that automatic imports, from a stick or a link, leave free: for the largest trust document
/// (LF §7), which may have to revoke a key, and one licence.
pub const RESERVE: u64 = 64 * 1024;
/// Free inodes that another file requires, on a file system that counts them.
const FILES: u64 = 4;

/// Bytes that this process may still write to the file system of an open directory; 0 if another file
/// does not fit.
pub(crate) fn left(dir: impl AsFd) -> Result<u64, Errno> {
    let found = fstatvfs(&dir)?;
    if found.files() > 0 && found.files_free() < FILES {
        return Ok(0);
    }
    // ext4 reserves blocks for root.
    let blocks = if geteuid().is_root() { found.blocks_free() } else { found.blocks_available() };
    Ok(blocks.saturating_mul(found.fragment_size()))
}
