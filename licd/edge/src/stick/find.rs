//! Which sticks are plugged in.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::udev::Record;
use super::{Error, FileSystem};
use crate::below::Below;
use crate::root::Root;
use crate::tree::Tree;

const CLASS: &str = "/sys/class/block";
/// The unit of the attribute `size`, whatever the drive's own blocks are (sysfs-block of the
/// kernel's ABI documentation).
const SECTOR: u64 = 512;
/// A SCSI peripheral's type that is an optical drive (SPC-4 §6.4.2), which some sticks pretend to be
/// besides.
const OPTICAL: &str = "5";

/// A stick that is plugged in, or a partition of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stick {
    /// Its device file.
    pub device: PathBuf,
    /// The name that its file system was given.
    pub label: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The sticks that licences may be on: partitions and undivided disks behind USB, by name. Whether
/// the drive calls itself removable does not matter, since many sticks do not.
///
/// The drives that the system and its licences are on are none. Sticks with a file system that is
/// not read are named only if there is no other, so that their owner can be told why.
///
/// # Errors
/// [`Error::Unreadable`] if the machine's own devices cannot be listed.
pub fn find(root: &Root) -> Result<Vec<Stick>, Error> {
    let below = Below::of(root).map_err(Error::Unreadable)?;
    let own = own_drives(&below, root);
    let names = match below.tree().names(Path::new(CLASS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        names => names.map_err(Error::Unreadable)?,
    };
    let found = names.iter().filter_map(|name| {
        let dir = below.tree().resolve(Path::new(CLASS).join(name))?;
        let drive = below.usb_device(&dir)?;
        if own.contains(drive) { None } else { stick(root, below.tree(), &dir) }
    });
    let (readable, others): (Vec<_>, Vec<_>) = found.partition(|(_, readable)| *readable);
    let found = if readable.is_empty() { others } else { readable };
    Ok(found.into_iter().map(|(stick, _)| stick).collect())
}

/// The USB drives that the system runs from and that its licences are on.
fn own_drives(below: &Below, root: &Root) -> BTreeSet<PathBuf> {
    let license =
        if root.is_simulated() { PathBuf::from("/license") } else { root.path("/license") };
    let blocks = [Path::new("/"), &license].map(|place| below.block_devices(place));
    let blocks = blocks.iter().flatten();
    blocks.filter_map(|block| below.usb_device(block)).map(Path::to_owned).collect()
}

/// The stick that a block device is, and whether its file system can be read, which is assumed if
/// nobody knows it.
fn stick(root: &Root, tree: &Tree, dir: &Path) -> Option<(Stick, bool)> {
    let bytes = tree.attribute(dir, "size")?.parse::<u64>().ok()?.checked_mul(SECTOR)?;
    // A card reader without a card.
    let is_empty = bytes == 0;
    let is_optical = tree.attribute(dir, "device/type").is_some_and(|kind| kind == OPTICAL);
    if is_empty || is_optical || !names_of_partitions(tree, dir).is_empty() {
        return None;
    }
    let record = Record::of(root, &tree.attribute(dir, "dev")?);
    if record.as_ref().is_some_and(|record| !record.is_file_system) {
        return None;
    }
    let Record { kind, label, .. } = record.unwrap_or_default();
    let readable = kind.is_none_or(|kind| FileSystem::named(&kind).is_some());
    Some((Stick { device: device(dir.file_name()?.to_str()?), label, bytes }, readable))
}

/// The device file by the kernel's name, which has `!` for a `/`.
fn device(name: &str) -> PathBuf {
    Path::new("/dev").join(name.replace('!', "/"))
}

/// The partitions of a block device, given by its numbers.
pub(super) fn partitions(root: &Root, numbers: &str) -> Vec<PathBuf> {
    let tree = Tree::hardware(root);
    let dir = tree.resolve(Path::new("/sys/dev/block").join(numbers));
    let names = dir.map(|dir| names_of_partitions(&tree, &dir)).unwrap_or_default();
    names.iter().map(|name| device(name)).collect()
}

fn names_of_partitions(tree: &Tree, dir: &Path) -> Vec<String> {
    let names = tree.names(dir).unwrap_or_default();
    let names = names.into_iter().filter(|name| tree.exists(&dir.join(name).join("partition")));
    names.filter_map(|name| name.into_string().ok()).collect()
}
