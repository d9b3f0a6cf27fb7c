//! The unit ID on changing hardware.

use acceptance::maker;
use serde_json::json;

use crate::device::Device;
use crate::scenario::{Scenario, scenario};

/// The serial number of the USB drive that a device runs from.
const DRIVE_SERIAL: &str = "85641000D308482019";

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_device_that_runs_from_a_usb_drive_is_known_by_its_serial_number,
        "4a: if the root file system's block device descends from a USB device, that device's \
         serial number is the unit ID."
    ),
    scenario!(
        a_changed_network_card_is_another_unit_and_the_message_names_both,
        "4a, 5: the unit ID follows the permanent address; a licence for the old one is \
         wrong-device, and the message names both."
    ),
    scenario!(
        a_dock_with_a_network_card_changes_nothing,
        "4a: PCI comes before USB, so a network card that is plugged in never takes the unit ID."
    ),
];

fn a_device_that_runs_from_a_usb_drive_is_known_by_its_serial_number(device: &mut Device) {
    device.hardware.usb_drive = Some(DRIVE_SERIAL.to_owned());
    device.start();
    assert_eq!(device.sh("licctl unit-id"), format!("#{DRIVE_SERIAL}"));
    assert_eq!(device.sh("licctl --direct unit-id"), format!("#{DRIVE_SERIAL}"));
    let unit = format!("#{DRIVE_SERIAL}");
    assert_eq!(device.import(&maker::licence().units(&[&unit]).sign()).1, "valid");
    let report = device.wait_for_state("valid");
    assert_eq!(report["hardware"]["kind"], "udp", "{report}");
    assert_eq!(device.import(&maker::licence().sign()).1, "wrong-device");
}

fn a_changed_network_card_is_another_unit_and_the_message_names_both(device: &mut Device) {
    device.start();
    assert_eq!(device.import(&maker::licence().sign()).1, "valid");
    device.power_off();
    device.hardware.mac = "00:e0:c5:1c:50:99".to_owned();
    device.start();
    assert_eq!(device.sh("licctl unit-id"), "00E0C51C5099");
    let report = device.wait_for_state("none");
    let rejected = &report["rejected"][0];
    assert_eq!(rejected["code"], "wrong-device", "{report}");
    let message = rejected["message"].as_str().unwrap();
    assert!(message.contains(maker::UNIT) && message.contains("00E0C51C5099"), "{message}");
    // The file stays in case the card returns.
    device.power_off();
    device.hardware.mac = maker::MAC.to_owned();
    device.start();
    device.wait_for_state("valid");
}

fn a_dock_with_a_network_card_changes_nothing(device: &mut Device) {
    device.start();
    assert_eq!(device.import(&maker::licence().sign()).1, "valid");
    device.qmp("netdev_add", json!({ "type": "user", "id": "dock", "restrict": true }));
    // Lower than the device's own address, so that it would come first by number.
    let card = json!({ "driver": "usb-net", "bus": "xhci.0", "netdev": "dock", "id": "dock",
        "mac": "00:01:00:00:00:01" });
    device.qmp("device_add", card);
    let there = "grep -l 00:01:00:00:00:01 /sys/class/net/*/address";
    device.wait_for("the dock's card is there", there);
    assert_eq!(device.sh("licctl unit-id"), maker::UNIT);
    device.reboot();
    device.wait_for("the dock's card is there", there);
    assert_eq!(device.sh("licctl unit-id"), maker::UNIT);
    device.wait_for_state("valid");
}
