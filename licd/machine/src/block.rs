//! The block devices that hold a file: from its mount through partitions, device-mapper, RAID and
//! loop devices down to the hardware.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use licd_fs::look::Looked;
use licd_fs::mountinfo::{self, Mount};
use licd_fs::root::Root;
use licd_fs::tree::Tree;

/// The mounts of this process.
pub const MOUNTINFO: &str = "/proc/self/mountinfo";
/// Bytes of the list of mounts: ten thousand mounts of 400 bytes, as on a server full of containers.
const MOUNTINFO_BYTES: u64 = 4 << 20;
/// Limit of visited mounts, files and block devices. An overlay over an image in a loop device on
/// dm-crypt on LVM on a RAID of eight partitions has fewer than thirty.
const MAX_LAYERS: usize = 64;

/// The link to the device file of the root file system, if systemd has replaced it by a file system in
/// memory.
const VOLATILE_ROOT: &str = "/run/systemd/volatile-root";

/// The mounts and block devices of a machine.
pub struct Stack {
    tree: Tree,
    mounts: Vec<Mount>,
}

/// One layer of storage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    /// A mount, by its index in the list.
    Mount(usize),
    /// A file, directory or device file.
    File(PathBuf),
    /// The sysfs directory of a block device.
    Block(PathBuf),
}

impl Stack {
    /// Reads the mounts. The inner error means that the machine has no list of them; a simulated
    /// machine may lack it.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn of(root: &Root) -> Looked<io::Result<Self>> {
        let tree = Tree::hardware(root);
        let mounts = match tree.bytes(Path::new(MOUNTINFO), MOUNTINFO_BYTES)? {
            Ok(list) => mountinfo::parse(&list).collect(),
            Err(error) if root.is_simulated() && error.kind() == io::ErrorKind::NotFound => {
                Vec::new()
            }
            Err(error) => return Ok(Err(error)),
        };
        Ok(Ok(Self { tree, mounts }))
    }

    /// The trees that describe the hardware.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The sysfs directories of all block devices that hold a file.
    ///
    /// An overlay counts by its lower directories, if the paths that it was mounted with still lead
    /// to them; a file system of several devices (btrfs), by the device that it was mounted from.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn block_devices(&self, file: &Path) -> Looked<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut pending = vec![Layer::File(file.to_owned())];
        while let Some(layer) = pending.pop() {
            if seen.len() == MAX_LAYERS || !seen.insert(layer.clone()) {
                continue;
            }
            match layer {
                Layer::Mount(at) => pending.extend(self.backing_of_mount(at)?),
                Layer::File(path) => pending.extend(self.backing_of_file(&path)?),
                Layer::Block(dir) => {
                    pending.extend(self.backing_of_block(&dir)?);
                    found.push(dir);
                }
            }
        }
        Ok(found)
    }

    /// The block devices of the root file system. A system that was started from memory may have moved
    /// the layers of its root; then the device that systemd-volatile-root(8) records counts, or the
    /// mounts whose path ends in that of a layer.
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
        let mount = mountinfo::holding(&self.mounts, root).and_then(|at| self.mounts.get(at));
        let mut moved = Vec::new();
        for layer in mount.iter().flat_map(|mount| mount.lower_dirs()) {
            for mount in self.mounts.iter().filter(|mount| has_moved(&layer, &mount.point)) {
                moved.extend(self.block_devices(&mount.point)?);
            }
        }
        Ok(moved)
    }

    /// The first mount of a file system on a USB device.
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

    /// The nearest USB device among the ancestors of a block device.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn usb_device<'a>(&self, block: &'a Path) -> Looked<Option<&'a Path>> {
        // What is above is no device.
        for dir in block.ancestors().take_while(|dir| *dir != Path::new("/sys/devices")) {
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

    /// The mount points of the whole file system of a block device, given its number (`8:17`).
    pub fn mount_points<'a>(&'a self, device: &'a str) -> impl Iterator<Item = &'a Path> {
        let whole = move |mount: &&Mount| mount.device == device && mount.root == Path::new("/");
        self.mounts.iter().filter(whole).map(|mount| mount.point.as_path())
    }

    /// The block device of a file system; without one, its lower directories or its source.
    fn backing_of_mount(&self, at: usize) -> Looked<Vec<Layer>> {
        let Some(mount) = self.mounts.get(at) else { return Ok(Vec::new()) };
        let numbered = Path::new("/sys/dev/block").join(&mount.device);
        if let Some(block) = self.block(&numbered)? {
            return Ok(vec![block]);
        }
        let paths = mount.lower_dirs().into_iter().chain([mount.source.clone()]);
        Ok(paths.filter(|path| path.is_absolute()).map(Layer::File).collect())
    }

    /// The block device of a device file, else the mount that holds the file.
    fn backing_of_file(&self, path: &Path) -> Looked<Option<Layer>> {
        let Some(path) = self.tree.resolve(path)? else { return Ok(None) };
        let device = path.strip_prefix("/dev").ok().map(Path::to_str);
        if let Some(name) = device {
            let Some(name) = name else { return Ok(None) };
            let dir = match name.strip_prefix("block/") {
                Some(number) => Path::new("/sys/dev/block").join(number),
                // sysfs replaces `/` in a device's name by `!`.
                None => Path::new("/sys/class/block").join(name.replace('/', "!")),
            };
            if let Some(block) = self.block(&dir)? {
                return Ok(Some(block));
            }
        }
        Ok(mountinfo::holding(&self.mounts, &path).map(Layer::Mount))
    }

    /// The disk of a partition, the members of a mapped device or a RAID, the file of a loop device.
    fn backing_of_block(&self, dir: &Path) -> Looked<Vec<Layer>> {
        let slaves = dir.join("slaves");
        let mut backing = Vec::new();
        for name in self.tree.names(&slaves)?.unwrap_or_default() {
            backing.extend(self.block(&slaves.join(name))?);
        }
        if self.tree.exists(&dir.join("partition"))? {
            backing.extend(dir.parent().map(|disk| Layer::Block(disk.to_owned())));
        }
        let file = self.tree.attribute(dir, "loop/backing_file")?.map(PathBuf::from);
        backing.extend(file.filter(|file| file.is_absolute()).map(Layer::File));
        Ok(backing)
    }

    fn block(&self, dir: &Path) -> Looked<Option<Layer>> {
        let Some(dir) = self.tree.resolve(dir)? else { return Ok(None) };
        Ok(self.tree.exists(&dir)?.then_some(Layer::Block(dir)))
    }
}

/// Whether a mount point may be that of a layer after a change of the root: the path of the layer under
/// another directory.
fn has_moved(layer: &Path, point: &Path) -> bool {
    let layer = layer.strip_prefix("/").unwrap_or(layer);
    !layer.as_os_str().is_empty() && point.ends_with(layer)
}
