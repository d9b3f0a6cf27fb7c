//! Devices with the image of a service.

use std::fs;
use std::process::Command;

use acceptance::World;
use acceptance::daemon::Daemon;

use crate::service::Service;

/// The device with this number: unit ID `02000000` and the number in hex, OS 12.
#[must_use]
pub fn device(service: &Service, number: u16) -> (World, String) {
    let [a, b] = number.to_be_bytes();
    let mac = format!("02:00:00:00:{a:02x}:{b:02x}");
    device_with(service, &mac, &format!("SN{number:05}"))
}

/// The device with this MAC address and serial number.
#[must_use]
pub fn device_with(service: &Service, mac: &str, serial: &str) -> (World, String) {
    let world = World::new();
    world.machine().set("eth0", "address", mac).dmi("product_serial", serial);
    fs::remove_dir_all(world.path("/usr/lib/licd/roots.d")).unwrap();
    for root in fs::read_dir(service.image("roots.d")).unwrap() {
        let root = root.unwrap();
        let name = root.file_name().into_string().unwrap();
        world.write(&format!("/usr/lib/licd/roots.d/{name}"), fs::read(root.path()).unwrap());
    }
    world.write("/usr/lib/licd/trust.note", fs::read(service.image("trust.note")).unwrap());
    world.write("/etc/licd/ca.pem", service.authority());
    let config = "[network]\nca_file = \"/etc/licd/ca.pem\"\n[deployment]\nrestart = false\n";
    world.write("/etc/licd/licd.toml", config);
    boots(&world, 1);
    (world, mac.replace(':', "").to_uppercase())
}

/// Gives the device the ID of another boot.
fn boots(world: &World, number: u64) {
    let id = format!("{number:08x}-7a6f-4c3e-9d2b-0123456789ab\n");
    world.write("/proc/sys/kernel/random/boot_id", id);
}

/// Restarts a device: another boot, and another daemon. Its agent must have ended.
pub fn reboot<'w>(world: &'w World, daemon: Daemon<'w>) -> Daemon<'w> {
    reboot_with(world, daemon, |command| command)
}

/// Restarts a device, whose daemon then runs by a modified command.
pub fn reboot_with<'w>(
    world: &'w World,
    daemon: Daemon<'w>,
    adjust: impl FnOnce(&mut Command) -> &mut Command,
) -> Daemon<'w> {
    assert!(daemon.stop().success());
    let file = world.path("/proc/sys/kernel/random/boot_id");
    let old = fs::read_to_string(file).unwrap();
    boots(world, u64::from_str_radix(&old[..8], 16).unwrap() + 1);
    world.start_with(adjust)
}
