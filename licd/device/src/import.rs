//! Documents that arrive together: judge them, store them.
//!
//! The device is surveyed once for all of them. Trust documents come first, wherever they stand: the
//! licences may need them. Everything is compared under the right to write, each document with what
//! those before it have made of the device: versions of trust documents, serials, what was removed on
//! purpose, what is there already. All that is stored is stored in one window, and what is remembered
//! is written once.

use licd_files::state;
use licd_rules::{Code, Past};
use licd_sources::intake;
use licd_store::FileName;
use license_format::Verified;

use crate::arrival::{Arrival, Content};
use crate::assess::{Assessed, Assessor, Deed};
use crate::partial::Partial;
use crate::report::FileVerdict;
use crate::survey::Survey;
use crate::{Device, Failure};

/// Why something is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Somebody wants this file: what was removed on purpose comes back.
    Explicit,
    /// It was found: on a stick, by a download link. What was removed on purpose stays away, and room
    /// is left for what may be wanted later.
    Automatic,
    /// It was found by a download link that was written to the settings after the last removal by
    /// hand: what was removed by hand comes back. Otherwise as [`Intent::Automatic`].
    Deployed,
}

/// What became of documents that arrived together.
#[must_use]
pub struct Batch {
    /// What became of each, in the order in which they came.
    pub imported: Vec<Imported>,
    /// The device as the documents have left it, as far as is known. A survey after this one reads
    /// only what others have changed since.
    pub survey: Survey,
}

/// What became of a document.
#[must_use]
pub struct Imported {
    /// The verdict.
    pub verdict: FileVerdict,
    /// Whether anything was stored or withdrawn.
    pub changed: bool,
    /// The name that the store has for it, there or not, if it is a licence that can be stored.
    pub(crate) content_name: Option<FileName>,
}

impl Batch {
    /// Whether the device may be another one since. A write that failed may have left the store open.
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
    /// The verdict on a path that is no readable file of a bearable size.
    pub fn open(path: &std::path::Path) -> Result<std::fs::File, Failure> {
        intake::open(path).map_err(Failure::from)
    }

    /// The verdict on a document, as an import would give it, and the licence if it is a genuine one;
    /// nothing is changed.
    #[must_use]
    pub fn check(&self, survey: &Survey, arrival: Arrival) -> (FileVerdict, Option<Box<Verified>>) {
        let Assessed { code, message, .. } = Assessor::new(self, survey.clone()).assess(&arrival);
        (arrival.verdict(code, message), arrival.into_verified())
    }

    /// A survey to read documents by. Files of the store that cannot be read do not keep others out,
    /// which take nothing away from the device.
    ///
    /// # Errors
    /// What else cannot be looked at.
    pub fn survey_for_import(&self) -> Result<Survey, Failure> {
        usable(&self.survey()).cloned()
    }

    /// Imports documents. `last` is what was known of the device when they were read.
    pub fn import(&self, last: &Survey, mut arrivals: Vec<Arrival>) -> Batch {
        // Reading may have taken long.
        let looked = match self.still_holds(last) {
            true => Ok(last.clone()),
            false => self.survey_after(Some(last)),
        };
        let survey = match usable(&looked) {
            Ok(survey) => survey,
            Err(failure) => {
                return Batch { imported: unread(&arrivals, &failure), survey: last.clone() };
            }
        };
        arrivals.iter_mut().for_each(|arrival| arrival.verify_by(&survey.trust));
        let mut assessor = Assessor::new(self, survey.clone());
        if !arrivals.iter().any(|arrival| assessor.is_to_be_done(arrival)) {
            let imported =
                arrivals.iter().map(|arrival| assessor.assess(arrival).imported(arrival));
            return Batch { imported: imported.collect(), survey: survey.clone() };
        }
        match self.store_arrivals(survey, &mut arrivals) {
            Ok((imported, survey)) => Batch { imported, survey },
            Err(failure) => {
                let imported =
                    arrivals.iter().map(|arrival| match assessor.is_to_be_done(arrival) {
                        true => Assessed::from(failure.clone()).imported(arrival),
                        false => assessor.assess(arrival).imported(arrival),
                    });
                let imported = imported.collect();
                Batch { imported, survey: assessor.into_survey() }
            }
        }
    }

    /// Stores what has arrived, everything compared anew under the right to write. Also returns what
    /// is known of the device since.
    fn store_arrivals(
        &self,
        survey: &Survey,
        arrivals: &mut [Arrival],
    ) -> Result<(Vec<Imported>, Survey), Failure> {
        let writer = self.writer()?;
        let survey = match self.is_current(survey) {
            true => survey.clone(),
            false => usable(&self.survey_after(Some(survey)))?.clone(),
        };
        arrivals.iter_mut().for_each(|arrival| arrival.verify_by(&survey.trust));
        let before = survey.past.clone();
        let mut assessor = Assessor::new(self, survey.clone());
        let mut assessed = assessor.carry_out_all(arrivals, None);
        if assessed.iter().any(Assessed::is_stored) {
            assessor = Assessor::new(self, survey);
            assessed = self.write(&writer, |window| {
                Ok::<_, Failure>(assessor.carry_out_all(arrivals, Some(window)))
            })?;
        }
        if let Err(failure) = self.remember(&mut assessor, &before, &assessed) {
            log::warn!("{}", failure.message);
            // A roster that is not remembered has no effect.
            let rosters = assessed.iter_mut().filter(|one| matches!(one.deed, Deed::Remember));
            rosters.for_each(|one| *one = failure.clone().into());
        }
        let imported = assessed.into_iter().zip(&*arrivals);
        let imported = imported.map(|(assessed, arrival)| assessed.imported(arrival)).collect();
        Ok((imported, assessor.into_survey()))
    }

    /// Writes down what arrivals have shown.
    fn remember(
        &self,
        assessor: &mut Assessor<'_>,
        before: &Past,
        assessed: &[Assessed],
    ) -> Result<(), Failure> {
        for one in assessed {
            if let Deed::Trust { bytes, .. } = &one.deed {
                state::keep_trust(self.root(), bytes).unwrap_or_else(|error| log::warn!("{error}"));
            }
        }
        let past = assessor.taught()?;
        if past != *before {
            state::update(self.root(), |memory| memory.past = past)?;
        }
        Ok(())
    }
}

/// What is known if only files of the store could not be read.
fn usable(looked: &Result<Survey, Box<Partial>>) -> Result<&Survey, Failure> {
    match looked {
        Ok(survey) => Ok(survey),
        Err(partial) if partial.missing.is_files_only() => Ok(&partial.survey),
        Err(partial) => Err(Failure::from(&partial.missing)),
    }
}

/// The verdicts when the device cannot be looked at.
fn unread(arrivals: &[Arrival], failure: &Failure) -> Vec<Imported> {
    let one = |arrival: &Arrival| match &arrival.content {
        Content::Judged(own) => Assessed::nothing(own.code, &own.message).imported(arrival),
        _ => Assessed::from(failure.clone()).imported(arrival),
    };
    arrivals.iter().map(one).collect()
}
