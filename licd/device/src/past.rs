//! What a device remembers of documents that it has seen.

use licd_edge::state;
use licd_edge::store::Listing;
use licd_rules::{Past, TimeVerdict};
use license_format::License;

use crate::survey::Held;
use crate::{Device, Failure, Survey};

impl Device {
    /// Writes down what a survey shows and is not remembered yet: what was replaced or withdrawn,
    /// the newest trust document, and that somebody brought a licence back by hand that was removed
    /// on purpose. For the daemon alone.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn keep_past(&self, survey: &Survey, time: &TimeVerdict) -> Result<(), Failure> {
        if let Some(document) = survey.trust_to_keep() {
            state::keep_trust(self.root(), document)?;
        }
        let back: Vec<&Held> =
            survey.held.iter().filter(|held| survey.past.has_removed(&held.license)).collect();
        let mut past = survey.past.clone();
        survey.teach(&mut past, None, time);
        if past == survey.past && back.is_empty() {
            return Ok(());
        }
        Ok(state::update(self.root(), |past| {
            survey.teach(past, None, time);
            // A removal takes the file first and is remembered then.
            let still = if back.is_empty() { None } else { self.store().licenses().ok() };
            let there = |held: &&&Held| still.as_ref().is_some_and(|still| has(still, held));
            for held in back.iter().filter(there) {
                past.restore(&held.license);
            }
        })?)
    }

    /// Remembers what an import shows; whether that was not remembered yet. `wanted`: it is not to
    /// be held against the licence that it was removed once.
    pub(crate) fn remember(
        &self,
        survey: &Survey,
        license: &License,
        wanted: bool,
        time: &TimeVerdict,
    ) -> Result<bool, Failure> {
        let change = |past: &mut Past| {
            survey.teach(past, Some(license), time);
            if wanted {
                past.restore(license);
            }
        };
        let mut past = survey.past.clone();
        change(&mut past);
        if past == survey.past {
            return Ok(false);
        }
        state::update(self.root(), change)?;
        Ok(true)
    }

    /// Remembers what was removed on purpose, and what it had replaced.
    pub(crate) fn remember_removed(
        &self,
        survey: &Survey,
        removed: &[&License],
        time: &TimeVerdict,
    ) -> Result<(), Failure> {
        Ok(state::update(self.root(), |past| {
            survey.teach(past, None, time);
            past.remove(removed);
        })?)
    }
}

fn has(listing: &Listing, held: &Held) -> bool {
    // Entries are in the order of their names.
    listing.entries.binary_search_by(|entry| entry.name.cmp(&held.name)).is_ok()
}

impl Survey {
    /// Teaches what the licences of the store mean to this device, and what one that arrives does.
    fn teach(&self, past: &mut Past, arriving: Option<&License>, time: &TimeVerdict) {
        if let Some(unit) = self.unit(arriving) {
            past.learn(self.licenses().chain(arriving), unit, time.now);
        }
    }
}
