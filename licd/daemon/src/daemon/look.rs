//! A look at the device: a survey with what it lacks, the records that follow from it, and what is published.

use std::sync::Arc;

use licd_device::{Device, Failure, Missing, Partial, Report, Survey};
use licd_files::publish;
use licd_rules::TimeVerdict;

use super::journal_events;
use crate::dispatch::Scope;
use crate::shared::Published;

/// What the clean-up of the store found.
pub(super) enum CleanUp {
    /// No file to remove.
    Nothing,
    /// Files, which it removed.
    Removed,
}

/// A survey, and what it lacks.
pub(super) struct Look {
    pub(super) survey: Arc<Survey>,
    missing: Missing,
    /// Whether the survey has all facts.
    whole: bool,
    pub(super) basis: Basis,
    /// The time to judge this survey at, if it was looked at.
    time: Option<TimeVerdict>,
}

/// Where the facts of a look come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// The device was read.
    Device,
    /// They were published before, apart from what an import has changed.
    Published,
}

impl Look {
    /// What was published before, to be judged again.
    pub(super) fn at(last: &Published) -> Self {
        let (survey, missing) = (Arc::clone(&last.survey), last.missing.clone());
        Self { survey, missing, whole: last.whole, basis: Basis::Published, time: None }
    }

    /// What an import has left, by its survey, which shows all of that.
    pub(super) fn after(survey: Survey, last: &Published) -> Self {
        Self { survey: Arc::new(survey), ..Self::at(last) }
    }

    /// Reads the device.
    pub(super) fn take(device: &Device, last: Option<&Published>, scope: Scope) -> Self {
        let known = last.filter(|last| last.whole).map(|last| &*last.survey);
        let looked = match scope {
            Scope::All => device.survey_anew(known),
            Scope::Time | Scope::Changes => device.survey_after(known),
        };
        Self::of(looked, last)
    }

    /// If a fact could not be looked at, the last survey with all facts stands.
    pub(super) fn of(looked: Result<Survey, Box<Partial>>, last: Option<&Published>) -> Self {
        let (survey, missing, whole) = match looked {
            Ok(survey) => (Arc::new(survey), Missing::default(), true),
            Err(partial) => {
                let Partial { survey, missing } = *partial;
                match last.filter(|last| last.whole && !missing.is_files_only()) {
                    Some(last) => (Arc::clone(&last.survey), missing, true),
                    None => {
                        let whole = missing.is_files_only();
                        (Arc::new(survey), missing, whole)
                    }
                }
            }
        };
        Self { survey, missing, whole, basis: Basis::Device, time: None }
    }

    /// Whether the survey is a new one and lacks nothing but files of the store.
    pub(super) fn has_all_facts(&self) -> bool {
        self.whole && self.missing.is_files_only()
    }

    /// Begins the starter period of a new device before the first report: programs that ask at once are
    /// right. The next refresh reports why that fails, and tries again.
    pub(super) fn begin_starter(&mut self, device: &Device) {
        // Without a period the time decides nothing.
        if self.survey.config().starter.days == 0 {
            return;
        }
        let begun = device.time(&self.survey).map_err(Failure::from);
        let begun = begun.and_then(|time| device.keep_starter(&self.survey, &time));
        if begun == Ok(true)
            && let Ok(survey) = look_once_more(device, &self.survey)
        {
            self.survey = survey;
        }
    }

    /// Writes the records that the survey calls for, and cleans up the store.
    pub(super) fn keep(
        &mut self,
        device: &Device,
        complaints: &mut Vec<String>,
    ) -> Result<CleanUp, Failure> {
        let (survey, time) = keep_time(device, Arc::clone(&self.survey), complaints)?;
        self.survey = survey;
        device.keep_past(&self.survey, &time)?;
        let cleaned = device.clean_up(&self.survey, &time)?;
        if cleaned.is_empty() {
            self.time = Some(time);
            return Ok(CleanUp::Nothing);
        }
        journal_events::cleaned(&cleaned);
        self.survey = look_once_more(device, &self.survey)?;
        Ok(CleanUp::Removed)
    }

    /// What is to be published.
    pub(super) fn published(mut self, device: &Device, last: Option<&Published>) -> Published {
        let time = self.time.map_or_else(|| device.time(&self.survey), Ok);
        let time = time.unwrap_or_else(|unavailable| {
            self.missing.add(unavailable);
            last.map_or_else(|| device.provisional_time(&self.survey), |last| last.time)
        });
        // The first since the daemon started: the report of an earlier run stands.
        let before = match self.whole {
            true => None,
            false => publish::published(device.root()).and_then(|json| Report::from_json(&json)),
        };
        match before {
            Some(report) => Published::standing(self.survey, time, self.missing, report),
            None => Published::new(self.survey, time, self.missing, self.whole),
        }
    }
}

/// The time to judge at. Writes the records of the time and of the beginning of the starter period.
fn keep_time(
    device: &Device,
    mut survey: Arc<Survey>,
    complaints: &mut Vec<String>,
) -> Result<(Arc<Survey>, TimeVerdict), Failure> {
    let time = device.time(&survey)?;
    complaints.extend(device.keep_time().err().map(|failure| failure.message));
    match device.keep_starter(&survey, &time) {
        Ok(true) => survey = look_once_more(device, &survey)?,
        Ok(false) => {}
        Err(failure) => complaints.push(failure.message),
    }
    Ok((survey, time))
}

/// A survey after a write.
fn look_once_more(device: &Device, last: &Survey) -> Result<Arc<Survey>, Failure> {
    match device.survey_after(Some(last)) {
        Ok(survey) => Ok(Arc::new(survey)),
        Err(partial) => Err(Failure::from(&partial.missing)),
    }
}
