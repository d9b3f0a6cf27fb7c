//! The state of a device, read once.

mod inputs;
mod judge;
mod stamps;
mod store;
mod trust;
mod written;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use licd_files::config::{self, Config};
use licd_files::settings::Settings;
use licd_files::{settings, state};
use licd_machine::system;
use licd_rules::{Attested, Generation, License, Past, StarterMark};
use licd_store::View;
use license_format::{Date, TrustDocument, UnitId, UnixSeconds, VerifierKey};

use crate::activation::Waiting;
use crate::partial::{Missing, Partial};
use crate::problem::{MachineProblem, Problem};
use crate::read::{Reader, no_trust};
use crate::report::Rejected;
use crate::{Device, Failure};

use inputs::{Shown, starter_mark};
use stamps::{Begun, DeviceStamps, MemoryStamps};
use trust::Proven;

pub use inputs::Extent;
pub use store::Held;
pub(crate) use store::{Cut, Gone, Reuse};
pub(crate) use written::Written;

/// The generation of a system that does not state its own: the newest.
const DEFAULT_GENERATION: Generation = Generation::Os12;

/// Attempts at a whole survey, and the pause between two: most shortages are over in a moment.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// The state of a device at one moment, except the time.
#[derive(Clone)]
pub struct Survey {
    config: Config,
    /// Stamps of store and memory from before this was read; `None` if they could not be read.
    stamps: Option<DeviceStamps>,
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
    pub(crate) past: Past,
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

    /// Surveys until memory and licences are of one moment. Between the two readings another program may
    /// have stored or removed a licence that replaces another: the replaced one would count, or neither.
    fn read_consistently(
        &self,
        last: Option<(&Survey, Reuse)>,
        extent: Extent,
    ) -> Result<Survey, Box<Partial>> {
        let (mut left, mut set_aside) = (TRIES, Vec::new());
        loop {
            left -= 1;
            let before = self.memory_stamps(extent);
            let (survey, gone) = self.try_to_survey(last, extent, before);
            let mut survey = survey?;
            survey.problems.append(&mut set_aside);
            let is_same = before.is_some_and(|[before, _]| Ok(before) == state::stamp(self.root()));
            // Where others write all the time, what was read may be a moment old.
            if is_same && gone == Gone::None || left == 0 {
                return Ok(survey);
            }
            // Only the reading that sets a file aside tells of it.
            set_aside = survey.problems;
            set_aside.retain(Problem::is_set_aside);
        }
    }

    fn try_to_survey(
        &self,
        last: Option<(&Survey, Reuse)>,
        extent: Extent,
        memory: Option<MemoryStamps>,
    ) -> (Result<Survey, Box<Partial>>, Gone) {
        let mut missing = Missing::default();
        let view = self.store().view();
        let memory = memory.filter(|_| extent >= Extent::Import);
        let begun = self.begin(&view, memory, &mut missing);
        let known = last.map(|(last, _)| last);
        let mut survey = self.read_inputs(&view, begun, extent, known, &mut missing);
        let gone = survey.read_store(&view, last, &mut missing);
        survey.held.shrink_to_fit();
        if let Some(stamps) = &mut survey.stamps {
            stamps.store.share_names(survey.held.iter().map(|held| &held.name));
        }
        if extent == Extent::Report {
            survey.look_at_partition(&view, &mut missing);
        }
        if extent >= Extent::Import {
            survey.look_for_request(self, &view, &mut missing);
        }
        (Partial::unless_whole(survey, missing), gone)
    }

    /// Reads everything except the licences of the store. A trust document that `last` has verified
    /// is not verified again.
    fn read_inputs(
        &self,
        view: &View<'_>,
        begun: Begun,
        extent: Extent,
        last: Option<&Survey>,
        missing: &mut Missing,
    ) -> Survey {
        let Begun { stamps, memory: (memory, warning) } = begun;
        let mut problems = Vec::new();
        let (config, faults) = missing.fact(Config::load(self.root()));
        problems.extend(faults.into_iter().map(Problem::from));
        let settings = match extent {
            Extent::Verdicts => settings::Loaded::default(),
            Extent::Import | Extent::Report => missing.fact(settings::load(self.root())),
        };
        problems.extend(settings.problem.clone().map(Problem::from));
        let (roots, faults) = missing.fact(config::roots(self.root()));
        problems.extend(faults.into_iter().map(Problem::from));
        problems.extend(warning.map(Problem::from));
        // A writer finishes an interrupted removal first, and surveys the device again.
        let stamps = stamps.filter(|_| memory.removing.is_empty());
        let (units, mac) = self.units(missing, &mut problems);
        let os = missing.fact(system::os_release(self.root()));
        let starter_mark = match config.starter.days {
            // Without a period the mark decides nothing.
            0 if extent != Extent::Report => None,
            _ => starter_mark(view, missing, &mut problems),
        };
        let shown = match extent {
            Extent::Report => self.shown(view, &settings.settings, missing, &mut problems),
            Extent::Verdicts | Extent::Import => Shown::default(),
        };
        let mut survey = Survey {
            stamps,
            shown,
            settings: Arc::new(settings),
            roots,
            trust: no_trust(),
            proven: Vec::new(),
            trust_to_keep: None,
            units,
            mac,
            generation: config.system.generation.or(os.generation).unwrap_or(DEFAULT_GENERATION),
            version: config.system.version.clone().or(os.version),
            released: config.system.released.or(os.released),
            held: Vec::new(),
            rejected: Vec::new(),
            past: memory.past,
            is_unsettled: !memory.removing.is_empty(),
            built: os.released.map(Date::start),
            starter_mark,
            waiting: None,
            problems,
            config,
        };
        if let Generation::Older(major) = survey.generation {
            survey.note(MachineProblem::OldSystem(major));
        }
        survey.find_trust(self, view, last, missing);
        survey
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
