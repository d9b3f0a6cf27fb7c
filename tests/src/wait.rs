//! Waiting for something to become true, instead of for some time.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine of two cores before a test gives up: many times
/// what it takes on an idle one.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(5);

/// Waits until `look` finds something, and returns it.
///
/// # Panics
/// If there is nothing by [`DEADLINE`]; `what` says what was waited for.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    let found = within(DEADLINE, look);
    found.unwrap_or_else(|| panic!("waited {} s in vain: {what}", DEADLINE.as_secs()))
}

/// Waits until `look` finds something; `None` if there is nothing within `limit`.
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
