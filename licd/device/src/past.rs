//! What a device remembers of documents that it has seen.

use licd_files::state;
use licd_rules::{Past, TimeVerdict};
use license_format::License;

use crate::{Device, Failure, Survey};

impl Device {
    /// Writes down what a survey shows and is not remembered yet: what was replaced or withdrawn,
    /// the newest trust document, and that a licence came back by hand that was removed on purpose.
    /// For the daemon alone. If another program has written meanwhile, nothing is done: that calls
    /// for a new survey anyway.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn keep_past(&self, survey: &Survey, time: &TimeVerdict) -> Result<(), Failure> {
        let back: Vec<&License> =
            survey.licenses().filter(|license| survey.past.remover(license).is_some()).collect();
        let mut past = survey.past.clone();
        survey.teach(&mut past, time);
        let learns = past != survey.past || !back.is_empty();
        if !learns && survey.trust_to_keep().is_none() {
            return Ok(());
        }
        let _writer = self.writer()?;
        if !self.is_current(survey) {
            return Ok(());
        }
        if let Some(document) = survey.trust_to_keep() {
            state::keep_trust(self.root(), document)?;
        }
        if learns {
            state::update(self.root(), |memory| {
                survey.teach(&mut memory.past, time);
                back.iter().for_each(|license| memory.past.restore(license));
            })?;
        }
        Ok(())
    }
}

impl Survey {
    /// Teaches what the licences of the store mean to this device.
    pub(crate) fn teach(&self, past: &mut Past, time: &TimeVerdict) {
        if let Some(unit) = self.unit(None, time) {
            past.learn(self.licenses(), unit, time.now);
        }
    }
}
