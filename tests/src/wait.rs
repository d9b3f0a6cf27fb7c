//! Waits for conditions instead of fixed times.

use std::thread;
use std::time::{Duration, Instant};

/// The time limit on a busy machine with two cores: many times the duration on an idle one.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// The polling interval.
const PERIOD: Duration = Duration::from_millis(5);

/// Waits until `look` returns a value.
///
/// # Panics
/// If `look` returns no value within [`DEADLINE`]; `what` describes the condition.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    let found = within(DEADLINE, look);
    found.unwrap_or_else(|| panic!("waited {} s in vain: {what}", DEADLINE.as_secs()))
}

/// Waits until `look` returns a value; `None` after `limit`.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(PERIOD);
    }
}
