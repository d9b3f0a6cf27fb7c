//! When the daemon does something without being asked.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::timers::{Backoff, Debounce};

/// A lack that was found, for which the daemon refreshes again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lack {
    /// A fact could not be looked at, or the state could not be published.
    Fact,
    /// A record could not be written. A medium that stays read-only must not keep the device awake,
    /// so the attempts end after a while.
    Record,
    /// No unit ID is known. Interfaces may turn up without an event.
    UnitId,
    /// Another process has the partition open. In a mount namespace of its own the daemon gets no
    /// event when that process closes it.
    ClosedStore,
    /// Files, mounts, the clock, timers or interfaces cannot be watched.
    Watches,
}

/// How long documents that were read wait for others, from the last one and from the first; at most this
/// long, the longer the last import took.
const ARRIVALS: (Duration, Duration) = (Duration::from_millis(3), Duration::from_millis(50));
const MOST_ARRIVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// An import shorter than this is repeated rather than waited for.
const SHORT: Duration = Duration::from_millis(100);

/// The timers of the loop.
#[derive(Debug)]
pub(super) struct Timers {
    /// Files changed.
    pub(super) files: Debounce,
    /// Network interfaces changed.
    pub(super) links: Debounce,
    /// Documents were read; those that follow at once are imported with them.
    pub(super) arrivals: Debounce,
    /// Whether the last import was short.
    pub(super) is_import_short: bool,
    /// The store could not be closed, or a removal not finished.
    pub(super) settle: Backoff,
    /// The connection to the bus is lost.
    pub(super) rejoin: Backoff,
    retries: [(Lack, Backoff); 5],
    /// How often the watchdog is fed, and when next.
    watchdog: Option<(Duration, Instant)>,
}

impl Timers {
    pub(super) fn new(watchdog: Option<Duration>, now: Instant) -> Self {
        const fn ms(n: u64) -> Duration {
            Duration::from_millis(n)
        }
        const fn minutes(n: u64) -> Duration {
            Duration::from_secs(60 * n)
        }
        Self {
            files: Debounce::new(ms(50), ms(500)),
            links: Debounce::new(ms(200), ms(2000)),
            arrivals: Debounce::new(ARRIVALS.0, ARRIVALS.1),
            is_import_short: false,
            settle: Backoff::new(ms(1000), minutes(5)),
            rejoin: Backoff::new(ms(100), ms(5000)).giving_up_after(minutes(1)),
            retries: [
                (Lack::Fact, Backoff::new(ms(250), minutes(1))),
                (Lack::Record, Backoff::new(ms(500), minutes(1)).giving_up_after(minutes(5))),
                (Lack::UnitId, Backoff::new(ms(1000), minutes(1)).giving_up_after(minutes(2))),
                (Lack::ClosedStore, Backoff::new(ms(1000), minutes(1))),
                (Lack::Watches, Backoff::new(ms(1000), minutes(1))),
            ],
            watchdog: watchdog.map(|interval| (interval, now + interval)),
        }
    }

    /// Lets documents wait for others in proportion to the time that the last import took: what comes
    /// too late costs as much again.
    pub(super) fn pace_arrivals(&mut self, took: Duration) {
        let quiet = (took / 16).clamp(ARRIVALS.0, MOST_ARRIVALS.0);
        let most = (took / 2).clamp(ARRIVALS.1, MOST_ARRIVALS.1);
        self.arrivals.set_pace(quiet, most);
        self.is_import_short = took < SHORT;
    }

    /// Every time that is set.
    pub(super) fn due(&self) -> impl Iterator<Item = Instant> {
        let bursts = [&self.files, &self.links, &self.arrivals].map(Debounce::due);
        let attempts = [&self.settle, &self.rejoin].map(Backoff::due);
        let retries = self.retries.iter().map(|(_, backoff)| backoff.due());
        let watchdog = self.watchdog.map(|(_, at)| at);
        bursts.into_iter().chain(attempts).chain(retries).chain([watchdog]).flatten()
    }

    /// Begins the back-off of everything that is lacking, and ends those of the rest.
    pub(super) fn retry(&mut self, lacks: &BTreeSet<Lack>, now: Instant) {
        for (lack, backoff) in &mut self.retries {
            if lacks.contains(lack) {
                backoff.begin(now);
            } else {
                backoff.end();
            }
        }
    }

    /// Begins the back-off of this lack, and leaves the others as they are.
    pub(super) fn retry_also(&mut self, lack: Lack, now: Instant) {
        self.retries.iter_mut().filter(|(of, _)| *of == lack).for_each(|(_, b)| b.begin(now));
    }

    /// Whether anything that is lacking is to be looked at again; sets the time of the next attempt.
    pub(super) fn is_retry_due(&mut self, now: Instant) -> bool {
        self.retries.iter_mut().fold(false, |due, (_, backoff)| backoff.is_due(now) | due)
    }

    /// Whether the watchdog is to be fed; sets the next time.
    pub(super) fn is_watchdog_due(&mut self, now: Instant) -> bool {
        let due = self.watchdog.as_mut().filter(|(_, at)| *at <= now);
        let is_due = due.is_some();
        if let Some((interval, at)) = due {
            *at = now + *interval;
        }
        is_due
    }
}
