//! Room on the licence partition.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::statvfs::fstatvfs;
use nix::unistd::geteuid;

/// Bytes that files which were only found, on a stick or by a link, leave free: room for the largest
/// trust document (LF §7), which may have to revoke a key, and one licence.
pub const RESERVE: u64 = 64 * 1024;
/// Files that there must be room for beside, on a file system that counts them.
const FILES: u64 = 4;

/// Bytes that this process may still write to the file system of an open directory; none if it has
/// no room for another file.
pub(super) fn left(dir: impl AsFd) -> Result<u64, Errno> {
    let found = fstatvfs(&dir)?;
    if found.files() > 0 && found.files_free() < FILES {
        return Ok(0);
    }
    // The blocks that ext4 sets aside are root's.
    let blocks = if geteuid().is_root() { found.blocks_free() } else { found.blocks_available() };
    Ok(blocks.saturating_mul(found.fragment_size()))
}
