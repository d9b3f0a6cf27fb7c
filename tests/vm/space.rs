//! A licence partition without space.

use acceptance::maker;

use crate::device::Device;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[scenario!(
    a_full_partition_is_told_and_keeps_what_it_has,
    "5: store-full if the store cannot take a licence; what was there is untouched, and the next \
     try after somebody made room succeeds."
)];

fn a_full_partition_is_told_and_keeps_what_it_has(device: &mut Device) {
    device.start();
    assert_eq!(device.import(&maker::licence().sign()).1, "valid");
    // To the last block, and once more for what the file system had set aside.
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
