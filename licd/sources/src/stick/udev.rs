//! What udev has found out about a block device: `/run/udev/data/bMAJ:MIN`, a line `E:KEY=VALUE` a
//! property.

use std::path::Path;

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::tree::Tree;

/// Bytes of one record; those of disks have two or three thousand.
const RECORD_BYTES: u64 = 64 * 1024;

/// The properties of a device.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Whether there is a file system on it, not a table of partitions, a swap area or the like.
    pub(super) is_file_system: bool,
    /// blkid's word for what it is formatted with.
    pub(super) kind: Option<String>,
    /// The name that its file system was given.
    pub(super) label: Option<String>,
}

impl Record {
    /// The record of a device, given by its numbers, `8:17`; `None` without udev, and while it has
    /// not looked at the device yet.
    pub(super) fn of(root: &Root, numbers: &str) -> Looked<Option<Self>> {
        let path = Path::new("/run/udev/data").join(format!("b{numbers}"));
        let Ok(text) = Tree::hardware(root).text(&path, RECORD_BYTES)? else { return Ok(None) };
        let property = |key: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('='));
            lines.filter(|(name, _)| *name == key).map(|(_, value)| value.to_owned()).next()
        };
        Ok(Some(Self {
            is_file_system: property("ID_FS_USAGE").as_deref() == Some("filesystem"),
            kind: property("ID_FS_TYPE"),
            label: property("ID_FS_LABEL"),
        }))
    }
}
