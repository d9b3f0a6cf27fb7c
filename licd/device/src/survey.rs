//! Everything that is known of a device, read once.

mod inputs;
mod judge;
mod store;
mod trust;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use licd_files::config::{self, Config};
use licd_files::settings::Settings;
use licd_files::{settings, state};
use licd_fs::stamp::Stamp;
use licd_machine::system;
use licd_rules::{Attested, Generation, Past, StarterMark};
use licd_store::{Stamps, StoreError, StoreState};
use license_format::{Date, License, TrustDocument, UnitId, UnixSeconds, VerifierKey};

use crate::partial::{Missing, Partial};
use crate::problem::{Area, MachineProblem, Problem};
use crate::read::Reader;
use crate::report::{LinkReport, Rejected};
use crate::{Device, Failure};

pub use store::Held;
pub(crate) use store::{Cut, Reuse, content_name, signed_text};

/// The generation of a system that does not say which it is: the newest.
const DEFAULT_GENERATION: Generation = Generation::Os12;

/// Times that a survey is taken until nothing is missing from it, and the pause between two of them:
/// most shortages are over in a moment.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// Everything that is known of a device at one moment, except the time.
#[derive(Clone)]
pub struct Survey {
    config: Config,
    /// Whether a deployment wants the device to restart.
    restart_pending: bool,
    /// By what it is known whether this still holds, as of before it was read; `None` if that could
    /// not be told.
    stamps: Option<DeviceStamps>,
    settings: Arc<settings::Loaded>,
    roots: Vec<VerifierKey>,
    pub(crate) trust: Arc<TrustDocument>,
    /// The trust document in force as it came, if it is not the one that is remembered.
    trust_to_keep: Option<Vec<u8>>,
    /// The units that the device may be, best first.
    pub(crate) units: Vec<UnitId>,
    mac: Option<[u8; 6]>,
    serial: Option<String>,
    pub(crate) generation: Generation,
    version: Option<String>,
    released: Option<Date>,
    /// By name.
    pub(crate) held: Vec<Arc<Held>>,
    rejected: Vec<Rejected>,
    pub(crate) past: Past,
    store: StoreState,
    /// When the image was made, by its own word.
    built: Option<UnixSeconds>,
    starter_mark: Option<StarterMark>,
    /// What came of the download links when they were asked last.
    links: Vec<LinkReport>,
    problems: Vec<Problem>,
}

/// By what it is known whether a survey still holds, but for the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DeviceStamps {
    store: Stamps,
    memory: [Option<Stamp>; 2],
}

impl Device {
    /// Reads everything. What is there and cannot be used is left out and named in the report.
    ///
    /// # Errors
    /// [`Partial`]: something could not be looked at, not even after a moment.
    pub fn survey(&self) -> Result<Survey, Box<Partial>> {
        self.survey_after(None)
    }

    /// The same, without reading again the licences that have not changed since `last`.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_after(&self, last: Option<&Survey>) -> Result<Survey, Box<Partial>> {
        self.survey_with(last, Reuse::Unchanged)
    }

    /// The same, but everything is read. A file that cannot be read now and is the one that `last`
    /// has read is taken from there.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_anew(&self, last: Option<&Survey>) -> Result<Survey, Box<Partial>> {
        self.survey_with(last, Reuse::Unreadable)
    }

    fn survey_with(&self, last: Option<&Survey>, reuse: Reuse) -> Result<Survey, Box<Partial>> {
        let last = last.map(|last| (last, reuse));
        let mut taken = self.try_to_survey(last);
        for _ in 1..TRIES {
            if taken.is_ok() {
                break;
            }
            thread::sleep(PAUSE);
            taken = self.try_to_survey(last);
        }
        taken
    }

    /// What documents are read by that arrive: `last`, or what is known if other units are there by
    /// now, of which nobody need have told.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub fn survey_to_read_by(&self, last: &Survey) -> Result<Survey, Failure> {
        let mut missing = Missing::default();
        let (units, _) = self.units(&mut missing, &mut Vec::new());
        match missing.is_empty() && units == last.units {
            true => Ok(last.clone()),
            false => {
                self.survey_without_licenses().map_err(|partial| Failure::from(&partial.missing))
            }
        }
    }

    /// A survey but for the licences of the store: configuration, settings, trust and units.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_without_licenses(&self) -> Result<Survey, Box<Partial>> {
        let mut missing = Missing::default();
        let survey = self.look_around(None, &mut missing);
        Partial::unless_whole(survey, missing)
    }

    fn try_to_survey(&self, last: Option<(&Survey, Reuse)>) -> Result<Survey, Box<Partial>> {
        let mut missing = Missing::default();
        let mut survey = self.look_around(self.stamps().ok(), &mut missing);
        survey.read_store(self, last, &mut missing);
        survey.look_at_partition(self, &mut missing);
        Partial::unless_whole(survey, missing)
    }

    /// Everything but the licences of the store.
    fn look_around(&self, stamps: Option<DeviceStamps>, missing: &mut Missing) -> Survey {
        let mut problems = Vec::new();
        let (config, faults) = missing.fact(Config::load(self.root()));
        problems.extend(faults.into_iter().map(Problem::from));
        let settings = missing.fact(settings::load(self.root()));
        problems.extend(settings.problem.clone().map(Problem::from));
        let (links, notice) = self.link_reports(&settings.settings).unwrap_or_else(|unavailable| {
            missing.file(Area::System, unavailable);
            (Vec::new(), None)
        });
        problems.extend(notice.map(Problem::from));
        let (roots, faults) = missing.fact(config::roots(self.root()));
        problems.extend(faults.into_iter().map(Problem::from));
        let (memory, notice) = missing.fact(state::load(self.root()));
        problems.extend(notice.map(Problem::from));
        let (units, mac) = self.units(missing, &mut problems);
        let os = missing.fact(system::os_release(self.root()));
        let starter = missing.of_store(StoreError::looked(self.store().starter()).map(Some));
        let starter_mark = starter.unwrap_or(Ok(None)).unwrap_or_else(|error| {
            problems.push(error.into());
            // It may have begun before.
            Some(StarterMark::Forgone)
        });
        problems.extend(missing.fact(self.time_notices()).into_iter().map(Problem::from));
        let restart_pending = missing.fact(self.is_restart_pending(&mut problems));
        let mut survey = Survey {
            stamps,
            restart_pending,
            settings: Arc::new(settings),
            roots,
            trust: Arc::new(TrustDocument::empty()),
            trust_to_keep: None,
            units,
            mac,
            serial: missing.fact(system::serial_number(self.root())),
            generation: config.system.generation.or(os.generation).unwrap_or(DEFAULT_GENERATION),
            version: config.system.version.clone().or(os.version),
            released: config.system.released.or(os.released),
            held: Vec::new(),
            rejected: Vec::new(),
            past: memory.past,
            store: missing.of_store(self.store().state().map(Some)).unwrap_or(StoreState::Damaged),
            built: os.released.map(Date::start),
            starter_mark,
            links,
            problems,
            config,
        };
        if let Generation::Older(major) = survey.generation {
            survey.note(MachineProblem::OldSystem(major));
        }
        survey.find_trust(self, missing);
        survey
    }

    fn stamps(&self) -> Result<DeviceStamps, StoreError> {
        Ok(DeviceStamps { store: self.store().stamps()?, memory: state::stamps(self.root())? })
    }

    /// Whether store and memory are as they were when this survey was taken.
    pub(crate) fn is_current(&self, survey: &Survey) -> bool {
        survey.stamps.is_some() && self.stamps().ok() == survey.stamps
    }

    /// The same, and the device is still the same unit.
    pub(crate) fn still_holds(&self, survey: &Survey) -> bool {
        let mut missing = Missing::default();
        let (units, _) = self.units(&mut missing, &mut Vec::new());
        missing.is_empty() && units == survey.units && self.is_current(survey)
    }
}

impl Survey {
    /// Notes that another look is due before anything is compared with this survey.
    pub(crate) fn holds_no_longer(&mut self) {
        self.stamps = None;
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            roots: &self.roots,
            threshold: self.config.trust.threshold,
            trust: &self.trust,
            units: &self.units,
        }
    }

    fn note(&mut self, problem: impl Into<Problem>) {
        self.problems.push(problem.into());
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings.settings
    }

    /// The settings as they were read, to be kept for the day when they are broken.
    pub fn loaded_settings(&self) -> &settings::Loaded {
        &self.settings
    }

    /// The genuine licences of the store, by file name.
    pub fn licenses(&self) -> impl Iterator<Item = &License> {
        self.held.iter().map(|held| &held.license)
    }

    /// The same, to be judged.
    pub(crate) fn all(&self) -> Vec<&License> {
        self.licenses().collect()
    }

    /// What the image and the documents at hand say of the time.
    pub(crate) fn attested(&self) -> Attested {
        Attested::of(self.built, &self.trust, self.licenses())
    }
}
