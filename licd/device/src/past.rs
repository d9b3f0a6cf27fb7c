//! The device's memory of documents.

use licd_files::state;
use licd_rules::{License, Past, TimeVerdict};

use crate::records::Record;
use crate::{Device, Failure, Survey};

impl Device {
    /// Records new effects of a survey: replacements and withdrawals, the newest trust document,
    /// and tombstones of licences that a person copied back. For the daemon only. Does nothing if
    /// another program has written since, which requires a new survey anyway.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn keep_past(&self, survey: &Survey, time: &TimeVerdict) -> Result<(), Failure> {
        let back: Vec<&License> =
            survey.licenses().filter(|license| survey.past.remover(license).is_some()).collect();
        let learns =
            survey.learned(time) != *survey.past || !back.is_empty() || self.lacks_tombstones();
        if !learns {
            self.note_saved(Record::State, Ok(()))?;
        }
        if survey.trust_to_keep().is_none() {
            self.note_saved(Record::Trust, Ok(()))?;
            if !learns {
                return Ok(());
            }
        }
        let _writer = self.writer()?;
        if !self.is_current(survey) {
            return Ok(());
        }
        if let Some(document) = survey.trust_to_keep() {
            self.note_saved(Record::Trust, state::keep_trust(self.root(), document))?;
        }
        if learns {
            // A file that a killed program has left unflushed may be lost; its effects must not outlast it.
            self.store().flush()?;
            let learned = state::update(self.root(), |memory| {
                survey.teach(&mut memory.past, time);
                back.iter().for_each(|license| memory.past.restore(license));
                self.bury(&mut memory.past, survey);
            });
            self.note_learned(learned)?;
        }
        Ok(())
    }
}

impl Survey {
    /// Adds the effects of the stored licences on this device to `past`.
    pub(crate) fn teach(&self, past: &mut Past, time: &TimeVerdict) {
        if let Some(unit) = self.unit(None, time) {
            past.learn(self.licenses(), unit, time.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use licd_fs::statefile::SaveError;
    use nix::errno::Errno;

    use super::*;
    use crate::world::World;

    #[test]
    fn what_need_not_be_written_any_more_is_no_problem() {
        let world = World::new();
        world.daemon_looks();
        for record in [Record::State, Record::Trust] {
            let failed = SaveError::writing(Path::new("/var/lib/licd"), Errno::ENOSPC);
            world.device().note_saved::<()>(record, Err(failed)).unwrap_err();
            assert_eq!(world.device().unwritten().len(), 1);
            world.daemon_looks();
            assert!(world.device().unwritten().is_empty(), "{record:?}");
        }
    }
}
