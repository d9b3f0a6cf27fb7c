//! The scenarios for every change: the usual ways to add and remove a licence.

use acceptance::maker::{self, OTHER};

use crate::device::Device;
use crate::scenario::{Scenario, scenario};
use crate::stick::Format;

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_plugged_stick_licenses_the_device,
        "A licence arrives on a stick that is plugged in, without user input; each file of \
         the stick has its verdict in the journal."
    ),
    scenario!(
        the_recipe_of_the_rescue_shell_licenses_the_device,
        "Copied by hand as the manual teaches it, under any name that ends in .lic, a licence is in \
         effect after the restart."
    ),
    scenario!(
        a_removal_profile_removes_licences_at_every_start,
        "[licensing] remove: the files go at every start until the profile is taken off."
    ),
];

fn a_plugged_stick_licenses_the_device(device: &mut Device) {
    let mine = maker::licence().sign();
    let files = [
        ("mine.lic", mine.clone()),
        ("for another.lic", maker::licence().pack("WE-OTHER").units(&[OTHER]).sign()),
        ("altered.lic", mine.replace("2099-12-31", "2199-12-31")),
    ];
    let stick = device.stick("fat", Format::Fat, true, &files);
    device.start();
    assert_eq!(device.status()["state"], "none");
    device.plug(&stick);
    device.wait_for_state("valid");
    for (file, verdict) in
        [("mine.lic", "in force"), ("for another.lic", OTHER), ("altered.lic", "signature")]
    {
        let logged =
            format!("journalctl -b -o cat -t licd | grep -F '{file}' | grep -F '{verdict}'");
        device.wait_for("the journal reports each file", &logged);
    }
    assert!(device.store().starts_with("ro\n"));
    // The stick is not left mounted, so it may be pulled at any time.
    assert_eq!(device.try_sh("findmnt /dev/sda1").code, 1);
}

fn the_recipe_of_the_rescue_shell_licenses_the_device(device: &mut Device) {
    let files = [("NAME.lic", maker::licence().pack("WE-HAND1").sign())];
    let stick = device.stick("fat", Format::Fat, true, &files);
    device.start();
    // The files that the recipe deletes: an earlier licence and an unanswered request.
    assert_eq!(device.import(&maker::licence().pack("WE-OLD01").sign()).1, "valid");
    device.sh("licctl request");
    device.plug(&stick);
    device.wait_for("the stick is there", "test -b /dev/sda1");
    device.sh("set -e
        mkdir /tmp/disklic; mount /dev/sda1 /tmp/disklic
        mount -o remount,rw /license
        rm /license/fetch*
        rm /license/dsa/licenses/*.lic
        cp /tmp/disklic/NAME.lic /license/dsa/licenses/
        mount -o remount,ro /license");
    device.reboot();
    let report = device.wait_for_state("valid");
    let licences: Vec<_> = report["licenses"].as_array().unwrap().iter().collect();
    assert_eq!(licences.len(), 1, "{report}");
    assert_eq!(licences[0]["file"], "NAME.lic");
    assert_eq!(device.try_sh("ls /license/fetch*").code, 2);
    assert!(device.store().starts_with("ro\n"));
}

fn a_removal_profile_removes_licences_at_every_start(device: &mut Device) {
    device.start();
    assert_eq!(device.import(&maker::licence().sign()).1, "valid");
    device.write("/etc/licd/settings.toml", "[licensing]\nremove = \"all\"");
    device.reboot();
    device.wait_for_state("none");
    assert_eq!(device.try_sh("ls /license/dsa/licenses/*.lic").code, 2);
    assert_eq!(device.sh("findmnt -no OPTIONS /license | cut -d, -f1"), "ro");
}
