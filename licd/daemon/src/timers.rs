//! Timers on the monotonic clock: plain instants, from which the loop takes the time-out of its
//! poll(2). A timer that is not set costs no wake-up.

use std::time::{Duration, Instant};

/// Waits for the end of a burst of events, up to a limit.
#[derive(Debug)]
pub(crate) struct Debounce {
    quiet: Duration,
    most: Duration,
    burst: Option<(Instant, Instant)>,
}

impl Debounce {
    /// Due after `quiet` without events, at the latest `most` after the first.
    pub(crate) const fn new(quiet: Duration, most: Duration) -> Self {
        Self { quiet, most, burst: None }
    }

    /// Waits this long from now on.
    pub(crate) fn set_pace(&mut self, quiet: Duration, most: Duration) {
        (self.quiet, self.most) = (quiet, most);
    }

    /// Takes note of an event.
    pub(crate) fn note(&mut self, now: Instant) {
        let first = self.burst.map_or(now, |(first, _)| first);
        self.burst = Some((first, now));
    }

    /// When it is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.burst.map(|(first, last)| (last + self.quiet).min(first + self.most))
    }

    /// Whether it is due; if so, resets it.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.due().is_some_and(|due| due <= now);
        if due {
            self.clear();
        }
        due
    }

    /// Forgets the events.
    pub(crate) fn clear(&mut self) {
        self.burst = None;
    }
}

/// Attempts at doubling intervals.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    limit: Option<Duration>,
    running: Option<Attempts>,
}

#[derive(Debug, Clone, Copy)]
struct Attempts {
    since: Instant,
    step: Duration,
    next: Instant,
}

impl Backoff {
    /// The first attempt after `first`, the time doubling up to `longest`.
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, limit: None, running: None }
    }

    /// Makes no attempt later than `limit` after the beginning.
    pub(crate) const fn giving_up_after(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Begins, unless it has.
    pub(crate) fn begin(&mut self, now: Instant) {
        let (since, step) = (now, self.first);
        self.running.get_or_insert(Attempts { since, step, next: now + step });
    }

    /// Ends.
    pub(crate) fn end(&mut self) {
        self.running = None;
    }

    /// When the next attempt is due; `None` if it has not begun or has given up.
    pub(crate) fn due(&self) -> Option<Instant> {
        let attempts = self.running?;
        let over = self.limit.is_some_and(|limit| attempts.next > attempts.since + limit);
        (!over).then_some(attempts.next)
    }

    /// Whether an attempt is due; if so, schedules the next one.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.due().is_some_and(|due| due <= now);
        if let Some(attempts) = self.running.as_mut().filter(|_| due) {
            attempts.step = (attempts.step * 2).min(self.longest);
            attempts.next = now + attempts.step;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_burst_is_over_when_it_is_quiet() {
        let start = Instant::now();
        let mut debounce = Debounce::new(ms(50), ms(500));
        assert_eq!(debounce.due(), None);
        debounce.note(start);
        debounce.note(start + ms(30));
        assert!(!debounce.is_due(start + ms(79)));
        assert!(debounce.is_due(start + ms(80)));
        assert_eq!(debounce.due(), None);
    }

    #[test]
    fn a_burst_without_end_is_cut() {
        let start = Instant::now();
        let mut debounce = Debounce::new(ms(50), ms(500));
        for n in 0..100 {
            debounce.note(start + ms(10 * n));
        }
        assert_eq!(debounce.due(), Some(start + ms(500)));
    }

    #[test]
    fn attempts_come_at_doubling_intervals_up_to_the_longest() {
        let start = Instant::now();
        let mut backoff = Backoff::new(ms(5), ms(30));
        backoff.begin(start);
        let mut at = Vec::new();
        for _ in 0..5 {
            let due = backoff.due().unwrap();
            backoff.begin(due);
            assert!(backoff.is_due(due));
            at.push((due - start).as_millis());
        }
        assert_eq!(at, [5, 15, 35, 65, 95]);
        backoff.end();
        assert_eq!(backoff.due(), None);
    }

    #[test]
    fn attempts_end_at_the_limit_for_good() {
        let start = Instant::now();
        let mut backoff = Backoff::new(ms(1), ms(1000)).giving_up_after(ms(120));
        backoff.begin(start);
        let mut last = start;
        while let Some(due) = backoff.due() {
            last = due;
            assert!(backoff.is_due(due));
        }
        assert_eq!(last, start + ms(63));
        backoff.begin(start + ms(500));
        assert_eq!(backoff.due(), None);
    }
}
