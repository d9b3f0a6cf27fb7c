//! Finding the sticks that are plugged in.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "../../machine/tests/hardware/machine.rs"]
#[allow(dead_code, reason = "shared with the tests of the machine crate")]
mod machine;

use licd_sources::stick::{Stick, find};

use machine::{Machine, PCI, USB_DISK};

const SECOND: &str = "pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0/host3/target3:0:0/3:0:0:0/block/sdb";
const NVME: &str = "pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1";

fn sized(machine: &Machine, block: &str, sectors: u64) {
    machine.file(&format!("/sys/devices/{block}/size"), &format!("{sectors}\n"));
}

fn partition(machine: &Machine, number: &str, path: &str) {
    machine.block(number, path).file(&format!("/sys/devices/{path}/partition"), "1\n");
    sized(machine, path, 2048);
}

/// Writes a record of udev.
fn record(machine: &Machine, number: &str, properties: &[&str]) {
    let lines: String = properties.iter().map(|property| format!("E:{property}\n")).collect();
    machine.file(&format!("/run/udev/data/b{number}"), &format!("S:disk/by-id/x\nI:1\n{lines}"));
}

/// The system on NVMe; `sda` with `sda1`, and `sdb` without partitions, both on USB.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.usb_disk().device("pci0000:00/0000:00:1d.0", "pci").block("259:0", NVME);
    machine.usb_device(&format!("{PCI}/usb1/1-4"), "0123").block("8:16", SECOND);
    sized(&machine, NVME, 1 << 20);
    sized(&machine, USB_DISK, 4096);
    sized(&machine, &format!("{USB_DISK}/sda1"), 2048);
    sized(&machine, SECOND, 8192);
    partition(&machine, "259:1", &format!("{NVME}/nvme0n1p1"));
    machine.mounts(&["259:1 / ext4 /dev/nvme0n1p1 ro"]);
    machine
}

fn sticks(machine: &Machine) -> Vec<Stick> {
    find(&machine.root()).unwrap()
}

fn names(machine: &Machine) -> Vec<String> {
    let device = |stick: Stick| stick.device.into_os_string().into_string().unwrap();
    sticks(machine).into_iter().map(device).collect()
}

#[test]
fn partitions_and_unpartitioned_disks_on_usb_are_sticks() {
    let machine = machine();
    let stick = |device: &str, bytes| Stick { device: device.into(), label: None, bytes };
    assert_eq!(sticks(&machine), [stick("/dev/sda1", 1 << 20), stick("/dev/sdb", 4 << 20)]);
}

#[test]
fn the_label_of_a_stick_comes_from_udev() {
    let machine = machine();
    record(&machine, "8:1", &["ID_FS_USAGE=filesystem", "ID_FS_TYPE=vfat", "ID_FS_LABEL=IGEL"]);
    record(&machine, "8:16", &["ID_FS_USAGE=crypto", "ID_FS_TYPE=crypto_LUKS"]);
    let sticks = sticks(&machine);
    assert_eq!(sticks.len(), 1);
    assert_eq!(sticks[0].label.as_deref(), Some("IGEL"));
}

#[test]
fn an_unsupported_stick_is_listed_only_without_others() {
    let machine = machine();
    record(&machine, "8:16", &["ID_FS_USAGE=filesystem", "ID_FS_TYPE=ntfs"]);
    assert_eq!(names(&machine), ["/dev/sda1"]);
    record(&machine, "8:1", &["ID_PART_ENTRY_NUMBER=1"]);
    assert_eq!(names(&machine), ["/dev/sdb"]);
}

#[test]
fn the_drives_of_the_system_and_of_its_licences_are_not_sticks() {
    let machine = machine();
    machine.mounts(&["8:1 / ext4 /dev/sda1 ro"]);
    assert_eq!(names(&machine), ["/dev/sdb"]);
    machine.mounts(&["8:1 / ext4 /dev/sda1 ro", "8:16 /license ext4 /dev/sdb ro"]);
    assert!(names(&machine).is_empty());
    // A stick may be mounted elsewhere.
    machine.mounts(&["8:1 / ext4 /dev/sda1 ro", "8:16 /tmp/disklic vfat /dev/sdb rw"]);
    assert_eq!(names(&machine), ["/dev/sdb"]);
}

#[test]
fn the_usb_drive_that_holds_the_system_image_is_not_a_stick() {
    let machine = machine();
    machine
        .loop_device("7:0", "loop0", "/boot/system.squashfs")
        .mounts(&["7:0 / squashfs /dev/loop0 ro", "8:1 /boot vfat /dev/sda1 ro"]);
    assert_eq!(names(&machine), ["/dev/sdb"]);
}

#[test]
fn empty_card_readers_and_optical_drives_are_not_sticks() {
    let machine = machine();
    sized(&machine, SECOND, 0);
    assert_eq!(names(&machine), ["/dev/sda1"]);
    sized(&machine, SECOND, 2048);
    machine.file(&format!("/sys/devices/{SECOND}/device/type"), "5\n");
    assert_eq!(names(&machine), ["/dev/sda1"]);
    machine.file(&format!("/sys/devices/{SECOND}/device/type"), "0\n");
    assert_eq!(names(&machine), ["/dev/sda1", "/dev/sdb"]);
}

#[test]
fn a_machine_without_block_devices_has_no_sticks() {
    assert!(names(&Machine::new()).is_empty());
}
