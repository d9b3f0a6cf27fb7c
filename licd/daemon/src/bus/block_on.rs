//! Blocks on a future without running any other.
//!
//! zbus's own `block_on` makes the calling thread run the connection's tasks as long as it lasts,
//! methods included, and hands them to a helper thread afterwards. This one only blocks, so
//! the helper thread has the connection from its beginning.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The output of the future; `None` if it takes longer than `limit`.
pub(super) fn block_on_for<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let end = Instant::now() + limit;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        // A spurious return only costs another poll.
        thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_the_output_and_no_longer_than_its_limit() {
        assert_eq!(block_on_for(Duration::ZERO, async { 7 }), Some(7));
        let never = std::future::pending::<()>();
        assert_eq!(block_on_for(Duration::from_millis(10), never), None);
    }
}
