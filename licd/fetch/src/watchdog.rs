//! The worker's own clock. Whatever a server or a library does, and at whatever stage, the worker
//! has said its last word when its time is up.
//!
//! Time does not pass here while the device is suspended.

use std::io::Write;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault::{Fault, system_words};
use crate::output::Output;

/// How the program ends when the watchdog ends it: the last word was said.
const ENDED: i32 = 0;

/// The clock that runs.
#[derive(Clone)]
pub(crate) struct Watchdog(Arc<Mutex<State>>);

struct State {
    /// Who is being asked, for the message.
    host: String,
    /// When time is up, and how much there was.
    end: Instant,
    total: Duration,
}

impl Watchdog {
    /// Starts the clock.
    ///
    /// # Errors
    /// [`Fault::Local`] if there is no thread to be had.
    pub(crate) fn start<W: Write + Send + 'static>(
        host: &str,
        total: Duration,
        output: Arc<Output<W>>,
    ) -> Result<Self, Fault> {
        let now = Instant::now();
        let end = now.checked_add(total).unwrap_or(now);
        let state = State { host: host.to_owned(), end, total };
        let state = Arc::new(Mutex::new(state));
        let watch = Self(Arc::clone(&state));
        thread::Builder::new()
            .name("watchdog".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || run(&state, &output))
            .map_err(|error| Fault::Local {
                what: "starting a thread",
                error: system_words(&error),
            })?;
        Ok(watch)
    }

    /// Who is asked from now on.
    pub(crate) fn asks(&self, host: &str) {
        host.clone_into(&mut lock(&self.0).host);
    }

    /// What is left of the whole time.
    pub(crate) fn left(&self) -> Duration {
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
            output.last_word(Fault::TooSlow(state.total).of(&state.host).failure(1));
            process::exit(ENDED);
        }
        thread::sleep(wait);
    }
}
