//! What a file is on: from its mount to its block device, and through partitions, device-mapper,
//! RAID and loop devices down to the hardware.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::tree::Tree;

use crate::mountinfo::{self, Mount};

/// The mounts of this process.
pub const MOUNTINFO: &str = "/proc/self/mountinfo";
/// Bytes of the list of mounts: ten thousand of 400 bytes, which only a server full of containers
/// has.
const MOUNTINFO_BYTES: u64 = 4 << 20;
/// Mounts, files and block devices looked at. An overlay over an image in a loop device on
/// dm-crypt on LVM on a RAID of eight partitions is under thirty.
const PLACES: usize = 64;

/// The link to the device file of the root file system, if systemd has put memory in its place.
const VOLATILE_ROOT: &str = "/run/systemd/volatile-root";

/// The mounts and block devices of a machine.
pub struct Stack {
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

impl Stack {
    /// Reads the mounts. The inner error: the machine has no list of them; a simulated machine may
    /// be without.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn of(root: &Root) -> Looked<io::Result<Self>> {
        let tree = Tree::hardware(root);
        let mounts = match tree.text(Path::new(MOUNTINFO), MOUNTINFO_BYTES)? {
            Ok(text) => mountinfo::parse(&text),
            Err(error) if root.is_simulated() && error.kind() == io::ErrorKind::NotFound => {
                Vec::new()
            }
            Err(error) => return Ok(Err(error)),
        };
        Ok(Ok(Self { tree, mounts }))
    }

    /// The trees that tell of the hardware.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The directories in sysfs of all block devices that a file is on.
    ///
    /// An overlay is on what its lower directories are on, as far as they can still be reached by
    /// the path that it was mounted with; a file system of several devices (btrfs) is on the one
    /// that it was mounted by.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn block_devices(&self, file: &Path) -> Looked<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut ahead = vec![Place::File(file.to_owned())];
        while let Some(place) = ahead.pop() {
            if seen.len() == PLACES || !seen.insert(place.clone()) {
                continue;
            }
            match place {
                Place::Mount(at) => ahead.extend(self.below_mount(at)?),
                Place::File(path) => ahead.extend(self.below_file(&path)?),
                Place::Block(dir) => {
                    ahead.extend(self.below_block(&dir)?);
                    found.push(dir);
                }
            }
        }
        Ok(found)
    }

    /// The same for the root file system. Layers that a start from memory has left out of reach are
    /// looked for where they may have been moved: at the device that systemd-volatile-root(8)
    /// records, and at mounts whose path ends in theirs.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn root_devices(&self) -> Looked<Vec<PathBuf>> {
        let root = Path::new("/");
        let reached = self.block_devices(root)?;
        if !reached.is_empty() {
            return Ok(reached);
        }
        if let Some(device) = self.tree.link(Path::new(VOLATILE_ROOT))? {
            let recorded = self.block_devices(&device)?;
            if !recorded.is_empty() {
                return Ok(recorded);
            }
        }
        let layers = mountinfo::holding(&self.mounts, root).and_then(|at| self.mounts.get(at));
        let mut moved = Vec::new();
        for layer in layers.iter().flat_map(|mount| &mount.layers) {
            for mount in self.mounts.iter().filter(|mount| has_moved(layer, &mount.point)) {
                moved.extend(self.block_devices(&mount.point)?);
            }
        }
        Ok(moved)
    }

    /// The first mount of a file system that is on a USB device.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn mount_on_usb(&self) -> Looked<Option<&Path>> {
        for mount in &self.mounts {
            for block in self.block_devices(&mount.point)? {
                if self.usb_device(&block)?.is_some() {
                    return Ok(Some(&mount.point));
                }
            }
        }
        Ok(None)
    }

    /// The nearest USB device that a block device descends from.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn usb_device<'a>(&self, block: &'a Path) -> Looked<Option<&'a Path>> {
        for dir in block.ancestors() {
            if self.is_usb_device(dir)? {
                return Ok(Some(dir));
            }
        }
        Ok(None)
    }

    fn is_usb_device(&self, dir: &Path) -> Looked<bool> {
        if self.tree.exists(&dir.join("idVendor"))? {
            return Ok(true);
        }
        let uevent = self.tree.attribute(dir, "uevent")?;
        Ok(uevent.is_some_and(|uevent| uevent.lines().any(|line| line == "DEVTYPE=usb_device")))
    }

    /// Where the whole file system of a block device is mounted, given by its numbers (`8:17`).
    pub fn mount_points<'a>(&'a self, device: &'a str) -> impl Iterator<Item = &'a Path> {
        let whole = move |mount: &&Mount| mount.device == device && mount.top == Path::new("/");
        self.mounts.iter().filter(whole).map(|mount| mount.point.as_path())
    }

    /// The block device of a file system; without one, what its layers or its source are on.
    fn below_mount(&self, at: usize) -> Looked<Vec<Place>> {
        let Some(mount) = self.mounts.get(at) else { return Ok(Vec::new()) };
        let numbered = Path::new("/sys/dev/block").join(&mount.device);
        if let Some(block) = self.block(&numbered)? {
            return Ok(vec![block]);
        }
        let paths = mount.layers.iter().chain([&mount.source]);
        Ok(paths.filter(|path| path.is_absolute()).cloned().map(Place::File).collect())
    }

    /// The block device that a device file is, else the mount that holds the file.
    fn below_file(&self, path: &Path) -> Looked<Option<Place>> {
        let Some(path) = self.tree.resolve(path)? else { return Ok(None) };
        let device = path.strip_prefix("/dev").ok().map(Path::to_str);
        if let Some(name) = device {
            let Some(name) = name else { return Ok(None) };
            let dir = match name.strip_prefix("block/") {
                Some(numbers) => Path::new("/sys/dev/block").join(numbers),
                // sysfs writes `!` for the `/` in a device's name.
                None => Path::new("/sys/class/block").join(name.replace('/', "!")),
            };
            if let Some(block) = self.block(&dir)? {
                return Ok(Some(block));
            }
        }
        Ok(mountinfo::holding(&self.mounts, &path).map(Place::Mount))
    }

    /// What a block device is made of: the disk of a partition, the devices under a mapped device
    /// or a RAID, the file behind a loop device.
    fn below_block(&self, dir: &Path) -> Looked<Vec<Place>> {
        let slaves = dir.join("slaves");
        let mut below = Vec::new();
        for name in self.tree.names(&slaves)?.unwrap_or_default() {
            below.extend(self.block(&slaves.join(name))?);
        }
        if self.tree.exists(&dir.join("partition"))? {
            below.extend(dir.parent().map(|disk| Place::Block(disk.to_owned())));
        }
        let file = self.tree.attribute(dir, "loop/backing_file")?.map(PathBuf::from);
        below.extend(file.filter(|file| file.is_absolute()).map(Place::File));
        Ok(below)
    }

    fn block(&self, dir: &Path) -> Looked<Option<Place>> {
        let Some(dir) = self.tree.resolve(dir)? else { return Ok(None) };
        Ok(self.tree.exists(&dir)?.then_some(Place::Block(dir)))
    }
}

/// Whether a mount point is where this layer may be after the root was changed: its path below
/// another directory.
fn has_moved(layer: &Path, point: &Path) -> bool {
    let layer = layer.strip_prefix("/").unwrap_or(layer);
    !layer.as_os_str().is_empty() && point.ends_with(layer)
}
