//! Removing licences on purpose.
//!
//! What is going to be removed is written down before the first file goes: that it stays away, and
//! which files they are. So a removal that is cut off is brought to its end the next time that the
//! right to write is taken, by whichever program.

use licd_files::state::{self, REMOVING, Removing};
use licd_fs::statefile::SaveError;
use licd_rules::{Remover, Selector, TimeVerdict};
use licd_store::{Change, ENTRIES, FileName, StoreError, Window, Writer};
use license_format::License;

use crate::survey::Held;
use crate::{Device, Failure, Left, Survey};

/// What a removal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// How many files are gone.
    pub count: u32,
    /// What it has left although it unlocks what was selected.
    pub left: Vec<Left>,
}

// What is written down before a removal has room for every file that the store is looked at for.
const _: () = assert!(REMOVING >= ENTRIES);

impl Device {
    /// Removes the genuine licences that `selector` takes, whatever unit they name. They do not come
    /// back by an import that was not asked for ([`Intent::Automatic`](crate::Intent::Automatic)).
    /// `last` is what was known of the device before, if anything was.
    ///
    /// # Errors
    /// Why the store cannot be read or written; files removed before the error stay removed.
    pub fn remove(&self, last: Option<&Survey>, selector: &Selector) -> Result<Removed, Failure> {
        self.remove_by(Remover::Person, last, selector)
    }

    /// The same for the removal profile of the settings. They stay away while it is set.
    ///
    /// # Errors
    /// Those of [`Device::remove`].
    pub fn remove_by_profile(&self, last: &Survey, profile: &Selector) -> Result<Removed, Failure> {
        self.remove_by(Remover::Profile, Some(last), profile)
    }

    fn remove_by(
        &self,
        by: Remover,
        last: Option<&Survey>,
        selector: &Selector,
    ) -> Result<Removed, Failure> {
        // A store that cannot be read is not one that has nothing to remove.
        self.store().licenses()?;
        let (mut survey, mut unread) = self.survey_for_removal(last)?;
        let mut count = 0;
        // Nothing to remove needs no lock.
        if !survey.taken_by(selector).is_empty() {
            let writer = self.writer()?;
            if !self.is_current(&survey) {
                (survey, unread) = self.survey_for_removal(Some(&survey))?;
            }
            count = self.remove_held(&writer, &survey, &survey.taken_by(selector), by)?;
        }
        // A file that cannot be read may be one that the selector takes.
        unread.map_or_else(|| Ok(Removed { count, left: survey.left_by(selector) }), Err)
    }

    /// A survey to remove by, and what to say of files of the store that cannot be read.
    fn survey_for_removal(
        &self,
        last: Option<&Survey>,
    ) -> Result<(Survey, Option<Failure>), Failure> {
        match self.survey_after(last) {
            Ok(survey) => Ok((survey, None)),
            Err(partial) => {
                let failure = Failure::from(&partial.missing);
                match partial.missing.is_files_only() {
                    true => Ok((partial.survey, Some(failure))),
                    false => Err(failure),
                }
            }
        }
    }

    /// Removes these files, and returns how many were there.
    ///
    /// On a system that remembers nothing at all they go all the same: its administrator wants that.
    fn remove_held(
        &self,
        writer: &Writer<'_>,
        survey: &Survey,
        taken: &[&Held],
        by: Remover,
    ) -> Result<u32, Failure> {
        if taken.is_empty() {
            return Ok(0);
        }
        let time = self.time(survey)?;
        let mut outcome = Outcome::default();
        // What is opened first need not be taken back: then nothing was written down.
        let done = self.write(writer, |window| {
            if let Err(error) = self.intend(survey, taken, &time, by)? {
                log::warn!("{error}; what was removed may come back by itself");
            }
            outcome.intended = true;
            for held in taken {
                outcome.note(held, remove_file(window, &held.name));
            }
            Ok::<_, Failure>(())
        });
        outcome.conclude(self, done)
    }

    /// Writes down what is going to be removed, and what it had replaced. The inner error: nothing can
    /// be written down on this system, today or tomorrow.
    fn intend(
        &self,
        survey: &Survey,
        taken: &[&Held],
        time: &TimeVerdict,
        by: Remover,
    ) -> Result<Result<(), SaveError>, Failure> {
        if by == Remover::Person {
            self.settle_links(survey);
        }
        let licenses: Vec<&License> = taken.iter().map(|held| &held.license).collect();
        let write = || {
            let removing =
                taken.iter().filter_map(|held| Removing::new(held.name.as_os_str(), held.stamp));
            state::update(self.root(), |memory| {
                survey.teach(&mut memory.past, time);
                memory.past.remove(&licenses, by);
                memory.removing = removing.collect();
            })
        };
        // Twice, before a system is said to remember nothing.
        match write().or_else(|_| write()) {
            Err(error) if !error.is_lasting() => Err(error.into()),
            written => Ok(written),
        }
    }

    /// Writes down that a removal is over; `kept` could not be removed.
    fn conclude(&self, kept: &[&License]) {
        match state::unfinished(self.root()) {
            // Nothing was written down.
            Ok(removing) if removing.is_empty() => return,
            _ => {}
        }
        let write = || {
            state::update(self.root(), |memory| {
                memory.removing.clear();
                kept.iter().for_each(|license| memory.past.restore(license));
            })
        };
        if let Err(error) = write().or_else(|_| write()) {
            log::warn!("{error}; the removal is looked at once more");
        }
    }

    /// Brings a removal to its end that was cut off.
    ///
    /// # Errors
    /// Why that cannot be done now.
    pub(crate) fn finish_removal(&self, writer: &Writer<'_>) -> Result<(), Failure> {
        let removing = state::unfinished(self.root())?;
        if removing.is_empty() {
            return Ok(());
        }
        let files = self.not_yet_removed(&removing)?;
        if !files.is_empty() {
            self.write(writer, |window| {
                files.iter().try_for_each(|file| window.remove(file).map(drop))
            })?;
        }
        self.conclude(&[]);
        Ok(())
    }

    /// Those of the files that are still what they were.
    fn not_yet_removed(&self, removing: &[Removing]) -> Result<Vec<FileName>, Failure> {
        let stamps = self.store().licenses()?.stamps()?.into_iter();
        let there = stamps
            .filter(|(name, stamp)| removing.iter().any(|file| file.is(name.as_os_str(), *stamp)))
            .map(|(name, _)| name);
        Ok(there.collect())
    }
}

/// Times that a file is tried to be removed, since most shortages are over in a moment.
const TRIES: usize = 3;

fn remove_file(window: &mut Window<'_>, file: &FileName) -> Result<Change, StoreError> {
    let mut removed = window.remove(file);
    for _ in 1..TRIES {
        if removed.is_ok() {
            break;
        }
        removed = window.remove(file);
    }
    removed
}

/// What came of a removal.
#[derive(Default)]
struct Outcome<'a> {
    /// Whether it was written down.
    intended: bool,
    removed: u32,
    left: Vec<(&'a License, StoreError)>,
}

impl<'a> Outcome<'a> {
    fn note(&mut self, held: &'a Held, outcome: Result<Change, StoreError>) {
        match outcome {
            Ok(Change::Made) => self.removed += 1,
            Ok(Change::None) => {}
            Err(error) => self.left.push((&held.license, error)),
        }
    }

    /// Ends the removal: what could not be removed is not held against its licence.
    fn conclude(self, device: &Device, done: Result<(), Failure>) -> Result<u32, Failure> {
        let kept: Vec<&License> = self.left.iter().map(|(license, _)| *license).collect();
        let left = self.left.into_iter().next();
        match done {
            Err(failure) if !self.intended => return Err(failure),
            // They are gone, but perhaps not for good: the intent stays, and is carried out again.
            Err(failure) if left.is_none() => {
                log::warn!("{}; the removal is looked at once more", failure.message);
            }
            _ => device.conclude(&kept),
        }
        let Some((_, error)) = left else { return Ok(self.removed) };
        let mut failure = Failure::from(error);
        if self.removed > 0 {
            failure.message += &format!("; licences removed before that: {}", self.removed);
        }
        Err(failure)
    }
}

impl Survey {
    fn taken_by(&self, selector: &Selector) -> Vec<&Held> {
        let held = self.held.iter().map(AsRef::as_ref);
        held.filter(|held: &&Held| selector.takes(&held.license)).collect()
    }
}
