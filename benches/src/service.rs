//! licd beside another service of the same name: start, answers, memory.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::client::{Client, PROPERTIES};
use acceptance::{World, program, wait};
use zbus::OwnedVariant;

/// Starts of each.
const STARTS: usize = 25;
/// Answers of each in one run; the runs alternate.
const ANSWERS: usize = 500;
const RUNS: usize = 4;
/// Starts of a daemon of another project.
const OTHERS: usize = 5;
/// How long a service may take to answer.
const LIMIT: Duration = Duration::from_secs(60);
/// How long memory takes to come to rest.
const REST: Duration = Duration::from_secs(1);

/// A daemon of another project.
pub struct Other {
    /// The program with its arguments.
    pub command: Command,
    /// Its name on the bus.
    pub name: &'static str,
    /// An object of it.
    pub path: &'static str,
    /// An interface of that object, and a property.
    pub property: [&'static str; 2],
}

impl Other {
    /// The least time from a start to the first answer, and memory at rest in kB.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn cost(mut self, world: &World) -> (Duration, u64) {
        // Such a daemon knows no other way to a bus.
        self.command.env("DBUS_SYSTEM_BUS_ADDRESS", world.bus.address());
        let client = Client::connect(world.bus.address());
        let is_free = || !client.has_owner(self.name);
        let answers = || {
            let get = (self.property[0], self.property[1]);
            client.call::<OwnedVariant>(self.name, self.path, PROPERTIES, "Get", &get).is_ok()
        };
        let mut cost = || {
            let (took, service) = Service::start(&mut self.command, is_free, answers);
            thread::sleep(REST);
            (took, service.resident())
        };
        let costs: Vec<_> = (0..OTHERS).map(|_| cost()).collect();
        let took = costs.iter().map(|(took, _)| *took).min().unwrap();
        (took, costs.iter().map(|(_, memory)| *memory).min().unwrap())
    }
}

/// What a service costs.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// From its start to its first answer to `GetStatus`: the least.
    pub start: Duration,
    /// `GetStatus`, warm: the median.
    pub status: Duration,
    /// `CheckFeature`, warm: the median.
    pub feature: Duration,
    /// Resident memory at rest in kB: the least.
    pub memory: u64,
}

impl Figures {
    /// licd and a peer on the bus of this device, in alternating runs.
    ///
    /// # Panics
    /// If one of them does not start.
    #[must_use]
    pub fn of_both(world: &World, peer: Command) -> (Self, Self) {
        let mut licd = Command::new(program::path("licd"));
        licd.arg("--root").arg(world.root()).arg("--bus").arg(world.bus.address());
        let client = Client::connect(world.bus.address());
        let mut both = [(licd, Samples::default()), (peer, Samples::default())];
        for _ in 0..STARTS {
            for (command, samples) in &mut both {
                samples.start.push(Service::named_licd(command, &client).0);
            }
        }
        for _ in 0..RUNS {
            for (command, samples) in &mut both {
                samples.take(command, &client);
            }
        }
        let [own, peer] = both.map(|(_, samples)| samples.figures());
        (own, peer)
    }
}

/// Everything that was measured of a service.
#[derive(Debug, Default)]
struct Samples {
    start: Vec<Duration>,
    status: Vec<Duration>,
    feature: Vec<Duration>,
    memory: Vec<u64>,
}

impl Samples {
    fn take(&mut self, command: &mut Command, client: &Client) {
        let (_, service) = Service::named_licd(command, client);
        thread::sleep(REST);
        self.memory.push(service.resident());
        for _ in 0..ANSWERS {
            let began = Instant::now();
            let _ = client.status();
            self.status.push(began.elapsed());
            let began = Instant::now();
            let _: (bool, String, String) = client.manager("CheckFeature", &"os").unwrap();
            self.feature.push(began.elapsed());
        }
    }

    fn figures(mut self) -> Figures {
        Figures {
            start: self.start.iter().min().copied().unwrap(),
            status: median(&mut self.status),
            feature: median(&mut self.feature),
            memory: self.memory.iter().min().copied().unwrap(),
        }
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A running service, killed when dropped.
struct Service(Child);

impl Service {
    /// Starts it, and returns how long its first answer took.
    fn start(
        command: &mut Command,
        is_free: impl Fn() -> bool,
        answers: impl Fn() -> bool,
    ) -> (Duration, Self) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        wait::until("the name is free", || is_free().then_some(()));
        let began = Instant::now();
        let service = Self(command.spawn().unwrap());
        while !answers() {
            assert!(began.elapsed() < LIMIT, "{command:?} does not answer");
        }
        (began.elapsed(), service)
    }

    /// Starts licd, or a service with its name.
    fn named_licd(command: &mut Command, client: &Client) -> (Duration, Self) {
        let answers = || client.manager::<String>("GetStatus", &()).is_ok();
        Self::start(command, || !client.is_owned(), answers)
    }

    /// Its resident memory in kB.
    fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
