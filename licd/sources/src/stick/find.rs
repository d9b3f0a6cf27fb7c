//! Which sticks are plugged in.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::tree::Tree;
use licd_machine::block::Stack;

use super::udev::Record;
use super::{Error, FileSystem};

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
    let stack = Stack::of(root)?.map_err(Error::Unreadable)?;
    let own = own_drives(&stack, root)?;
    let names = match stack.tree().names(Path::new(CLASS))? {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        names => names.map_err(Error::Unreadable)?,
    };
    let mut found = Vec::new();
    for name in &names {
        let Some(dir) = stack.tree().resolve(Path::new(CLASS).join(name))? else { continue };
        if stack.usb_device(&dir)?.is_some_and(|drive| !own.contains(drive)) {
            found.extend(stick(root, stack.tree(), &dir)?);
        }
    }
    let (readable, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, readable)| *readable);
    let found = if readable.is_empty() { others } else { readable };
    Ok(found.into_iter().map(|(stick, _)| stick).collect())
}

/// The USB drives that the system runs from and that its licences are on.
fn own_drives(stack: &Stack, root: &Root) -> Looked<BTreeSet<PathBuf>> {
    let license =
        if root.is_simulated() { PathBuf::from("/license") } else { root.path("/license") };
    let mut drives = BTreeSet::new();
    for place in [Path::new("/"), &license] {
        for block in stack.block_devices(place)? {
            drives.extend(stack.usb_device(&block)?.map(Path::to_owned));
        }
    }
    Ok(drives)
}

/// The stick that a block device is, and whether its file system can be read, which is assumed if
/// nobody knows it.
fn stick(root: &Root, tree: &Tree, dir: &Path) -> Looked<Option<(Stick, bool)>> {
    let sectors = tree.attribute(dir, "size")?.and_then(|size| size.parse::<u64>().ok());
    // A card reader without a card has none.
    let bytes = sectors.and_then(|sectors| sectors.checked_mul(SECTOR)).filter(|bytes| *bytes > 0);
    let name = dir.file_name().and_then(OsStr::to_str);
    let (Some(bytes), Some(numbers), Some(name)) = (bytes, tree.attribute(dir, "dev")?, name)
    else {
        return Ok(None);
    };
    let is_optical = tree.attribute(dir, "device/type")?.is_some_and(|kind| kind == OPTICAL);
    if is_optical || !names_of_partitions(tree, dir)?.is_empty() {
        return Ok(None);
    }
    let record = Record::of(root, &numbers)?;
    if record.as_ref().is_some_and(|record| !record.is_file_system) {
        return Ok(None);
    }
    let Record { kind, label, .. } = record.unwrap_or_default();
    let readable = kind.is_none_or(|kind| FileSystem::named(&kind).is_some());
    Ok(Some((Stick { device: device(name), label, bytes }, readable)))
}

/// The device file by the kernel's name, which has `!` for a `/`.
fn device(name: &str) -> PathBuf {
    Path::new("/dev").join(name.replace('!', "/"))
}

/// The partitions of a block device, given by its numbers.
pub(super) fn partitions(root: &Root, numbers: &str) -> Looked<Vec<PathBuf>> {
    let tree = Tree::hardware(root);
    let names = match tree.resolve(Path::new("/sys/dev/block").join(numbers))? {
        Some(dir) => names_of_partitions(&tree, &dir)?,
        None => Vec::new(),
    };
    Ok(names.iter().map(|name| device(name)).collect())
}

fn names_of_partitions(tree: &Tree, dir: &Path) -> Looked<Vec<String>> {
    let mut names = Vec::new();
    for name in tree.names(dir)?.unwrap_or_default() {
        if tree.exists(&dir.join(&name).join("partition"))? {
            names.extend(name.into_string().ok());
        }
    }
    Ok(names)
}
