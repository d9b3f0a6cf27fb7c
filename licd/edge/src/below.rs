//! What a file is on: from its mount to its block device, and through partitions, device-mapper,
//! RAID and loop devices down to the hardware.

mod mounts;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::root::Root;
use crate::tree::Tree;
use mounts::Mount;

/// The mounts of this process.
pub(crate) const MOUNTINFO: &str = "/proc/self/mountinfo";
/// Bytes of the list of mounts: ten thousand of 400 bytes, which only a server full of containers
/// has.
const MOUNTINFO_BYTES: u64 = 4 << 20;
/// Mounts, files and block devices looked at. An overlay over an image in a loop device on
/// dm-crypt on LVM on a RAID of eight partitions is under thirty.
const PLACES: usize = 64;

/// The mounts and block devices of a machine.
pub(crate) struct Below {
    tree: Tree,
    mounts: Vec<Mount>,
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

impl Below {
    /// Reads the mounts.
    ///
    /// # Errors
    ///
    /// The machine's own mounts cannot be read; a simulated machine may be without them.
    pub(crate) fn of(root: &Root) -> io::Result<Self> {
        let tree = Tree::hardware(root);
        let mounts = match tree.text(Path::new(MOUNTINFO), MOUNTINFO_BYTES) {
            Ok(text) => mounts::parse(&text),
            Err(error) if root.is_simulated() && error.kind() == io::ErrorKind::NotFound => {
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        Ok(Self { tree, mounts })
    }

    /// The trees that tell of the hardware.
    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The directories in sysfs of all block devices that a file is on.
    ///
    /// An overlay is on what its lower directories are on, as far as they can still be reached by
    /// the path that it was mounted with; a file system of several devices (btrfs) is on the one
    /// that it was mounted by.
    pub(crate) fn block_devices(&self, file: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut ahead = vec![Place::File(file.to_owned())];
        while let Some(place) = ahead.pop() {
            if seen.len() == PLACES || !seen.insert(place.clone()) {
                continue;
            }
            match place {
                Place::Mount(at) => ahead.extend(self.below_mount(at)),
                Place::File(path) => ahead.extend(self.below_file(&path)),
                Place::Block(dir) => {
                    ahead.extend(self.below_block(&dir));
                    found.push(dir);
                }
            }
        }
        found
    }

    /// The nearest USB device that a block device descends from.
    pub(crate) fn usb_device<'a>(&self, block: &'a Path) -> Option<&'a Path> {
        block.ancestors().find(|dir| {
            self.tree.exists(&dir.join("idVendor"))
                || self
                    .tree
                    .attribute(dir, "uevent")
                    .is_some_and(|uevent| uevent.lines().any(|line| line == "DEVTYPE=usb_device"))
        })
    }

    /// Where the whole file system of a block device is mounted, given by its numbers (`8:17`).
    pub(crate) fn mount_points<'a>(&'a self, device: &'a str) -> impl Iterator<Item = &'a Path> {
        let whole = move |mount: &&Mount| mount.device == device && mount.top == Path::new("/");
        self.mounts.iter().filter(whole).map(|mount| mount.point.as_path())
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
}
