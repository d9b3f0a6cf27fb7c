//! The clean-up of the store (`license_cleanup`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use licd_files::state;
use licd_rules::{Case, License, Past, TimeVerdict, Upkeep, upkeep};
use licd_store::{Change, FileName, Window};

use license_format::{Date, PackId, UnitId};

use crate::survey::{Cut, Held};
use crate::{Device, Failure, Survey};

/// Delay before the next attempt after a failure: short at first, since most failures pass in a
/// moment, then doubled, since a write-protected store stays so.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(10 * 60);

/// The last failure.
#[derive(Default)]
pub(crate) struct LastFailure(Mutex<Option<Failed>>);

struct Failed {
    when: Instant,
    failure: Failure,
    retry: Duration,
}

/// A file that the clean-up removed.
pub struct Cleaned {
    /// Its name.
    pub file: FileName,
    /// The pack of its licence.
    pub pack: PackId,
    /// The file of the slice that replaces it; `None` if its licence was superseded.
    pub slice: Option<FileName>,
}

impl Device {
    /// Cleans up the store if the settings ask for it: removes superseded licences, replaces lists
    /// of whole packs by their slices, and returns the removed files.
    ///
    /// # Errors
    /// The store cannot be written. Until the next attempt is due, some minutes at most, the same
    /// error returns at once.
    pub fn clean_up(&self, survey: &Survey, time: &TimeVerdict) -> Result<Vec<Cleaned>, Failure> {
        if !survey.wants_clean_up() || survey.untidy(&survey.past, time).is_empty() {
            return Ok(Vec::new());
        }
        let mut last = self.cleanup.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = last.as_ref().filter(|failed| failed.when.elapsed() < failed.retry) {
            return Err(failed.failure.clone());
        }
        let done = self.tidy_store(survey, time);
        let retry = last.take().map_or(FIRST_RETRY, |failed| LAST_RETRY.min(failed.retry * 2));
        *last = done.as_ref().err().map(|failure| Failed {
            when: Instant::now(),
            failure: failure.clone(),
            retry,
        });
        done
    }

    fn tidy_store(&self, last: &Survey, time: &TimeVerdict) -> Result<Vec<Cleaned>, Failure> {
        let writer = self.writer()?;
        // A surveyed file may have changed since, and the state must record each licence before it
        // is removed.
        let survey = self.survey_after(Some(last));
        let survey = survey.map_err(|partial| Failure::from(&partial.missing))?;
        let untidy = survey.untidy(&survey.past, time);
        if untidy.is_empty() {
            return Ok(Vec::new());
        }
        // A killed program may have left unflushed what replaces them, and an import what it remembers.
        self.store().flush()?;
        state::flush(self.root())?;
        self.write(&writer, |window| {
            let mut cleaned = Vec::new();
            for (held, fate) in &untidy {
                let cut = held.cut.as_deref().filter(|_| *fate == Upkeep::Cut);
                if let Some(Cut { name, content }) = cut {
                    let _ = window.put(name, content.as_bytes())?;
                }
                let gone = cut.is_none_or(|cut| cut.name != held.name);
                if gone && window.remove(&held.name)? == Change::Made {
                    cleaned.push(Cleaned {
                        file: held.name.clone(),
                        pack: held.license.pack.clone(),
                        slice: cut.map(|cut| cut.name.clone()),
                    });
                }
            }
            Ok(cleaned)
        })
    }
}

impl Survey {
    fn wants_clean_up(&self) -> bool {
        self.settings().system.remotemanager.license_cleanup
    }

    /// Removes superseded licences in the window of an import, if the settings ask for it. What replaces
    /// them is flushed. What cannot be removed, lists of whole packs, and licences that alone replace others
    /// wait for [`Device::clean_up`], which flushes the memory first.
    pub(crate) fn clear_replaced(
        &mut self,
        window: &mut Window<'_>,
        time: &TimeVerdict,
    ) -> Vec<Cleaned> {
        let mut cleaned = Vec::new();
        if !self.wants_clean_up() {
            return cleaned;
        }
        // They teach what they have replaced before they go.
        self.past = Arc::new(self.learned(time));
        let untidy = self.untidy(&self.past, time).into_iter();
        let replaced = untidy.filter(|(_, fate)| *fate == Upkeep::Remove);
        let replaced: BTreeMap<_, _> =
            replaced.map(|(held, _)| (held.name.clone(), held.license.pack.clone())).collect();
        if !self.replaces_as_much_without(&replaced, time) {
            return cleaned;
        }
        for (file, pack) in replaced {
            if matches!(window.discard(&file), Ok(Change::Made)) {
                self.drop_held(&file);
                cleaned.push(Cleaned { file, pack, slice: None });
            }
        }
        cleaned
    }

    /// Whether the licences without these files replace all that they replace with them.
    fn replaces_as_much_without(
        &self,
        gone: &BTreeMap<FileName, PackId>,
        time: &TimeVerdict,
    ) -> bool {
        let Some(unit) = self.unit(None, time) else { return false };
        let effects = |held: &mut dyn Iterator<Item = &Held>| {
            let mut past = Past::default();
            past.learn(held.map(|held| &held.license), unit, time.now);
            past.as_of(Date::of(time.now))
        };
        let all = || self.held.iter().map(AsRef::as_ref);
        effects(&mut all()) == effects(&mut all().filter(|held| !gone.contains_key(&held.name)))
    }

    /// The files that the clean-up changes, given this memory.
    fn untidy(&self, past: &Past, time: &TimeVerdict) -> Vec<(&Held, Upkeep)> {
        let fates = self.fates(&self.all(), self.unit(None, time), past, time);
        let held = self.held.iter().map(AsRef::as_ref);
        held.zip(fates).filter(|(_, fate)| *fate != Upkeep::Keep).collect()
    }

    fn fates(
        &self,
        licenses: &[&License],
        unit: Option<&UnitId>,
        past: &Past,
        time: &TimeVerdict,
    ) -> Vec<Upkeep> {
        self.with_case(licenses, unit, time, |case| {
            // An unattested clock removes nothing.
            let case = Case { past, now: time.floor.min(time.now), ..case };
            let is_list = |n: usize| self.held.get(n).is_some_and(|held| held.cut.is_some());
            upkeep(case, |signer| time.floor_of(signer), is_list)
        })
    }
}
