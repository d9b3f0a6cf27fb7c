//! Floods of calls by one user do not affect others (docs/threat-model.md, section 3.5).

use std::collections::HashMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::caller;
use acceptance::client::{Client, MANAGER, NAME, PATH};
use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program;
use acceptance::server::Server;
use acceptance::{World, story, wait};
use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt};
use zbus::{Fd, Message, Variant};

pub(crate) const STORIES: &[Story] = &[
    story!(calls_with_descriptors_do_not_exhaust_the_daemon),
    story!(long_messages_do_not_stay_in_memory),
    story!(small_calls_against_a_thousand_licences_do_not_pile_up),
    story!(endless_object_and_property_queries_do_not_block_others),
    story!(calls_without_reply_do_not_pile_up),
    story!(slow_calls_do_not_delay_others),
    story!(messages_other_than_calls_are_ignored),
    story!(a_caller_that_reads_no_answers_does_not_block_the_daemon),
    story!(poll_requests_do_not_delay_the_regular_poll),
    story!(a_socket_that_lingers_keeps_no_other_caller_waiting),
];

/// The default duration of a flood, in seconds.
const SECONDS: u64 = 2;
/// The environment variable for another duration, for optimised programs on a dedicated machine.
const LONGER: &str = "LICD_FLOOD_SECONDS";
/// The promised limit of the daemon's memory.
const PEAK: u64 = 64 << 20;
/// The default limit of open descriptors.
const LIMIT: usize = 1024;
/// The limit of the daemon's descriptors during a flood, far from the process limit.
const DESCRIPTORS: usize = 512;
/// The promised time for 99 of 100 answers to other callers, beyond the bus's own delay.
const ANSWER: Duration = Duration::from_millis(100);
/// On a machine that does other work, the CPU time that licd may use from a question to its answer, in
/// 99 of 100 cases and unoptimised. If calls pile up, it works through the pile first.
const WORK: Duration = Duration::from_secs(1);
/// The time until the first poll after a start has finished.
const FIRST_LOOK: Duration = Duration::from_secs(20);
/// The time in seconds for which a socket lingers, less than callers wait for an answer.
const LINGERS: u8 = 20;
/// The number of licences on the device.
const LICENSES: u64 = 1000;

/// How a flood is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    /// By the time of the answers.
    Dedicated,
    /// By the work for them, since other programs delay them.
    Shared,
}

/// The duration of a flood, and how it is judged.
fn measure() -> (u64, Machine) {
    let longer = std::env::var(LONGER).map(|text| text.parse().unwrap());
    longer.map_or((SECONDS, Machine::Shared), |seconds| (seconds, Machine::Dedicated))
}

/// A device with many licences, its daemon, and its published state.
struct Fixture<'w> {
    world: &'w World,
    daemon: Daemon<'w>,
}

fn device(licenses: u64) -> World {
    let world = World::new();
    for n in 0..licenses {
        world
            .copy_by_hand(&format!("{n}.lic"), maker::licence().pack(&format!("WE-{n:05}")).sign());
    }
    world
}

/// The published state: the report without the clock's time, and the feature files.
fn published(fixture: &Fixture<'_>) -> (String, Vec<String>) {
    let features = fs::read_dir(fixture.world.path("/run/licd/features")).unwrap();
    let mut names: Vec<_> =
        features.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    (fixture.daemon.report().to_string(), names)
}

impl<'w> Fixture<'w> {
    fn open(world: &'w World) -> Self {
        let daemon = world.start();
        let pid = daemon.pid().to_string();
        let nofile = format!("--nofile={LIMIT}:{LIMIT}");
        program::tool("prlimit", ["--pid", &pid, &nofile]);
        Self { world, daemon }
    }

    fn descriptors(&self) -> usize {
        let directory = format!("/proc/{}/fd", self.daemon.pid());
        fs::read_dir(directory).map_or(0, Iterator::count)
    }

    /// Starts a flood, as an ordinary user if this process may switch users.
    fn flood(&self, kind: &str, seconds: u64) -> Child {
        let dir = self.world.root().parent().unwrap();
        let mut command = program::as_user(&program::path("flood"), dir);
        let socket = self.world.bus.socket();
        let words = [kind, socket.to_str().unwrap(), &seconds.to_string()];
        command.args(words).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// Queries a feature repeatedly until `end`.
    fn ask(&self, client: &Client, end: Instant, mut meanwhile: impl FnMut()) -> Asked {
        let (mut answers, mut work) = (Vec::new(), Vec::new());
        while Instant::now() < end {
            let (began, used) = (Instant::now(), self.daemon.cpu());
            let (allowed, ..): (bool, String, String) =
                client.manager("CheckFeature", &"os").unwrap();
            answers.push(began.elapsed());
            work.push(self.daemon.cpu().saturating_sub(used));
            assert!(allowed);
            meanwhile();
            thread::sleep(Duration::from_millis(2));
        }
        Asked { answers: Times::of(answers), work: Times::of(work) }
    }

    /// Floods the daemon, queries it meanwhile, and compares its state before and after.
    fn withstand(self, kind: &str) {
        let (seconds, machine) = measure();
        let before = published(&self);
        let client = self.daemon.client();
        let alone = self.ask(&client, Instant::now() + Duration::from_millis(500), || ());
        let (rss, mut descriptors) = (self.daemon.peak(), self.descriptors());
        let flood = self.flood(kind, seconds);
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut bus = Vec::new();
        let during = self.ask(&client, end, || {
            descriptors = descriptors.max(self.descriptors());
            // The delay of the bus itself, which the flood uses too.
            let began = Instant::now();
            assert!(client.is_owned());
            bus.push(began.elapsed());
        });
        let bus = Times::of(bus);
        let flood = flood.wait_with_output().unwrap();
        let peak = self.daemon.peak();
        eprintln!(
            "{kind} for {seconds} s: sent and answered {}; memory {} KiB, at most {} KiB; at most \
             {descriptors} descriptors; CheckFeature alone {}, meanwhile {}; work for an answer {}; \
             the bus itself {}",
            String::from_utf8(flood.stdout).unwrap().trim(),
            rss >> 10,
            peak >> 10,
            alone.answers.summary(),
            during.answers.summary(),
            during.work.summary(),
            bus.summary(),
        );
        assert!(flood.status.success(), "the flood ended early");
        assert_eq!(published(&self), before);
        assert!(peak <= PEAK, "{} KiB", peak >> 10);
        assert!(descriptors <= DESCRIPTORS, "{descriptors} descriptors");
        match machine {
            Machine::Dedicated => {
                let answers = during.answers;
                assert!(answers.part(99) <= ANSWER + 2 * bus.part(99), "{}", answers.summary());
            }
            Machine::Shared => {
                assert!(during.work.part(99) <= WORK, "{}", during.work.summary());
            }
        }
        assert!(self.daemon.stop().success());
    }
}

/// The queries of a caller.
struct Asked {
    /// The time of each answer.
    answers: Times,
    /// The CPU time of licd meanwhile.
    work: Times,
}

/// Durations, sorted.
struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    fn part(&self, percent: usize) -> Duration {
        self.0[(self.0.len() - 1) * percent / 100]
    }

    fn summary(&self) -> String {
        let [half, most, last] = [50, 99, 100].map(|percent| self.part(percent));
        format!("{} times, p50 {half:?}, p99 {most:?}, longest {last:?}", self.0.len())
    }
}

fn calls_with_descriptors_do_not_exhaust_the_daemon() {
    Fixture::open(&device(1)).withstand("descriptors");
}

fn long_messages_do_not_stay_in_memory() {
    Fixture::open(&device(1)).withstand("long");
}

fn small_calls_against_a_thousand_licences_do_not_pile_up() {
    Fixture::open(&device(LICENSES)).withstand("small");
}

fn endless_object_and_property_queries_do_not_block_others() {
    Fixture::open(&device(LICENSES)).withstand("objects");
}

fn calls_without_reply_do_not_pile_up() {
    Fixture::open(&device(LICENSES)).withstand("silent");
}

fn slow_calls_do_not_delay_others() {
    Fixture::open(&device(10)).withstand("slow");
}

fn messages_other_than_calls_are_ignored() {
    Fixture::open(&device(1)).withstand("odd");
}

fn a_caller_that_reads_no_answers_does_not_block_the_daemon() {
    Fixture::open(&device(LICENSES)).withstand("deaf");
}

fn poll_requests_do_not_delay_the_regular_poll() {
    let server = Server::http(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
    });
    let world = World::new();
    let settings = format!("[system.remotemanager]\nlicense_urls = [{:?}]\n", server.url("a.lic"));
    world.write("/etc/licd/settings.toml", settings);
    let daemon = world.start();
    let () = daemon.client().manager("Poll", &()).unwrap();
    // A device without a licence polls within 15 seconds of the start. A failed poll would be
    // retried after 30 seconds at the earliest.
    let asked = server.heads().len();
    let regular = wait::within(FIRST_LOOK, || (server.heads().len() > asked).then_some(()));
    assert!(regular.is_some(), "{}", daemon.log());
}

/// A socket whose last descriptor is not closed before its peer has read everything, and that peer.
fn lingering() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let full = loop {
        if let Err(error) = socket.write_all(&[0; 1 << 16]) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    let linger = libc::linger { l_onoff: 1, l_linger: LINGERS.into() };
    setsockopt(&socket, sockopt::Linger, &linger).unwrap();
    (socket, peer)
}

fn a_socket_that_lingers_keeps_no_other_caller_waiting() {
    let world = World::new();
    let daemon = world.start();
    let client = daemon.client();
    let mut hostile = caller::connect(&world.bus.socket());
    let (socket, _peer) = lingering();
    let options = HashMap::from([("unknown", Variant::from(true))]);
    let call = Message::method_call(PATH, "ImportFd").destination(NAME).interface(MANAGER);
    let call = call.build(&(Fd::from(&socket), "x", options)).unwrap();
    // licd is to have the last descriptor.
    daemon.signal(Signal::SIGSTOP);
    caller::send(&hostile, call.data().bytes(), &[socket.as_raw_fd()]).unwrap();
    drop((call, socket));
    daemon.signal(Signal::SIGCONT);
    while !caller::is_error(caller::receive(&mut hostile).unwrap()) {}
    let began = Instant::now();
    let _: (bool, String, String) = client.manager("CheckFeature", &"os").unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(LINGERS.into()) / 2, "{took:?}");
}
