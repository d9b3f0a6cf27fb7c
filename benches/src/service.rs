//! licd beside another service of the same name: start, answers, memory.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::client::Client;
use acceptance::{World, program, wait};

/// Starts of each.
const STARTS: usize = 25;
/// Answers of each in one run; the runs alternate.
const ANSWERS: usize = 500;
const RUNS: usize = 4;
/// How long a service may take to answer.
const LIMIT: Duration = Duration::from_secs(60);
/// How long memory takes to come to rest.
const REST: Duration = Duration::from_secs(1);

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
                samples.start.push(Service::start(command, &client).0);
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
        let (_, service) = Service::start(command, client);
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
    fn start(command: &mut Command, client: &Client) -> (Duration, Self) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        wait::until("the name is free", || (!client.is_owned()).then_some(()));
        let began = Instant::now();
        let service = Self(command.spawn().unwrap());
        while client.manager::<String>("GetStatus", &()).is_err() {
            assert!(began.elapsed() < LIMIT, "{command:?} does not answer");
        }
        (began.elapsed(), service)
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
