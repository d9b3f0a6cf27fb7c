//! A licence partition without space.

use acceptance::maker;

use crate::device::Device;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[scenario!(
    a_full_partition_is_reported_and_keeps_its_files,
    "5: store-full if the store cannot take a licence; what was there is untouched, and the next \
     try after space was freed succeeds."
)];

fn a_full_partition_is_reported_and_keeps_its_files(device: &mut Device) {
    device.start();
    assert_eq!(device.import(&maker::licence().sign()).1, "valid");
    // Twice: first to the last free block, then for the blocks that the file system had reserved.
    device.sh("mount -o remount,rw /license
        for size in 64k 1k 1k; do dd if=/dev/zero bs=$size >>/license/filler; sync; done
        mount -o remount,ro /license");
    let before = device.store();
    let another =
        maker::licence().pack("EMP-R9HXH").product("EMP").services(&[maker::EMP]).mass(1000).sign();
    let (exit, code, message) = device.import(&another);
    assert_eq!((exit, code.as_str()), (7, "store-full"), "{message}");
    assert_eq!(device.store(), before);
    device.wait_for_state("valid");
    device.reboot();
    device.wait_for_state("valid");
    assert_eq!(device.store(), before);
    device.sh("mount -o remount,rw /license; rm /license/filler; mount -o remount,ro /license");
    assert_eq!(device.import(&another).1, "valid");
}
