//! The state of a device, read once.

mod entry;
mod inputs;
mod judge;
mod reading;
mod stamps;
mod store;
mod trust;
mod written;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use licd_files::config::Config;
use licd_files::settings::{self, Settings};
use licd_rules::{Attested, Generation, License, Past, StarterMark};
use license_format::{Date, TrustDocument, UnitId, UnixSeconds, VerifierKey};

use crate::activation::Waiting;
use crate::follow::StaleLinks;
use crate::partial::{Missing, Partial};
use crate::problem::Problem;
use crate::read::Reader;
use crate::report::Rejected;
use crate::{Device, Failure};

use inputs::Shown;
use stamps::DeviceStamps;
use trust::Proven;

pub use inputs::Extent;
pub use store::Held;
pub(crate) use store::{Cut, Reuse};
pub(crate) use written::Written;

/// Attempts at a whole survey, and the pause between two: most shortages are over in a moment.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// The state of a device at one moment, except the time.
#[derive(Clone)]
pub struct Survey {
    config: Config,
    /// Stamps of store and memory from before this was read; `None` if they could not be read.
    stamps: Option<Arc<DeviceStamps>>,
    settings: Arc<settings::Loaded>,
    roots: Vec<VerifierKey>,
    pub(crate) trust: Arc<TrustDocument>,
    /// The trust documents of image, store and memory, each once.
    proven: Vec<Proven>,
    /// The bytes of the trust document in force, unless the memory already holds it.
    trust_to_keep: Option<Vec<u8>>,
    /// Candidates for the unit ID, best first.
    pub(crate) units: Vec<UnitId>,
    mac: Option<[u8; 6]>,
    pub(crate) generation: Generation,
    version: Option<String>,
    released: Option<Date>,
    /// Sorted by name.
    pub(crate) held: Vec<Arc<Held>>,
    rejected: Vec<Rejected>,
    pub(crate) past: Arc<Past>,
    /// Whether the memory has no keys of newer versions.
    has_known_memory: bool,
    /// The build date that the image states.
    built: Option<UnixSeconds>,
    starter_mark: Option<StarterMark>,
    shown: Shown,
    /// The request of an activation that waits for its answer.
    pub(crate) waiting: Option<Waiting>,
    /// Whether a crash has left the partition open, or a removal unfinished.
    is_unsettled: bool,
    problems: Vec<Problem>,
}

impl Device {
    /// Reads everything. The report names each input that licd cannot use.
    ///
    /// # Errors
    /// [`Partial`]: an input stayed unavailable after every attempt.
    pub fn survey(&self) -> Result<Survey, Box<Partial>> {
        self.survey_after(None)
    }

    /// Like [`Device::survey`], but reuses the licences of `last` whose files have not changed.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_after(&self, last: Option<&Survey>) -> Result<Survey, Box<Partial>> {
        self.survey_with(last, Reuse::Unchanged)
    }

    /// Like [`Device::survey`], but takes a file that cannot be read now from `last`, if the file
    /// has not changed since.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_anew(&self, last: Option<&Survey>) -> Result<Survey, Box<Partial>> {
        self.survey_with(last, Reuse::Unreadable)
    }

    /// The first survey of a daemon. What a crash has left and a survey depends on, an open partition or an
    /// unfinished removal, is settled before another survey.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn first_survey(&self, settle: impl FnOnce()) -> Result<Survey, Box<Partial>> {
        let mut first = self.survey();
        let survey = either(&mut first);
        if !survey.is_unsettled {
            return first;
        }
        let mut set_aside = std::mem::take(&mut survey.problems);
        set_aside.retain(Problem::is_set_aside);
        settle();
        let mut second = self.survey();
        either(&mut second).problems.append(&mut set_aside);
        second
    }

    fn survey_with(&self, last: Option<&Survey>, reuse: Reuse) -> Result<Survey, Box<Partial>> {
        attempts(|| self.read_consistently(last.map(|last| (last, reuse)), Extent::Report))
    }

    /// The survey for reading documents that arrive: `last`, or a new one if the units of the
    /// device have changed since, which raises no event.
    ///
    /// # Errors
    /// The first fact that is unavailable.
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

    /// A survey of what an answer needs, without the facts that only a report shows. Such a survey
    /// serves no report.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_for(&self, extent: Extent) -> Result<Survey, Box<Partial>> {
        attempts(|| self.read_consistently(None, extent))
    }

    /// A survey without the licences of the store: configuration, settings, trust and units.
    ///
    /// # Errors
    /// Those of [`Device::survey`].
    pub fn survey_without_licenses(&self) -> Result<Survey, Box<Partial>> {
        let mut missing = Missing::default();
        let view = self.store().view();
        let begun = self.begin(&view, None, &mut missing);
        let survey = self.read_inputs(&view, begun, Extent::Import, None, &mut missing);
        Partial::unless_whole(survey, missing)
    }
}

/// The survey, whole or not.
fn either(survey: &mut Result<Survey, Box<Partial>>) -> &mut Survey {
    match survey {
        Ok(survey) => survey,
        Err(partial) => &mut partial.survey,
    }
}

/// Repeats a survey that lacks facts.
fn attempts(survey: impl Fn() -> Result<Survey, Box<Partial>>) -> Result<Survey, Box<Partial>> {
    let mut taken = survey();
    for _ in 1..TRIES {
        if taken.is_ok() {
            break;
        }
        thread::sleep(PAUSE);
        taken = survey();
    }
    taken
}

impl Survey {
    /// Marks the survey as stale, so that the next comparison reads the device again.
    pub(crate) fn mark_stale(&mut self) {
        self.stamps = None;
    }

    /// The same survey, marked as stale.
    pub(crate) fn stale(mut self) -> Self {
        self.mark_stale();
        self
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

    /// The settings with their origin, for the copy that serves while the file is broken.
    pub fn loaded_settings(&self) -> &settings::Loaded {
        &self.settings
    }

    pub(crate) fn stale_links(&self) -> StaleLinks {
        self.shown.stale_links
    }

    /// The genuine licences of the store, by file name.
    pub fn licenses(&self) -> impl Iterator<Item = &License> {
        self.held.iter().map(|held| &held.license)
    }

    /// The same, collected for a judgement.
    pub(crate) fn all(&self) -> Vec<&License> {
        self.licenses().collect()
    }

    /// The times that the image and the documents at hand attest.
    pub(crate) fn attested(&self) -> Attested {
        Attested::of(self.built, &self.trust, self.licenses())
    }
}
