//! Removing licences on purpose.
//!
//! The state file records tombstones and file stamps before the first file goes. The next program
//! that takes the write lock finishes an interrupted removal.

use licd_files::state::{self, REMOVING, Removing};
use licd_fs::statefile::SaveError;
use licd_rules::{License, Remover, Selector, TimeVerdict};
use licd_store::{Change, ENTRIES, FileName, StoreError, Window, Writer};

use crate::survey::Held;
use crate::{Device, Failure, Left, Survey};

/// The result of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The number of removed files.
    pub count: u32,
    /// Licences that stay although they unlock the selected service.
    pub left: Vec<Left>,
}

// The record of a removal holds every file that a listing can name.
const _: () = assert!(REMOVING >= ENTRIES);

impl Device {
    /// Removes the genuine licences that `selector` takes, for any unit. An automatic import
    /// ([`Intent::Automatic`](crate::Intent::Automatic)) does not bring them back. `last` is the
    /// previous survey, if any.
    ///
    /// # Errors
    /// The store cannot be read or written; files removed before the error stay removed.
    pub fn remove(&self, last: Option<&Survey>, selector: &Selector) -> Result<Removed, Failure> {
        self.remove_by(Remover::Person, last, selector)
    }

    /// Whether this user may change the store at all. A user who may not learns it even where nothing is to be
    /// changed, as from the daemon, which asks for authority first.
    ///
    /// # Errors
    /// [`NotAuthorized`](licd_rules::Code::NotAuthorized).
    pub fn authority(&self) -> Result<(), Failure> {
        match self.store().writer() {
            Err(refused @ StoreError::NotAuthorized { .. }) => Err(refused.into()),
            // The other errors are met by those who write.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Like [`Device::remove`], for the removal profile of the settings. The licences stay away
    /// while it is set.
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
        // An unreadable store is not an empty one.
        self.store().licenses()?;
        let (mut survey, mut unread) = self.survey_for_removal(last)?;
        let mut count = 0;
        // An empty selection needs no lock.
        if !survey.taken_by(selector).is_empty() {
            let writer = self.writer()?;
            if !self.is_current(&survey) {
                (survey, unread) = self.survey_for_removal(Some(&survey))?;
            }
            count = self.remove_held(&writer, &survey, &survey.taken_by(selector), by)?;
        }
        // The selector may also take an unreadable file.
        unread.map_or_else(|| Ok(Removed { count, left: survey.left_by(selector) }), Err)
    }

    /// A survey for a removal, and the failure to return if files of the store are unreadable.
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

    /// Removes these files and returns the number that existed.
    ///
    /// On a system that cannot write state they go all the same, as its administrator asked.
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
        // The window opens before the intent is recorded, so a failure to open it leaves no record.
        let done = self.write(writer, |window| {
            if let Err(error) = self.intend(survey, taken, &time, by)? {
                log::warn!("{error}; the removed licences may come back");
                let licenses: Vec<&License> = taken.iter().map(|held| &held.license).collect();
                self.keep_tombstones(&licenses, by, &error);
            }
            outcome.intended = true;
            for held in taken {
                outcome.note(held, remove_file(window, &held.name));
            }
            Ok::<_, Failure>(())
        });
        outcome.conclude(self, done)
    }

    /// Records the planned removal and the replacements that the licences have made. The inner
    /// error: this system can never write state.
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
        // The survey may teach replacements by files that a killed program has left unflushed.
        self.store().flush()?;
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
        // Two attempts before licd concludes that the system cannot write state.
        match write().or_else(|_| write()) {
            Err(error) if !error.is_lasting() => Err(error.into()),
            written => Ok(written),
        }
    }

    /// Records the end of a removal; `kept` are the licences that it could not remove.
    fn conclude(&self, kept: &[&License]) {
        match state::unfinished(self.root()) {
            // The intent was not recorded.
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
            log::warn!("{error}; the next change checks the removal again");
        }
    }

    /// Finishes an interrupted removal. Record and removals of a killed program may be unflushed: a
    /// power cut must neither take the record of a file that is gone nor bring back a file whose record
    /// is gone.
    ///
    /// # Errors
    /// The first step that fails.
    pub(crate) fn finish_removal(&self, writer: &Writer<'_>) -> Result<(), Failure> {
        let removing = state::unfinished(self.root())?;
        if removing.is_empty() {
            return Ok(());
        }
        state::flush(self.root())?;
        let files = self.not_yet_removed(&removing)?;
        if !files.is_empty() {
            self.write(writer, |window| {
                files.iter().try_for_each(|file| window.remove(file).map(drop))
            })?;
        }
        self.store().flush()?;
        self.conclude(&[]);
        Ok(())
    }

    /// The recorded files that are unchanged.
    fn not_yet_removed(&self, removing: &[Removing]) -> Result<Vec<FileName>, Failure> {
        let stamps = self.store().licenses()?.stamps()?.into_iter();
        let there = stamps
            .filter(|(name, stamp)| removing.iter().any(|file| file.is(name.as_os_str(), *stamp)))
            .map(|(name, _)| name);
        Ok(there.collect())
    }
}

/// Attempts to remove a file, since most shortages are over in a moment.
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

/// Progress of a removal.
#[derive(Default)]
struct Outcome<'a> {
    /// Whether the intent was recorded.
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

    /// Ends the removal and clears the tombstones of the licences that stay.
    fn conclude(self, device: &Device, done: Result<(), Failure>) -> Result<u32, Failure> {
        let kept: Vec<&License> = self.left.iter().map(|(license, _)| *license).collect();
        let left = self.left.into_iter().next();
        match done {
            Err(failure) if !self.intended => return Err(failure),
            // The files are gone, but perhaps not from the disk: the intent stays and is carried
            // out again.
            Err(failure) if left.is_none() => {
                log::warn!("{}; the next change checks the removal again", failure.message);
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

#[cfg(test)]
mod tests;
