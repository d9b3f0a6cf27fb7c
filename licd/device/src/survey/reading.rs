//! How a survey is read.

use std::sync::Arc;

use licd_files::config::{self, Config};
use licd_files::{settings, state};
use licd_machine::system;
use licd_rules::Generation;
use licd_store::View;
use license_format::Date;

use super::inputs::{Extent, Shown, starter_mark};
use super::stamps::{Begun, MemoryStamps};
use super::store::{Gone, Reuse};
use super::{Survey, TRIES};
use crate::Device;
use crate::partial::{Missing, Partial};
use crate::problem::{MachineProblem, Problem};
use crate::read::no_trust;

/// The generation of a system that does not state its own: the newest.
const DEFAULT_GENERATION: Generation = Generation::Os12;

impl Device {
    /// Surveys until memory and licences are of one moment. Between the two readings another program may
    /// have stored or removed a licence that replaces another: the replaced one would count, or neither.
    pub(super) fn read_consistently(
        &self,
        last: Option<(&Survey, Reuse)>,
        extent: Extent,
    ) -> Result<Survey, Box<Partial>> {
        let (mut survey, mut is_consistent) = self.read_once(last, extent)?;
        for _ in 1..TRIES {
            if is_consistent {
                break;
            }
            // Only the reading that sets a file aside tells of it.
            let mut set_aside = survey.problems;
            set_aside.retain(Problem::is_set_aside);
            (survey, is_consistent) = self.read_once(last, extent)?;
            survey.problems.append(&mut set_aside);
        }
        // Where others write all the time, what was read may be a moment old.
        Ok(survey)
    }

    /// A survey, and whether memory and licences are certain to be of one moment.
    fn read_once(
        &self,
        last: Option<(&Survey, Reuse)>,
        extent: Extent,
    ) -> Result<(Survey, bool), Box<Partial>> {
        let before = self.memory_stamps(extent);
        let (survey, gone) = self.try_to_survey(last, extent, before);
        let is_same = before.is_some_and(|[before, _]| Ok(before) == state::stamp(self.root()));
        Ok((survey?, is_same && gone == Gone::None))
    }

    fn try_to_survey(
        &self,
        last: Option<(&Survey, Reuse)>,
        extent: Extent,
        memory: Option<MemoryStamps>,
    ) -> (Result<Survey, Box<Partial>>, Gone) {
        self.try_to_survey_by(&self.store().view(), last, extent, memory)
    }

    /// A survey for an import by a view that was taken under the write lock; `None` unless it lacks nothing, is
    /// of one moment, and finds no interrupted removal.
    pub(crate) fn survey_locked(&self, view: &View<'_>) -> Option<Survey> {
        let memory = self.memory_stamps(Extent::Import);
        let (survey, gone) = self.try_to_survey_by(view, None, Extent::Import, memory);
        // Of an interrupted removal, a survey says that it has not read the memory.
        survey.ok().filter(|survey| gone == Gone::None && self.has_read_memory(survey))
    }

    fn try_to_survey_by(
        &self,
        view: &View<'_>,
        last: Option<(&Survey, Reuse)>,
        extent: Extent,
        memory: Option<MemoryStamps>,
    ) -> (Result<Survey, Box<Partial>>, Gone) {
        let mut missing = Missing::default();
        let memory = memory.filter(|_| extent >= Extent::Import);
        let begun = self.begin(view, memory, &mut missing);
        let known = last.map(|(last, _)| last);
        let mut survey = self.read_inputs(view, begun, extent, known, &mut missing);
        let gone = survey.read_store(view, last, &mut missing);
        survey.held.shrink_to_fit();
        if let Some(stamps) = survey.stamps.as_mut().and_then(Arc::get_mut) {
            stamps.store.share_names(survey.held.iter().map(|held| &held.name));
        }
        if extent == Extent::Report {
            survey.look_at_partition(view, &mut missing);
        }
        if extent >= Extent::Import {
            survey.look_for_request(self, view, &mut missing);
        }
        (Partial::unless_whole(survey, missing), gone)
    }

    /// Reads everything except the licences of the store. A trust document that `last` has verified
    /// is not verified again.
    pub(super) fn read_inputs(
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
        let stamps = stamps.filter(|_| memory.removing.is_empty()).map(Arc::new);
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
            past: Arc::new(memory.past),
            has_known_memory: memory.is_known,
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
