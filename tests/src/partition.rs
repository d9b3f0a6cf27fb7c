//! A licence partition that is a real file system: an image on a loop device, mounted read-only.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

use crate::program::tool;
use crate::wait;

const NONE: Option<&str> = None;

/// A mounted image. Dropping it removes mount and loop device; the end of its thread does too,
/// because the mount is in the thread's namespace.
#[derive(Debug)]
pub struct Partition {
    image: PathBuf,
    place: PathBuf,
    /// The loop device that the image is attached to for longer than this mount.
    device: Option<String>,
}

impl Partition {
    /// Formats an image of `bytes` and mounts it read-only on `place`. Gives the calling thread,
    /// and programs it starts, a mount namespace of its own.
    #[must_use]
    pub fn new(image: &Path, place: &Path, bytes: u64) -> Self {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).unwrap();
        File::create(image).unwrap().set_len(bytes).unwrap();
        tool("mkfs.ext4", ["-q", "-m", "0", image.to_str().unwrap()]);
        let partition = Self { image: image.to_owned(), place: place.to_owned(), device: None };
        partition.appear();
        partition
    }

    /// Mounts an image that is attached to this loop device, read-only on `place`. The calling thread
    /// must have a mount namespace of its own.
    #[must_use]
    pub fn attached(image: &Path, device: &str, place: &Path) -> Self {
        let [image, place] = [image, place].map(Path::to_owned);
        let partition = Self { image, place, device: Some(device.to_owned()) };
        partition.appear();
        partition
    }

    /// The image file.
    #[must_use]
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// Mounts it, read-only.
    pub fn appear(&self) {
        let mount_it =
            |device: &str| mount(Some(device), &self.place, Some("ext4"), MsFlags::MS_RDONLY, NONE);
        if let Some(device) = &self.device {
            // The kernel may still be closing it after its last mount.
            return wait::until("the loop device is free", || match mount_it(device) {
                Err(Errno::EBUSY) => None,
                mounted => {
                    mounted.unwrap();
                    Some(())
                }
            });
        }
        let device = attach(&self.image);
        let mounted = mount_it(&device);
        // The loop device detaches when its last user, the mount, is gone.
        tool("losetup", ["--detach", &device]);
        mounted.unwrap();
    }

    /// Unmounts it.
    ///
    /// # Errors
    /// The kernel's; `EBUSY` while a process uses it.
    pub fn unmount(&self) -> Result<(), Errno> {
        umount2(&self.place, MntFlags::empty())
    }

    /// Makes it writable, as the rescue shell's recipe does.
    pub fn make_writable(&self) {
        mount(NONE, &self.place, NONE, MsFlags::MS_REMOUNT, NONE).unwrap();
    }

    /// Makes it read-only, as the rescue shell's recipe does.
    pub fn make_read_only(&self) {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        // A program that another story is starting shares this process's descriptors for a moment.
        wait::until("no process keeps the partition writable", || {
            match mount(NONE, &self.place, NONE, flags, NONE) {
                Err(Errno::EBUSY) => None,
                done => {
                    done.unwrap();
                    Some(())
                }
            }
        });
    }

    /// Detaches it while in use (`umount -l`).
    pub fn vanish(&self) {
        umount2(&self.place, MntFlags::MNT_DETACH).unwrap();
    }

    /// Write-protects its device.
    #[must_use]
    pub fn write_protect(&self) -> WriteProtection {
        let device = self.device();
        tool("blockdev", ["--setro", &device]);
        WriteProtection { device }
    }

    /// The fields of the mount's line in mountinfo before and after the dash.
    fn fields(&self) -> (Vec<String>, Vec<String>) {
        let table = fs::read_to_string("/proc/thread-self/mountinfo").unwrap();
        let place = self.place.to_str().unwrap();
        let line = table.lines().rfind(|line| line.split(' ').nth(4) == Some(place)).unwrap();
        let (mount, fs) = line.split_once(" - ").unwrap();
        let fields = |text: &str| text.split(' ').map(str::to_owned).collect();
        (fields(mount), fields(fs))
    }

    /// The options of the mount and of its file system, as the kernel prints them.
    #[must_use]
    pub fn options(&self) -> [String; 2] {
        let (mount, fs) = self.fields();
        [mount[5].clone(), fs[2].clone()]
    }

    /// The loop device, `/dev/loopN`.
    fn device(&self) -> String {
        self.fields().1.swap_remove(1)
    }

    /// Whether mount and file system both are read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.options().iter().all(|options| options.split(',').any(|option| option == "ro"))
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        let _ = umount2(&self.place, MntFlags::MNT_DETACH);
    }
}

/// Attaches an image to a free loop device, and returns that.
#[must_use]
pub fn attach(image: &Path) -> String {
    // Without mount(8), whose loop devices for `-o ro` are themselves read-only.
    let device = tool("losetup", ["--find", "--show", image.to_str().unwrap()]);
    // Write protection outlives what a loop device was last used for.
    tool("blockdev", ["--setrw", &device]);
    device
}

/// Write protection of a device, lifted when dropped.
#[derive(Debug)]
pub struct WriteProtection {
    device: String,
}

impl Drop for WriteProtection {
    fn drop(&mut self) {
        let _ = Command::new("/sbin/blockdev").args(["--setrw", &self.device]).status();
    }
}
