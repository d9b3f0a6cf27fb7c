//! How long to wait before a server is asked again.

use std::time::Duration;

use crate::fault::Fault;

/// Times that a server is asked at most.
pub(crate) const ATTEMPTS: u32 = 5;
/// The wait after the first attempt, doubled by each further one.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that is not asked for.
const LONGEST: Duration = Duration::from_secs(8);

/// An attempt with less time than this would be cut off on a busy machine, and why the one before it
/// failed would not be said.
const LEAST: Duration = Duration::from_millis(500);

/// The wait after so many attempts, the last of which failed so; `None` if there is no use in
/// another one, or no time: one that could but end in the same silence would end in the middle, and
/// less would be known of why. A server's wish to be left alone is kept; what it is beyond the time
/// left is said to the user instead.
///
/// `chance` spreads the wait evenly over its second half, so that a fleet that fails together does
/// not come back together.
pub(crate) fn wait(fault: &Fault, attempts: u32, left: Duration, chance: u32) -> Option<Duration> {
    if !fault.is_passing() || attempts >= ATTEMPTS {
        return None;
    }
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST);
    let spread = doubled.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX));
    let wait = spread.max(fault.retry_after().unwrap_or_default());
    (wait.saturating_add(fault.took()).saturating_add(LEAST) < left).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_secs(60);

    fn busy(retry_after: Option<u64>) -> Fault {
        Fault::Status { status: 503, retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn waits_grow_and_are_spread() {
        for (attempts, least, most) in [(1, 250, 500), (2, 500, 1000), (4, 2000, 4000)] {
            let millis = |chance| wait(&busy(None), attempts, LEFT, chance).unwrap().as_millis();
            assert_eq!((millis(0), millis(u32::MAX)), (least, most));
        }
    }

    #[test]
    fn a_wish_to_be_left_alone_is_kept_or_there_is_no_other_attempt() {
        assert_eq!(wait(&busy(Some(30)), 1, LEFT, 0), Some(Duration::from_secs(30)));
        assert_eq!(wait(&busy(Some(3600)), 1, LEFT, 0), None);
        assert!(wait(&busy(Some(0)), 1, LEFT, 0).unwrap() > Duration::ZERO);
    }

    #[test]
    fn a_silence_is_not_waited_for_when_it_would_outlast_the_time() {
        let silent = Fault::Silent(Duration::from_secs(30));
        assert!(wait(&silent, 1, Duration::from_secs(31), 0).is_some());
        assert_eq!(wait(&silent, 1, Duration::from_secs(30), 0), None);
    }

    #[test]
    fn what_does_not_pass_is_not_tried_again() {
        let missing = Fault::Status { status: 404, retry_after: None };
        assert_eq!(wait(&missing, 1, LEFT, 0), None);
        assert_eq!(wait(&busy(None), ATTEMPTS, LEFT, 0), None);
        assert_eq!(wait(&busy(None), 1, Duration::from_millis(100), 0), None);
    }
}
