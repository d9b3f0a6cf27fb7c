//! USB sticks with licences: the sticks that are plugged in, and the files in a stick's top directory.
//!
//! licd does not mount a stick on a directory. It opens a detached mount (fsmount(2)), which is
//! invisible to other processes and ends with its last descriptor, even if licd is killed.

mod content;
mod error;
mod ext4;
mod file_system;
mod find;
mod mount;
mod node;
mod udev;

use std::path::Path;

pub use content::{Content, ENTRIES, Incomplete};
pub use error::StickError;
pub use ext4::Superblock;
pub use file_system::FileSystem;
pub use find::{Stick, find};
pub use udev::Record;

use licd_fs::root::Root;
use node::Node;

/// Opens the file system of a block device such as `/dev/sdb1` and lists its top directory, without
/// writing to the device.
///
/// # Errors
/// [`StickError`]
pub fn open(root: &Root, device: &Path) -> Result<Content, StickError> {
    let node = Node::open(&root.hardware(&device.to_string_lossy()))?;
    let partitions = find::partitions(root, &node.number)?;
    if !partitions.is_empty() {
        return Err(StickError::Partitioned { partitions });
    }
    match Record::of(root, &node.number)?.and_then(|record| record.kind) {
        None => Content::list(mount::any(&node)?),
        Some(kind) => match FileSystem::named(&kind) {
            Some(file_system) => Content::list(mount::one(&node, file_system)?),
            None => Err(StickError::Unsupported { kind }),
        },
    }
}
