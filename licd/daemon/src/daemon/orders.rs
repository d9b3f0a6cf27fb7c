//! Turns orders of callers and news of threads into events.

use std::sync::Arc;

use licd_device::{Failure, Removed};
use licd_files::settings::{self, SettingsError};
use licd_rules::{Code, Selector};

use super::{Daemon, Fatal, journal_events};
use crate::dispatch::{
    Effect, Event, ImportAnswer, Order as Ordered, Origin, Refused, Ticket, WAITING, Work,
};
use crate::jobs::{AT_ONCE, FILES, FILES_OF_ONE, OF_ONE, Source, WRITES};
use crate::journal;
use crate::shared::{ImportReply, News, Order, Refusal, Reply, Written};

/// A call that has no answer yet.
pub(super) enum Pending {
    /// It is not carried out yet.
    Order(Box<Order>),
    /// It waits for the verdict of an import.
    Verdict(Reply<Code>),
    /// It is carried out, and this answers it.
    Done(Box<dyn FnOnce() + Send>),
}

impl Daemon {
    /// Handles everything in the inbox.
    pub(super) fn read_inbox(&mut self) -> Result<(), Fatal> {
        let (news, orders) = self.inbox.take();
        let (gone, news) = news.into_iter().partition(|news| matches!(news, News::CallerGone(_)));
        self.read_news(news)?;
        orders.into_iter().try_for_each(|order| self.handle_order(order))?;
        // After the orders: a caller that has left may have sent one before.
        self.read_news(gone)?;
        // Work may have ended that a restart waits for.
        self.plan_restart();
        Ok(())
    }

    /// Handles reports of threads and of the bus.
    pub(super) fn read_news(&mut self, news: Vec<News>) -> Result<(), Fatal> {
        news.into_iter().try_for_each(|news| self.handle_news(news))
    }

    fn handle_order(&mut self, order: Order) -> Result<(), Fatal> {
        let ordered = match &order {
            Order::Import { source: Source::Activation(_), owner, .. } => {
                Ordered::Activate { owner: owner.clone() }
            }
            Order::Import { source, owner, reply, .. } => Ordered::Import {
                owner: owner.clone(),
                origin: if source.is_file() { Origin::File } else { Origin::Other },
                answer: match reply {
                    ImportReply::Begun(_) => ImportAnswer::Object,
                    ImportReply::Verdict(_) => ImportAnswer::Verdict,
                },
                more: source.more(),
            },
            Order::Remove { .. } | Order::Apply { .. } => Ordered::Write,
            Order::Withdraw { job, .. } => Ordered::Withdraw(*job),
            Order::Refresh { .. } => Ordered::Refresh,
            Order::Poll { .. } => Ordered::Poll,
            Order::Answer { .. } => Ordered::Answer,
        };
        let ticket = self.hold(Pending::Order(Box::new(order)));
        self.handle(Event::Order(ticket, ordered))
    }

    fn handle_news(&mut self, news: News) -> Result<(), Fatal> {
        let event = match news {
            News::Refreshed(refreshed) => return self.refreshed(refreshed),
            News::Progress(job) => {
                self.bus(|bus| bus.job_went_on(job.id));
                return Ok(());
            }
            News::Read { job, read } => match read {
                Some(read) => {
                    self.read.insert(job.id, *read);
                    Event::Read(job.id)
                }
                None => Event::ReadFailed(job.id),
            },
            News::Removed { selector, outcome, reply } => {
                let (effect, answer) = removed(&selector, outcome);
                Event::Written(self.hold(Pending::done(reply, answer)), effect)
            }
            News::Applied { outcome, reply } => {
                let effect = if outcome.is_ok() { Effect::Changed } else { Effect::Unchanged };
                Event::Written(self.hold(Pending::done(reply, outcome)), effect)
            }
            News::Logind(_) | News::Restarting(_) if self.state.is_stopping() => return Ok(()),
            News::Logind(state) => {
                self.logind_answered(state);
                return Ok(());
            }
            News::Restarting(outcome) => {
                self.restart_ordered(outcome);
                return Ok(());
            }
            News::Settled { left } => Event::Settled(left),
            News::CallerGone(caller) => Event::CallerGone(caller),
            News::BusGone => Event::BusLost,
        };
        self.handle(event)
    }

    /// Keeps a call until the state decides on it.
    fn hold(&mut self, call: Pending) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.pending.insert(ticket, call);
        ticket
    }

    /// Answers that an order is carried out.
    pub(super) fn answer(&mut self, ticket: Ticket) {
        match self.pending.remove(&ticket) {
            Some(Pending::Done(answer)) => self.bus(|bus| bus.then(answer)),
            Some(Pending::Order(order)) => {
                if let Order::Refresh { reply } | Order::Poll { reply } = *order {
                    self.bus(|bus| bus.then(move || reply(Ok(()))));
                }
            }
            // The verdict answers it.
            Some(Pending::Verdict(_)) | None => {}
        }
    }

    pub(super) fn refuse(&mut self, ticket: Ticket, why: Refused) {
        if let Some(Pending::Order(order)) = self.pending.remove(&ticket) {
            let refusal = out_of_room(why, &subject(&order));
            match *order {
                Order::Import { reply, .. } => reply.refuse(refusal),
                Order::Remove { reply, .. } => reply(Err(refusal)),
                Order::Apply { reply, .. }
                | Order::Withdraw { reply, .. }
                | Order::Answer { reply, .. }
                | Order::Refresh { reply }
                | Order::Poll { reply } => reply(Err(refusal)),
            }
        }
    }

    /// Starts the removal or change of settings that is under this ticket. If the system has no
    /// thread left, its reply is dropped, which answers so.
    pub(super) fn start_write(&mut self, ticket: Ticket) -> Option<Event> {
        let Pending::Order(order) = self.pending.remove(&ticket)? else { return None };
        match *order {
            Order::Remove { selector, reply } => self.remove(selector, reply),
            Order::Apply { settings, reply } => self.apply(settings, reply),
            Order::Withdraw { reply, .. } => self.withdraw(reply),
            _ => None,
        }
    }

    /// Passes on a user's answer about the restart.
    pub(super) fn take_answer(&mut self, ticket: Ticket) {
        if let Some(Pending::Order(order)) = self.pending.remove(&ticket)
            && let Order::Answer { answer, reply } = *order
        {
            self.answer_question(answer, reply);
        }
    }

    fn remove(&self, selector: Selector, reply: Reply<u32>) -> Option<Event> {
        let (device, taken) = (Arc::clone(&self.device), selector.clone());
        let known = self.shared.published();
        let work = move || {
            let value = device.remove(Some(&known.survey), &taken)?;
            let left_open = value.count > 0 && device.is_left_open();
            Ok(Written { value, left_open })
        };
        let tell = move |outcome: Option<_>| News::Removed {
            selector,
            outcome: outcome.unwrap_or_else(|| Err(fault("removal"))),
            reply,
        };
        self.spawn("removal", work, tell, Work::Write)
    }

    /// Removes the request of an activation that waits.
    fn withdraw(&self, reply: Reply<()>) -> Option<Event> {
        let device = Arc::clone(&self.device);
        let work = move || device.withdraw_activation().map(drop).map_err(Refusal::from);
        let tell = move |outcome: Option<_>| News::Applied {
            outcome: outcome.unwrap_or_else(|| Err(fault("activation"))),
            reply,
        };
        self.spawn("withdrawal", work, tell, Work::Write)
    }

    fn apply(&self, text: String, reply: Reply<()>) -> Option<Event> {
        let device = Arc::clone(&self.device);
        let work = move || {
            // Keys without a meaning are named when the settings are read.
            settings::apply(device.root(), &text).map(drop).map_err(|problem| refused(&problem))
        };
        let tell = move |outcome: Option<_>| News::Applied {
            outcome: outcome.unwrap_or_else(|| Err(fault("settings"))),
            reply,
        };
        self.spawn("settings", work, tell, Work::Write)
    }
}

impl Pending {
    fn done<T: Send + 'static>(reply: Reply<T>, answer: Result<T, Refusal>) -> Self {
        Self::Done(Box::new(move || reply(answer)))
    }
}

/// The subject of a message about an order.
fn subject(order: &Order) -> String {
    match order {
        Order::Import { name, .. } => name.clone(),
        Order::Remove { selector, .. } => format!("removal of {selector}"),
        Order::Apply { .. } => "settings".to_owned(),
        Order::Withdraw { .. } => "activation".to_owned(),
        Order::Answer { .. } | Order::Refresh { .. } | Order::Poll { .. } => "licd".to_owned(),
    }
}

/// The answer to an order that there is no room for.
pub(super) fn out_of_room(why: Refused, subject: &str) -> Refusal {
    let reason = match why {
        Refused::Full => format!("{AT_ONCE} imports run already"),
        Refused::Writes => format!("{WRITES} removals and changes of settings run already"),
        Refused::CallerFull => format!("{OF_ONE} imports of this caller run already"),
        Refused::Files => format!("{FILES} files wait already"),
        Refused::CallerFiles => format!("{FILES_OF_ONE} files of this caller wait already"),
        Refused::Waiting => format!("{WAITING} callers wait already"),
    };
    Refusal::new(Code::Busy, format!("{subject}: {reason}; try again later"))
}

/// Logs the end of a removal. Returns its effect, and the answer to its caller.
fn removed(
    selector: &Selector,
    outcome: Result<Written<Removed>, Refusal>,
) -> (Effect, Result<u32, Refusal>) {
    match outcome {
        Ok(Written { value: Removed { count, left }, left_open }) => {
            log::info!(
                MESSAGE_ID = journal::REMOVED, LICD_SELECTOR = selector.to_string();
                "{selector}: licences removed: {count}"
            );
            journal_events::left(&left);
            let effect = match (count, left_open) {
                (0, _) => Effect::Unchanged,
                (_, false) => Effect::Changed,
                (_, true) => Effect::LeftOpen,
            };
            (effect, Ok(count))
        }
        Err(refusal) => {
            if let Refusal::Verdict(Failure { code, message }) = &refusal {
                log::warn!(
                    MESSAGE_ID = journal::STORE_PROBLEM, LICD_CODE = code.as_str();
                    "removal of {selector}: {message}"
                );
            }
            // Some may be gone.
            (Effect::Changed, Err(refusal))
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Verdict(failure)
    }
}

fn fault(what: &str) -> Refusal {
    Refusal::Fault(format!("{what}: failed by a fault of licd; its journal says more"))
}

/// The answer to settings that were not taken over.
fn refused(problem: &SettingsError) -> Refusal {
    let message = problem.to_string();
    match problem {
        SettingsError::Refused(_) | SettingsError::Broken { .. } => Refusal::Arguments(message),
        SettingsError::Unwritable { reason, .. } => {
            let full = matches!(reason, nix::errno::Errno::ENOSPC | nix::errno::Errno::EDQUOT);
            let code = if full { Code::StoreFull } else { Code::StoreUnwritable };
            Refusal::new(code, message)
        }
    }
}
