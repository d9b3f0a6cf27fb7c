//! The daemon: what it does to start, to serve and to stop.

mod chronicle;
mod deployment;
mod desk;
mod events;
mod imports;
mod poll;
mod refresh;
mod rejoin;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use licd_device::Device;
use licd_fs::printable::reason;
use licd_fs::root::Root;
use licd_machine::links::{self, Link};
use licd_rules::Code;
use licd_store::StoreState;
use nix::errno::Errno;
use sd_notify::NotifyState;

use crate::args::{Address, Args};
use crate::bus::{Bus, NAME, START, StartError};
use crate::hub::{self, Hub, Inbox, Unsettled};
use crate::jobs::{Job, JobId};
use crate::journal;
use crate::notices::Herald;
use crate::timers::{Backoff, Debounce};
use deployment::PendingRestart;
use events::{Event, Events, Signal};
use imports::{Arrived, ImportCaller};
use poll::Polling;
use refresh::{Depth, Lane};

/// How long the end of work in hand is waited for, and then the bus: together the two seconds in
/// which a service should be gone.
const LAST_WORK: Duration = Duration::from_millis(1400);
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Why the daemon ends with an error.
#[derive(Debug)]
enum Fatal {
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
            Self::Kernel(what, reason) => write!(f, "{what}: {}", reason.desc()),
            Self::Bus(error) => error.fmt(f),
            Self::BusGone => f.write_str("bus: the connection was closed; the daemon ends with it"),
        }
    }
}

/// Runs the daemon until it is told to stop.
pub(crate) fn main(args: &Args) -> ExitCode {
    // Before everything that may have something to say.
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
    let root = Root::new(&args.root);
    if let Err(complaint) = take_over_sockets() {
        log::warn!(MESSAGE_ID = journal::PROBLEM; "service manager: {complaint}");
    }
    // Before the first thread, which inherits which signals are blocked; and listening before
    // reading, so that no change falls between.
    let events = Events::open(&root)?;
    let device = Arc::new(Device::at(root));
    let store = settle(&device);
    let herald = Arc::new(Herald::default());
    let (refreshed, is_profile_done) = refresh::first(&device, &herald);
    let left = Unsettled { store, profile: !is_profile_done };
    let (complaints, links, again) =
        (refreshed.complaints.clone(), refreshed.links.clone(), refreshed.again);
    let (hub, inbox) = hub::open(refreshed.published)
        .map_err(|reason| Fatal::Kernel("event descriptor", reason))?;
    let bus = Bus::start(&args.bus, &hub, START).map_err(Fatal::Bus)?;
    let address = args.bus.clone();
    let mut daemon = Daemon::new(device, herald, hub, inbox, (bus, address), events);
    daemon.started(left, again, complaints);
    links.into_iter().for_each(|links| daemon.heed_links(links));
    let outcome = daemon.serve();
    daemon.stop();
    outcome
}

/// The sandbox has no network, and so no interfaces; the service manager opens sockets outside of it
/// that tell of those of the machine (licd-links.socket).
fn take_over_sockets() -> Result<(), String> {
    let sockets = sd_listen_fds::get().map_err(|error| error.to_string())?;
    links::take_over(sockets.into_iter().map(|(_, socket)| socket.into_std()))
        .map_err(|error| error.to_string())
}

/// Puts right what a crash has left. Whether that is to be tried again: somebody else writes or keeps
/// the store from being closed, or there is a shortage of the moment; the report says more.
fn settle(device: &Device) -> bool {
    match device.settle() {
        Ok(closed) => closed.is_some_and(|closed| closed.is_open()),
        // Where there is no store, there is nothing to close.
        Err(_) if device.store().state() == Ok(StoreState::Missing) => false,
        Err(failure) => {
            if failure.code != Code::Busy {
                log::warn!(MESSAGE_ID = journal::STORE_PROBLEM; "{}", failure.message);
            }
            failure.is_of_the_moment()
        }
    }
}

/// Tells the service manager, if there is one.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::warn!("service manager: cannot be told ({})", reason(&error));
    }
}

/// What is done later.
struct Timers {
    /// Files changed.
    files: Debounce,
    /// Network interfaces changed.
    links: Debounce,
    /// Something to be imported has arrived; what comes along is imported with it.
    arrived: Debounce,
    /// The store could not be closed.
    settle: Backoff,
    /// No unit ID is known: interfaces may turn up without a word.
    relook: Backoff,
    /// Something could not be looked at or published.
    shortage: Backoff,
    /// Something could not be written down, or cleared away.
    unwritten: Backoff,
    /// Somebody has the partition open. In a mount namespace of its own, nobody tells the daemon
    /// when it is closed elsewhere.
    reclosed: Backoff,
    /// The connection to the bus is lost.
    rejoin: Backoff,
    /// How often the service manager wants to hear, and when next.
    watchdog: Option<(Duration, Instant)>,
}

impl Timers {
    fn new() -> Self {
        const fn ms(n: u64) -> Duration {
            Duration::from_millis(n)
        }
        const fn minutes(n: u64) -> Duration {
            Duration::from_secs(60 * n)
        }
        // sd_watchdog_enabled(3): half of the time that is given.
        let watchdog = sd_notify::watchdog_enabled().map(|time| time / 2);
        Self {
            files: Debounce::new(ms(50), ms(500)),
            links: Debounce::new(ms(200), ms(2000)),
            arrived: Debounce::new(ms(3), ms(50)),
            settle: Backoff::new(ms(5000), minutes(5)),
            relook: Backoff::new(ms(1000), minutes(1)).with_patience(minutes(2)),
            shortage: Backoff::new(ms(250), minutes(1)),
            unwritten: Backoff::new(ms(500), minutes(1)).with_patience(minutes(5)),
            reclosed: Backoff::new(ms(1000), minutes(1)),
            rejoin: Backoff::new(ms(100), ms(5000)).with_patience(minutes(1)),
            watchdog: watchdog.map(|interval| (interval, Instant::now() + interval)),
        }
    }

    fn next(&self) -> impl Iterator<Item = Instant> {
        let watchdog = self.watchdog.map(|(_, at)| at);
        let dues = [self.files.due(), self.links.due(), self.settle.due(), self.relook.due()];
        let more =
            [self.arrived.due(), self.reclosed.due(), self.shortage.due(), self.unwritten.due()];
        dues.into_iter().chain(more).chain([self.rejoin.due(), watchdog]).flatten()
    }
}

/// The loop and everything it decides on.
struct Daemon {
    device: Arc<Device>,
    herald: Arc<Herald>,
    hub: Arc<Hub>,
    inbox: Inbox,
    /// `None` while the connection is lost.
    bus: Option<Bus>,
    address: Address,
    events: Events,
    timers: Timers,
    lane: Lane,
    polling: Polling,
    restart: PendingRestart,
    /// Imports that run, and who waits for their verdict.
    jobs: BTreeMap<JobId, (Arc<Job>, ImportCaller)>,
    /// Those of them that read a file, and what the others have read.
    reading: BTreeSet<JobId>,
    arrived: BTreeMap<JobId, Arrived>,
    last_job: JobId,
    /// Jobs that have ended and are still shown, until when.
    lingering: VecDeque<(Instant, JobId)>,
    /// Threads that may write to the store, beside the one that refreshes.
    at_work: usize,
    /// The network interfaces as they were looked at last.
    links: Option<Vec<Link>>,
    complaints: Vec<String>,
    /// What the start or a crash has left to do.
    left: Unsettled,
}

impl Daemon {
    fn new(
        device: Arc<Device>,
        herald: Arc<Herald>,
        hub: Arc<Hub>,
        inbox: Inbox,
        (bus, address): (Bus, Address),
        events: Events,
    ) -> Self {
        Self {
            restart: PendingRestart::load(&device),
            device,
            herald,
            hub,
            inbox,
            bus: Some(bus),
            address,
            events,
            timers: Timers::new(),
            lane: Lane::default(),
            polling: Polling::default(),
            jobs: BTreeMap::new(),
            reading: BTreeSet::new(),
            arrived: BTreeMap::new(),
            last_job: 0,
            lingering: VecDeque::new(),
            at_work: 0,
            links: None,
            complaints: Vec::new(),
            left: Unsettled::default(),
        }
    }

    /// Says that the daemon is there.
    fn started(&mut self, left: Unsettled, again: bool, complaints: Vec<String>) {
        let published = self.hub.published();
        chronicle::started(&published.report);
        self.complain(complaints, true);
        self.events.set_alarm(self.device.next_turn(&published.time));
        let status = chronicle::status_line(&published.report);
        notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
        let now = Instant::now();
        self.left = left;
        if left != Unsettled::default() {
            self.timers.settle.begin(now);
        }
        self.mind_shortage(again, now);
        self.mind_what_is_amiss(now);
        self.publish_plan();
        self.judge_again();
    }

    /// Serves until a signal or the end of the bus.
    fn serve(&mut self) -> Result<(), Fatal> {
        loop {
            let lingering = self.lingering.front().map(|(at, _)| *at);
            let until = self.timers.next().chain(lingering).chain(self.polling.due()).min();
            for event in self.events.wait(&self.inbox.wake, until)? {
                match event {
                    Event::Signal(Signal::Stop) => return Ok(()),
                    Event::Signal(Signal::Refresh) => self.refresh(Depth::All, None),
                    Event::Turn => self.judge_again(),
                    Event::Poll => self.look_at_downloads(),
                    Event::Restart => self.plan_restart(),
                    Event::Files => self.timers.files.stir(Instant::now()),
                    Event::Links => self.timers.links.stir(Instant::now()),
                    Event::Inbox => self.read_inbox()?,
                }
            }
            self.do_what_is_due(Instant::now());
            if self.timers.rejoin.is_due(Instant::now()) {
                self.rejoin()?;
            }
        }
    }

    fn do_what_is_due(&mut self, now: Instant) {
        if self.timers.files.is_due(now) {
            self.look_again();
        }
        if self.timers.links.is_due(now) {
            self.look_at_links();
        }
        if self.timers.arrived.is_due(now) {
            self.begin_imports();
        }
        let looks = [
            self.timers.relook.is_due(now),
            self.timers.reclosed.is_due(now),
            self.timers.shortage.is_due(now),
            self.timers.unwritten.is_due(now),
        ];
        if looks.contains(&true) {
            self.look_again();
        }
        if self.timers.settle.is_due(now) {
            self.settle_again();
        }
        self.answer_impatient(now);
        while let Some((_, id)) = self.lingering.pop_front_if(|(at, _)| *at <= now) {
            self.bus(|bus| bus.forget_job(id));
        }
        if let Some((interval, at)) = self.timers.watchdog.filter(|(_, at)| *at <= now) {
            notify(&[NotifyState::Watchdog]);
            self.timers.watchdog = Some((interval, at.max(now) + interval));
        }
    }

    /// Interfaces change often, by a cable for example; only if others are there now, the unit ID
    /// may be another.
    fn look_at_links(&mut self) {
        let links = links::list(self.device.root()).ok().and_then(Result::ok);
        if links.is_none() || links != self.links {
            self.links = links;
            self.look_again();
        }
    }

    fn bus(&self, say: impl FnOnce(&Bus)) {
        if let Some(bus) = &self.bus {
            say(bus);
        }
    }

    /// Lets work in hand come to its end, answers, and leaves.
    fn stop(mut self) {
        log::info!(MESSAGE_ID = journal::STOPPING; "stopping");
        notify(&[NotifyState::Stopping]);
        // No further link is asked.
        self.polling = Polling::default();
        for (job, _) in self.jobs.values() {
            job.cancel();
        }
        let end = Instant::now() + LAST_WORK;
        // A refresh may write, too: the mark of the starter period, the clean-up.
        while (self.at_work > 0 || self.lane.is_running() || !self.arrived.is_empty())
            && Instant::now() < end
        {
            self.timers.arrived.clear();
            self.begin_imports();
            if !self.events.wait_for_inbox(&self.inbox.wake, end) {
                break;
            }
            self.finish_work();
        }
        self.answer_without_refresh();
        if let Err(failure) = self.device.rest(&self.hub.published().survey) {
            log::warn!(MESSAGE_ID = journal::PROBLEM; "{}", failure.message);
        }
        let Some(bus) = self.bus.take() else { return };
        // Whoever still waits is answered by the reply being dropped.
        drop(self);
        if !bus.stop(LAST_WORDS) {
            log::warn!("{NAME}: not all answers could be given before the end");
        }
    }
}
