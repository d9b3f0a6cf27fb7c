//! Sticks with every file system, plugged at any time.

use acceptance::maker::{self, OTHER};

use crate::device::Device;
use crate::scenario::{Scenario, scenario};
use crate::stick::Format;

/// The read rate of the slow stick: its licence alone takes half a minute.
const SLOW: u64 = 64 << 10;

/// The units that read a stick.
const READS: &str = "systemctl list-units --plain --no-legend --state=activating 'licd-usb@*'";

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(
        sticks_with_every_file_system_are_read,
        "A stick may be formatted as FAT, exFAT or ext4, with a partition table or without one."
    ),
    scenario!(
        a_stick_that_is_there_at_the_start_counts,
        "A licence on a stick that is plugged in already when the device starts is imported, too."
    ),
    scenario!(
        a_stick_pulled_out_while_it_is_read_does_no_harm,
        "A source that goes away in the middle leaves the store as it was, and the device takes \
         the next stick."
    ),
    scenario!(
        a_removed_licence_does_not_come_back_by_itself,
        "What was removed stays removed, although the stick that it came from is still there at \
         the next start."
    ),
];

fn sticks_with_every_file_system_are_read(device: &mut Device) {
    device.start();
    let makes =
        [Format::Fat, Format::Ext4, Format::Exfat].map(|make| [(make, false), (make, true)]);
    for (number, (format, partitioned)) in makes.concat().into_iter().enumerate() {
        let pack = format!("WE-MAKE{number}");
        let name = format!("make{number}");
        let licence = maker::licence().pack(&pack).sign();
        let node = if partitioned { "/dev/sda1" } else { "/dev/sda" };
        let stick = if format == Format::Exfat {
            let empty = device.stick(&name, format, partitioned, &[]);
            device.plug(&empty);
            device.wait_for("the stick is there", &format!("test -b {node}"));
            device.sh(&format!("mount {node} /mnt"));
            device.write("/mnt/mine.lic", &licence);
            device.sh("umount /mnt");
            device.pull(&empty);
            empty
        } else {
            device.stick(&name, format, partitioned, &[("mine.lic", licence)])
        };
        device.wait_for("no stick is there", "! test -e /dev/sda");
        device.plug(&stick);
        device.wait_for(
            &format!("{format:?}, partitioned: {partitioned}"),
            &format!("grep -q {pack} /run/licd/status.json"),
        );
        device.pull(&stick);
        // The kernel gives the name of a stick that is mounted to no other.
        device.wait_for("its import has ended", &format!("test -z \"$({READS})\""));
    }
    let report = device.status();
    device.keep_status(&report);
}

fn a_stick_that_is_there_at_the_start_counts(device: &mut Device) {
    let files = [("mine.lic", maker::licence().sign())];
    device.hardware.stick = Some(device.stick("present", Format::Fat, true, &files).image);
    device.start();
    device.wait_for_state("valid");
}

fn a_stick_pulled_out_while_it_is_read_does_no_harm(device: &mut Device) {
    let mass = maker::licence().pack("WE-MASS01").mass(100_000).sign();
    let slow = device.stick("slow", Format::Fat, true, &[("mass.lic", mass)]);
    let files = [("mine.lic", maker::licence().pack("WE-NEXT01").sign())];
    let next = device.stick("next", Format::Fat, true, &files);
    device.start();
    let kept = maker::licence().pack("EMP-KEPT1").product("EMP").services(&[maker::EMP]);
    assert_eq!(device.import(&kept.sign()).1, "valid");
    let before = device.store();
    device.plug_slow(&slow, SLOW);
    device.wait_for("the stick is read", &format!("test -n \"$({READS})\""));
    device.pull(&slow);
    device.wait_for("the stick is gone", "! test -e /dev/sda");
    assert_eq!(device.store(), before);
    // The next one may get the same name while the unit of the first still reads.
    device.plug(&next);
    device.wait_for_state("valid");
    device.wait_for("the imports have ended", &format!("test -z \"$({READS})\""));
    device.wait_for(
        "the journal tells of the first",
        "journalctl -b -o cat -t licctl | grep -E 'usb:/dev/.*sda1|mass.lic'",
    );
    assert!(device.store().starts_with("ro\n"));
    assert!(device.store().contains(before.lines().last().unwrap()));
}

fn a_removed_licence_does_not_come_back_by_itself(device: &mut Device) {
    let files = [
        ("mine.lic", maker::licence().sign()),
        ("another.lic", maker::licence().pack("WE-OTHER").units(&[OTHER]).sign()),
    ];
    let stick = device.stick("fat", Format::Fat, true, &files);
    device.start();
    device.plug(&stick);
    device.wait_for_state("valid");
    device.sh("licctl remove all");
    device.wait_for_state("none");
    device.reboot();
    device.wait_for("the stick was looked at", "journalctl -b -o cat -t licd | grep -F mine.lic");
    let report = device.wait_for_state("none");
    assert_eq!(report["licenses"].as_array().map(Vec::len), Some(0), "{report}");
}
