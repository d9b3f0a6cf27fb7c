//! The daemon: how it starts, serves and stops.

mod actions;
mod deployment;
mod first;
mod imports;
mod journal_events;
mod look;
mod orders;
mod poller;
mod publish;
mod refresh;
mod service_manager;
mod settle;
mod wake;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use licd_device::Device;
use licd_fs::look::Unavailable;
use licd_fs::root::Root;
use licd_machine::links;
use licd_protocol::BusAddress;
use nix::errno::Errno;
use sd_notify::NotifyState;

use crate::args::Args;
use crate::bus::{Bus, Connecting, NAME, START, StartError};
use crate::dispatch::{Event, Lack, State, Ticket};
use crate::jobs::{FileQueues, Job, JobId, Read};
use crate::journal;
use crate::notices::NoticePublisher;
use crate::shared::{self, Inbox, Refreshed, Shared, Unsettled};
use crate::watch::Changed;
use deployment::PendingRestart;
use first::First;
use imports::Outcome;
use orders::Pending;
use poller::{Files, Poller};
use refresh::Removal;
use service_manager::{notify, notify_ready};
use settle::{settle, settle_after};
use wake::{Signal, Wake};

/// How long a stop waits for the work that runs, and then for the bus: together the two seconds in which
/// a service should be gone.
const LAST_WORK: Duration = Duration::from_millis(1400);
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Why the daemon ends with an error.
#[derive(Debug)]
enum Fatal {
    /// The root directory cannot be looked at now.
    Root(Unavailable),
    /// The kernel refuses what the loop needs.
    Kernel(&'static str, Errno),
    /// The bus cannot be served.
    Bus(StartError),
    /// The bus is gone.
    BusGone,
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(unavailable) => unavailable.fmt(f),
            Self::Kernel(what, reason) => write!(f, "{what}: {}", reason.desc()),
            Self::Bus(error) => error.fmt(f),
            Self::BusGone => f.write_str("bus: the connection was closed; the daemon ends with it"),
        }
    }
}

/// Runs the daemon until a signal stops it.
pub(crate) fn main(args: &Args) -> ExitCode {
    // Before everything that may log.
    journal::begin();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => {
            log::error!("{fatal}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Fatal> {
    let root = Root::new(&args.root).map_err(Fatal::Root)?;
    if let Err(complaint) = take_over_sockets() {
        log::warn!(MESSAGE_ID = journal::PROBLEM; "service manager: {complaint}");
    }
    // Before the first thread, which inherits the blocked signals; and before the first survey, so that
    // no change is missed.
    let poller = Poller::open(&root)?;
    let device = Arc::new(Device::at(root));
    let notices = Arc::new(NoticePublisher::default());
    // Before the survey begins, whose shortages are reported.
    let connecting = Connecting::to(&args.bus, START);
    device.note_unwatched(poller.unwatched());
    let First { refreshed, removal, settled } = first::refresh(&device, &notices);
    let Refreshed { published, settings, again, complaints, .. } = refreshed;
    let (shared, inbox) =
        shared::open(published).map_err(|reason| Fatal::Kernel("event descriptor", reason))?;
    let connected = connecting.finish();
    let bus = connected.and_then(|connected| connected.serve(&shared, START));
    // Programs that wait until licd is ready find a settled store; the name does not wait for that.
    let published = shared.published();
    let store = settled.unwrap_or_else(|| settle_after(&device, &published));
    let bus = bus.map_err(Fatal::Bus)?;
    let lacks = publish::lacks(&device, &published.report, [(again, Lack::Fact)]);
    // Else the first report would stay beside the one in force.
    drop(published);
    let left = Unsettled { store, profile: removal == Removal::Undone };
    let started = Event::Started { left, lacks, settings: settings.map(Box::new) };
    let address = args.bus.clone();
    let mut daemon = Daemon::new(device, notices, shared, inbox, (bus, address), poller);
    let outcome = daemon.announce_start(complaints);
    let outcome = outcome.and_then(|()| daemon.handle(started)).and_then(|()| daemon.serve());
    daemon.stop();
    outcome
}

/// The sandbox has no network, and so no interfaces; the service manager opens sockets outside of it
/// that report those of the machine (licd-links.socket).
fn take_over_sockets() -> Result<(), String> {
    let sockets = sd_listen_fds::get().map_err(|error| error.to_string())?;
    links::take_over(sockets.into_iter().map(|(_, socket)| socket.into_std()))
        .map_err(|error| error.to_string())
}

/// The loop: waits for events, and carries out the actions that [`State`] decides on.
struct Daemon {
    device: Arc<Device>,
    notices: Arc<NoticePublisher>,
    shared: Arc<Shared>,
    inbox: Inbox,
    /// `None` while the connection is lost.
    bus: Option<Bus>,
    address: BusAddress,
    /// Why the last attempt to connect again failed.
    bus_error: Option<StartError>,
    poller: Poller,
    state: State,
    /// Events that are still to be handled, those that actions have caused included.
    queue: VecDeque<Event>,
    restart: PendingRestart,
    /// Calls that have no answer yet.
    pending: BTreeMap<Ticket, Pending>,
    last_ticket: u64,
    /// Imports that run.
    jobs: BTreeMap<JobId, Arc<Job>>,
    /// Files that wait to be read.
    files: Arc<FileQueues>,
    /// What they have read.
    read: BTreeMap<JobId, Read>,
    /// How those ended whose end is still to be reported.
    outcomes: BTreeMap<JobId, Outcome>,
    /// The refresh that is still to be published.
    refreshed: Option<Box<Refreshed>>,
    /// Problems that were logged and persist.
    complaints: Vec<String>,
}

impl Daemon {
    fn new(
        device: Arc<Device>,
        notices: Arc<NoticePublisher>,
        shared: Arc<Shared>,
        inbox: Inbox,
        (bus, address): (Bus, BusAddress),
        poller: Poller,
    ) -> Self {
        // sd_watchdog_enabled(3): half of the time that is given.
        let watchdog = sd_notify::watchdog_enabled().map(|time| time / 2);
        Self {
            restart: PendingRestart::load(&device),
            device,
            notices,
            shared,
            inbox,
            bus: Some(bus),
            address,
            bus_error: None,
            poller,
            state: State::new(watchdog, Instant::now()),
            queue: VecDeque::new(),
            pending: BTreeMap::new(),
            last_ticket: 0,
            jobs: BTreeMap::new(),
            files: Arc::default(),
            read: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            refreshed: None,
            complaints: Vec::new(),
        }
    }

    /// Reports to the service manager and the journal that the daemon serves.
    fn announce_start(&mut self, complaints: Vec<String>) -> Result<(), Fatal> {
        let published = self.shared.published();
        journal_events::started(&published.report);
        self.complain(complaints, true);
        self.poller.set_alarm(self.device.next_turn(&published.time));
        let status = journal_events::status_line(&published.report);
        // Once licd is ready, it opens the partition only for a reason: a person may unmount it.
        let are_searched = self.poller.watch_searched();
        notify_ready(&status)?;
        self.publish_first_plan();
        if are_searched {
            self.handle(Event::FilesChanged)?;
        }
        Ok(())
    }

    /// Serves until a signal or the end of the bus.
    fn serve(&mut self) -> Result<(), Fatal> {
        loop {
            if self.poller.unwatched() != self.device.unwatched() {
                self.handle(Event::Unwatched)?;
            }
            for wake in self.wait()? {
                match wake {
                    Wake::Signal(Signal::Stop) => return Ok(()),
                    Wake::Signal(Signal::Refresh) => self.handle(Event::Hangup)?,
                    Wake::Turn => self.handle(Event::AlarmRang)?,
                    Wake::Poll => self.handle(Event::PollDue)?,
                    Wake::Restart => self.plan_restart(),
                    Wake::Files => self.handle(Event::FilesChanged)?,
                    Wake::Links => self.handle(Event::LinksChanged)?,
                    Wake::Inbox => self.read_inbox()?,
                }
            }
            self.handle(Event::TimePassed)?;
        }
    }

    /// Waits for something to happen. What licd itself has stored is no news.
    fn wait(&mut self) -> Result<Vec<Wake>, Fatal> {
        let (device, published) = (&self.device, self.shared.published());
        let is_known = |changed: Changed<'_>| match changed {
            Changed::License(name) => device.has_read(&published.survey, name),
            Changed::Memory => device.has_read_memory(&published.survey),
        };
        let files = match self.state.may_change_files() {
            true => Files::Later,
            false => Files::Unknown(&is_known),
        };
        self.poller.wait(&self.inbox.wake, self.state.due(), files)
    }

    /// Carries out what follows from an event, and from the events that this causes at once.
    fn handle(&mut self, event: Event) -> Result<(), Fatal> {
        self.queue.push_back(event);
        while let Some(event) = self.queue.pop_front() {
            for action in self.state.on(event, Instant::now()) {
                let caused = self.carry_out(action)?;
                self.queue.extend(caused);
            }
        }
        Ok(())
    }

    fn bus(&self, send: impl FnOnce(&Bus)) {
        if let Some(bus) = &self.bus {
            send(bus);
        }
    }

    /// Lets the work that runs come to its end, answers, and leaves.
    fn stop(mut self) {
        log::info!(MESSAGE_ID = journal::STOPPING; "stopping");
        notify(&[NotifyState::Stopping]);
        self.finish_work();
        if let Err(failure) = self.device.rest(&self.shared.published().survey) {
            log::warn!(MESSAGE_ID = journal::PROBLEM; "{}", failure.message);
        }
        let Some(bus) = self.bus.take() else { return };
        // Callers that still wait are answered by the reply being dropped.
        drop(self);
        if !bus.stop(LAST_WORDS) {
            log::warn!("{NAME}: not all answers could be given before the end");
        }
    }

    /// Waits for the work that runs, up to [`LAST_WORK`].
    fn finish_work(&mut self) {
        let end = Instant::now() + LAST_WORK;
        // Only the loss of the bus ends the loop with an error, and a state that stops ignores it.
        let _ = self.handle(Event::Stop);
        while self.state.has_work()
            && Instant::now() < end
            && self.poller.wait_for_inbox(&self.inbox.wake, end)
        {
            let news = self.inbox.take_news();
            let _ = self.read_news(news);
        }
        let _ = self.handle(Event::StopTimedOut);
    }
}
