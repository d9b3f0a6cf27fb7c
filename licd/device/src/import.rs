//! Imports documents that arrive together.
//!
//! One survey serves the whole batch. Trust documents come first, since the licences may need them.
//! Each document is compared under the write lock with the state that the documents before it left:
//! trust document versions, serials, tombstones and stored files. One window stores everything and
//! clears away what it replaces. The state file is written once, while the partition becomes read-only.

use licd_files::state;
use licd_rules::{Code, Past};
use licd_sources::intake;
use licd_store::{FileName, StoreError, Window};

use crate::arrival::{Arrival, Content};
use crate::assess::{Action, Assessed, Assessor};
use crate::partial::Partial;
use crate::report::FileVerdict;
use crate::survey::Survey;
use crate::{Cleaned, Device, Extent, Failure, Genuine};

/// The reason for an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// A person asked for this file: a removed licence comes back.
    Explicit,
    /// licd found it on a stick or by a download link: a removed licence stays away, and the import
    /// leaves the reserve free.
    Automatic,
    /// licd found it by a download link that was added to the settings after the last removal by
    /// hand: a licence removed by hand comes back. Otherwise like [`Intent::Automatic`].
    Deployed,
    /// A person asked for the verdict that [`Intent::Explicit`] would give: nothing changes.
    Check,
}

/// The result of a batch.
#[must_use]
pub struct Batch {
    /// The result of each document, in the order of arrival.
    pub imported: Vec<Imported>,
    /// The device after the import. A survey after this one reads only files that other programs
    /// have changed since.
    pub survey: Survey,
    /// The files that the licences of the batch have replaced, and that the clean-up has removed.
    pub cleaned: Vec<Cleaned>,
}

/// The result of one document.
#[must_use]
pub struct Imported {
    /// The verdict.
    pub verdict: FileVerdict,
    /// Whether the document changed the store or the state.
    pub changed: bool,
    /// The store name of its content, stored or not, if the licence can be stored.
    pub(crate) content_name: Option<FileName>,
}

impl Imported {
    /// Whether its licence counts and was in the store before.
    fn is_there_already(&self) -> bool {
        !self.changed && self.verdict.code.is_accepted() && self.verdict.pack.is_some()
    }
}

impl Batch {
    fn without_effect(imported: Vec<Imported>, survey: &Survey) -> Self {
        Self { imported, survey: survey.clone(), cleaned: Vec::new() }
    }

    /// Whether the device may have changed: a failed write may have left the store open.
    #[must_use]
    pub fn has_written(&self) -> bool {
        let written = |one: &Imported| one.changed || one.verdict.code == Code::StoreUnwritable;
        self.imported.iter().any(written)
    }
}

impl Device {
    /// Opens a file for [`Survey::read`].
    ///
    /// # Errors
    /// The verdict on a path that is unreadable, too large or not a regular file.
    pub fn open(path: &std::path::Path) -> Result<std::fs::File, Failure> {
        intake::open(path).map_err(Failure::from)
    }

    /// The verdict that an import would give, and the licence if it is genuine. Changes nothing.
    #[must_use]
    pub fn check(&self, survey: &Survey, arrival: Arrival) -> (FileVerdict, Option<Box<Genuine>>) {
        let Assessed { code, message, .. } = Assessor::new(self, survey.clone()).assess(&arrival);
        (arrival.verdict(code, message), arrival.into_genuine())
    }

    /// A survey for verdicts on documents. Unreadable files of the store do not block it, since they
    /// take nothing away.
    ///
    /// # Errors
    /// The first other fact that is unavailable.
    pub fn survey_for_verdicts(&self) -> Result<Survey, Failure> {
        usable(&self.survey_for(Extent::Verdicts)).cloned()
    }

    /// The same for documents that are imported.
    ///
    /// # Errors
    /// Those of [`Device::survey_for_verdicts`].
    pub fn survey_for_import(&self) -> Result<Survey, Failure> {
        usable(&self.survey_for(Extent::Import)).cloned()
    }

    /// Whether a licence file is the one that a survey has read, by device, inode, size and time of
    /// change, or is missing as it was then. If that is uncertain, it is not.
    #[must_use]
    pub fn has_read(&self, survey: &Survey, name: &FileName) -> bool {
        self.store().stamp(name).is_ok_and(|stamp| survey.has_read(name, stamp))
    }

    /// Imports documents. `last` is the survey that they were read with.
    pub fn import(&self, last: &Survey, arrivals: Vec<Arrival>) -> Batch {
        let is_explicit: Vec<_> =
            arrivals.iter().map(|arrival| arrival.intent == Intent::Explicit).collect();
        let batch = self.import_all(last, arrivals);
        // A person may have copied the answer into the store before.
        let imported = batch.imported.iter().zip(is_explicit);
        if imported.filter(|(_, is_explicit)| *is_explicit).any(|(one, _)| one.is_there_already())
            && let Err(failure) = self.end_requests()
        {
            log::warn!("{}", failure.message);
        }
        batch
    }

    fn import_all(&self, last: &Survey, mut arrivals: Vec<Arrival>) -> Batch {
        // Reading may have taken long.
        let looked = match self.still_holds(last) {
            true => Ok(last.clone()),
            false => self.survey_after(Some(last)),
        };
        let survey = match usable(&looked) {
            Ok(survey) => survey,
            Err(failure) => {
                return Batch::without_effect(unread(&arrivals, &failure), last);
            }
        };
        arrivals.iter_mut().for_each(|arrival| arrival.verify_by(&survey.trust));
        let mut assessor = Assessor::new(self, survey.clone());
        // Once each: a second judgement may find the time that the first one could not read.
        let judged: Vec<_> = arrivals.iter().map(|arrival| assessor.foresee(arrival)).collect();
        if !judged.iter().any(|(_, has_effect)| *has_effect) {
            let mut judged: Vec<_> = judged.into_iter().map(|(assessed, _)| assessed).collect();
            self.make_lasting(&arrivals, &mut judged);
            let imported = judged.into_iter().zip(&arrivals);
            let imported = imported.map(|(assessed, arrival)| assessed.imported(arrival));
            return Batch::without_effect(imported.collect(), survey);
        }
        self.store_arrivals(assessor, &mut arrivals).unwrap_or_else(|failure| {
            let judged = judged.into_iter().zip(&arrivals);
            let imported = judged.map(|((assessed, has_effect), arrival)| match has_effect {
                true => Assessed::from(failure.clone()).imported(arrival),
                false => assessed.imported(arrival),
            });
            Batch::without_effect(imported.collect(), survey)
        })
    }

    /// Judges the arrivals under the write lock and stores them.
    fn store_arrivals<'a>(
        &'a self,
        mut assessor: Assessor<'a>,
        arrivals: &mut [Arrival],
    ) -> Result<Batch, Failure> {
        let writer = self.store().writer()?;
        self.refuse_unasked(arrivals);
        // A survey that is current knows of no interrupted removal.
        if !self.is_current(&assessor.survey) {
            self.finish_removal(&writer)?;
            let survey = usable(&self.survey_after(Some(&assessor.survey)))?.clone();
            assessor = Assessor::new(self, survey);
        }
        let survey = assessor.survey.clone();
        let before = survey.past.clone();
        let mut done = match assessor.judge_all(arrivals) {
            Some(judged) if !judged.iter().any(Assessed::is_stored) => {
                self.remember(Done::nothing_stored(assessor, judged), before)
            }
            judged => self.write_and(
                &writer,
                |window| {
                    let assessor = (assessor, Assessor::new(self, survey));
                    self.store_judged(window, assessor, arrivals, judged)
                },
                |done| self.remember(done, before),
            )?,
        };
        self.make_lasting(arrivals, &mut done.assessed);
        let Done { assessor, assessed, cleaned, .. } = done;
        let imported = assessed.into_iter().zip(&*arrivals);
        let imported = imported.map(|(assessed, arrival)| assessed.imported(arrival)).collect();
        Ok(Batch { imported, survey: assessor.into_survey(), cleaned })
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
                assessor.carry_out_all(arrivals, window)
            }
        };
        let are_flushed = window.has_flushed_licenses();
        // Otherwise a killed program may have left unflushed what replaces them.
        let cleaned = match are_flushed {
            true => self.clear_replaced(window, &mut assessor.survey),
            false => Vec::new(),
        };
        Ok(Done { assessor, assessed, are_flushed, cleaned })
    }

    /// Makes sure that a file that is there already survives a power cut, as an import promises: the
    /// program that stored it may have been killed before it flushed the directory.
    fn make_lasting(&self, arrivals: &[Arrival], assessed: &mut [Assessed]) {
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
    fn remember<'a>(&self, mut done: Done<'a>, before: Past) -> Done<'a> {
        if let Err(failure) = self.try_to_remember(&done, &before) {
            log::warn!("{}", failure.message);
            done.assessor.survey.past = before;
            // A roster takes effect only through the state file.
            let rosters = done.assessed.iter_mut().filter(|one| one.is_roster());
            rosters.for_each(|one| *one = failure.clone().into());
        }
        done
    }

    fn try_to_remember(&self, done: &Done<'_>, before: &Past) -> Result<(), Failure> {
        for one in &done.assessed {
            if let Action::Trust { bytes, .. } = &one.action {
                state::keep_trust(self.root(), bytes).unwrap_or_else(|error| log::warn!("{error}"));
            }
        }
        let past = done.assessor.learned()?;
        if past == *before {
            return Ok(());
        }
        if done.are_flushed && !done.assessed.iter().any(Assessed::is_roster) {
            state::learn(self.root(), |memory| memory.past = past)?;
        } else {
            // Also by files that a killed program has left unflushed; their effects must not outlast them.
            self.store().flush()?;
            state::update(self.root(), |memory| memory.past = past)?;
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
    cleaned: Vec<Cleaned>,
}

impl<'a> Done<'a> {
    fn nothing_stored(assessor: Assessor<'a>, assessed: Vec<Assessed>) -> Self {
        Self { assessor, assessed, are_flushed: false, cleaned: Vec::new() }
    }
}

/// The survey, if at most files of the store are unavailable.
fn usable(looked: &Result<Survey, Box<Partial>>) -> Result<&Survey, Failure> {
    match looked {
        Ok(survey) => Ok(survey),
        Err(partial) if partial.missing.is_files_only() => Ok(&partial.survey),
        Err(partial) => Err(Failure::from(&partial.missing)),
    }
}

/// The verdicts when the device cannot be surveyed.
fn unread(arrivals: &[Arrival], failure: &Failure) -> Vec<Imported> {
    let one = |arrival: &Arrival| match &arrival.content {
        Content::Judged(own) => Assessed::nothing(own.code, &own.message).imported(arrival),
        _ => Assessed::from(failure.clone()).imported(arrival),
    };
    arrivals.iter().map(one).collect()
}
