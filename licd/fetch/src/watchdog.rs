//! The time limit of the worker. When it is up, the watchdog reports a failure and ends the process,
//! whatever a server or a library is doing.
//!
//! The clock stops while the device is suspended.

use std::io::Write;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{FetchError, system_message};
use crate::output::Output;

/// The exit code after the watchdog has reported the failure.
const REPORTED: i32 = 0;

/// A handle to the running watchdog.
#[derive(Clone)]
pub(crate) struct Watchdog(Arc<Mutex<State>>);

struct State {
    /// The host that the message names.
    host: String,
    /// The time limit, as an instant and as a span.
    end: Instant,
    total: Duration,
}

impl Watchdog {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`FetchError::Internal`] if the system starts no thread.
    pub(crate) fn start<W: Write + Send + 'static>(
        host: &str,
        total: Duration,
        output: Arc<Output<W>>,
    ) -> Result<Self, FetchError> {
        let watch = Self::of(host, total);
        let state = Arc::clone(&watch.0);
        thread::Builder::new()
            .name("watchdog".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || run(&state, &output))
            .map_err(|error| FetchError::Internal {
                action: "starting a thread",
                message: system_message(&error),
            })?;
        Ok(watch)
    }

    /// A time limit that ends no process.
    pub(crate) fn of(host: &str, total: Duration) -> Self {
        let now = Instant::now();
        let end = now.checked_add(total).unwrap_or(now);
        Self(Arc::new(Mutex::new(State { host: host.to_owned(), end, total })))
    }

    /// Sets the host that the worker asks from now on.
    pub(crate) fn set_host(&self, host: &str) {
        host.clone_into(&mut lock(&self.0).host);
    }

    /// The time left until the limit.
    pub(crate) fn remaining(&self) -> Duration {
        lock(&self.0).end.saturating_duration_since(Instant::now())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run<W: Write>(state: &Mutex<State>, output: &Output<W>) {
    let end = lock(state).end;
    loop {
        let wait = end.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            let state = lock(state);
            output.try_failure(FetchError::TotalTimeout(state.total).of(&state.host).failure(1));
            process::exit(REPORTED);
        }
        thread::sleep(wait);
    }
}
