//! What licd could not write or watch, and tries again.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use licd_fs::statefile::SaveError;
use licd_rules::{License, Past, REMEMBERED, Remover};

use crate::problem::{Problem, UnwrittenProblem, Watched, Without};
use crate::{Device, Survey};

/// A file, or several of one purpose, that licd writes again until it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Record {
    /// The memory of documents.
    State,
    /// The newest trust document.
    Trust,
    /// The marks of the clock.
    Clock,
    /// The files for other programs.
    Report,
}

/// What could not be written or watched last.
#[derive(Default)]
pub(crate) struct Unwritten(Mutex<Lacking>);

#[derive(Default)]
struct Lacking {
    problems: BTreeMap<Record, Problem>,
    /// Licences that were removed without a tombstone.
    removed: Vec<(License, Remover)>,
    /// What the daemon cannot watch now.
    unwatched: Vec<Watched>,
}

impl Device {
    /// The files that could not be written last, as problems of the report.
    #[must_use]
    pub fn unwritten(&self) -> Vec<Problem> {
        self.lacking().problems.values().cloned().collect()
    }

    /// What the daemon cannot watch now; the report names it.
    #[must_use]
    pub fn unwatched(&self) -> Vec<Watched> {
        self.lacking().unwatched.clone()
    }

    /// Notes what the daemon cannot watch now.
    pub fn note_unwatched(&self, unwatched: Vec<Watched>) {
        self.lacking().unwatched = unwatched;
    }

    /// Notes whether the files for other programs were written.
    pub fn note_published(&self, published: &io::Result<()>) {
        self.note(Record::Report, published.as_ref().err().map(UnwrittenProblem::published));
    }

    /// Notes whether a record was written, or need not be written.
    pub(crate) fn note_saved<T>(
        &self,
        record: Record,
        saved: Result<T, SaveError>,
    ) -> Result<T, SaveError> {
        let without = |error| UnwrittenProblem::state(error, Without::Records);
        self.note(record, saved.as_ref().err().map(without));
        saved
    }

    fn note(&self, record: Record, problem: Option<Problem>) {
        let problems = &mut self.lacking().problems;
        match problem {
            Some(problem) => drop(problems.insert(record, problem)),
            None => drop(problems.remove(&record)),
        }
    }

    /// Keeps the tombstones of a removal that could not be recorded, until they can be.
    pub(crate) fn keep_tombstones(&self, removed: &[&License], by: Remover, error: &SaveError) {
        let mut lacking = self.lacking();
        lacking.removed.extend(removed.iter().map(|license| ((*license).clone(), by)));
        // As many as the memory would hold.
        let excess = lacking.removed.len().saturating_sub(REMEMBERED);
        lacking.removed.drain(..excess);
        let problem = UnwrittenProblem::state(error, Without::Tombstones);
        lacking.problems.insert(Record::State, problem);
    }

    /// Whether a removal is not recorded yet.
    pub(crate) fn lacks_tombstones(&self) -> bool {
        !self.lacking().removed.is_empty()
    }

    /// Adds the tombstones of removals that are not recorded yet, except of licences that are back.
    pub(crate) fn bury(&self, past: &mut Past, survey: &Survey) {
        let lacking = self.lacking();
        let is_back = |license: &License| {
            survey
                .licenses()
                .any(|held| (&held.pack, held.serial) == (&license.pack, license.serial))
        };
        for (license, by) in lacking.removed.iter().filter(|(license, _)| !is_back(license)) {
            past.remove(&[license], *by);
        }
    }

    /// Notes whether the memory of documents was written, with every tombstone that it lacked.
    pub(crate) fn note_learned(&self, learned: Result<(), SaveError>) -> Result<(), SaveError> {
        let mut lacking = self.lacking();
        match &learned {
            Ok(()) => {
                lacking.removed.clear();
                lacking.problems.remove(&Record::State);
            }
            Err(error) => {
                let without = match lacking.removed.is_empty() {
                    true => Without::Records,
                    false => Without::Tombstones,
                };
                let problem = UnwrittenProblem::state(error, without);
                lacking.problems.insert(Record::State, problem);
            }
        }
        learned
    }

    fn lacking(&self) -> MutexGuard<'_, Lacking> {
        self.unwritten.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
