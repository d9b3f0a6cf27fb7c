//! What the daemon decides.
//!
//! [`State::on`] is a function of the state, an event and the time: it returns the actions that
//! follow. It asks no clock, file, bus or thread; `daemon` waits for the events and carries the
//! actions out.
//!
//! | event | actions |
//! |---|---|
//! | `Started` | judge again, schedule the first poll |
//! | `Hangup` | refresh everything |
//! | `AlarmRang` | judge again |
//! | `FilesChanged`, `LinksChanged` | none before the burst is over: see `TimePassed` |
//! | `LinksListed` | refresh, if the interfaces differ from those listed last |
//! | `ProblemChanged` | refresh |
//! | `Unwatched` | none before the time of the next attempt: see `TimePassed` |
//! | `ActivationPlanned` | none before the time has come: see `TimePassed` |
//! | `PollDue` | follow the first link, or poll again in what is left of the pause |
//! | `TimePassed` | what has become due: refresh, list interfaces, import, settle, poll, activate, answer pollers, forget ended jobs, feed the watchdog, rejoin the bus |
//! | `Order` | start the work, refresh or poll; or refuse |
//! | `CallerGone` | cancel the imports whose verdict the caller waited for |
//! | `NotStarted` | none; follow the next link if it was the import of one |
//! | `Read` | none before the burst is over: see `TimePassed` |
//! | `ReadFailed` | end the import |
//! | `Refreshed` | publish, reschedule the poll, end imports, answer; then the next refresh |
//! | `RefreshFailed` | end imports, answer what is done, drop the rest; then the next refresh |
//! | `Written` | refresh, and answer after it; answer at once if nothing changed |
//! | `Settled` | refresh |
//! | `BusLost` | rejoin the bus |
//! | `BusJoined` | show the jobs that run |
//! | `BusUnreachable` | none, or give up |
//! | `Stop` | cancel all imports, drop pollers, import what was read |
//! | `StopTimedOut` | answer what is done, drop the rest |
//!
//! One refresh runs at a time. A caller that asks during one waits for the next one.

mod actions;
mod activation;
mod bus;
mod events;
mod imports;
mod jobs;
mod poll;
mod refresh;
#[cfg(test)]
mod tests;
mod timers;
mod writes;

use std::collections::BTreeSet;
use std::mem;
use std::time::{Duration, Instant};

use licd_files::settings::Settings;
use licd_machine::links::Link;

use crate::jobs::JobId;
use crate::shared::Unsettled;
use activation::Activation;
use jobs::Jobs;
use poll::Polling;
use refresh::{RefreshQueue, Waiting};
use timers::Timers;

pub(crate) use actions::{Action, Refused};
pub(crate) use events::{Effect, Event, ImportAnswer, Order, Ticket, Unreachable, Work};
pub(crate) use jobs::{More, Origin};
pub(crate) use poll::NextPoll;
pub(crate) use refresh::{Facts, Scope, WAITING};
pub(crate) use timers::Lack;

/// Whether the daemon serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    Stopping,
}

/// What the daemon's decisions rest on.
#[derive(Debug)]
pub(crate) struct State {
    /// The time of the event in hand.
    now: Instant,
    /// What follows from the event in hand.
    actions: Vec<Action>,
    timers: Timers,
    refreshes: RefreshQueue,
    polling: Polling,
    activation: Activation,
    jobs: Jobs,
    /// What the start or a crash has left to do.
    left: Unsettled,
    /// The network interfaces as they were listed last.
    links: Option<Vec<Link>>,
    phase: Phase,
}

impl State {
    /// The state before the first event. `watchdog`: how often to feed the watchdog of the service
    /// manager.
    pub(crate) fn new(watchdog: Option<Duration>, now: Instant) -> Self {
        Self {
            now,
            actions: Vec::new(),
            timers: Timers::new(watchdog, now),
            refreshes: RefreshQueue::default(),
            polling: Polling::default(),
            activation: Activation::default(),
            jobs: Jobs::default(),
            left: Unsettled::default(),
            links: None,
            phase: Phase::Serving,
        }
    }

    /// What follows from an event that happened `now`.
    pub(crate) fn on(&mut self, event: Event, now: Instant) -> Vec<Action> {
        self.now = now;
        match event {
            Event::Started { left, lacks, settings } => self.started(left, &lacks, settings),
            Event::Hangup => self.refresh(Scope::All, None),
            Event::AlarmRang => self.refresh(Scope::Time, None),
            Event::ProblemChanged => self.refresh(Scope::Changes, None),
            Event::Unwatched => self.timers.retry_also(Lack::Watches, now),
            Event::PollDue => self.regular_poll_due(),
            Event::ActivationPlanned(wait) => self.activation.set(self.now + wait),
            Event::FilesChanged => self.timers.files.note(now),
            Event::LinksChanged => self.timers.links.note(now),
            Event::LinksListed(links) => self.links_listed(links),
            Event::TimePassed => self.time_passed(),
            Event::Order(ticket, order) => self.order(ticket, order),
            Event::CallerGone(caller) => self.cancel_imports_of(&caller),
            Event::NotStarted(work) => self.not_started(work),
            Event::Read(job) => self.read(job),
            Event::ReadFailed(job) => self.read_failed(job),
            Event::Refreshed(facts) => self.refreshed(facts),
            Event::RefreshFailed => self.refresh_failed(),
            Event::Written(ticket, effect) => self.written(ticket, effect),
            Event::Settled(left) => self.settled(left),
            Event::BusLost => self.bus_lost(),
            Event::BusJoined => self.bus_joined(),
            Event::BusUnreachable(why) => self.bus_unreachable(why),
            Event::Stop => self.stop(),
            Event::StopTimedOut => self.stop_timed_out(),
        }
        mem::take(&mut self.actions)
    }

    /// When [`Event::TimePassed`] is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        let work =
            self.jobs.due().into_iter().chain(self.polling.due()).chain(self.activation.due());
        self.timers.due().chain(work).min()
    }

    /// Whether this is the import of a download link.
    pub(crate) fn is_link(&self, job: JobId) -> bool {
        self.polling.is_link(job)
    }

    /// Whether work runs whose end a stop waits for: a refresh may write, too.
    pub(crate) fn has_work(&self) -> bool {
        self.jobs.are_running() || self.refreshes.is_running()
    }

    /// Whether work runs that may change the store or remount it.
    pub(crate) fn may_change_files(&self) -> bool {
        self.jobs.writes > 0 || self.refreshes.is_running()
    }

    /// Whether work runs or is left to do that a restart of the device would cut off. An import is a job
    /// until it is stored.
    pub(crate) fn is_busy(&self) -> bool {
        self.jobs.exist() || self.polling.is_running() || self.left.store
    }

    /// Whether the daemon is stopping.
    pub(crate) fn is_stopping(&self) -> bool {
        self.phase == Phase::Stopping
    }

    fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn started(
        &mut self,
        left: Unsettled,
        lacks: &BTreeSet<Lack>,
        settings: Option<Box<Settings>>,
    ) {
        self.left = left;
        if left != Unsettled::default() {
            self.timers.settle.begin(self.now);
        }
        self.timers.retry(lacks, self.now);
        self.refresh(Scope::Time, None);
        settings.into_iter().for_each(|settings| self.settings_read(*settings));
    }

    /// Interfaces change often, by a cable for example. The unit ID can only change with the list.
    fn links_listed(&mut self, links: Option<Vec<Link>>) {
        if links.is_none() || links != self.links {
            self.links = links;
            self.refresh(Scope::Changes, None);
            self.hurry_activation();
        }
    }

    fn time_passed(&mut self) {
        let now = self.now;
        if self.timers.files.is_due(now) {
            self.refresh(Scope::Changes, None);
        }
        if self.timers.links.is_due(now) {
            self.push(Action::ListLinks);
        }
        if self.timers.arrivals.is_due(now) | self.jobs.expect_no_more_by(now) {
            self.begin_imports();
        }
        if self.timers.is_retry_due(now) {
            self.refresh(Scope::Changes, None);
        }
        if self.timers.settle.is_due(now) {
            self.jobs.writes += 1;
            self.push(Action::Settle(self.left));
        }
        self.poll_time_passed();
        self.activation_time_passed();
        while let Some(job) = self.jobs.take_expired(now) {
            self.push(Action::ForgetJob(job));
        }
        if self.timers.is_watchdog_due(now) {
            self.push(Action::Watchdog);
        }
        if self.timers.rejoin.is_due(now) {
            self.push(Action::Rejoin);
        }
    }

    fn order(&mut self, ticket: Ticket, order: Order) {
        match order {
            Order::Import { owner, origin, answer, more } => {
                self.import(ticket, owner, origin, answer, more);
            }
            Order::Activate { owner } => self.activate(ticket, owner),
            Order::Write => self.write(ticket),
            Order::Withdraw(job) => {
                self.activation.withdraw(job);
                self.write(ticket);
            }
            Order::Answer => self.push(Action::TakeAnswer(ticket)),
            Order::Refresh if self.refreshes.waiting() >= WAITING => {
                self.refuse(ticket, Refused::Waiting);
            }
            Order::Refresh => self.refresh(Scope::All, Some(Waiting::Refresh(ticket))),
            Order::Poll if self.polling.waiting() >= WAITING => {
                self.refuse(ticket, Refused::Waiting);
            }
            Order::Poll => self.poll_for(ticket),
        }
    }

    fn refuse(&mut self, ticket: Ticket, why: Refused) {
        self.push(Action::Refuse(ticket, why));
    }

    fn not_started(&mut self, work: Work) {
        match work {
            Work::Import(job) => {
                self.jobs.remove(job);
                self.link_followed(job, None);
                self.activation_ended(job);
            }
            Work::Write | Work::Settle => self.jobs.writes -= 1,
        }
    }

    /// Ends reading, and imports what was read without waiting for more. No further link is followed.
    fn stop(&mut self) {
        self.phase = Phase::Stopping;
        self.actions.extend(self.polling.stop().into_iter().map(Action::Drop));
        self.actions.extend(self.jobs.numbers().into_iter().map(Action::Cancel));
        self.timers.arrivals.clear();
        self.jobs.expect_no_more();
        self.begin_imports();
    }

    fn stop_timed_out(&mut self) {
        for waiting in self.refreshes.take_waiting() {
            self.answer_without_refresh(waiting);
        }
    }
}
