//! Imports documents that arrive together.
//!
//! One survey serves the whole batch. Trust documents come first, since the licences may need them.
//! Each document is compared under the write lock with the state that the documents before it left:
//! trust document versions, serials, tombstones and stored files. One window stores everything and
//! clears away what it replaces. The state file is written once: ahead of the window, and flushed during it.

mod at_once;
mod storing;

use licd_rules::Code;
use licd_sources::intake;
use licd_store::FileName;

use crate::arrival::{Arrival, Content};
use crate::assess::{Assessed, Assessor};
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
    /// The device after the import: as it was under the write lock, with what the import has changed. A
    /// survey after this one reads only files that other programs have changed since.
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
    fn without_effect(imported: Vec<Imported>, survey: Survey) -> Self {
        Self { imported, survey, cleaned: Vec::new() }
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

    /// The verdicts that an import of these documents together would give. Changes nothing.
    #[must_use]
    pub fn check_together(&self, survey: &Survey, mut arrivals: Vec<Arrival>) -> Vec<FileVerdict> {
        let judged = Assessor::new(self, survey.clone()).in_turn(&mut arrivals, |_, _| Ok(None));
        let verdict = |(one, arrival): (Assessed, &Arrival)| arrival.verdict(one.code, one.message);
        judged.into_iter().zip(&arrivals).map(verdict).collect()
    }

    /// A survey for verdicts on documents. Unreadable files of the store do not block it, since they
    /// take nothing away.
    ///
    /// # Errors
    /// The first other fact that is unavailable.
    pub fn survey_for_verdicts(&self) -> Result<Survey, Failure> {
        usable(self.survey_for(Extent::Verdicts))
    }

    /// The same for documents that are imported.
    ///
    /// # Errors
    /// Those of [`Device::survey_for_verdicts`].
    pub fn survey_for_import(&self) -> Result<Survey, Failure> {
        usable(self.survey_for(Extent::Import))
    }

    /// Whether a licence file is the one that a survey has read, by device, inode, size and time of
    /// change, or is missing as it was then. If that is uncertain, it is not.
    #[must_use]
    pub fn has_read(&self, survey: &Survey, name: &FileName) -> bool {
        self.store().stamp(name).is_ok_and(|stamp| survey.has_read(name, stamp))
    }

    /// Imports documents. `last` is the survey that they were read with.
    pub fn import(&self, last: &Survey, arrivals: Vec<Arrival>) -> Batch {
        self.concluding(arrivals, |arrivals| self.import_all(last, arrivals))
    }

    /// Imports documents, and ends the requests that they answer.
    fn concluding(
        &self,
        arrivals: Vec<Arrival>,
        import: impl FnOnce(Vec<Arrival>) -> Batch,
    ) -> Batch {
        let is_explicit: Vec<_> =
            arrivals.iter().map(|arrival| arrival.intent == Intent::Explicit).collect();
        let mut batch = import(arrivals);
        // A person may have copied the answer into the store before.
        let mut imported = batch.imported.iter().zip(is_explicit);
        if imported.any(|(one, is_explicit)| is_explicit && one.is_there_already()) {
            if let Err(failure) = self.end_requests() {
                log::warn!("{}", failure.message);
            }
            if batch.survey.has_open_matters() {
                batch.survey.mark_stale();
            }
        }
        batch
    }

    fn import_all(&self, last: &Survey, mut arrivals: Vec<Arrival>) -> Batch {
        let mut foreseen = Foreseen::of(self, last.clone(), &mut arrivals);
        let mut newer = None;
        // Reading may have taken long. What has an effect is judged again under the lock.
        if !foreseen.has_effect() && !self.still_holds(&self.store().view(), last) {
            foreseen = match usable(self.survey_after(Some(last))) {
                Ok(survey) => Foreseen::of(self, newer.insert(survey).clone(), &mut arrivals),
                Err(failure) => {
                    let survey = last.clone().stale();
                    return Batch::without_effect(unread(&arrivals, &failure), survey);
                }
            };
        }
        if !foreseen.has_effect() {
            return foreseen.without_effect(&arrivals);
        }
        let Foreseen { assessor, judged } = foreseen;
        let survey = newer.as_ref().unwrap_or(last);
        self.store_arrivals(assessor, survey, &mut arrivals)
            .unwrap_or_else(|failure| self.failed(&failure, judged, survey, &mut arrivals))
    }

    /// The batch after a failure, which concerns what has an effect. If the device has changed since it was
    /// judged, another look shows what is refused all the same.
    fn failed(
        &self,
        failure: &Failure,
        judged: Vec<(Assessed, bool)>,
        survey: &Survey,
        arrivals: &mut [Arrival],
    ) -> Batch {
        let still_holds = self.still_holds(&self.store().view(), survey);
        let judged = match still_holds {
            true => Ok(judged),
            false => usable(self.survey_after(Some(survey)))
                .map(|now| Foreseen::of(self, now, arrivals).judged),
        };
        // What the failure has left in the store may not last.
        let stands = |assessed: &Assessed| still_holds || !assessed.code.is_accepted();
        let imported = match judged {
            Ok(judged) => judged
                .into_iter()
                .zip(&*arrivals)
                .map(|((assessed, has_effect), arrival)| match !has_effect && stands(&assessed) {
                    true => assessed.imported(arrival),
                    false => arrival.failed(failure.clone()),
                })
                .collect(),
            Err(_) => unread(arrivals, failure),
        };
        Batch::without_effect(imported, survey.clone().stale())
    }
}

/// What an import would do, judged without the lock.
struct Foreseen<'a> {
    assessor: Assessor<'a>,
    /// Each verdict, and whether it changes the store or the memory.
    judged: Vec<(Assessed, bool)>,
}

impl<'a> Foreseen<'a> {
    fn of(device: &'a Device, survey: Survey, arrivals: &mut [Arrival]) -> Self {
        arrivals.iter_mut().for_each(|arrival| arrival.verify_by(&survey.trust));
        let mut assessor = Assessor::new(device, survey);
        // Once each: a second judgement may find the time that the first one could not read.
        let judged = arrivals.iter().map(|arrival| assessor.foresee(arrival)).collect();
        Self { assessor, judged }
    }

    fn has_effect(&self) -> bool {
        self.judged.iter().any(|(_, has_effect)| *has_effect)
    }

    fn without_effect(self, arrivals: &[Arrival]) -> Batch {
        let mut judged: Vec<_> = self.judged.into_iter().map(|(assessed, _)| assessed).collect();
        self.assessor.device.make_lasting(arrivals, &mut judged);
        let imported = judged.into_iter().zip(arrivals);
        let imported = imported.map(|(assessed, arrival)| assessed.imported(arrival));
        Batch::without_effect(imported.collect(), self.assessor.into_survey())
    }
}

/// The survey, if at most files of the store are unavailable. Without these it does not show the device.
fn usable(looked: Result<Survey, Box<Partial>>) -> Result<Survey, Failure> {
    match looked {
        Ok(survey) => Ok(survey),
        Err(partial) if partial.missing.is_files_only() => Ok(partial.survey.stale()),
        Err(partial) => Err(Failure::from(&partial.missing)),
    }
}

/// The verdicts when the device cannot be surveyed.
fn unread(arrivals: &[Arrival], failure: &Failure) -> Vec<Imported> {
    arrivals.iter().map(|arrival| arrival.failed(failure.clone())).collect()
}

impl Arrival {
    /// The result of a failure that concerns every document: a file that was not read keeps its verdict.
    fn failed(&self, failure: Failure) -> Imported {
        match &self.content {
            Content::Judged(own) => Assessed::nothing(own.code, &own.message).imported(self),
            _ => Assessed::from(failure).imported(self),
        }
    }
}
