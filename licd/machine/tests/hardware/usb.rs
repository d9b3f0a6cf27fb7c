//! The USB drive that the system runs from.

use licd_machine::usb::{RootDrive, root_drive};
use license_format::UnitId;

use crate::machine::{Machine, PCI, USB_DISK, USB_DRIVE};

/// The unit of the drive of [`Machine::usb_disk`].
fn pocket() -> RootDrive {
    RootDrive::Unit(UnitId::from_usb_serial("85641000D308482019").unwrap())
}

fn on(machine: &Machine) -> RootDrive {
    root_drive(&machine.root()).unwrap().unwrap()
}

const NVME: &str = "pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1";

/// A machine with the USB disk and an NVMe disk, 259:0 with 259:1.
fn machine() -> Machine {
    let machine = Machine::new();
    let partition = format!("{NVME}/nvme0n1p1");
    machine.usb_disk().device("pci0000:00/0000:00:1d.0", "pci");
    machine.block("259:0", NVME).block("259:1", &partition);
    machine.file(&format!("/sys/devices/{partition}/partition"), "1\n");
    machine
}

#[test]
fn a_system_on_a_partition_of_a_usb_drive_is_that_drive_not_its_hub() {
    let machine = machine();
    machine.mounts(&["8:1 / ext4 /dev/sda1 ro"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn a_system_on_a_whole_usb_drive_is_that_drive() {
    let machine = machine();
    machine.mounts(&["8:0 / squashfs /dev/sda ro"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn a_system_on_another_disk_is_on_no_usb_drive() {
    let machine = machine();
    machine.mounts(&["259:1 / ext4 /dev/nvme0n1p1 ro", "8:1 /media ext4 /dev/sda1 rw"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn the_last_of_several_mounts_on_the_root_counts() {
    let machine = machine();
    machine.mounts(&[
        "0:2 / rootfs rootfs rw",
        "259:1 / ext4 /dev/nvme0n1p1 rw",
        "8:1 / ext4 x ro",
    ]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn device_mapper_and_raid_are_resolved_to_their_members() {
    let machine = machine();
    let partition = format!("{USB_DISK}/sda1");
    machine
        .stacked("253:0", "dm-0", &[&partition])
        .stacked("253:1", "dm-1", &["virtual/block/dm-0"])
        .stacked("9:127", "md127", &["virtual/block/dm-1"])
        .block("259:7", "virtual/block/md127/md127p1")
        .file("/sys/devices/virtual/block/md127/md127p1/partition", "1\n")
        .mounts(&["259:7 / ext4 /dev/md127p1 ro"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn a_volume_on_two_drives_counts_by_the_preferred_one() {
    let machine = machine();
    machine.stacked("253:0", "dm-0", &[NVME, USB_DISK]).mounts(&["253:0 / ext4 /dev/dm-0 ro"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn an_image_in_a_loop_device_is_on_the_drive_of_its_file() {
    let machine = machine();
    machine.loop_device("7:0", "loop0", "/run/live/medium/live/os image.squashfs").mounts(&[
        "7:0 / squashfs /dev/loop0 ro",
        "0:20 /run tmpfs tmpfs rw",
        "8:1 /run/live/medium ext4 /dev/sda1 ro",
    ]);
    assert_eq!(on(&machine), pocket());

    machine.mounts(&["7:0 / squashfs /dev/loop0 ro", "259:1 /run/live ext4 /dev/nvme0n1p1 ro"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn a_loop_device_on_a_device_file_is_on_that_device() {
    let machine = machine();
    machine.loop_device("7:0", "loop0", "/dev/sda1");
    machine.mounts(&["7:0 / ext4 /dev/loop0 ro", "0:6 /dev devtmpfs devtmpfs rw"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn an_overlay_is_on_the_drive_of_its_lower_directories() {
    let machine = machine();
    machine.loop_device("7:0", "loop0", "/run/medium/os.squashfs").mounts(&[
        "0:30 / overlay overlay rw,lowerdir=/run/layer/etc:/run/image,upperdir=/run/rw,workdir=/run/w",
        "0:20 /run tmpfs tmpfs rw",
        "7:0 /run/image squashfs /dev/loop0 ro",
        "8:1 /run/medium ext4 /dev/sda1 ro",
    ]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn an_overlay_with_unreachable_directories_is_on_no_known_drive() {
    let machine = machine();
    machine.mounts(&["0:30 / overlay overlay rw,lowerdir=/lower,upperdir=/upper"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn a_root_in_memory_is_on_the_device_that_systemd_records() {
    let machine = machine();
    machine.mounts(&["0:30 / overlay overlay rw,lowerdir=/lower,upperdir=/upper"]);
    machine.link("/run/systemd/volatile-root", "/dev/block/8:1");
    assert_eq!(on(&machine), pocket());

    let machine = self::machine();
    machine.link("/run/systemd/volatile-root", "/dev/block/259:1");
    machine.mounts(&["0:30 / tmpfs tmpfs rw", "8:1 /media ext4 /dev/sda1 rw"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn a_layer_that_was_moved_with_its_root_is_found_by_the_end_of_its_path() {
    let machine = machine();
    let root = "0:30 / overlay overlay rw,lowerdir=/live/image,upperdir=/upper";
    machine.mounts(&[root, "8:1 /run/initramfs/live/image ext4 /dev/sda1 ro"]);
    assert_eq!(on(&machine), pocket());
    machine.mounts(&[root, "259:1 /run/live/image ext4 x ro", "8:1 /media ext4 x rw"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn a_root_out_of_reach_may_be_on_the_usb_drive_that_is_mounted() {
    let machine = machine();
    for root in ["0:30 / overlay overlay rw,lowerdir=/lower", "0:30 / tmpfs tmpfs rw"] {
        machine.mounts(&[root, "259:1 /data ext4 x rw", "8:1 /rofs ext4 /dev/sda1 ro"]);
        let mount = "/rofs".into();
        assert_eq!(on(&machine), RootDrive::OutOfReach { mount }, "{root}");
        machine.mounts(&[root, "259:1 /data ext4 x rw"]);
        assert_eq!(on(&machine), RootDrive::NotUsb, "{root}");
    }
}

#[test]
fn a_file_system_without_a_device_number_is_on_its_source() {
    let machine = machine();
    machine.mounts(&["0:40 / btrfs /dev/sda1 rw"]);
    assert_eq!(on(&machine), pocket());

    machine
        .stacked("253:0", "dm-0", &[USB_DISK])
        .link("/dev/mapper/crypt", "../dm-0")
        .mounts(&["0:40 / btrfs /dev/mapper/crypt rw"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn a_device_whose_name_has_a_slash_is_found() {
    let machine = machine();
    machine.relative("/sys/class/block/cciss!c0d0", &format!("/sys/devices/{USB_DISK}"));
    machine.mounts(&["0:40 / btrfs /dev/cciss/c0d0 rw"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn a_serial_number_that_is_not_a_unit_id_is_reported() {
    for (serial, reported) in
        [("1234567", "1234567"), ("AB-12345678\u{1b}[0m", "AB-12345678\\u{1b}[0m")]
    {
        let machine = machine();
        machine.mounts(&["8:1 / ext4 /dev/sda1 ro"]);
        machine.file(&format!("/sys/devices/{USB_DRIVE}/serial"), serial);
        assert_eq!(on(&machine), RootDrive::UnfitSerial { serial: reported.to_owned() });
    }
}

#[test]
fn a_drive_without_serial_number_is_not_its_hub() {
    let machine = machine();
    machine.mounts(&["8:1 / ext4 /dev/sda1 ro"]);
    machine.file(&format!("/sys/devices/{USB_DRIVE}/serial"), "  \n");
    assert_eq!(on(&machine), RootDrive::NoSerial);
    std::fs::remove_file(machine.at(&format!("/sys/devices/{USB_DRIVE}/serial"))).unwrap();
    assert_eq!(on(&machine), RootDrive::NoSerial);
}

#[test]
fn a_usb_device_is_also_recognised_by_its_uevent() {
    let machine = Machine::new();
    let drive = format!("/sys/devices/{PCI}/usb1/1-1");
    machine
        .file(&format!("{drive}/uevent"), "MAJOR=189\nDEVTYPE=usb_device\n")
        .file(&format!("{drive}/serial"), "85641000d308482019\n")
        .block("8:0", &format!("{PCI}/usb1/1-1/1-1:1.0/host0/block/sda"))
        .mounts(&["8:0 / ext4 /dev/sda ro"]);
    assert_eq!(on(&machine), pocket());
}

#[test]
fn loops_of_devices_end() {
    let machine = machine();
    machine
        .stacked("253:0", "dm-0", &["virtual/block/dm-1", "virtual/block/dm-0"])
        .stacked("253:1", "dm-1", &["virtual/block/dm-0"])
        .loop_device("7:0", "loop0", "/os.squashfs");
    machine.mounts(&["253:0 / ext4 /dev/dm-0 ro"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
    // The root is mounted from an image on the root.
    machine.mounts(&["7:0 / squashfs /dev/loop0 ro"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
    machine.mounts(&["0:30 / overlay / rw,lowerdir=/:/,upperdir=/"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
    machine.link("/sys/dev/block/1:1", "1:1").mounts(&["1:1 / ext4 none ro"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn a_stack_of_two_hundred_devices_ends() {
    let machine = Machine::new();
    for level in 0..200 {
        let below = format!("virtual/block/dm-{}", level + 1);
        machine.stacked(&format!("253:{level}"), &format!("dm-{level}"), &[&below]);
    }
    machine.mounts(&["253:0 / ext4 /dev/dm-0 ro"]);
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn trees_without_mounts_or_devices_have_no_usb_drive() {
    let machine = Machine::new();
    assert_eq!(on(&machine), RootDrive::NotUsb);
    for mounts in [
        &["8:1 / ext4 /dev/sda1 ro"] as &[&str],
        &["0:20 / tmpfs tmpfs rw"],
        &["0:20 /run tmpfs tmpfs rw"],
        &["../../.. / ext4 /dev/../.. ro"],
        &[],
    ] {
        machine.mounts(mounts);
        assert_eq!(on(&machine), RootDrive::NotUsb, "{mounts:?}");
    }
    machine.file("/proc/self/mountinfo", "\u{fffd} - \\ \n - \n");
    assert_eq!(on(&machine), RootDrive::NotUsb);
}

#[test]
fn an_unreadable_list_of_mounts_is_an_error() {
    let machine = machine();
    machine.dir("/proc/self/mountinfo");
    let error = root_drive(&machine.root()).unwrap().unwrap_err().to_string();
    assert!(error.starts_with("/proc/self/mountinfo: cannot be read ("), "{error}");
    assert!(!error.contains("os error"), "{error}");
}
