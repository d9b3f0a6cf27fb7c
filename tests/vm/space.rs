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
    device.sh("mount -o remount,rw /license; cat /dev/zero >/license/filler; \
               mount -o remount,ro /license; test -e /license/filler");
    let before = device.store();
    let another = maker::licence().pack("EMP-R9HXH").product("EMP").services(&[maker::EMP]).sign();
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
