//! Activation: one attempt runs at a time, and a request without an answer is sent again.

use std::time::Instant;

use super::{Action, NextPoll, Origin, State, Ticket};
use crate::jobs::JobId;

/// The most hours between two attempts: the interval of the download links by default.
const HOURS: u16 = 24;

/// The request of an activation, and where the attempts to have it answered are.
#[derive(Debug, Default)]
pub(super) struct Activation {
    /// Whether the last refresh saw a request that waits for its answer.
    request_waits: bool,
    /// The attempt that runs.
    running: Option<JobId>,
    /// The last attempt, which stays on the bus until the next one, so that it can be cancelled; for a
    /// request that was found, a job that has not run.
    waiting: Option<JobId>,
    /// The attempt that a caller has cancelled with its request.
    withdrawn: Option<JobId>,
    /// Attempts in a row that have failed.
    failures: u32,
    next: Next,
}

/// When the next attempt comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    #[default]
    None,
    /// The action is given whose answer is the time.
    Wanted,
    At(Instant),
}

impl Activation {
    /// When the next attempt is due.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.next {
            Next::At(at) => Some(at),
            Next::None | Next::Wanted => None,
        }
    }

    /// Sets the time of the next attempt, if one is still wanted.
    pub(super) fn set(&mut self, at: Instant) {
        if self.next == Next::Wanted {
            self.next = Next::At(at);
        }
    }

    /// Whether a request waits for the next attempt once this job has ended.
    pub(super) fn waits_after(&self, job: JobId) -> bool {
        self.request_waits && self.running == Some(job) && self.withdrawn != Some(job)
    }

    /// Takes note that a caller has cancelled this attempt, whose request goes.
    pub(super) fn withdraw(&mut self, job: JobId) {
        self.withdrawn = Some(job);
    }

    /// Takes note of the job of the last attempt, which stays on the bus.
    pub(super) fn keep(&mut self, job: JobId) {
        self.waiting = Some(job);
    }

    /// Forgets the job of the last attempt, which is on the bus no longer.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting = None;
    }
}

impl State {
    /// Begins an activation in place of the one that runs or waits.
    pub(super) fn activate(&mut self, ticket: Ticket, owner: String) {
        match self.jobs.begin(owner, Origin::Other, None) {
            Ok(job) => {
                // Its request is not to replace the new one.
                let earlier = self.activation.running;
                self.actions.extend(earlier.map(Action::Cancel));
                self.activation.failures = 0;
                self.attempt(job);
                self.push(Action::StartImport(job, ticket));
            }
            Err(why) => self.refuse(ticket, why),
        }
    }

    fn attempt(&mut self, job: JobId) {
        self.activation.next = Next::None;
        self.activation.running = Some(job);
        self.end_waiting();
    }

    fn end_waiting(&mut self) {
        let waiting = self.activation.waiting.take();
        self.actions.extend(waiting.map(Action::ForgetJob));
    }

    /// A refresh has looked for a request that waits for its answer.
    pub(super) fn request_looked_at(&mut self, waits: bool) {
        self.activation.request_waits = waits;
        if !waits {
            self.activation.failures = 0;
            self.activation.next = Next::None;
            self.end_waiting();
        }
    }

    /// Shows a request that waits without an attempt, so that it can be cancelled.
    pub(super) fn show_request(&mut self) {
        let Activation { request_waits, running, waiting, .. } = self.activation;
        if request_waits && running.is_none() && waiting.is_none() && !self.is_stopping() {
            let job = self.jobs.take_number();
            self.activation.waiting = Some(job);
            self.push(Action::ShowRequest(job));
        }
    }

    /// Plans the first attempt for a request that was found.
    pub(super) fn plan_activation(&mut self) {
        let Activation { request_waits, running, next, .. } = self.activation;
        if request_waits && running.is_none() && next == Next::None && !self.is_stopping() {
            self.plan(NextPoll::AfterStart);
        }
    }

    fn plan(&mut self, next: NextPoll) {
        self.activation.next = Next::Wanted;
        self.push(Action::PlanActivation(next));
    }

    /// An import has ended; if it was an attempt without success, plans the next one.
    pub(super) fn activation_ended(&mut self, job: JobId) {
        let activation = &mut self.activation;
        if activation.running.take_if(|running| *running == job).is_none() {
            return;
        }
        let withdrawn = activation.withdrawn == Some(job);
        if activation.request_waits && !withdrawn && !self.is_stopping() {
            self.attempt_failed();
        }
    }

    fn attempt_failed(&mut self) {
        self.activation.failures = self.activation.failures.saturating_add(1);
        self.plan(NextPoll::Again { hours: HOURS, failures: self.activation.failures });
    }

    /// Another network may reach the service: tries soon, and then at the intervals as before.
    pub(super) fn hurry_activation(&mut self) {
        if matches!(self.activation.next, Next::At(_)) && self.activation.failures > 1 {
            self.plan(NextPoll::Again { hours: HOURS, failures: 1 });
        }
    }

    /// Begins the next attempt, if its time has come.
    pub(super) fn activation_time_passed(&mut self) {
        if self.is_stopping() || self.activation.due().is_none_or(|at| at > self.now) {
            return;
        }
        match self.jobs.begin(String::new(), Origin::Other, None) {
            Ok(job) => {
                self.attempt(job);
                self.push(Action::AskAgain(job));
            }
            Err(_) => self.attempt_failed(),
        }
    }
}
