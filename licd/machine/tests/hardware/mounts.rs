//! The mounts of a machine.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use licd_machine::block::Stack;

use crate::machine::Machine;

#[test]
fn a_mount_point_whose_name_is_not_utf8_is_found() {
    let machine = Machine::new();
    let line = b"25 1 8:17 / /media/Gr\xfc\xdfe ro - vfat /dev/sdb1 ro\n";
    fs::write(machine.dir("/proc/self").at("/proc/self/mountinfo"), line).unwrap();
    let stack = Stack::of(&machine.root()).unwrap().unwrap();
    let points: Vec<_> = stack.mount_points("8:17").collect();
    assert_eq!(points, [Path::new(OsStr::from_bytes(b"/media/Gr\xfc\xdfe"))]);
}
