//! Facts of a survey about the machine: the units, and what only a report shows.

use licd_files::deployment::Deployments;
use licd_files::settings::Settings;
use licd_fs::look::Looked;
use licd_machine::usb::RootDrive;
use licd_machine::{clock, links, system, usb};
use licd_rules::StarterMark;
use licd_store::{StoreError, StoreState, View};
use license_format::{UnitId, limits};

use crate::Device;
use crate::follow::StaleLinks;
use crate::partial::Missing;
use crate::problem::{Area, MachineProblem, Problem};
use crate::report::LinkReport;

/// What a survey is for, which decides what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Verdicts on documents and features.
    Verdicts,
    /// These, the settings, a waiting request, and the stamps that tell whether the device has changed
    /// since.
    Import,
    /// A status report.
    Report,
}

/// Facts that a report shows and no verdict depends on.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) store: StoreState,
    /// The serial number of the machine.
    pub(super) serial: Option<String>,
    /// The last result of each download link.
    pub(super) links: Vec<LinkReport>,
    pub(super) stale_links: StaleLinks,
    /// Whether a deployment asks for a restart.
    pub(super) restart_pending: bool,
}

/// The facts of a survey that serves no report.
impl Default for Shown {
    fn default() -> Self {
        Self {
            store: StoreState::Missing,
            serial: None,
            links: Vec::new(),
            stale_links: StaleLinks::None,
            restart_pending: false,
        }
    }
}

impl Device {
    pub(super) fn shown(
        &self,
        view: &View<'_>,
        settings: &Settings,
        missing: &mut Missing,
        problems: &mut Vec<Problem>,
    ) -> Shown {
        let links = self.link_reports(settings, problems);
        let (links, stale_links) = links.unwrap_or_else(|unavailable| {
            missing.file(Area::System, unavailable);
            (Vec::new(), StaleLinks::None)
        });
        problems.extend(missing.fact(self.time_warnings()).into_iter().map(Problem::from));
        Shown {
            store: missing.of_store(view.state().map(Some)).unwrap_or(StoreState::Damaged),
            serial: missing.fact(system::serial_number(self.root())),
            links,
            stale_links,
            restart_pending: missing.fact(self.is_restart_pending(problems)),
        }
    }

    /// Whether a deployment has ended since the system started. Adds the problem that delays its
    /// restart.
    fn is_restart_pending(&self, problems: &mut Vec<Problem>) -> Looked<bool> {
        let (deployments, warning) = Deployments::load(self.root())?;
        problems.extend(warning.map(Problem::from));
        // Read from the published file: the state may be impossible to write.
        let plan = self.published_restart()?;
        if deployments.is_empty() && plan.is_none() {
            return Ok(false);
        }
        let Some(boot) = clock::reading(self.root())?.at.boot else { return Ok(false) };
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

/// The mark of the starter period.
pub(super) fn starter_mark(
    view: &View<'_>,
    missing: &mut Missing,
    problems: &mut Vec<Problem>,
) -> Option<StarterMark> {
    let starter = missing.of_store(StoreError::looked(view.starter()).map(Some));
    starter.unwrap_or(Ok(None)).unwrap_or_else(|error| {
        problems.push(error.into());
        // The period may have begun already.
        Some(StarterMark::Forgone)
    })
}
