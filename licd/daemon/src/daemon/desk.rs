//! Orders of the bus and news of work, and what becomes of them.

use std::sync::Arc;
use std::time::Instant;

use licd_device::Failure;
use licd_files::settings;
use licd_rules::{Code, Selector};

use super::refresh::{Depth, WAITING, Waiting, remove_profile};
use super::{Daemon, Fatal, settle};
use crate::hub::{News, Order, Refusal, Reply, Unsettled, Written};
use crate::jobs::{self, AT_ONCE, OF_ONE};
use crate::journal;

impl Daemon {
    /// Takes what has come in.
    pub(super) fn read_inbox(&mut self) -> Result<(), Fatal> {
        let (news, orders) = self.inbox.take();
        let mut gone = Vec::new();
        for news in news {
            match news {
                News::BusGone => self.bus_lost()?,
                News::CallerGone(caller) => gone.push(caller),
                news => self.hear(news),
            }
        }
        orders.into_iter().for_each(|order| self.obey(order));
        // Behind the orders, among which there may be one of theirs.
        gone.iter().for_each(|caller| self.cancel_imports_of(caller));
        // Work may have ended that a restart waits for.
        self.plan_restart();
        Ok(())
    }

    /// Hears how work ended; nothing new is begun, and nobody waits for a refresh.
    pub(super) fn finish_work(&mut self) {
        for news in self.inbox.take_news() {
            match news {
                News::Read { job, read } => self.arrived(job, read),
                News::Removed { selector, outcome, reply } => {
                    let (_, answer) = self.removed(&selector, outcome);
                    self.bus(|bus| bus.then(move || reply(answer)));
                }
                News::Applied { outcome, reply } => {
                    self.at_work -= 1;
                    self.bus(|bus| bus.then(move || reply(outcome)));
                }
                News::Settled { .. } => self.at_work -= 1,
                News::Refreshed(refreshed) => self.refreshed(refreshed),
                News::Progress(_)
                | News::CallerGone(_)
                | News::BusGone
                | News::Logind(_)
                | News::Restarting(_) => {}
            }
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Refreshed(refreshed) => self.refreshed(refreshed),
            News::Progress(job) => self.bus(|bus| bus.job_went_on(job)),
            News::Read { job, read } => self.arrived(job, read),
            News::Removed { selector, outcome, reply } => match self.removed(&selector, outcome) {
                (true, answer) => self.look_again_for(done(reply, answer)),
                (false, answer) => reply(answer),
            },
            News::Applied { outcome, reply } => {
                self.at_work -= 1;
                match outcome {
                    Ok(()) => self.look_again_for(done(reply, Ok(()))),
                    Err(refusal) => reply(Err(refusal)),
                }
            }
            News::Settled { left } => {
                self.at_work -= 1;
                self.left = left;
                if left == Unsettled::default() {
                    self.timers.settle.end();
                }
                self.look_again();
            }
            News::Logind(state) => self.logind_answered(state),
            News::Restarting(outcome) => self.restart_ordered(outcome),
            News::CallerGone(_) | News::BusGone => {}
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Import { source, intent, name, owner, reply } => {
                self.import(source, intent, name, owner, reply);
            }
            Order::Poll { reply } if self.polling.waiting() >= WAITING => reply(Err(waiting())),
            Order::Poll { reply } => self.poll(reply),
            Order::Remove { selector, reply } => self.remove(selector, reply),
            Order::Apply { settings, reply } => self.apply(settings, reply),
            Order::Answer { answer, reply } => self.answer_question(answer, reply),
            Order::Refresh { reply } if self.lane.waiting() >= WAITING => {
                reply(Err(waiting()));
            }
            Order::Refresh { reply } => {
                let waiting = Waiting::Refresh(Box::new(move || reply(Ok(()))));
                self.refresh(Depth::All, Some(waiting));
            }
        }
    }

    /// Room for one more that may write to the store.
    pub(super) fn room(&self, what: &str) -> Result<(), Refusal> {
        if self.at_work + self.arrived.len() < AT_ONCE {
            return Ok(());
        }
        let message =
            format!("{what}: {AT_ONCE} imports and removals run already; try again later");
        Err(Refusal::new(Code::Busy, message))
    }

    /// Room for one more import of this caller. The daemon's own have no owner, and as many as they
    /// need.
    pub(super) fn room_of(&self, owner: &str, what: &str) -> Result<(), Refusal> {
        let own = self.jobs.values().filter(|(job, _)| job.owner == owner).count();
        if owner.is_empty() || own < OF_ONE {
            return Ok(());
        }
        let message =
            format!("{what}: {OF_ONE} imports of this caller run already; try again later");
        Err(Refusal::new(Code::Busy, message))
    }

    /// Ends the imports that somebody waited for who has left. A job that was only begun goes on.
    fn cancel_imports_of(&self, caller: &str) {
        let jobs =
            self.jobs.values().filter(|(job, waiting)| job.owner == caller && waiting.is_some());
        jobs.for_each(|(job, _)| job.cancel());
    }
    fn remove(&mut self, selector: Selector, reply: Reply<u32>) {
        if let Err(refusal) = self.room(&format!("removal of {selector}")) {
            return reply(Err(refusal));
        }
        let (device, taken) = (Arc::clone(&self.device), selector.clone());
        let known = self.hub.published();
        let work = move || {
            let value = device.remove(Some(&known.survey), &taken)?.count;
            let left_open = value > 0 && device.is_left_open();
            Ok(Written { value, left_open })
        };
        self.work("removal", work, move |outcome| News::Removed {
            selector,
            outcome: outcome.unwrap_or_else(|| Err(fault("removal"))),
            reply,
        });
    }

    /// Takes note of the end of a removal; whether the device may be another one since.
    fn removed(
        &mut self,
        selector: &Selector,
        outcome: Result<Written<u32>, Refusal>,
    ) -> (bool, Result<u32, Refusal>) {
        self.at_work -= 1;
        match outcome {
            Ok(Written { value: count, left_open }) => {
                self.mind_open_store(left_open);
                log::info!(
                    MESSAGE_ID = journal::REMOVED, LICD_SELECTOR = selector.to_string();
                    "{selector}: licences removed: {count}"
                );
                (count > 0, Ok(count))
            }
            Err(refusal) => {
                if let Refusal::Verdict(Failure { code, message }) = &refusal {
                    log::warn!(
                        MESSAGE_ID = journal::STORE_PROBLEM, LICD_CODE = code.as_str();
                        "removal of {selector}: {message}"
                    );
                }
                // Some may be gone.
                (true, Err(refusal))
            }
        }
    }

    fn apply(&mut self, text: String, reply: Reply<()>) {
        if let Err(refusal) = self.room("settings") {
            return reply(Err(refusal));
        }
        let device = Arc::clone(&self.device);
        let work = move || {
            // The keys that mean nothing are named when the settings are read.
            settings::apply(device.root(), &text).map(drop).map_err(|problem| refused(&problem))
        };
        self.work("settings", work, move |outcome| News::Applied {
            outcome: outcome.unwrap_or_else(|| Err(fault("settings"))),
            reply,
        });
    }

    /// Tries again what was left to do.
    pub(super) fn settle_again(&mut self) {
        let (device, left, known) = (Arc::clone(&self.device), self.left, self.hub.published());
        let work = move || Unsettled {
            store: settle(&device),
            profile: left.profile && !(known.whole && remove_profile(&device, &known.survey)),
        };
        self.work("settle", work, move |now| News::Settled { left: now.unwrap_or(left) });
    }

    pub(super) fn mind_open_store(&mut self, left_open: bool) {
        if left_open {
            self.left.store = true;
            self.timers.settle.begin(Instant::now());
        }
    }

    /// Begins work that may write. If no thread is left, its reply is dropped, which tells so.
    fn work<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
        tell: impl FnOnce(Option<T>) -> News + Send + 'static,
    ) {
        match jobs::spawn(&self.hub, name, work, tell) {
            Ok(()) => self.at_work += 1,
            Err(error) => log::error!("{}", jobs::no_thread(name, &error)),
        }
    }
}

fn waiting() -> Refusal {
    let message = format!("licd: {WAITING} callers wait already; try again later");
    Refusal::new(Code::Busy, message)
}

fn done<T: Send + 'static>(reply: Reply<T>, answer: Result<T, Refusal>) -> Waiting {
    Waiting::Done(Box::new(move || reply(answer)))
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Verdict(failure)
    }
}

fn fault(what: &str) -> Refusal {
    Refusal::Fault(format!("{what}: failed by a fault of licd; its journal says more"))
}

/// What a caller is told about settings that were not taken over.
fn refused(problem: &settings::SettingsError) -> Refusal {
    let message = problem.to_string();
    match problem {
        settings::SettingsError::Refused(_) | settings::SettingsError::Broken { .. } => {
            Refusal::Arguments(message)
        }
        settings::SettingsError::Unwritable { reason, .. } => {
            let full = matches!(reason, nix::errno::Errno::ENOSPC | nix::errno::Errno::EDQUOT);
            let code = if full { Code::StoreFull } else { Code::StoreUnwritable };
            Refusal::new(code, message)
        }
    }
}
