//! The calls that have come in and are not answered yet.
//!
//! Everything a caller can pile up is counted, per caller and in all, and bounded: one caller has at
//! most [`OF_ONE`], all together have at most [`OF_ALL`], and the second half of that is for callers
//! that have none yet. Callers take turns.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::foreign::Foreign;
use crate::jobs::{FILES, FILES_OF_ONE};

/// What calls take up, in all: bytes of messages; calls that may wait long; messages as long as
/// settings may be, of 1 MB each; descriptors, as many as files may wait to be imported; licd
/// opens each up to three times, and may have 1,024 open.
/// Halves are for first calls: the system bus lets one user connect 256 times.
const OF_ALL: [usize; 4] = [4 << 20, 512, 4, FILES];
/// The same for one caller: 128 KiB are some 200 calls like those of a program that asks for every
/// feature at once; of those that may wait long, a batch of files and 16 others.
const OF_ONE: [usize; 4] = [128 << 10, FILES_OF_ONE + 16, 1, FILES_OF_ONE];
/// Bytes that a message takes up in addition to its own.
const OVERHEAD: usize = 512;
/// Fast calls at work in all. They take turns on one thread, so more would not be sooner; fewer
/// would leave it idle while an answer is written.
const AT_WORK: usize = 4;
/// How many times as long as the bus took for a long answer its caller's next fast call waits: one
/// caller's answers fill at most a fifth of the time in which others wait behind them.
const REST: u32 = 4;
/// How long a fast call is at work if its method never answers, which takes a fault of a method.
const LOST: Duration = Duration::from_secs(30);

/// What a call takes up, in the order of [`OF_ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load([usize; 4]);

impl Load {
    /// Of a message of so many bytes. If it `is_large`, it counts as one such and not by its bytes.
    pub(super) fn new(bytes: usize, is_slow: bool, is_large: bool, descriptors: usize) -> Self {
        let bytes = if is_large { OVERHEAD } else { bytes + OVERHEAD };
        Self([bytes, is_slow.into(), is_large.into(), descriptors])
    }

    fn is_slow(self) -> bool {
        let Self([_, slow, _, _]) = self;
        slow > 0
    }

    fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, more)| *mine = mine.saturating_add(more));
    }

    fn take(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, less)| *mine = mine.saturating_sub(less));
    }

    /// Whether `more` fits to what one has, where all together have `all`.
    fn has_room(self, all: Self, more: Self) -> bool {
        let bounds = OF_ONE.into_iter().zip(OF_ALL);
        let loads = self.0.into_iter().zip(all.0).zip(more.0);
        bounds.zip(loads).all(|((of_one, of_all), ((mine, all), more))| {
            let of_all = if mine == 0 { of_all } else { of_all / 2 };
            more == 0 || mine + more <= of_one && all + more <= of_all
        })
    }
}

/// A call that is at work.
#[derive(Debug)]
struct Ticket {
    serial: u32,
    is_silent: bool,
    load: Load,
    /// What it has brought, if its method is to take it.
    descriptor: Option<Foreign>,
    since: Instant,
}

#[derive(Debug)]
struct Caller<M> {
    waiting: VecDeque<(Ticket, M)>,
    at_work: Vec<Ticket>,
    load: Load,
    /// The next fast call waits until then.
    rests_until: Option<Instant>,
}

impl<M> Caller<M> {
    fn rests_at(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|end| now < end)
    }
}

/// The calls of all callers; `M` is what is handed on.
#[derive(Debug)]
pub(super) struct CallQueues<M> {
    callers: HashMap<String, Caller<M>>,
    /// Callers with something that waits, the next one first.
    turns: VecDeque<String>,
    load: Load,
    /// Fast calls at work.
    at_work: usize,
}

impl<M> Default for CallQueues<M> {
    fn default() -> Self {
        let (callers, turns) = (HashMap::new(), VecDeque::new());
        Self { callers, turns, load: Load::default(), at_work: 0 }
    }
}

impl<M> CallQueues<M> {
    /// Takes a call in. Whether there was room for it.
    #[must_use]
    pub(super) fn admit(
        &mut self,
        sender: &str,
        serial: u32,
        is_silent: bool,
        load: Load,
        descriptor: Option<Foreign>,
        message: M,
    ) -> bool {
        let has = self.callers.get(sender).map(|caller| caller.load).unwrap_or_default();
        if !has.has_room(self.load, load) {
            return false;
        }
        let caller = self.callers.entry(sender.to_owned()).or_insert_with(|| Caller {
            waiting: VecDeque::new(),
            at_work: Vec::new(),
            load: Load::default(),
            rests_until: None,
        });
        if caller.waiting.is_empty() {
            self.turns.push_back(sender.to_owned());
        }
        let ticket = Ticket { serial, is_silent, load, descriptor, since: Instant::now() };
        caller.waiting.push_back((ticket, message));
        caller.load.add(load);
        self.load.add(load);
        true
    }

    /// The next call to work on, if there is any.
    pub(super) fn next(&mut self, now: Instant) -> Option<M> {
        if self.at_work >= AT_WORK {
            self.give_up_lost(now);
        }
        for _ in 0..self.turns.len() {
            let sender = self.turns.pop_front()?;
            let Some(caller) = self.callers.get_mut(&sender) else { continue };
            let rests = caller.rests_at(now);
            let is_free = |ticket: &Ticket| {
                ticket.load.is_slow()
                    || self.at_work < AT_WORK
                        && !rests
                        && caller.at_work.iter().all(|t| t.load.is_slow())
            };
            let next = caller.waiting.pop_front_if(|(ticket, _)| is_free(ticket));
            if !caller.waiting.is_empty() {
                self.turns.push_back(sender);
            }
            let Some((ticket, message)) = next else { continue };
            self.at_work += usize::from(!ticket.load.is_slow());
            caller.at_work.push(Ticket { since: now, ..ticket });
            return Some(message);
        }
        None
    }

    /// Whether no fast call waits or is at work.
    pub(super) fn is_idle(&self) -> bool {
        self.turns.is_empty() && self.at_work == 0
    }

    /// When the first of the callers that rest has its next turn.
    pub(super) fn next_turn(&self, now: Instant) -> Option<Instant> {
        let callers = self.turns.iter().filter_map(|sender| self.callers.get(sender));
        callers.filter_map(|caller| caller.rests_until).filter(|end| now < *end).min()
    }

    /// The caller's fast calls wait: the bus took `took` for a long answer to this caller.
    pub(super) fn rest(&mut self, sender: &str, now: Instant, took: Duration) {
        if let Some(caller) = self.callers.get_mut(sender) {
            caller.rests_until = now.checked_add(took * REST);
        }
    }

    /// Whether the caller wants no answer.
    pub(super) fn is_silent(&self, sender: &str, serial: u32) -> bool {
        let mut calls = self.callers.get(sender).into_iter().flat_map(|caller| &caller.at_work);
        calls.any(|ticket| ticket.serial == serial && ticket.is_silent)
    }

    /// Takes the descriptor that a call at work has brought.
    pub(super) fn take_descriptor(&mut self, sender: &str, serial: u32) -> Option<Foreign> {
        let calls = &mut self.callers.get_mut(sender)?.at_work;
        let mut calls = calls.iter_mut().filter(|ticket| ticket.serial == serial);
        calls.find_map(|ticket| ticket.descriptor.take())
    }

    /// A call has been answered, if there was such a call.
    pub(super) fn answered(&mut self, sender: &str, serial: u32) {
        let Some(caller) = self.callers.get_mut(sender) else { return };
        let Some(at) = caller.at_work.iter().position(|ticket| ticket.serial == serial) else {
            return;
        };
        let ticket = caller.at_work.swap_remove(at);
        caller.load.take(ticket.load);
        self.load.take(ticket.load);
        self.at_work -= usize::from(!ticket.load.is_slow());
        let now = Instant::now();
        self.callers.retain(|_, caller| {
            !caller.at_work.is_empty() || !caller.waiting.is_empty() || caller.rests_at(now)
        });
    }

    fn give_up_lost(&mut self, now: Instant) {
        let is_lost = |ticket: &&Ticket| {
            !ticket.load.is_slow() && now.saturating_duration_since(ticket.since) > LOST
        };
        let lost = self.callers.iter().flat_map(|(sender, caller)| {
            caller.at_work.iter().filter(is_lost).map(|ticket| (sender.clone(), ticket.serial))
        });
        for (sender, serial) in lost.collect::<Vec<_>>() {
            self.answered(&sender, serial);
        }
    }
}

#[cfg(test)]
mod tests;
