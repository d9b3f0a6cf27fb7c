//! The USB drive that the system runs from, if it does.

mod descriptor;
mod mounts;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use license_format::UnitId;

use crate::root::Root;
use crate::tree::Tree;
use mounts::Mount;

/// The mounts of this process.
const MOUNTINFO: &str = "/proc/self/mountinfo";
/// Bytes of the list of mounts: ten thousand of 400 bytes, which only a server full of containers
/// has.
const MOUNTINFO_BYTES: u64 = 4 << 20;
/// Mounts, files and block devices looked at. An overlay over an image in a loop device on
/// dm-crypt on LVM on a RAID of eight partitions is under thirty.
const PLACES: usize = 64;

/// What the root file system is on, in the order in which an answer is preferred.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootDrive {
    /// A USB drive whose serial number is this unit ID.
    Unit(UnitId),
    /// A USB drive with a serial number that no unit ID can have.
    UnfitSerial {
        /// The serial number, with control characters escaped.
        serial: String,
    },
    /// A USB drive without serial number.
    NoSerial,
    /// No USB drive, as far as can be told.
    NotUsb,
}

/// Why it cannot be told what the root file system is on.
#[derive(Debug)]
pub enum Error {
    /// The list of mounts cannot be read.
    Mounts {
        /// What the system says.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Mounts { source } = self;
        write!(f, "{MOUNTINFO}: cannot be read ({source}); is proc mounted?")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let Self::Mounts { source } = self;
        Some(source)
    }
}

/// What the root file system is on (contract of the unit ID): from its mount to its block device,
/// through partitions, device-mapper, RAID and loop devices, to the nearest USB device.
///
/// An overlay is on what its lower directories are on, as far as they can still be reached by the
/// path that it was mounted with; a file system of several devices (btrfs) is on the one that it
/// was mounted by. Of several drives, the preferred answer counts, so that the order in which they
/// were found does not matter.
///
/// # Errors
///
/// [`Error`] if the machine's own mounts cannot be read; a simulated machine without them runs
/// from no USB drive.
pub fn root_drive(root: &Root) -> Result<RootDrive, Error> {
    let tree = Tree::hardware(root);
    let mounts = match tree.text(Path::new(MOUNTINFO), MOUNTINFO_BYTES) {
        Ok(text) => mounts::parse(&text),
        Err(error) if root.is_simulated() && error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(Error::Mounts { source }),
    };
    Ok(Search { tree, mounts, can_ask: !root.is_simulated() }.run())
}

/// Something that is on something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A mount, by its place in the list.
    Mount(usize),
    /// A file or directory, be it a device file.
    File(PathBuf),
    /// A block device's directory in sysfs.
    Block(PathBuf),
}

struct Search {
    tree: Tree,
    mounts: Vec<Mount>,
    /// Whether the USB devices of the tree are there to be asked.
    can_ask: bool,
}

impl Search {
    fn run(&self) -> RootDrive {
        let mut found = RootDrive::NotUsb;
        let mut seen = BTreeSet::new();
        let mut ahead = vec![Place::File(PathBuf::from("/"))];
        while let Some(place) = ahead.pop() {
            if seen.len() == PLACES || !seen.insert(place.clone()) {
                continue;
            }
            match place {
                Place::Mount(at) => ahead.extend(self.below_mount(at)),
                Place::File(path) => ahead.extend(self.below_file(&path)),
                Place::Block(dir) => match self.usb_device(&dir) {
                    Some(device) => found = found.min(self.drive(device)),
                    None => ahead.extend(self.below_block(&dir)),
                },
            }
        }
        found
    }

    /// The block device of a file system; without one, what its layers or its source are on.
    fn below_mount(&self, at: usize) -> Vec<Place> {
        let Some(mount) = self.mounts.get(at) else { return Vec::new() };
        let numbered = Path::new("/sys/dev/block").join(&mount.device);
        if let Some(block) = self.block(&numbered) {
            return vec![block];
        }
        let paths = mount.layers.iter().chain([&mount.source]);
        paths.filter(|path| path.is_absolute()).cloned().map(Place::File).collect()
    }

    /// The block device that a device file is, else the mount that holds the file.
    fn below_file(&self, path: &Path) -> Option<Place> {
        let path = self.tree.resolve(path)?;
        if let Ok(name) = path.strip_prefix("/dev") {
            // sysfs writes `!` for the `/` in a device's name.
            let name = name.to_str()?.replace('/', "!");
            if let Some(block) = self.block(&Path::new("/sys/class/block").join(name)) {
                return Some(block);
            }
        }
        mounts::holding(&self.mounts, &path).map(Place::Mount)
    }

    /// What a block device is made of: the disk of a partition, the devices under a mapped device
    /// or a RAID, the file behind a loop device.
    fn below_block(&self, dir: &Path) -> Vec<Place> {
        let slaves = dir.join("slaves");
        let names = self.tree.names(&slaves).unwrap_or_default();
        let mut below: Vec<_> =
            names.iter().filter_map(|name| self.block(&slaves.join(name))).collect();
        if self.tree.exists(&dir.join("partition")) {
            below.extend(dir.parent().map(|disk| Place::Block(disk.to_owned())));
        }
        let file = self.tree.attribute(dir, "loop/backing_file").map(PathBuf::from);
        below.extend(file.filter(|file| file.is_absolute()).map(Place::File));
        below
    }

    fn block(&self, dir: &Path) -> Option<Place> {
        self.tree.resolve(dir).filter(|dir| self.tree.exists(dir)).map(Place::Block)
    }

    /// The nearest USB device that a block device descends from.
    fn usb_device<'a>(&self, block: &'a Path) -> Option<&'a Path> {
        block.ancestors().find(|dir| {
            self.tree.exists(&dir.join("idVendor"))
                || self
                    .tree
                    .attribute(dir, "uevent")
                    .is_some_and(|uevent| uevent.lines().any(|line| line == "DEVTYPE=usb_device"))
        })
    }

    fn drive(&self, device: &Path) -> RootDrive {
        let attribute = self.tree.attribute(device, "serial");
        match attribute.or_else(|| self.asked_serial(device)) {
            Some(serial) if !serial.trim().is_empty() => UnitId::from_usb_serial(&serial)
                .map_or_else(
                    || RootDrive::UnfitSerial { serial: serial.trim().escape_debug().to_string() },
                    RootDrive::Unit,
                ),
            _ => RootDrive::NoSerial,
        }
    }

    /// The kernel asks once, when a device is plugged in, and a slow drive may fail to answer then.
    fn asked_serial(&self, device: &Path) -> Option<String> {
        let number = |name| self.tree.attribute(device, name)?.parse().ok();
        let (bus, address) = (number("busnum")?, number("devnum")?);
        self.can_ask.then(|| descriptor::serial(bus, address))?
    }
}
