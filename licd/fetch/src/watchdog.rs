//! The worker's own clock. Whatever a server or a library does, and at whatever stage, the worker
//! has said its last word when its time is up.
//!
//! Time does not pass here while the device is suspended.

use std::io::Write;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault::{Asked, Failed, Fault, system_words};
use crate::output::Output;

/// How the program ends when the watchdog ends it: the last word was said.
const ENDED: i32 = 0;

/// The clock that runs.
#[derive(Clone)]
pub(crate) struct Watchdog {
    shared: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    /// Who is being asked, for the message.
    host: String,
    total: Limit,
    /// The limit of the stage that is going on, if it has one that nothing else keeps.
    stage: Option<(Asked, Limit)>,
}

#[derive(Clone, Copy)]
struct Limit {
    at: Instant,
    span: Duration,
}

impl Limit {
    fn from_now(span: Duration) -> Self {
        let now = Instant::now();
        Self { at: now.checked_add(span).unwrap_or(now), span }
    }
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
        let state = State { host: host.to_owned(), total: Limit::from_now(total), stage: None };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let watch = Self { shared: Arc::clone(&shared) };
        thread::Builder::new()
            .name("watchdog".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || run(&shared, &output))
            .map_err(|error| Fault::Local {
                what: "starting a thread",
                error: system_words(&error),
            })?;
        Ok(watch)
    }

    /// Who is asked from now on.
    pub(crate) fn asks(&self, host: &str) {
        host.clone_into(&mut lock(&self.shared.0).host);
    }

    /// Does what cannot be interrupted otherwise, within `span`, on the way to `asked`.
    pub(crate) fn within<T>(&self, asked: Asked, span: Duration, stage: impl FnOnce() -> T) -> T {
        self.limit(Some((asked, Limit::from_now(span))));
        let done = stage();
        self.limit(None);
        done
    }

    /// What is left of the whole time.
    pub(crate) fn left(&self) -> Duration {
        lock(&self.shared.0).total.at.saturating_duration_since(Instant::now())
    }

    fn limit(&self, limit: Option<(Asked, Limit)>) {
        lock(&self.shared.0).stage = limit;
        self.shared.1.notify_one();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run<W: Write>(shared: &(Mutex<State>, Condvar), output: &Output<W>) {
    let mut state = lock(&shared.0);
    loop {
        let next = match &state.stage {
            Some((_, stage)) if stage.at < state.total.at => stage.at,
            _ => state.total.at,
        };
        let wait = next.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            output.last_word(up(&state).failure(1));
            process::exit(ENDED);
        }
        let waited = shared.1.wait_timeout(state, wait);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// What is said when time is up.
fn up(state: &State) -> Failed {
    match &state.stage {
        Some((asked, stage)) if stage.at < state.total.at => {
            Failed { asked: asked.clone(), fault: Fault::ConnectTimeout(stage.span) }
        }
        _ => Fault::TooSlow(state.total.span).of(&state.host),
    }
}
