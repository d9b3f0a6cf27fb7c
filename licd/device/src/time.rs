//! The time that licences are judged at, and its marks on disk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use licd_files::marks::LastMarks;
use licd_fs::look::Looked;
use licd_fs::statefile::Warning;
use licd_machine::clock;
use licd_rules::{Attested, Marks, StarterVerdict, TimeVerdict, next_turn};

use crate::records::Record;
use crate::{Device, Failure, Survey};

/// The delay before marks are written again after a failure: short enough to lose little, long
/// enough not to burden a device with a full disk.
const RETRY: Duration = Duration::from_secs(10 * 60);

/// The marks, on disk and in memory.
#[derive(Default)]
pub(crate) struct ClockMarks(Mutex<Option<Remembered>>);

struct Remembered {
    written: LastMarks,
    marks: Option<Marks>,
    warnings: Vec<Arc<Warning>>,
}

impl Device {
    /// The time to judge at now. Updates the marks in memory only.
    ///
    /// A synchronised clock needs no marks, so this does not read them. A report, which writes marks,
    /// reads them before.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn time(&self, survey: &Survey) -> Looked<TimeVerdict> {
        let mut memory = self.memory();
        if memory.is_none()
            && let Some(reading) = clock::synchronized_reading(self.root())?
        {
            return Ok(reading.judge(None, &survey.attested()));
        }
        let remembered = self.of(&mut memory)?;
        let verdict = self.judge_time(remembered, &survey.attested())?;
        remembered.marks = Some(verdict.marks);
        Ok(verdict)
    }

    /// The time to judge at by these attested times, perhaps of licences that are not stored yet. Updates
    /// nothing.
    pub(crate) fn time_by(&self, attested: &Attested) -> Looked<TimeVerdict> {
        let mut memory = self.memory();
        if memory.is_none()
            && let Some(reading) = clock::synchronized_reading(self.root())?
        {
            return Ok(reading.judge(None, attested));
        }
        let remembered = self.of(&mut memory)?;
        self.judge_time(remembered, attested)
    }

    fn judge_time(&self, known: &Remembered, attested: &Attested) -> Looked<TimeVerdict> {
        Ok(clock::reading(self.root())?.judge(known.marks.as_ref(), attested))
    }

    /// The time to judge at while the marks are unreadable, for a device without a published
    /// report.
    pub fn provisional_time(&self, survey: &Survey) -> TimeVerdict {
        clock::reading_without_files().judge(None, &survey.attested())
    }

    /// Running time until something changes by itself: a licence state, the trust in the clock, or
    /// a mark that is due.
    #[must_use]
    pub fn next_turn(&self, time: &TimeVerdict) -> Duration {
        let turn = u64::try_from(next_turn(time.now).0 - time.now.0).unwrap_or_default();
        let mut memory = self.memory();
        let written = self.of(&mut memory).ok().and_then(|remembered| remembered.written.marks());
        let due = time.marks.due_in(written);
        // A due mark was tried just now and failed.
        let due = if due.is_zero() { RETRY } else { due };
        let turns = [Some(Duration::from_secs(turn)), time.adopted_in, Some(due)];
        turns.into_iter().flatten().min().unwrap_or_default()
    }

    /// Writes the marks if they are due. For the daemon only.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn keep_time(&self) -> Result<(), Failure> {
        self.write_marks(|marks, written| marks.due_in(written).is_zero().then_some(*marks))
    }

    /// Writes the marks for a shutdown. For the daemon only.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn rest(&self, survey: &Survey) -> Result<(), Failure> {
        let _ = self.time(survey)?;
        self.write_marks(|marks, _| Some(marks.at_rest()))
    }

    /// Writes the mark of the starter period if it is due; returns whether it wrote. For the daemon
    /// only.
    ///
    /// # Errors
    /// The store cannot be written; the period does not count until it is.
    pub fn keep_starter(&self, survey: &Survey, time: &TimeVerdict) -> Result<bool, Failure> {
        match survey.starter(time) {
            StarterVerdict::Write(mark) => {
                self.write(&self.writer()?, |window| window.put_starter(mark))?;
                Ok(true)
            }
            StarterVerdict::None | StarterVerdict::Began(_) => Ok(false),
        }
    }

    /// Problems with the marks when they were read.
    pub(crate) fn time_warnings(&self) -> Looked<Vec<Arc<Warning>>> {
        let mut memory = self.memory();
        Ok(self.of(&mut memory)?.warnings.clone())
    }

    fn write_marks(
        &self,
        which: impl FnOnce(&Marks, Option<&Marks>) -> Option<Marks>,
    ) -> Result<(), Failure> {
        let mut memory = self.memory();
        let Remembered { written, marks, .. } = self.of(&mut memory)?;
        match marks.as_ref().and_then(|marks| which(marks, written.marks())) {
            Some(marks) => Ok(self.note_saved(Record::Clock, written.save(self.root(), marks))?),
            None => Ok(self.note_saved(Record::Clock, Ok(()))?),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Option<Remembered>> {
        self.memory.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The marks, read on first use.
    fn of<'a>(&self, memory: &'a mut Option<Remembered>) -> Looked<&'a mut Remembered> {
        let remembered = match memory.take() {
            Some(remembered) => remembered,
            None => {
                let (written, warnings) = LastMarks::load(self.root())?;
                let warnings = warnings.into_iter().map(Arc::new).collect();
                Remembered { marks: written.marks().copied(), written, warnings }
            }
        };
        Ok(memory.insert(remembered))
    }
}

#[cfg(test)]
mod tests {
    use licd_fs::root::Root;

    use super::*;
    use crate::{Fetch, Url};

    #[test]
    fn a_fetch_does_not_survey_the_device() {
        let dir = tempfile::tempdir().unwrap();
        let device = Device::at(Root::new(dir.path()).unwrap());
        let unreachable = Url::parse("http://127.0.0.1:1/a.lic").unwrap();
        let known = Device::at(Root::new(dir.path()).unwrap()).survey().unwrap();
        assert!(device.fetch(&known, &unreachable, Fetch::default(), |_, _| ()).is_err());
        // A judgement would have read the marks.
        assert!(device.memory().is_none());
        let survey = device.survey().unwrap();
        let _ = device.time(&survey).unwrap();
        assert!(device.memory().is_some());
    }
}
