//! Refreshes: one runs at a time, and callers that ask meanwhile wait for the next one.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use licd_files::settings::Settings;
use licd_rules::Code;

use super::{Action, Lack, State, Ticket};
use crate::jobs::JobId;

/// Callers that wait for the next refresh, or for a poll. Any user may be one, and send up to 16
/// descriptors along that stay open as long; a process may have 1024 by default.
pub(crate) const WAITING: usize = 32;

/// How much of the device is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Nothing: judge the last survey again.
    #[default]
    Time,
    /// The files and facts that have changed.
    Changes,
    /// Everything.
    All,
}

/// The result of a refresh, as far as decisions depend on it.
#[derive(Debug)]
pub(crate) struct Facts {
    /// What it lacks.
    pub(crate) lacks: BTreeSet<Lack>,
    /// Whether another process keeps the store from being closed.
    pub(crate) left_open: bool,
    /// Whether the request of an activation waits for its answer.
    pub(crate) request_waits: bool,
    /// The settings, if they were read.
    pub(crate) settings: Option<Box<Settings>>,
    /// The jobs that were imported, each with its verdict if it had documents.
    pub(crate) imported: Vec<(JobId, Option<Code>)>,
}

/// The refresh that runs, and the next one if one is wanted.
#[derive(Debug, Default)]
pub(super) struct RefreshQueue {
    running: Option<Round>,
    next: Option<Round>,
}

/// One refresh.
#[derive(Debug, Default)]
struct Round {
    scope: Scope,
    /// When it began.
    since: Option<Instant>,
    /// Jobs whose documents it imports.
    jobs: Vec<JobId>,
    waiting: Vec<Waiting>,
}

/// A caller that is answered once the refresh is published.
#[derive(Debug)]
pub(super) enum Waiting {
    /// The order is carried out, and the answer stands even if the refresh fails.
    Done(Ticket),
    /// The order is the refresh itself.
    Refresh(Ticket),
}

impl RefreshQueue {
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// How many callers wait for the next refresh.
    pub(super) fn waiting(&self) -> usize {
        self.next.as_ref().map_or(0, |round| round.waiting.len())
    }

    /// Ends both refreshes, and returns the callers that wait for them.
    pub(super) fn take_waiting(&mut self) -> Vec<Waiting> {
        let rounds = [self.running.take(), self.next.take()];
        rounds.into_iter().flatten().flat_map(|round| round.waiting).collect()
    }
}

impl State {
    /// Refreshes this much, now or after the refresh that runs.
    pub(super) fn refresh(&mut self, scope: Scope, waiting: Option<Waiting>) {
        let next = self.refreshes.next.get_or_insert_default();
        next.scope = next.scope.max(scope);
        next.waiting.extend(waiting);
        self.next_refresh();
    }

    /// Begins the next refresh unless one runs, and imports the documents that were read. A refresh of
    /// everything imports none: they wait for the one after.
    fn next_refresh(&mut self) {
        if self.refreshes.is_running() {
            return;
        }
        let Some(mut round) = self.refreshes.next.take() else { return };
        if round.scope < Scope::All {
            round.jobs = self.jobs.take_ready();
        }
        self.push(match round.jobs.is_empty() {
            true => Action::Refresh(round.scope),
            false => Action::Import(round.jobs.clone(), round.scope),
        });
        if round.scope > Scope::Time {
            self.timers.files.clear();
        }
        round.since = Some(self.now);
        self.refreshes.running = Some(round);
    }

    /// Publishes, and then answers: a caller finds in the published state what it asked for.
    pub(super) fn refreshed(&mut self, facts: Facts) {
        let Round { scope, since, jobs, waiting } =
            self.refreshes.running.take().unwrap_or_default();
        self.timers.retry(&facts.lacks, self.now);
        if facts.left_open {
            self.store_left_open();
        }
        self.push(Action::Publish(scope));
        facts.settings.into_iter().for_each(|settings| self.settings_read(*settings));
        self.request_looked_at(facts.request_waits);
        facts.imported.into_iter().for_each(|(job, code)| self.end_import(job, code));
        self.show_request();
        self.plan_activation();
        for Waiting::Done(ticket) | Waiting::Refresh(ticket) in waiting {
            self.push(Action::Answer(ticket));
        }
        if !jobs.is_empty() {
            self.timers.pace_arrivals(since.map_or(Duration::ZERO, |since| self.now - since));
        }
        self.continue_imports(&jobs);
    }

    pub(super) fn refresh_failed(&mut self) {
        let Round { jobs, waiting, .. } = self.refreshes.running.take().unwrap_or_default();
        self.timers.retry_also(Lack::Fact, self.now);
        jobs.iter().for_each(|job| self.end_import(*job, None));
        waiting.into_iter().for_each(|waiting| self.answer_without_refresh(waiting));
        self.continue_imports(&jobs);
    }

    /// Goes on after a refresh that has imported the documents of `ended`: their callers may send more
    /// as soon as they have the answers.
    fn continue_imports(&mut self, ended: &[JobId]) {
        if !ended.is_empty() && self.jobs.is_any_ready() {
            self.await_more();
        } else {
            self.begin_imports();
        }
        self.next_refresh();
    }

    pub(super) fn answer_without_refresh(&mut self, waiting: Waiting) {
        self.push(match waiting {
            Waiting::Done(ticket) => Action::Answer(ticket),
            Waiting::Refresh(ticket) => Action::Drop(ticket),
        });
    }

    /// Imports the documents that were read, unless a refresh runs: its end calls this again.
    pub(super) fn begin_imports(&mut self) {
        let is_free = !self.refreshes.is_running() && self.timers.arrivals.due().is_none();
        if is_free && self.jobs.is_any_ready() {
            // An import knows what it changes; the events of other files are left to the next refresh.
            self.refresh(Scope::Time, None);
        }
    }
}
