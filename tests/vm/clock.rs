//! Clocks that are wrong by decades.

use acceptance::maker;

use crate::device::Device;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_wrong_clock_neither_ends_nor_delays_a_licence,
        "A clock that is wrong by decades neither ends a licence nor keeps it from having begun; \
         the report says what the clock is worth."
    ),
    scenario!(
        a_new_device_at_1970_takes_its_first_licence,
        "A device that was never on and has no battery for its clock is licensed like any other."
    ),
];

fn a_wrong_clock_neither_ends_nor_delays_a_licence(device: &mut Device) {
    let licence = maker::licence().starts(maker::today_plus(-10)).expires(maker::today_plus(60));
    device.start();
    assert_eq!(device.import(&licence.sign()).1, "valid");
    for (clock, state) in [
        // systemd replaces these two times by its own build date, which is in the past.
        ("1970-01-01T00:00:00", "behind"),
        ("2099-06-01T12:00:00", "behind"),
        // systemd accepts this time.
        ("2037-06-01T12:00:00", "unsynchronized"),
    ] {
        device.power_off();
        device.hardware.clock = clock.to_owned();
        device.start();
        let report = device.wait_for_state("valid");
        assert_eq!(report["clock"]["state"], state, "{clock}: {report}");
        device.sh("licctl feature -q custom-partition");
    }
}

fn a_new_device_at_1970_takes_its_first_licence(device: &mut Device) {
    let today = maker::today_plus(0);
    let licence = maker::licence().issued(&format!("{today}T00:00:00Z")).starts(today);
    device.hardware.clock = "1970-01-01T00:00:00".to_owned();
    device.start();
    let (exit, code, message) = device.import(&licence.expires(maker::today_plus(365)).sign());
    // Its date of issue counts once it is stored.
    assert_eq!((exit, code.as_str()), (0, "pending"), "{message}");
    let report = device.wait_for_state("valid");
    assert_eq!(report["clock"]["state"], "behind", "{report}");
}
