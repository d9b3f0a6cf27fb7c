//! Repeats what fails for a passing reason.

use std::thread;
use std::time::{Duration, Instant};

/// Calls `attempt` until it succeeds or fails with an error that does not pass, at least once and not
/// after `deadline`, with a `pause` after each failure. Returns the outcome of the last attempt.
///
/// # Errors
/// Those of `attempt`.
pub fn until<T, E>(
    deadline: Instant,
    pause: Duration,
    mut attempt: impl FnMut() -> Result<T, E>,
    passes: impl Fn(&E) -> bool,
) -> Result<T, E> {
    loop {
        match attempt() {
            Err(error) if passes(&error) && Instant::now() < deadline => thread::sleep(pause),
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails `failures` times before it succeeds; returns the outcome and the number of attempts.
    fn attempts(deadline: Instant, failures: usize, passes: bool) -> (Result<(), usize>, usize) {
        let mut count = 0;
        let attempt = || {
            count += 1;
            if count > failures { Ok(()) } else { Err(count) }
        };
        (until(deadline, Duration::ZERO, attempt, |_| passes), count)
    }

    #[test]
    fn a_passing_error_is_retried_until_the_deadline() {
        let now = Instant::now();
        let later = now + Duration::from_secs(60);
        assert_eq!(attempts(later, 3, true), (Ok(()), 4));
        assert_eq!(attempts(later, 3, false), (Err(1), 1));
        assert_eq!(attempts(now, 3, true), (Err(1), 1));
        assert_eq!(attempts(now, 0, true), (Ok(()), 1));
    }
}
