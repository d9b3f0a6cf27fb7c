//! Stores the documents of a batch under the write lock, and records them.

use std::sync::Arc;

use licd_files::state;
use licd_rules::{Past, TimeVerdict};
use licd_store::{StoreError, Window};

use super::{Batch, Intent, usable};
use crate::arrival::Arrival;
use crate::assess::{Action, Assessed, Assessor};
use crate::survey::Written;
use crate::{Cleaned, Device, Failure};

impl Device {
    /// Judges the arrivals under the write lock and stores them.
    pub(super) fn store_arrivals<'a>(
        &'a self,
        mut assessor: Assessor<'a>,
        arrivals: &mut [Arrival],
    ) -> Result<Batch, Failure> {
        let writer = self.store().writer()?;
        self.refuse_unasked(arrivals);
        let mut view = self.store().view();
        // A survey that still holds knows of no interrupted removal.
        if !self.still_holds(&view, &assessor.survey) {
            self.finish_removal(&writer)?;
            assessor = Assessor::new(self, usable(self.survey_after(Some(&assessor.survey)))?);
            view = self.store().view();
        }
        let survey = assessor.survey.clone();
        let before = survey.past.clone();
        let (mut done, closed) = match assessor.judge_all(arrivals) {
            Some(judged) if !judged.iter().any(Assessed::is_stored) => {
                (self.remember(Done::nothing_stored(assessor, judged), before), None)
            }
            judged => {
                let (done, closed) = self.write_and(
                    &writer,
                    view,
                    |window| {
                        let assessor = (assessor, Assessor::new(self, survey));
                        self.store_judged(window, assessor, arrivals, judged)
                    },
                    |done| self.remember(done, before),
                )?;
                (done, Some(closed))
            }
        };
        self.make_lasting(arrivals, &mut done.assessed);
        let Done { assessor, assessed, written, cleaned, .. } = done;
        let mut survey = assessor.into_survey();
        self.show_written(&mut survey, &written, closed.as_ref());
        let imported = assessed.into_iter().zip(&*arrivals);
        let imported = imported.map(|(assessed, arrival)| assessed.imported(arrival)).collect();
        Ok(Batch { imported, survey, cleaned })
    }

    /// Stores the arrivals, and clears away what they replace: together, or one by one with the second
    /// assessor.
    fn store_judged<'a>(
        &'a self,
        window: &mut Window<'_>,
        (mut assessor, anew): (Assessor<'a>, Assessor<'a>),
        arrivals: &mut [Arrival],
        judged: Option<Vec<Assessed>>,
    ) -> Result<Done<'a>, Failure> {
        let stored = judged.map(|judged| (assessor.store_all(window, arrivals, &judged), judged));
        let assessed = match stored {
            Some((Ok(()), judged)) => judged,
            Some((Err(error @ StoreError::Unflushed { .. }), _)) => return Err(error.into()),
            // One by one, only those are refused that cannot be stored.
            Some((Err(_), _)) | None => {
                assessor = anew;
                let assessed = assessor.carry_out_all(arrivals, window);
                // A trust document decides on licences that were refused before.
                assessor.survey.mark_stale();
                assessed
            }
        };
        let are_flushed = window.has_flushed_licenses();
        let time = self.time(&assessor.survey).ok();
        // Otherwise a killed program may have left unflushed what replaces them.
        let cleaned = match &time {
            Some(time) if are_flushed => assessor.survey.clear_replaced(window, time),
            _ => Vec::new(),
        };
        let has_room = window.leave_reserve(0).is_ok();
        let files = assessed.iter().flat_map(Assessed::files).cloned();
        let files = files.chain(cleaned.iter().map(|one| one.file.clone())).collect();
        let written = Written { files, has_room };
        Ok(Done { assessor, assessed, are_flushed, time, written, cleaned })
    }

    /// Makes sure that a file that is there already survives a power cut, as an import promises: the
    /// program that stored it may have been killed before it flushed the directory.
    pub(super) fn make_lasting(&self, arrivals: &[Arrival], assessed: &mut [Assessed]) {
        let mut there: Vec<&mut Assessed> = assessed
            .iter_mut()
            .zip(arrivals)
            .filter(|(one, arrival)| one.is_there_already() && arrival.intent != Intent::Check)
            .map(|(one, _)| one)
            .collect();
        if there.is_empty() {
            return;
        }
        if let Err(error) = self.store().flush() {
            let failure = Failure::from(error);
            there.iter_mut().for_each(|one| **one = failure.clone().into());
        }
    }

    /// Records the effects of the arrivals in the state files. `before` is what was remembered.
    fn remember<'a>(&self, mut done: Done<'a>, before: Arc<Past>) -> Done<'a> {
        if let Err(failure) = self.try_to_remember(&mut done, &before) {
            log::warn!("{}", failure.message);
            done.assessor.survey.past = before;
            done.assessor.survey.mark_stale();
            // A roster takes effect only through the state file.
            let rosters = done.assessed.iter_mut().filter(|one| one.is_roster());
            rosters.for_each(|one| *one = failure.clone().into());
        }
        done
    }

    fn try_to_remember(&self, done: &mut Done<'_>, before: &Past) -> Result<(), Failure> {
        for one in &done.assessed {
            if let Action::Trust { bytes, .. } = &one.action {
                state::keep_trust(self.root(), bytes).unwrap_or_else(|error| log::warn!("{error}"));
            }
        }
        let survey = &done.assessor.survey;
        let mut past = survey.learned(&done.time.map_or_else(|| self.time(survey), Ok)?);
        past.tidy();
        let is_same = past == *before;
        done.assessor.survey.past = Arc::new(past);
        if is_same {
            return Ok(());
        }
        let survey = &done.assessor.survey;
        if done.are_flushed && !done.assessed.iter().any(Assessed::is_roster) {
            self.learn(survey)?;
        } else {
            // Also by files that a killed program has left unflushed; their effects must not outlast them.
            self.store().flush()?;
            state::update(self.root(), |memory| memory.past.clone_from(&survey.past))?;
        }
        Ok(())
    }
}

/// What a batch has done under the write lock.
struct Done<'a> {
    assessor: Assessor<'a>,
    assessed: Vec<Assessed>,
    /// Whether every licence of the store is flushed.
    are_flushed: bool,
    /// The time after they were stored, if it was looked at.
    time: Option<TimeVerdict>,
    written: Written,
    cleaned: Vec<Cleaned>,
}

impl<'a> Done<'a> {
    fn nothing_stored(assessor: Assessor<'a>, assessed: Vec<Assessed>) -> Self {
        let written = Written { files: Vec::new(), has_room: true };
        let (time, cleaned) = (None, Vec::new());
        Self { assessor, assessed, are_flushed: false, time, written, cleaned }
    }
}
