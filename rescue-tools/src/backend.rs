//! The backend of every verb: the daemon if it runs, otherwise the device itself. Both return the
//! same answers.

mod activation;
mod documents;
mod jobs;

use std::cell::OnceCell;

use licd_device::{
    Device, Extent, Failure, FeatureReport, Missing, Partial, Removed, Report, Survey,
};
use licd_fs::root::Root;
use licd_protocol::BusAddress;
use licd_rules::{
    Code, Feature, Generation, Reason, Selector, ServiceStatus, TimeVerdict, Version,
};
use license_format::Date;
use nix::unistd::geteuid;

use crate::args::Access;
use crate::bus::Daemon;

pub(crate) use documents::Detail;
pub(crate) use jobs::{CancelBy, JobOptions, Wish};

/// The connection to the daemon, or direct access to the device.
pub(crate) struct Backend {
    device: Device,
    /// The bus of the daemon, if the arguments allow it.
    bus: Option<BusAddress>,
    /// The daemon, looked for once.
    daemon: OnceCell<Option<Daemon>>,
    missing: OnceCell<Missing>,
    /// The first complete survey of the device.
    known: OnceCell<Survey>,
    /// The first survey for verdicts alone.
    verdicts: OnceCell<Survey>,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Daemon,
    Device,
}

/// The device below its root directory.
///
/// # Errors
/// The directory cannot be looked at now.
pub(crate) fn device(access: &Access) -> Result<Device, Failure> {
    Ok(Device::at(Root::new(&access.root)?))
}

impl Backend {
    /// Asks the daemon if the arguments allow it and the daemon owns its bus name. Never starts the daemon.
    ///
    /// # Errors
    /// Those of [`device`].
    pub(crate) fn open(access: &Access) -> Result<Self, Failure> {
        Ok(Self { bus: access.daemon_bus(), ..Self::direct(access)? })
    }

    /// Answers without the daemon.
    ///
    /// # Errors
    /// Those of [`device`].
    pub(crate) fn direct(access: &Access) -> Result<Self, Failure> {
        Ok(Self {
            device: device(access)?,
            bus: None,
            daemon: OnceCell::new(),
            missing: OnceCell::new(),
            known: OnceCell::new(),
            verdicts: OnceCell::new(),
        })
    }

    /// What could not be looked at for the answers so far. Always `None` with the daemon, which answers
    /// from its last complete survey.
    pub(crate) fn missing(&self) -> Option<&Missing> {
        self.missing.get()
    }

    /// The daemon, if it answers.
    fn daemon(&self) -> Option<&Daemon> {
        let find = || self.bus.as_ref().and_then(Daemon::find);
        self.daemon.get_or_init(find).as_ref()
    }

    /// Who answers.
    pub(crate) fn by(&self) -> By {
        if self.daemon().is_some() { By::Daemon } else { By::Device }
    }

    /// The device itself, for read-only access.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// The status report as JSON.
    pub(crate) fn status_json(&self) -> Result<String, Failure> {
        match self.daemon() {
            Some(daemon) => daemon.status(),
            None => Ok(licd_device::to_json(&self.status()?)),
        }
    }

    /// The status report, whose state must be certain: no licence that cannot be read could improve it.
    pub(crate) fn status(&self) -> Result<Report, Failure> {
        let report = self.report()?;
        match report.state.status() {
            ServiceStatus::Licensed => Ok(report),
            ServiceStatus::Unlicensed | ServiceStatus::Expired => self.certain(report),
        }
    }

    /// The status report.
    pub(crate) fn report(&self) -> Result<Report, Failure> {
        let Some(daemon) = self.daemon() else {
            return self.own_report();
        };
        serde_json::from_str(&daemon.status()?).map_err(|error| Failure {
            code: Code::Timeout,
            message: format!("licd: its status report cannot be read: {error}; restart licd"),
        })
    }

    fn own_report(&self) -> Result<Report, Failure> {
        let survey = self.survey(Extent::Report)?;
        let time = self.time(&survey)?;
        if !survey.has_certain_unit(&time) {
            self.certain(())?;
        }
        let mut report = survey.report(&time);
        report.problems.extend(self.missing().into_iter().flat_map(Missing::problems));
        Ok(report)
    }

    /// An answer that a further licence could change: it needs every file of the store.
    pub(crate) fn certain<T>(&self, answer: T) -> Result<T, Failure> {
        self.missing().map_or(Ok(answer), |missing| Err(Failure::from(missing)))
    }

    /// Whether a feature is allowed, and the generation of the system that this holds for; `None` for a
    /// feature that the daemon does not know.
    pub(crate) fn feature(
        &self,
        feature: &Feature,
    ) -> Result<(Option<FeatureReport>, Generation), Failure> {
        if self.daemon().is_some() {
            let mut report = self.report()?;
            return Ok((report.features.remove(feature.name), report.os.generation));
        }
        let survey = self.survey(Extent::Verdicts)?;
        let answer = survey.feature(feature, &self.time(&survey)?);
        let answer = if answer.allowed { answer } else { self.certain(answer)? };
        Ok((Some(answer), survey.generation()))
    }

    /// Surveys the device, and records what the survey lacks.
    ///
    /// A shortage is an error: an answer without the missing facts would be invented. A failing medium
    /// that keeps some files of the store lasts, and what the others allow is certain without them.
    fn survey(&self, extent: Extent) -> Result<Survey, Failure> {
        self.device.survey_for(extent).or_else(|partial| {
            let Partial { survey, missing } = *partial;
            match missing.is_unreadable_files_only() {
                true => {
                    let _ = self.missing.set(missing);
                    Ok(survey)
                }
                false => Err(self.lacks(missing)),
            }
        })
    }

    /// The time to judge at.
    fn time(&self, survey: &Survey) -> Result<TimeVerdict, Failure> {
        self.device.time(survey).map_err(|unavailable| {
            let mut missing = Missing::default();
            missing.add(unavailable);
            self.lacks(missing)
        })
    }

    fn lacks(&self, missing: Missing) -> Failure {
        let failure = Failure::from(&missing);
        let _ = self.missing.set(missing);
        failure
    }

    /// Whether a release with this date, and this version if given, may be installed, and why.
    pub(crate) fn update(&self, released: Date, version: Option<&str>) -> Result<Reason, Failure> {
        match self.daemon() {
            Some(daemon) => daemon.check_update(&released.to_string(), version),
            None => {
                let survey = self.survey(Extent::Verdicts)?;
                let to = version.and_then(Version::parse);
                let reason = survey.update(released, to, &self.time(&survey)?).reason;
                if reason.allows() { Ok(reason) } else { self.certain(reason) }
            }
        }
    }

    /// Removes licences.
    pub(crate) fn remove(&self, selector: &Selector) -> Result<Removed, Failure> {
        match self.daemon() {
            Some(daemon) => {
                let count = daemon.remove(selector)?;
                // The list of remaining licences omits files that cannot be read now.
                let survey = self.device.survey().unwrap_or_else(|partial| partial.survey);
                Ok(Removed { count, left: survey.left_by(selector) })
            }
            None => {
                let removed = self.device.remove(None, selector)?;
                if removed.count == 0 && !geteuid().is_root() {
                    self.device.authority()?;
                }
                Ok(removed)
            }
        }
    }

    /// The survey that documents are imported by; taken once.
    fn known(&self) -> Result<&Survey, Failure> {
        match self.known.get() {
            Some(known) => Ok(known),
            None => {
                let known = self.device.survey_for_import()?;
                Ok(self.known.get_or_init(|| known))
            }
        }
    }

    /// Surveys configuration, settings and trust, without the licences of the store.
    pub(crate) fn settings(&self) -> Result<Survey, Failure> {
        match self.known.get() {
            Some(known) => Ok(known.clone()),
            None => self.device.survey_without_licenses().map_err(|p| Failure::from(&p.missing)),
        }
    }
}
