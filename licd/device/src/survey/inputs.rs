//! Machine facts of a survey: the units and the pending restart.

use licd_files::deployment::Deployments;
use licd_fs::look::Looked;
use licd_machine::usb::RootDrive;
use licd_machine::{clock, links, usb};
use license_format::{UnitId, limits};

use crate::Device;
use crate::partial::Missing;
use crate::problem::{MachineProblem, Problem};

impl Device {
    /// Whether a deployment has ended since the system started. Adds the problem that delays its
    /// restart.
    pub(super) fn is_restart_pending(&self, problems: &mut Vec<Problem>) -> Looked<bool> {
        let Some(boot) = clock::reading(self.root())?.at.boot else { return Ok(false) };
        let (deployments, warning) = Deployments::load(self.root())?;
        problems.extend(warning.map(Problem::from));
        // Read from the published file: the state may be impossible to write.
        let plan = self.published_restart()?;
        let plan = plan.filter(|plan| plan.boot == boot.to_string());
        problems.extend(plan.and_then(|plan| plan.problem));
        Ok(deployments.is_pending(&boot))
    }

    /// Candidates for the unit ID, best first, and the MAC address of the best interface.
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
        let drive = missing.fact(usb::root_drive(self.root()).map(Some));
        let problem = match drive.unwrap_or(Ok(RootDrive::NotUsb)) {
            Ok(RootDrive::Unit(drive)) => return (vec![drive], mac),
            Ok(RootDrive::NotUsb) => None,
            Ok(RootDrive::NoSerial) => Some(MachineProblem::DriveWithoutSerial.into()),
            Ok(RootDrive::UnfitSerial { serial }) => {
                Some(MachineProblem::UnfitSerial { serial }.into())
            }
            Ok(RootDrive::OutOfReach { mount }) => {
                Some(MachineProblem::DriveOutOfReach { mount }.into())
            }
            Err(error) => Some(Problem::from(error)),
        };
        problems.extend(problem);
        let macs = links.iter().take(limits::UNITS).map(|link| UnitId::from_mac(link.mac));
        (macs.collect(), mac)
    }
}
