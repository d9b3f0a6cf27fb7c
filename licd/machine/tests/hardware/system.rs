//! The facts of the image and the firmware.

use licd_fs::root::Root;
use licd_machine::system::{OsRelease, os_release, serial_number};
use licd_rules::Generation;
use license_format::Date;

use crate::machine::Machine;

fn release(text: &str) -> OsRelease {
    let machine = Machine::new();
    machine.file("/etc/os-release", text);
    os_release(&machine.root()).unwrap()
}

#[test]
fn the_image_states_generation_version_and_day() {
    let system = release(
        "NAME=\"IGEL OS\"\nVERSION_ID=\"12.4.0\"\nRELEASE_DATE=2026-01-15T08:00:00Z\nBUILD_DATE=2026-01-10\n",
    );
    assert_eq!(system.generation, Some(Generation::Os12));
    assert_eq!(system.version.as_deref(), Some("12.4.0"));
    assert_eq!(system.released, Date::parse("2026-01-15"));
    assert_eq!(release("VERSION_ID=11.09.310\n").generation, Some(Generation::Os11));
    assert_eq!(release("BUILD_DATE=2026-01-10\n").released, Date::parse("2026-01-10"));
    assert_eq!(
        release("RELEASE_DATE=soon\nBUILD_DATE=2026-01-10\n").released,
        Date::parse("2026-01-10")
    );
}

#[test]
fn an_image_without_usable_values_states_none() {
    for text in ["", "VERSION_ID=\n", "VERSION_ID=\"a\u{1b}[0m\"\nRELEASE_DATE=2026-02-30\n"] {
        assert_eq!(release(text), OsRelease::default(), "{text}");
    }
    let debian = release("VERSION_ID=\"13\"\nBUILD_DATE=20260110\n");
    assert_eq!((debian.generation, debian.released), (None, None));
    assert_eq!(debian.version.as_deref(), Some("13"));
    assert_eq!(release(&format!("VERSION_ID={}\n", "1".repeat(65))).version, None);
}

#[test]
fn the_administrators_file_precedes_the_vendors() {
    let machine = Machine::new();
    assert_eq!(os_release(&machine.root()).unwrap(), OsRelease::default());
    machine.file("/usr/lib/os-release", "VERSION_ID=11.1\n");
    assert_eq!(os_release(&machine.root()).unwrap().version.as_deref(), Some("11.1"));
    machine.file("/etc/os-release", "VERSION_ID=12.2\n");
    assert_eq!(os_release(&machine.root()).unwrap().version.as_deref(), Some("12.2"));
}

#[test]
fn an_absolute_link_to_os_release_stays_inside_the_root() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("usr/lib")).unwrap();
    std::fs::create_dir(dir.path().join("etc")).unwrap();
    std::fs::write(dir.path().join("usr/lib/os-release"), "VERSION_ID=12.9\n").unwrap();
    std::os::unix::fs::symlink("/usr/lib/os-release", dir.path().join("etc/os-release")).unwrap();
    assert_eq!(
        os_release(&Root::new(dir.path()).unwrap()).unwrap().version.as_deref(),
        Some("12.9")
    );
}

#[test]
fn an_unreadable_file_falls_back_to_the_vendors() {
    let machine = Machine::new();
    machine.dir("/etc/os-release").file("/usr/lib/os-release", "VERSION_ID=12.2\n");
    assert_eq!(os_release(&machine.root()).unwrap().version.as_deref(), Some("12.2"));
    machine.file("/usr/lib/os-release", &"#\n".repeat(64 * 1024));
    assert_eq!(os_release(&machine.root()).unwrap(), OsRelease::default());
}

#[test]
fn the_serial_number_is_the_products_else_the_chassis() {
    let machine = Machine::new();
    assert_eq!(serial_number(&machine.root()).unwrap(), None);
    machine.relative("/sys/class/dmi/id", "/sys/devices/virtual/dmi/id");
    machine.file("/sys/devices/virtual/dmi/id/chassis_serial", "14D3F0A401A00 \n");
    assert_eq!(serial_number(&machine.root()).unwrap().as_deref(), Some("14D3F0A401A00"));
    for unfit in ["To Be Filled By O.E.M.", " \n", "ABC\u{7}DEF", "AÖ123456"] {
        machine.file("/sys/devices/virtual/dmi/id/product_serial", unfit);
        assert_eq!(
            serial_number(&machine.root()).unwrap().as_deref(),
            Some("14D3F0A401A00"),
            "{unfit}"
        );
    }
    machine.file("/sys/devices/virtual/dmi/id/product_serial", "  PF0AB1CD\n");
    assert_eq!(serial_number(&machine.root()).unwrap().as_deref(), Some("PF0AB1CD"));
}

#[test]
fn two_dummies_mean_no_serial_number() {
    let machine = Machine::new();
    machine
        .file("/sys/class/dmi/id/product_serial", "Default string\n")
        .file("/sys/class/dmi/id/chassis_serial", "0123456789\n");
    assert_eq!(serial_number(&machine.root()).unwrap(), None);
}
