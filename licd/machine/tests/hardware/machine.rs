//! A builder of simulated machines: a root directory with the kernel's trees.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use licd_fs::root::Root;

pub(crate) struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    /// A machine with an empty `/sys`.
    pub(crate) fn new() -> Self {
        let machine = Self { dir: tempfile::tempdir().unwrap() };
        machine.dir("/sys");
        machine
    }

    pub(crate) fn root(&self) -> Root {
        let root = Root::new(self.dir.path()).unwrap();
        assert!(root.is_simulated());
        root
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn dir(&self, path: &str) -> &Self {
        fs::create_dir_all(self.at(path)).unwrap();
        self
    }

    pub(crate) fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A link at `path` to `target`, as written.
    pub(crate) fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    /// A link at `path` to `target`, relative as sysfs makes them.
    pub(crate) fn relative(&self, path: &str, target: &str) -> &Self {
        let up = "../".repeat(Path::new(path).components().count() - 2);
        self.link(path, &format!("{up}{}", target.trim_start_matches('/')))
    }

    /// A device in `/sys/devices` on a bus.
    pub(crate) fn device(&self, path: &str, bus: &str) -> &Self {
        let path = format!("/sys/devices/{path}");
        self.dir(&path).relative(&format!("{path}/subsystem"), &format!("/sys/bus/{bus}"))
    }

    /// An interface of a device in `/sys/devices` that counts.
    pub(crate) fn interface(&self, name: &str, device: &str, mac: &str) -> &Self {
        let device = format!("/sys/devices/{device}");
        let dir = format!("{device}/net/{name}");
        self.file(&format!("{dir}/address"), &format!("{mac}\n"))
            .file(&format!("{dir}/addr_assign_type"), "0\n")
            .file(&format!("{dir}/type"), "1\n")
            .relative(&format!("{dir}/device"), &device)
            .relative(&format!("/sys/class/net/{name}"), &dir)
    }

    /// Changes one attribute of an interface.
    pub(crate) fn set(&self, interface: &str, attribute: &str, value: &str) -> &Self {
        self.file(&format!("/sys/class/net/{interface}/{attribute}"), &format!("{value}\n"))
    }

    /// The list of mounts, each given as `DEVICE POINT KIND SOURCE OPTIONS`.
    pub(crate) fn mounts(&self, mounts: &[&str]) -> &Self {
        let line = |mount: &&str| {
            let [device, point, kind, source, options] =
                mount.split(' ').collect::<Vec<_>>().try_into().unwrap();
            format!("25 1 {device} / {point} ro,relatime shared:1 - {kind} {source} {options}\n")
        };
        self.file("/proc/self/mountinfo", &mounts.iter().map(line).collect::<String>())
    }

    /// A block device in `/sys/devices` with this number and the name of its directory.
    pub(crate) fn block(&self, number: &str, path: &str) -> &Self {
        let name = path.rsplit('/').next().unwrap();
        let path = format!("/sys/devices/{path}");
        self.file(&format!("{path}/dev"), &format!("{number}\n"))
            .relative(&format!("/sys/dev/block/{number}"), &path)
            .relative(&format!("/sys/class/block/{name}"), &path)
    }

    /// A disk on USB behind a hub, with one partition: `sda` 8:0 and `sda1` 8:1.
    pub(crate) fn usb_disk(&self) -> &Self {
        let partition = format!("{USB_DISK}/sda1");
        self.usb_device(&format!("{PCI}/usb1"), "0000:00:14.0")
            .usb_device(&format!("{PCI}/usb1/1-2"), "HUB00000001")
            .usb_device(USB_DRIVE, "85641000D308482019")
            .block("8:0", USB_DISK)
            .block("8:1", &partition)
            .file(&format!("/sys/devices/{partition}/partition"), "1\n")
    }

    pub(crate) fn usb_device(&self, path: &str, serial: &str) -> &Self {
        self.device(path, "usb")
            .file(&format!("/sys/devices/{path}/idVendor"), "0951\n")
            .file(&format!("/sys/devices/{path}/serial"), &format!("{serial}\n"))
    }

    /// A mapped device or RAID on other block devices, given by their directories.
    pub(crate) fn stacked(&self, number: &str, name: &str, on: &[&str]) -> &Self {
        let path = format!("virtual/block/{name}");
        self.block(number, &path).dir(&format!("/sys/devices/{path}/slaves"));
        for member in on {
            let slave = member.rsplit('/').next().unwrap();
            self.relative(
                &format!("/sys/devices/{path}/slaves/{slave}"),
                &format!("/sys/devices/{member}"),
            );
        }
        self
    }

    /// A loop device on a file.
    pub(crate) fn loop_device(&self, number: &str, name: &str, file: &str) -> &Self {
        let path = format!("virtual/block/{name}");
        self.block(number, &path)
            .file(&format!("/sys/devices/{path}/loop/backing_file"), &format!("{file}\n"))
    }
}

/// A USB controller on PCI, the drive of [`Machine::usb_disk`], and its disk.
pub(crate) const PCI: &str = "pci0000:00/0000:00:14.0";
pub(crate) const USB_DRIVE: &str = "pci0000:00/0000:00:14.0/usb1/1-2/1-2.3";
pub(crate) const USB_DISK: &str =
    "pci0000:00/0000:00:14.0/usb1/1-2/1-2.3/1-2.3:1.0/host2/target2:0:0/2:0:0:0/block/sda";
