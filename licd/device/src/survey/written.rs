//! What an import has changed, as its survey shows it.

use std::sync::Arc;

use licd_files::state;
use licd_store::{Closed, FileName, StoreState};

use super::Survey;
use crate::problem::{PartitionProblem, Problem};
use crate::{Batch, Device};

/// What an import has changed besides the licences that its survey holds.
pub(crate) struct Written {
    /// The files that it has stored, replaced or removed.
    pub(crate) files: Vec<FileName>,
    /// Whether they leave the reserve of the partition.
    pub(crate) has_room: bool,
}

impl Batch {
    /// Whether its survey shows the device as another one would that was taken under the write lock, with
    /// what the import has changed. What others change meanwhile it does not show.
    #[must_use]
    pub fn shows_device(&self) -> bool {
        self.survey.stamps.is_some()
    }
}

impl Device {
    /// Has the survey of an import show what it has written and how the partition was closed. If it cannot, it
    /// is stale. Call it under the write lock.
    pub(crate) fn show_written(
        &self,
        survey: &mut Survey,
        written: &Written,
        closed: Option<&Closed>,
    ) {
        survey.held.shrink_to_fit();
        let memory = state::stamps(self.root()).ok();
        let is_shown = survey.is_closed(closed) && written.has_room && !survey.has_open_matters();
        let stamps = survey.stamps.take().filter(|_| is_shown).zip(memory);
        survey.stamps = stamps.and_then(|(mut shared, memory)| {
            let stamps = Arc::make_mut(&mut shared);
            stamps.memory = memory;
            for file in &written.files {
                let held = survey.held(file);
                if held.is_some_and(|held| !held.is_settled()) {
                    return None;
                }
                stamps.store.set(file, held.map(|held| held.stamp));
            }
            stamps.store.shrink_to_fit();
            Some(shared)
        });
    }
}

impl Survey {
    /// Whether the store is in the state that the survey has found, now that a window is closed.
    fn is_closed(&self, closed: Option<&Closed>) -> bool {
        match closed {
            None => true,
            Some(Closed::ReadOnly) => self.shown.store == StoreState::ReadOnly,
            Some(Closed::Writable) => self.shown.store == StoreState::Writable,
            Some(Closed::HeldBy(_) | Closed::Failed(_)) => false,
        }
    }

    /// Whether the survey has found what an import may end: a request, or a problem with the partition as a
    /// whole or with one of its files.
    pub(crate) fn has_open_matters(&self) -> bool {
        let is_open = |problem: &Problem| match problem {
            Problem::Request(_) | Problem::Store(_) => true,
            Problem::Partition(problem) => {
                !matches!(problem, PartitionProblem::Stray(_) | PartitionProblem::MoreStrays(_))
            }
            _ => false,
        };
        self.waiting.is_some() || self.problems.iter().any(is_open)
    }
}

#[cfg(test)]
mod tests {
    use licd_store::Stray;
    use nix::errno::Errno;

    use super::*;
    use crate::problem::{RequestProblem, TrustProblem};
    use crate::world::World;

    #[test]
    fn a_store_is_closed_that_is_as_it_was_found() {
        let mut survey = World::new().device().survey().unwrap();
        for (state, as_found, other) in [
            (StoreState::ReadOnly, Closed::ReadOnly, Closed::Writable),
            (StoreState::Writable, Closed::Writable, Closed::ReadOnly),
        ] {
            survey.shown.store = state;
            assert!(survey.is_closed(None) && survey.is_closed(Some(&as_found)), "{state}");
            for closed in [other, Closed::HeldBy(Vec::new()), Closed::Failed(Errno::EIO)] {
                assert!(!survey.is_closed(Some(&closed)), "{state}: {closed}");
            }
        }
    }

    #[test]
    fn requests_and_problems_of_the_partition_are_open_and_strays_are_not() {
        let mut survey = World::new().device().survey().unwrap();
        assert!(!survey.has_open_matters());
        let stray = PartitionProblem::Stray(Stray::Misnamed("WE.lic.txt".into()));
        for (problem, is_open) in [
            (PartitionProblem::NearlyFull.into(), true),
            (PartitionProblem::TooManyFiles.into(), true),
            (RequestProblem::Waiting.into(), true),
            (stray.into(), false),
            (PartitionProblem::MoreStrays(2).into(), false),
            (TrustProblem::Damaged.into(), false),
        ] {
            let problem: Problem = problem;
            survey.problems = vec![problem.clone()];
            assert_eq!(survey.has_open_matters(), is_open, "{problem}");
        }
    }
}
