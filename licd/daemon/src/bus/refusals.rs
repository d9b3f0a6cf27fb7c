//! Which refusals are logged. Any user can cause them without end, and the journal drops what a service
//! logs beyond 10,000 lines in 30 seconds (`RateLimitBurst=`, journald.conf(5)): a user must not be able to
//! keep other events of licd out of it, or to push those of others out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Refusals to one user that are logged in a [`PERIOD`]: more than a person or a program causes that may
/// not do something and does not know it yet.
const LOGGED: u64 = 20;
/// The period in which refusals are counted.
const PERIOD: Duration = Duration::from_secs(60);
/// Users with a count of their own. There are seldom more than a few.
const USERS: usize = 64;

/// Counts the refusals to each user.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<HashMap<Option<u32>, Period>>);

/// A period of one user.
#[derive(Debug)]
struct Period {
    since: Instant,
    refused: u64,
}

/// What is logged of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Logged {
    /// The refusal, after so many that were not logged.
    After(u64),
    /// Nothing.
    Nothing,
}

impl Refusals {
    /// Counts a refusal to this user, or to callers that the bus does not know any more.
    pub(super) fn count(&self, user: Option<u32>, now: Instant) -> Logged {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |period: &Period| now.saturating_duration_since(period.since) >= PERIOD;
        if users.len() >= USERS {
            users.retain(|_, period| !is_over(period));
        }
        let period = users.entry(user).or_insert(Period { since: now, refused: 0 });
        let passed_over = if is_over(period) {
            let last = std::mem::replace(period, Period { since: now, refused: 0 });
            last.refused.saturating_sub(LOGGED)
        } else {
            0
        };
        period.refused += 1;
        if period.refused > LOGGED { Logged::Nothing } else { Logged::After(passed_over) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_who_is_refused_again_and_again_fills_no_journal_and_hides_no_other() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let logged = |user, after| refusals.count(Some(user), now + after);
        let first: Vec<_> = (0..1000).map(|_| logged(7, Duration::ZERO)).collect();
        let shown = first.iter().filter(|logged| **logged == Logged::After(0)).count() as u64;
        assert_eq!(shown, LOGGED);
        assert_eq!(logged(8, Duration::ZERO), Logged::After(0));
        assert_eq!(logged(7, PERIOD - Duration::from_secs(1)), Logged::Nothing);
        assert_eq!(logged(7, PERIOD), Logged::After(1001 - LOGGED));
        assert_eq!(logged(7, PERIOD), Logged::After(0));
    }
}
