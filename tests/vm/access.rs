//! Authorisation of changes, with the real bus and the real polkit.

use acceptance::maker;

use crate::device::Device;
use crate::scenario::{Scenario, scenario};

/// An ordinary user's import of the file in /tmp, by the daemon.
const AS_NOBODY: &str =
    "setpriv --reuid=65534 --regid=65534 --clear-groups licctl import --json /tmp/import.lic";

pub(crate) const SCENARIOS: &[Scenario] = &[scenario!(
    an_ordinary_user_reads_and_only_root_or_polkit_changes,
    "10: reading is open to everyone; Import needs root or polkit, works for root without polkit, \
     and fails closed for other users when polkit is dead."
)];

fn an_ordinary_user_reads_and_only_root_or_polkit_changes(device: &mut Device) {
    device.start();
    device.write("/tmp/import.lic", &maker::licence().sign());
    device.sh("setpriv --reuid=65534 --regid=65534 --clear-groups licctl status --json");
    let refused = device.try_sh(AS_NOBODY);
    assert_eq!(refused.code, 8, "{}", refused.out);
    device.sh("mkdir -p /run/polkit-1; systemctl is-active polkit");
    device.sh("systemctl mask --runtime --now polkit");
    let refused = device.try_sh(AS_NOBODY);
    assert_eq!(refused.code, 8, "{}", refused.out);
    assert_eq!(device.status()["state"], "none");
    assert_eq!(device.import(&maker::licence().sign()).1, "valid");
    device.wait_for_state("valid");
}
