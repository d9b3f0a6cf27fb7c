//! Simulated hardware: trees in the kernel's layout, inside a root directory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The PCI device of a network interface that is built in.
pub const PCI_CARD: &str = "pci0000:00/0000:00:1f.6";
/// The USB device of a dock's network interface.
pub const USB_CARD: &str = "pci0000:00/0000:00:14.0/usb1/1-3";
/// The USB device of the drive that [`Machine::boots_from_usb`] puts the system on.
const USB_DRIVE: &str = "pci0000:00/0000:00:14.0/usb1/1-2";

/// The hardware in a root directory.
#[derive(Debug)]
pub struct Machine {
    root: PathBuf,
}

impl Machine {
    /// The machine at `root`, without hardware.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        let machine = Self { root: root.to_owned() };
        fs::create_dir_all(machine.path("/sys/class/net")).unwrap();
        fs::create_dir_all(machine.path("/proc/self")).unwrap();
        machine
    }

    /// Adds an interface of a device on PCI.
    pub fn pci_interface(&self, name: &str, mac: &str) -> &Self {
        self.device(PCI_CARD, "pci").interface(name, PCI_CARD, mac)
    }

    /// Adds an interface of a device on USB.
    pub fn usb_interface(&self, name: &str, mac: &str) -> &Self {
        self.device(USB_CARD, "usb").interface(name, USB_CARD, mac)
    }

    /// Removes an interface, as pulling a dock does.
    pub fn remove_interface(&self, name: &str) -> &Self {
        fs::remove_file(self.path(&format!("/sys/class/net/{name}"))).unwrap();
        self
    }

    /// Overwrites an attribute of an interface.
    pub fn set(&self, interface: &str, attribute: &str, value: &str) -> &Self {
        self.file(&format!("/sys/class/net/{interface}/{attribute}"), &format!("{value}\n"))
    }

    /// Sets a DMI serial number: `product_serial` or `chassis_serial`.
    pub fn dmi(&self, field: &str, value: &str) -> &Self {
        self.file(&format!("/sys/class/dmi/id/{field}"), &format!("{value}\n"))
    }

    /// Puts the root file system on a partition of a USB drive with this serial number.
    pub fn boots_from_usb(&self, serial: &str) -> &Self {
        let disk = format!("{USB_DRIVE}/1-2:1.0/host2/target2:0:0/2:0:0:0/block/sda");
        let line = "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";
        self.device(USB_DRIVE, "usb")
            .file(&format!("/sys/devices/{USB_DRIVE}/idVendor"), "0951\n")
            .file(&format!("/sys/devices/{USB_DRIVE}/serial"), &format!("{serial}\n"))
            .block("8:0", &disk)
            .block("8:1", &format!("{disk}/sda1"))
            .file(&format!("/sys/devices/{disk}/sda1/partition"), "1\n")
            .file("/proc/self/mountinfo", line)
    }

    /// Plugs in a stick with one partition, such as `sdb1`, with the number and size in bytes of
    /// its block device.
    pub fn usb_stick(&self, partition: &str, number: &str, bytes: u64) -> &Self {
        let disk = partition.trim_end_matches(|c: char| c.is_ascii_digit());
        let device = format!("pci0000:00/0000:00:14.0/usb1/1-{disk}");
        let path = format!("{device}/1:1.0/host3/target3:0:0/3:0:0:0/block/{disk}");
        let part = format!("{path}/{partition}");
        self.device(&device, "usb")
            .file(&format!("/sys/devices/{device}/idVendor"), "0951\n")
            .block(&format!("{number}0000"), &path)
            .block(number, &part)
            .file(&format!("/sys/devices/{path}/size"), &format!("{}\n", bytes / 512 + 2048))
            .file(&format!("/sys/devices/{part}/size"), &format!("{}\n", bytes / 512))
            .file(&format!("/sys/devices/{part}/partition"), "1\n")
    }

    /// Pulls a stick plugged in by [`Machine::usb_stick`].
    pub fn pull_stick(&self, partition: &str) -> &Self {
        let disk = partition.trim_end_matches(|c: char| c.is_ascii_digit());
        for name in [partition, disk] {
            fs::remove_file(self.path(&format!("/sys/class/block/{name}"))).unwrap();
        }
        self
    }

    fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A relative link from `path` to `target`, as in sysfs.
    fn link(&self, path: &str, target: &str) -> &Self {
        let up = "../".repeat(Path::new(path).components().count() - 2);
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        symlink(format!("{up}{}", target.trim_start_matches('/')), path).unwrap();
        self
    }

    /// A device in `/sys/devices` on a bus.
    fn device(&self, path: &str, bus: &str) -> &Self {
        let path = format!("/sys/devices/{path}");
        fs::create_dir_all(self.path(&path)).unwrap();
        self.link(&format!("{path}/subsystem"), &format!("/sys/bus/{bus}"))
    }

    fn interface(&self, name: &str, device: &str, mac: &str) -> &Self {
        let device = format!("/sys/devices/{device}");
        let dir = format!("{device}/net/{name}");
        self.file(&format!("{dir}/address"), &format!("{mac}\n"))
            .file(&format!("{dir}/addr_assign_type"), "0\n")
            .file(&format!("{dir}/type"), "1\n")
            .link(&format!("{dir}/device"), &device)
            .link(&format!("/sys/class/net/{name}"), &dir)
    }

    /// A block device in `/sys/devices` with this number, named like its directory.
    fn block(&self, number: &str, path: &str) -> &Self {
        let name = path.rsplit('/').next().unwrap();
        let path = format!("/sys/devices/{path}");
        self.file(&format!("{path}/dev"), &format!("{number}\n"))
            .link(&format!("/sys/dev/block/{number}"), &path)
            .link(&format!("/sys/class/block/{name}"), &path)
    }
}
