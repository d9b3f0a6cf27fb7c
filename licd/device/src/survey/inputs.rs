//! The parts of a survey that come from the machine: its units, and the restart that is pending.

use licd_files::deployment::Deployments;
use licd_fs::look::Looked;
use licd_machine::usb::RootDrive;
use licd_machine::{clock, links, usb};
use license_format::{UnitId, limits};

use crate::Device;
use crate::partial::Missing;
use crate::problem::{MachineProblem, Problem};

impl Device {
    /// Whether a deployment has ended since the system started, and why the restart that it wants
    /// cannot be had.
    pub(super) fn is_restart_pending(&self, problems: &mut Vec<Problem>) -> Looked<bool> {
        let Some(boot) = clock::reading(self.root())?.at.boot else { return Ok(false) };
        let (deployments, notice) = Deployments::load(self.root())?;
        problems.extend(notice.map(Problem::from));
        // Published, not remembered: it may be that nothing can be remembered.
        let plan = self.published_restart()?;
        let plan = plan.filter(|plan| plan.boot == boot.to_string());
        problems.extend(plan.and_then(|plan| plan.problem));
        Ok(deployments.is_pending(&boot))
    }

    /// The units that the device may be, best first, and its best MAC address.
    pub(super) fn units(
        &self,
        missing: &mut Missing,
        problems: &mut Vec<Problem>,
    ) -> (Vec<UnitId>, Option<[u8; 6]>) {
        let links = missing.fact(links::list(self.root()).map(Some)).unwrap_or(Ok(Vec::new()));
        let links = links.unwrap_or_else(|error| {
            problems.push(error.into());
            Vec::new()
        });
        let mac = links.first().map(|link| link.mac);
        let macs = || links.iter().take(limits::UNITS).map(|l| UnitId::from_mac(l.mac)).collect();
        let drive = missing.fact(usb::root_drive(self.root()).map(Some));
        let units = match drive.unwrap_or(Ok(RootDrive::NotUsb)) {
            Ok(RootDrive::Unit(drive)) => vec![drive],
            Ok(RootDrive::NotUsb) => macs(),
            Ok(RootDrive::NoSerial) => {
                problems.push(MachineProblem::DriveWithoutSerial.into());
                macs()
            }
            Ok(RootDrive::UnfitSerial { serial }) => {
                problems.push(MachineProblem::UnfitSerial { serial }.into());
                macs()
            }
            Ok(RootDrive::OutOfReach { mount }) => {
                problems.push(MachineProblem::DriveOutOfReach { mount }.into());
                macs()
            }
            Err(error) => {
                problems.push(error.into());
                macs()
            }
        };
        (units, mac)
    }
}
