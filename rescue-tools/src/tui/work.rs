//! Carries the actions out. What takes longer than a moment runs on a thread of its own and sends
//! its result as an event.

mod import;

use std::io::{PipeReader, PipeWriter, Write as _, pipe};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use licd_device::{Failure, Stick};
use licd_fs::printable::reason;
use licd_rules::Code;

use super::event::{Action, Applied, By, Event, Outcome, Seen, StickEntry, Work};
use crate::args::Access;
use crate::backend::{Backend, device};

/// The interval between two looks at the device. A person waits no longer for the effect of a
/// command in another shell.
const LOOK: Duration = Duration::from_secs(2);
/// The interval between two looks for sticks, which people plug in while they watch.
const STICKS: Duration = Duration::from_secs(1);

/// Carries out actions.
pub(super) struct Worker {
    access: Access,
    events: Sender<Event>,
    /// Asks the thread that looks at the device to look now.
    look: Sender<()>,
    /// Ends the thread that lists sticks when it is dropped.
    sticks: Option<Sender<()>>,
    /// Cancels the work that runs.
    cancel: Option<Arc<Cancel>>,
}

/// The wish to cancel work, for those who ask and for those who wait for a descriptor.
pub(super) struct Cancel {
    asked: AtomicBool,
    /// Becomes readable.
    reader: PipeReader,
    writer: Mutex<PipeWriter>,
}

impl Cancel {
    fn new() -> std::io::Result<Self> {
        let (reader, writer) = pipe()?;
        Ok(Self { asked: AtomicBool::new(false), reader, writer: Mutex::new(writer) })
    }

    fn ask(&self) {
        if !self.asked.swap(true, Ordering::Relaxed)
            && let Ok(mut writer) = self.writer.lock()
        {
            // An empty pipe takes a byte.
            let _ = writer.write(&[0]);
        }
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Worker {
    /// Begins to look at the device.
    pub(super) fn new(access: Access, events: Sender<Event>) -> Self {
        let (look, asked) = mpsc::channel();
        let (own, sender) = (access.clone(), events.clone());
        let started = start("look", move || look_again(&own, &asked, &sender));
        if let Err(failure) = started {
            let _ = events.send(Event::NotSeen(failure));
        }
        Self { access, events, look, sticks: None, cancel: None }
    }

    /// Carries out an action.
    pub(super) fn carry_out(&mut self, action: Action) {
        match action {
            // Fails if there is no such thread, which has been reported.
            Action::Refresh => drop(self.look.send(())),
            Action::WatchSticks => self.watch_sticks(),
            Action::LeaveSticks => self.sticks = None,
            Action::ListFiles(device) => self.list_files(device),
            Action::Start(work) => self.start_work(work),
            Action::Cancel => {
                if let Some(cancel) = &self.cancel {
                    cancel.ask();
                }
            }
            Action::Quit => {}
        }
    }

    /// Ends. The threads that are left only read.
    pub(super) fn end(self) {}

    fn watch_sticks(&mut self) {
        let (stop, stopped) = mpsc::channel();
        let (access, events) = (self.access.clone(), self.events.clone());
        let watch = move || {
            loop {
                let sticks = device(&access).and_then(|device| device.sticks());
                let list = sticks.map(|sticks| sticks.iter().map(entry).collect());
                if events.send(Event::Sticks(list)).is_err() {
                    return;
                }
                if stopped.recv_timeout(STICKS) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        self.sticks = Some(stop);
        if let Err(failure) = start("sticks", watch) {
            let _ = self.events.send(Event::Sticks(Err(failure)));
        }
    }

    /// A damaged stick may take long.
    fn list_files(&self, drive: PathBuf) {
        let (access, events, name) = (self.access.clone(), self.events.clone(), drive.clone());
        let list = move || {
            let stick = device(&access).and_then(|device| device.open_stick(&drive));
            let files = stick.and_then(|stick| match stick.is_empty() {
                true => Err(stick.nothing()),
                false => Ok(stick.files().map(|(name, _)| name).collect()),
            });
            let _ = events.send(Event::Files(drive, files));
        };
        if let Err(failure) = start("files", list) {
            let _ = self.events.send(Event::Files(name, Err(failure)));
        }
    }

    fn start_work(&mut self, work: Work) {
        let started = Cancel::new().map(Arc::new).map_err(|error| none_left(&error));
        let started = started.and_then(|cancel| {
            self.cancel = Some(Arc::clone(&cancel));
            let (access, events) = (self.access.clone(), self.events.clone());
            start("work", move || {
                // The state that the work held is not used after a panic.
                let run = AssertUnwindSafe(|| run(&access, work, &cancel, &events));
                let outcome = catch_unwind(run).unwrap_or_else(|_| Outcome::Failed(broken()));
                let _ = events.send(Event::Done(outcome));
            })
        });
        if let Err(failure) = started {
            let _ = self.events.send(Event::Done(Outcome::Failed(failure)));
        }
    }
}

fn run(access: &Access, work: Work, cancel: &Cancel, events: &Sender<Event>) -> Outcome {
    let backend = match Backend::open(access) {
        Ok(backend) => backend,
        Err(failure) => return Outcome::Failed(failure),
    };
    match work {
        Work::Import(source, effect) => {
            let outcome = import::run(&backend, source, effect, cancel, events);
            match cancel.is_asked() && !outcome.is_success() {
                true => Outcome::Cancelled,
                false => outcome,
            }
        }
        Work::Activate(Applied(application)) => {
            let outcome = import::activate(&backend, &application, cancel, events);
            match cancel.is_asked() && !outcome.is_success() {
                true => withdrawn(&backend),
                false => outcome,
            }
        }
        Work::Withdraw => {
            backend.cancel_activation().map_or_else(Outcome::Failed, Outcome::Withdrawn)
        }
        Work::Remove(selector) => {
            backend.remove(&selector).map_or_else(Outcome::Failed, Outcome::Removed)
        }
    }
}

/// A cancelled activation leaves no request behind; the daemon removes its own.
fn withdrawn(backend: &Backend) -> Outcome {
    let removed = match backend.by() {
        By::Daemon => Ok(()),
        By::Device => backend.device().withdraw_activation().map(drop),
    };
    removed.map_or_else(Outcome::Failed, |()| Outcome::Cancelled)
}

/// Looks at the device again and again.
fn look_again(access: &Access, asked: &Receiver<()>, events: &Sender<Event>) {
    let mut kept = None;
    loop {
        let event = match look(access, &mut kept) {
            Ok(seen) => Event::Seen(Box::new(seen)),
            Err(failure) => Event::NotSeen(failure),
        };
        if events.send(event).is_err() {
            return;
        }
        if asked.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Looks once. A connection to the daemon is kept; a daemon or a bus that has gone may have come back.
fn look(access: &Access, kept: &mut Option<Backend>) -> Result<Seen, Failure> {
    if let Some(backend) = kept.take_if(|backend| backend.by() == By::Daemon)
        && let Ok(seen) = see(&backend)
    {
        *kept = Some(backend);
        return Ok(seen);
    }
    let backend = Backend::open(access)?;
    let seen = see(&backend)?;
    *kept = Some(backend);
    Ok(seen)
}

fn see(backend: &Backend) -> Result<Seen, Failure> {
    let report = backend.report()?;
    // The plan is optional: the status is complete without it.
    let plan = backend.device().published_restart().ok().flatten();
    Ok(Seen { report, plan: plan.map(|plan| plan.plan), by: backend.by() })
}

fn entry(stick: &Stick) -> StickEntry {
    StickEntry { device: stick.device().to_owned(), name: stick.described() }
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(drop).map_err(|error| none_left(&error))
}

/// The machine has no thread or descriptor left.
fn none_left(error: &std::io::Error) -> Failure {
    Failure { code: Code::Busy, message: format!("licctl: {}; try again later", reason(error)) }
}

fn broken() -> Failure {
    let message =
        "licctl: an internal error has ended the work; look at the licences, and try again";
    Failure { code: Code::Timeout, message: message.to_owned() }
}
