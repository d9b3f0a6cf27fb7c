//! The wait before the next attempt.

use std::time::Duration;

use crate::error::FetchError;

/// The most attempts for one file.
pub(crate) const ATTEMPTS: u32 = 5;
/// The wait after the first attempt; each further attempt doubles it.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that no server asked for.
const LONGEST: Duration = Duration::from_secs(8);
/// The least time for another attempt. A busy machine would cut off a shorter one, and its message
/// would hide the reason of the attempt before.
const MIN_ATTEMPT: Duration = Duration::from_millis(500);

/// The wait after this many attempts, if `error` is transient and `remaining` leaves time for another
/// attempt that may last as long as the failed one. The wait is at least the one that the server asks
/// for; if that is too long, the message tells the user.
///
/// `random` spreads the wait evenly over its second half, so that a fleet of devices does not return
/// at one moment.
pub(crate) fn wait(
    error: &FetchError,
    attempts: u32,
    remaining: Duration,
    random: u32,
) -> Option<Duration> {
    if !error.is_transient() || attempts >= ATTEMPTS {
        return None;
    }
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST);
    let spread = doubled.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX));
    let wait = spread.max(error.retry_after().unwrap_or_default());
    (wait.saturating_add(error.elapsed()).saturating_add(MIN_ATTEMPT) < remaining).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REMAINING: Duration = Duration::from_secs(60);

    fn busy(retry_after: Option<u64>) -> FetchError {
        FetchError::Status { status: 503, retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn waits_double_and_spread() {
        for (attempts, least, most) in [(1, 250, 500), (2, 500, 1000), (4, 2000, 4000)] {
            let millis =
                |random| wait(&busy(None), attempts, REMAINING, random).unwrap().as_millis();
            assert_eq!((millis(0), millis(u32::MAX)), (least, most));
        }
    }

    #[test]
    fn retry_after_is_honoured_or_ends_the_attempts() {
        assert_eq!(wait(&busy(Some(30)), 1, REMAINING, 0), Some(Duration::from_secs(30)));
        assert_eq!(wait(&busy(Some(3600)), 1, REMAINING, 0), None);
        assert!(wait(&busy(Some(0)), 1, REMAINING, 0).unwrap() > Duration::ZERO);
    }

    #[test]
    fn a_timeout_is_not_retried_without_time_for_another() {
        let silent = FetchError::IdleTimeout(Duration::from_secs(30));
        assert!(wait(&silent, 1, Duration::from_secs(31), 0).is_some());
        assert_eq!(wait(&silent, 1, Duration::from_secs(30), 0), None);
    }

    #[test]
    fn permanent_errors_and_exhausted_limits_end_the_attempts() {
        let missing = FetchError::Status { status: 404, retry_after: None };
        assert_eq!(wait(&missing, 1, REMAINING, 0), None);
        assert_eq!(wait(&busy(None), ATTEMPTS, REMAINING, 0), None);
        assert_eq!(wait(&busy(None), 1, Duration::from_millis(100), 0), None);
    }
}
