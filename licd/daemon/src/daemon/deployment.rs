//! Deployments: licences that came by a link of the settings and changed what is allowed. They want a
//! restart of the device, and the daemon remembers that until it has happened.

use licd_device::Device;
use licd_files::deployment;
use licd_machine::clock;
use licd_rules::BootId;
use license_format::PackId;

use super::Daemon;
use crate::hub::Published;
use crate::journal;

/// This start of the system; one without a name is told from no other, and nothing is remembered
/// of it.
fn boot(device: &Device) -> Option<BootId> {
    clock::reading(device.root()).map_err(|unavailable| complain(&unavailable)).ok()?.at.boot
}

fn complain(what: &impl std::fmt::Display) {
    log::warn!(MESSAGE_ID = journal::PROBLEM; "{what}");
}

/// What is remembered of a deployment: the packs that it brought, each with the serial that counts.
pub(super) fn name(packs: &[PackId], now: &Published) -> String {
    let serial = |pack: &PackId| {
        let known = now.report.licenses.iter().filter(|license| license.pack == *pack);
        let newest = known.map(|license| license.serial).max();
        newest.map_or_else(|| pack.to_string(), |serial| format!("{pack}/{serial}"))
    };
    packs.iter().map(serial).collect::<Vec<_>>().join(" ")
}

impl Daemon {
    /// A deployment has ended.
    pub(super) fn deployed(&self, name: &str) {
        log::info!(
            MESSAGE_ID = journal::STATE_CHANGED;
            "{name}: deployed by a link of the settings; the device is to be restarted"
        );
        let Some(boot) = boot(&self.device) else { return };
        if let Err(error) = deployment::remember(self.device.root(), &boot, name) {
            complain(&format!(
                "{error}; a restart of licd forgets that one of the device is pending"
            ));
        }
    }
}
