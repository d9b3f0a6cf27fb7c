//! The record of udev about a block device, `/run/udev/data/bMAJ:MIN`, with one line `E:KEY=VALUE` for
//! each property.

use std::path::Path;

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::tree::Tree;

/// Limit of a record in bytes; the records of disks have two or three thousand.
const RECORD_BYTES: u64 = 64 * 1024;

/// The properties of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Whether the device has a file system, as opposed to a partition table, a swap area or the like.
    pub is_file_system: bool,
    /// The type that blkid reports.
    pub kind: Option<String>,
    /// The label of the file system.
    pub label: Option<String>,
}

impl Record {
    /// The record of a device, given its number `8:17`; `None` without udev, or before udev has
    /// processed the device.
    pub(super) fn of(root: &Root, number: &str) -> Looked<Option<Self>> {
        let path = Path::new("/run/udev/data").join(format!("b{number}"));
        let text = Tree::hardware(root).text(&path, RECORD_BYTES)?;
        Ok(text.ok().map(|text| Self::parse(&text)))
    }

    /// Reads the text of a record.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let property = |key: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('='));
            lines.filter(|(name, _)| *name == key).map(|(_, value)| value.to_owned()).next()
        };
        Self {
            is_file_system: property("ID_FS_USAGE").as_deref() == Some("filesystem"),
            kind: property("ID_FS_TYPE"),
            label: property("ID_FS_LABEL"),
        }
    }
}
