//! Finds the sticks that are plugged in.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::tree::Tree;
use licd_machine::block::Stack;

use super::error::StickError;
use super::file_system::FileSystem;
use super::udev::Record;

const CLASS: &str = "/sys/class/block";
/// The unit of the attribute `size`, independent of the drive's block size (sysfs-block in the ABI
/// documentation of the kernel).
const SECTOR: u64 = 512;
/// The SCSI peripheral type of an optical drive (SPC-4 §6.4.2), which some sticks emulate as well.
const OPTICAL: &str = "5";

/// A stick, or a partition of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stick {
    /// The device file.
    pub device: PathBuf,
    /// The label of the file system.
    pub label: Option<String>,
    /// The size in bytes.
    pub bytes: u64,
}

/// A block device that may be a stick.
enum Candidate {
    /// The file system is supported, or udev does not know it.
    Readable(Stick),
    /// The file system is not supported.
    Unreadable(Stick),
}

/// The sticks that may hold licences: partitions and unpartitioned disks on USB, sorted by name. The
/// flag for removable drives does not count, since many sticks lack it.
///
/// The drives of the system and of its licences are not sticks. Sticks with an unsupported file system
/// are listed only if there are no others, for a message to their owner.
///
/// # Errors
/// [`StickError::Unreadable`] if the machine's block devices cannot be listed.
pub fn find(root: &Root) -> Result<Vec<Stick>, StickError> {
    let stack = Stack::of(root)?.map_err(StickError::Unreadable)?;
    let own = own_drives(&stack, root)?;
    let names = match stack.tree().names(Path::new(CLASS))? {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        names => names.map_err(StickError::Unreadable)?,
    };
    let (mut readable, mut unreadable) = (Vec::new(), Vec::new());
    for name in &names {
        let Some(dir) = stack.tree().resolve(Path::new(CLASS).join(name))? else { continue };
        if stack.usb_device(&dir)?.is_some_and(|drive| !own.contains(drive)) {
            match candidate(root, stack.tree(), &dir)? {
                Some(Candidate::Readable(stick)) => readable.push(stick),
                Some(Candidate::Unreadable(stick)) => unreadable.push(stick),
                None => {}
            }
        }
    }
    Ok(if readable.is_empty() { unreadable } else { readable })
}

/// The USB drives of the system and of its licences.
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

/// The stick that a block device may be.
fn candidate(root: &Root, tree: &Tree, dir: &Path) -> Looked<Option<Candidate>> {
    let sectors = tree.attribute(dir, "size")?.and_then(|size| size.parse::<u64>().ok());
    // A card reader without a card has size 0.
    let bytes = sectors.and_then(|sectors| sectors.checked_mul(SECTOR)).filter(|bytes| *bytes > 0);
    let name = dir.file_name().and_then(OsStr::to_str);
    let (Some(bytes), Some(number), Some(name)) = (bytes, tree.attribute(dir, "dev")?, name) else {
        return Ok(None);
    };
    let is_optical = tree.attribute(dir, "device/type")?.is_some_and(|kind| kind == OPTICAL);
    if is_optical || !names_of_partitions(tree, dir)?.is_empty() {
        return Ok(None);
    }
    let record = Record::of(root, &number)?;
    if record.as_ref().is_some_and(|record| !record.is_file_system) {
        return Ok(None);
    }
    let Record { kind, label, .. } = record.unwrap_or_default();
    let stick = Stick { device: device(name), label, bytes };
    Ok(Some(match kind.is_none_or(|kind| FileSystem::named(&kind).is_some()) {
        true => Candidate::Readable(stick),
        false => Candidate::Unreadable(stick),
    }))
}

/// The device file of a name in sysfs, which replaces `/` by `!`.
fn device(name: &str) -> PathBuf {
    Path::new("/dev").join(name.replace('!', "/"))
}

/// The partitions of a block device, given its number.
pub(super) fn partitions(root: &Root, number: &str) -> Looked<Vec<PathBuf>> {
    let tree = Tree::hardware(root);
    let names = match tree.resolve(Path::new("/sys/dev/block").join(number))? {
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
