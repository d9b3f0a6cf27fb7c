//! The clean-up of the store (`license_cleanup`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use licd_files::state;
use licd_rules::{Case, Past, TimeVerdict, Upkeep, upkeep};
use licd_store::{Change, FileName, Window};

use license_format::{Date, PackId};

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
    failure: Failure,
    delay: Duration,
    /// When the next attempt is due.
    due: Instant,
}

impl LastFailure {
    /// Attempts a clean-up if one is due; otherwise the last failure returns.
    fn attempt<T>(
        &self,
        now: impl Fn() -> Instant,
        clean_up: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = last.as_ref().filter(|failed| now() < failed.due) {
            return Err(failed.failure.clone());
        }
        let done = clean_up();
        let delay = last.take().map_or(FIRST_RETRY, |failed| LAST_RETRY.min(failed.delay * 2));
        *last = done.as_ref().err().map(|failure| Failed {
            failure: failure.clone(),
            delay,
            due: now() + delay,
        });
        done
    }
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
        if !survey.wants_clean_up() || survey.untidy(time).is_empty() {
            return Ok(Vec::new());
        }
        self.cleanup.attempt(Instant::now, || self.tidy_store(survey, time))
    }

    fn tidy_store(&self, last: &Survey, time: &TimeVerdict) -> Result<Vec<Cleaned>, Failure> {
        let writer = self.writer()?;
        // A surveyed file may have changed since, and the state must record each licence before it
        // is removed.
        let survey = self.survey_after(Some(last));
        let survey = survey.map_err(|partial| Failure::from(&partial.missing))?;
        let untidy = survey.untidy(time);
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
        let untidy = self.untidy(time).into_iter();
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

    /// The files that the clean-up changes.
    fn untidy(&self, time: &TimeVerdict) -> Vec<(&Held, Upkeep)> {
        let licenses = self.all();
        let fates = self.with_case(&licenses, self.unit(None, time), time, |case| {
            // An unattested clock removes nothing.
            let case = Case { now: time.floor.min(time.now), ..case };
            let is_list = |n: usize| self.held.get(n).is_some_and(|held| held.cut.is_some());
            upkeep(case, |signer| time.floor_of(signer), is_list)
        });
        let held = self.held.iter().map(AsRef::as_ref);
        held.zip(fates).filter(|(_, fate)| *fate != Upkeep::Keep).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use licd_rules::Code;

    use super::*;

    #[test]
    fn attempts_that_fail_become_rare_until_one_succeeds() {
        let last = LastFailure::default();
        let now = Cell::new(Instant::now());
        let full = || Err(Failure::new(Code::StoreFull, "is full"));
        let is_due = |after: Duration, outcome: Result<(), Failure>| {
            now.set(now.get() + after);
            let attempted = Cell::new(false);
            let clean_up = || {
                attempted.set(true);
                outcome.clone()
            };
            let done = last.attempt(|| now.get(), clean_up);
            assert_eq!(done, if attempted.get() { outcome } else { full() });
            attempted.get()
        };
        let moment = Duration::from_nanos(1);
        for _ in 0..2 {
            assert!(is_due(Duration::ZERO, full()));
            for delay in [1, 2, 4].map(|times| FIRST_RETRY * times) {
                assert!(!is_due(delay - moment, Ok(())));
                assert!(is_due(moment, full()));
            }
            assert!(is_due(LAST_RETRY, Ok(())));
        }
        assert!((0..16).all(|_| is_due(LAST_RETRY, full())));
    }
}
