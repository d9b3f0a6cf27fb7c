//! A USB stick: an image on a loop device, which the device of a world takes for a stick.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::stat::{Mode, SFlag, major, minor, mknod};

use crate::program::tool;
use crate::wait::{self, DEADLINE};
use crate::world::World;

/// Bytes of a stick, if nothing else is said.
const BYTES: u64 = 8 << 20;

/// A stick that is plugged in; pulled when dropped. Needs root.
#[derive(Debug)]
pub struct Stick<'w> {
    world: &'w World,
    name: String,
    image: PathBuf,
    /// The loop device that stands for it.
    pub device: String,
}

impl<'w> Stick<'w> {
    /// A stick with these files, plugged in as `sdb1` or the like.
    #[must_use]
    pub fn with(world: &'w World, name: &str, files: &[(&str, &str)]) -> Self {
        Self::filled(world, name, |top| {
            for (file, content) in files {
                fs::write(top.join(file), content).unwrap();
            }
        })
    }

    /// A stick with what `fill` puts into its top directory.
    #[must_use]
    pub fn filled(world: &'w World, name: &str, fill: impl FnOnce(&Path)) -> Self {
        Self::made(world, name, BYTES, fill, |_| ())
    }

    /// The same of a certain size, to whose image `prepare` does something.
    #[must_use]
    pub fn made(
        world: &'w World,
        name: &str,
        bytes: u64,
        fill: impl FnOnce(&Path),
        prepare: impl FnOnce(&Path),
    ) -> Self {
        let top = tempfile::tempdir().unwrap();
        fill(top.path());
        let image = world.root().with_extension(format!("{name}.img"));
        File::create(&image).unwrap().set_len(bytes).unwrap();
        let paths = [top.path(), &image].map(|path| path.to_str().unwrap());
        tool("mkfs.ext4", [&["-q", "-d"], &paths[..]].concat());
        prepare(&image);
        Self::of_image(world, name, image)
    }

    /// Plugs in an image.
    #[must_use]
    pub fn of_image(world: &'w World, name: &str, image: PathBuf) -> Self {
        let device = tool("losetup", ["--find", "--show", image.to_str().unwrap()]);
        // Write protection outlives what a loop device was last used for.
        tool("blockdev", ["--setrw", &device]);
        let number = fs::metadata(&device).unwrap().rdev();
        let image = fs::canonicalize(image).unwrap();
        let bytes = fs::metadata(&image).unwrap().len();
        world.machine().usb_stick(name, &format!("{}:{}", major(number), minor(number)), bytes);
        let node = world.path(&format!("/dev/{name}"));
        fs::create_dir_all(node.parent().unwrap()).unwrap();
        mknod(&node, SFlag::S_IFBLK, Mode::S_IRUSR | Mode::S_IWUSR, number).unwrap();
        let stick = Self { world, name: name.to_owned(), image, device };
        assert!(stick.is_attached(), "{stick:?}");
        stick
    }

    /// Its name as a source.
    #[must_use]
    pub fn source(&self) -> String {
        format!("usb:/dev/{}", self.name)
    }

    /// Its image.
    #[must_use]
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// A hash of everything that is on it.
    #[must_use]
    pub fn hash(&self) -> String {
        tool("sync", [self.image.to_str().unwrap()]);
        tool("sha256sum", [self.image.to_str().unwrap()])
    }

    /// Pulls it, and returns whether all users have closed it by [`DEADLINE`]. The kernel detaches the
    /// device with its last user, and losetup(8) in another test opens every loop device for a moment.
    #[must_use]
    pub fn pull(self) -> bool {
        self.detach();
        wait::within(DEADLINE, || (!self.is_attached()).then_some(())).is_some()
    }

    /// Whether the device still stands for the image.
    fn is_attached(&self) -> bool {
        let name = self.device.trim_start_matches("/dev/");
        fs::read_to_string(format!("/sys/block/{name}/loop/backing_file"))
            .is_ok_and(|file| Path::new(file.trim()) == self.image)
    }

    fn detach(&self) {
        let _ = Command::new("/sbin/losetup").args(["--detach", &self.device]).status();
    }
}

impl Drop for Stick<'_> {
    fn drop(&mut self) {
        if self.is_attached() {
            self.detach();
        }
        self.world.machine().pull_stick(&self.name);
        let _ = fs::remove_file(self.world.path(&format!("/dev/{}", self.name)));
    }
}
