//! Carries out what is decided on the documents of a batch.
//!
//! Licences that come together are judged as if each were stored, and then stored with few flushes.
//! Where that is not possible, or fails, they are judged and stored one by one, so that a write that
//! fails refuses its own document only.

use std::collections::BTreeSet;

use licd_fs::stamp::Stamp;
use licd_rules::sort_by;
use licd_store::{Change, FileName, StoreError, Window};

use crate::Failure;
use crate::arrival::Arrival;
use crate::assess::{Action, Assessed, Assessor};
use crate::import::Intent;

impl Assessor<'_> {
    /// Judges the arrivals in their order, as if every licence were stored. `None` if the actions have
    /// to be carried out one by one: a trust document decides on the licences after it, and a licence
    /// may take the place of another one of the batch.
    pub(crate) fn judge_all(&mut self, arrivals: &mut [Arrival]) -> Option<Vec<Assessed>> {
        let mut stored = BTreeSet::new();
        let mut judged = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            arrival.verify_by(&self.survey.trust);
            let assessed = self.assess(arrival);
            match &assessed.action {
                Action::Trust { .. } => return None,
                Action::Store { replaces, .. } if replaces.iter().any(|f| stored.contains(f)) => {
                    return None;
                }
                Action::Store { name, .. } => drop(stored.insert(name.clone())),
                Action::Nothing | Action::Record => {}
            }
            self.note(arrival, &assessed, None);
            judged.push(assessed);
        }
        Some(judged)
    }

    /// Stores the licences that were judged.
    ///
    /// # Errors
    /// The first failure; some of the licences may be stored.
    pub(crate) fn store_all(
        &mut self,
        window: &mut Window<'_>,
        arrivals: &[Arrival],
        judged: &[Assessed],
    ) -> Result<(), StoreError> {
        let (mut files, mut replaced, mut unasked) = (Vec::new(), Vec::new(), Vec::new());
        for (one, arrival) in judged.iter().zip(arrivals) {
            let Action::Store { name, content, replaces } = &one.action else { continue };
            files.push((name, content.as_bytes()));
            replaced.extend(replaces);
            if arrival.intent != Intent::Explicit {
                unasked.push(content.len());
            }
        }
        if !unasked.is_empty() {
            window.leave_reserve(unasked)?;
        }
        let stamps = window.add_all(&files)?;
        for ((name, _), stamp) in files.iter().zip(stamps) {
            self.survey.set_stamp(name, stamp);
        }
        if remove_all(window, replaced) == Left::Some {
            self.survey.mark_stale();
        }
        if judged.iter().any(Assessed::is_answer) {
            window.remove_requests();
        }
        Ok(())
    }

    /// Judges the arrivals and carries out their actions one by one; returns the verdicts in the order of
    /// arrival.
    pub(crate) fn carry_out_all(
        &mut self,
        arrivals: &mut [Arrival],
        window: &mut Window<'_>,
    ) -> Vec<Assessed> {
        let done = self.in_turn(arrivals, |action, intent| carry_out(window, action, intent));
        if done.iter().any(Assessed::is_answer) {
            window.remove_requests();
        }
        done
    }

    /// Judges the arrivals one by one, trust documents first, each as if the action of those before it were
    /// carried out; `act` does so. Returns the verdicts in the order of arrival.
    pub(crate) fn in_turn(
        &mut self,
        arrivals: &mut [Arrival],
        mut act: impl FnMut(&Action, Intent) -> Result<Option<Stamp>, Failure>,
    ) -> Vec<Assessed> {
        let mut order: Vec<(usize, &mut Arrival)> = arrivals.iter_mut().enumerate().collect();
        sort_by(&mut order, |(_, a), (_, b)| b.is_trust().cmp(&a.is_trust()));
        let mut done: Vec<(usize, Assessed)> = Vec::new();
        for (place, arrival) in order {
            arrival.verify_by(&self.survey.trust);
            let assessed = self.assess(arrival);
            done.push((
                place,
                match act(&assessed.action, arrival.intent) {
                    Ok(stamp) => {
                        self.note(arrival, &assessed, stamp);
                        assessed
                    }
                    Err(failure) => failure.into(),
                },
            ));
        }
        sort_by(&mut done, |(a, _), (b, _)| a.cmp(b));
        done.into_iter().map(|(_, assessed)| assessed).collect()
    }
}

/// Carries an action out and returns the stamp of the stored file.
fn carry_out(
    window: &mut Window<'_>,
    action: &Action,
    intent: Intent,
) -> Result<Option<Stamp>, Failure> {
    match action {
        Action::Store { name, content, replaces } => {
            if intent != Intent::Explicit {
                window.leave_reserve([content.len()])?;
            }
            let (_, stamp) = window.put_stamped(name, content.as_bytes())?;
            // The survey of an import one by one shows no leftovers anyway.
            let _ = remove_all(window, replaces);
            Ok(stamp)
        }
        Action::Trust { bytes, .. } => {
            let _: Change = window.put_trust(bytes)?;
            Ok(None)
        }
        Action::Nothing | Action::Record => Ok(None),
    }
}

/// Whether a file could not be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    None,
    Some,
}

/// Removes files whose content is stored under another name. A leftover does no harm.
fn remove_all<'a>(window: &mut Window<'_>, files: impl IntoIterator<Item = &'a FileName>) -> Left {
    let mut left = Left::None;
    for file in files {
        if let Err(error) = window.discard(file) {
            log::warn!("{error}");
            left = Left::Some;
        }
    }
    left
}
