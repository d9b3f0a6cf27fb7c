//! Resets at any time.

use std::thread;
use std::time::Duration;

use acceptance::maker;
use acceptance::program;

use crate::device::Device;
use crate::scenario::{Scenario, scenario};

/// The delays between the start of the imports and the reset.
const MOMENTS: [Duration; 4] = [
    Duration::from_millis(700),
    Duration::from_millis(1900),
    Duration::from_millis(3300),
    Duration::from_millis(5200),
];

pub(crate) const SCENARIOS: &[Scenario] = &[scenario!(
    a_reset_during_imports_leaves_a_whole_store,
    "Whenever it happens: /license is read-only at the next start, every file in the store is \
     whole, and licences in force are still in force."
)];

fn a_reset_during_imports_leaves_a_whole_store(device: &mut Device) {
    device.start();
    assert_eq!(device.import(&maker::licence().pack("WE-FIRST").sign()).1, "valid");
    device.sh("sync; mkdir /var/tmp/new");
    for number in 10..40 {
        let pack = format!("EMP-MANY{number}");
        let licence = maker::licence().pack(&pack).product("EMP").services(&[maker::EMP]);
        device.write(&format!("/var/tmp/new/{number}.lic"), &licence.sign());
    }
    device.sh("sync");
    let mut stored = 0;
    for moment in MOMENTS {
        device.sh("systemd-run --quiet --collect sh -c 'for file in /var/tmp/new/*; do licctl import $file; done'");
        // The exact moment within the imports is left to chance.
        thread::sleep(moment);
        device.reset();
        let report = device.wait_for_state("valid");
        let packs: Vec<_> =
            report["licenses"].as_array().unwrap().iter().map(|l| &l["pack"]).collect();
        assert!(packs.iter().any(|pack| *pack == "WE-FIRST"), "{packs:?}");
        assert_eq!(report["rejected"].as_array().map(Vec::len), Some(0), "{report}");
        assert!(device.store().starts_with("ro\n"));
        device.sh("licctl verify /license/dsa/licenses/*.lic");
        assert!(packs.len() >= stored, "{} licences after {stored}", packs.len());
        stored = packs.len();
    }
    assert!(stored > 1, "no import ended before a reset, so nothing was shown");
    let left =
        device.sh("find /license ! -name '*.lic' -type f ! -name trust.note ! -name starter");
    assert_eq!(left, "");
    device.power_off();
    program::tool("e2fsck", ["-fn", device.license().to_str().unwrap()]);
}
