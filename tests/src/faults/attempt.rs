//! One run of an operation, with a fault or without, and what it left.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::Value;

use super::operations::{Act, Operation};
use super::point::Aim;
use super::state::{self, State};
use super::tracer::{Trace, Traced};
use crate::bus::Bus;
use crate::client::Client;
use crate::wait;
use crate::world::World;

/// By when licd, the shortage over, has to have looked again.
pub const SOON: Duration = Duration::from_secs(10);
/// How long licd may take from its start until it is ready, being traced.
const READY: Duration = Duration::from_secs(15);
/// Without a call for so long, licd has done what there was to do.
const QUIET: Duration = Duration::from_millis(100);

/// What one run did.
#[derive(Debug)]
pub struct Attempt {
    /// The program's calls and its end.
    pub trace: Trace,
    /// What is on the device afterwards.
    pub state: State,
    /// What licd was seen to publish, in order, each with whether it named a problem.
    pub published: Vec<(Value, bool)>,
    /// What licd was like; `None` for licctl.
    pub served: Option<Served>,
}

/// What became of licd in a run.
#[derive(Debug)]
pub struct Served {
    /// Whether it said that it was ready.
    pub was_ready: bool,
    /// Whether it lived until it was asked to end.
    pub lived: bool,
    /// What it answered.
    pub answer: Option<Result<(), String>>,
    /// What the operation's end was waited for in vain: the claims that it still made.
    pub still: Option<Value>,
    /// Whether it was right when asked to look again.
    pub healed: bool,
}

/// Where the runs of an operation take place.
#[derive(Debug)]
pub struct Scene {
    /// The operation.
    pub operation: &'static Operation,
    /// What is on the device before.
    pub before: State,
    /// What its status report claims before.
    pub claims: Value,
    template: World,
    bus: Bus,
    _bus_dir: tempfile::TempDir,
}

impl Scene {
    /// Makes the device of an operation, with a file system as its licence partition if that is
    /// possible.
    #[must_use]
    pub fn new(operation: &'static Operation) -> Self {
        let can_mount = crate::harness::can_mount();
        let template = if can_mount { World::mounted_with(4 << 20) } else { World::new() };
        (operation.prepare)(&template);
        let dir = tempfile::tempdir().unwrap();
        let bus = Bus::in_dir(dir.path());
        let (before, claims) = (State::of(&template), report(&template));
        Self { operation, before, claims, template, bus, _bus_dir: dir }
    }

    /// A device for one run.
    #[must_use]
    pub fn world(&self) -> World {
        self.template.copied()
    }

    /// Runs the operation. `expected` is what licd is to claim in the end; without, it is waited
    /// until it has nothing more to do.
    #[must_use]
    pub fn run(&self, world: &World, aim: Option<Aim>, expected: Option<&Value>) -> Attempt {
        match self.operation.act {
            Act::Tool(args) => {
                let mut command = world.licctl_command();
                command.args(args(world));
                let trace = Traced::start(&command, aim).wait();
                Attempt { trace, state: State::of(world), published: Vec::new(), served: None }
            }
            Act::Start => self.serve(world, aim, expected, None),
            Act::Running(call) => self.serve(world, aim, expected, Some(call)),
        }
    }

    fn serve(
        &self,
        world: &World,
        aim: Option<Aim>,
        expected: Option<&Value>,
        call: Option<fn(&World, &Client) -> Result<(), String>>,
    ) -> Attempt {
        let client = Client::connect(self.bus.address());
        let socket = Socket::new();
        let mut command = self.licd(world, &socket);
        command.stdin(std::process::Stdio::null());
        let traced = match call {
            None => Traced::start(&command, aim),
            Some(_) => Traced::start_unarmed(&command, aim),
        };
        let mut watch = Watch::new(world);
        let was_ready = socket.is_ready(|| {
            watch.look();
            traced.has_ended()
        });
        if call.is_some() && was_ready {
            until_quiet(&traced, &mut watch);
        }
        let answer = was_ready.then(|| {
            traced.arm();
            match call {
                Some(call) => call(world, &client),
                None => ask(&client).map(drop),
            }
        });
        until_quiet(&traced, &mut watch);
        traced.disarm();
        let (mut still, mut healed) = (None, true);
        // What was refused is not to be done.
        let done = !matches!(answer, Some(Err(_))) || call.is_none();
        let right = expected.map(|expected| if done { expected } else { &self.claims });
        if let Some(right) = right.filter(|_| was_ready) {
            let soon = wait::within(SOON, || {
                watch.look();
                let is_right = watch.last().is_some_and(|claims| claims == right);
                (is_right || traced.has_ended()).then_some(())
            });
            if soon.is_none() {
                still = watch.last().cloned();
                let _ = client.manager::<()>("Refresh", &());
                healed = ask(&client).is_ok_and(|report| state::claims(&report) == *right);
            }
        }
        let lived = !traced.has_ended();
        let _ = kill(traced.pid(), Signal::SIGTERM);
        let trace = traced.wait();
        let served = Served { was_ready, lived, answer, still, healed };
        let published = watch.seen;
        Attempt { trace, state: State::of(world), published, served: Some(served) }
    }

    fn licd(&self, world: &World, socket: &Socket) -> Command {
        let mut command = world.program("licd");
        command.arg("--bus").arg(self.bus.address()).env("NOTIFY_SOCKET", &socket.path);
        command
    }

    /// The next start of licd, with no fault: what its status claims as soon as that is one of the
    /// `right` claims, or in the end.
    ///
    /// # Errors
    /// What keeps it from it.
    pub fn next_start(&self, world: &World, right: &[&Value]) -> Result<Value, String> {
        let client = Client::connect(self.bus.address());
        let socket = Socket::new();
        let mut command = self.licd(world, &socket);
        let log = fs::File::create(world.root().with_extension("log")).unwrap();
        let mut licd = command.stdin(std::process::Stdio::null()).stderr(log).spawn().unwrap();
        let is_ready = socket.is_ready(|| licd.try_wait().unwrap().is_some());
        let mut claims = Err("the next licd does not answer".to_owned());
        let _ = wait::within(SOON, || {
            claims = ask(&client).map(|report| state::claims(&report));
            let is_right = claims.as_ref().is_ok_and(|claims| right.contains(&claims));
            (is_right || !is_ready).then_some(())
        });
        let _ = kill(nix::unistd::Pid::from_raw(licd.id().try_into().unwrap()), Signal::SIGTERM);
        let ended = wait::within(wait::DEADLINE, || licd.try_wait().unwrap());
        let _ = licd.kill();
        let _ = licd.wait();
        match (is_ready, ended) {
            (false, _) => Err("the next licd does not become ready".to_owned()),
            (_, None) => Err("the next licd does not end".to_owned()),
            (true, Some(status)) if !status.success() => {
                Err(format!("the next licd ends: {status}"))
            }
            _ => claims,
        }
    }
}

/// What a status report claims that licctl makes alone.
#[must_use]
pub fn report(world: &World) -> Value {
    state::claims(&world.licctl(["--direct", "status", "--json"]).with_code(0).json())
}

fn ask(client: &Client) -> Result<Value, String> {
    let text: String = client.manager("GetStatus", &()).map_err(|refusal| refusal.name)?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// Waits until licd does nothing more; not longer than it may take until it is ready.
fn until_quiet(licd: &Traced, watch: &mut Watch) {
    let (mut calls, mut since) = (licd.calls(), Instant::now());
    wait::within(READY, || {
        watch.look();
        if licd.calls() != calls {
            (calls, since) = (licd.calls(), Instant::now());
        }
        (licd.has_ended() || since.elapsed() >= QUIET).then_some(())
    });
}

/// Where licd says that it is ready.
struct Socket {
    socket: UnixDatagram,
    path: PathBuf,
    _dir: tempfile::TempDir,
}

impl Socket {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { socket, path, _dir: dir }
    }

    /// Waits until it says so; not longer than until it has `ended`.
    fn is_ready(&self, mut ended: impl FnMut() -> bool) -> bool {
        let ready = wait::within(READY, || {
            let mut message = [0; 4096];
            // Looked at before the messages, of which the last may just have come.
            let has_ended = ended();
            while let Ok(length) = self.socket.recv(&mut message) {
                let text = String::from_utf8_lossy(&message[..length]);
                if text.lines().any(|line| line == "READY=1") {
                    return Some(true);
                }
            }
            has_ended.then_some(false)
        });
        ready.unwrap_or(false)
    }
}

/// What licd publishes while it is looked at.
struct Watch {
    status: PathBuf,
    features: PathBuf,
    last: String,
    seen: Vec<(Value, bool)>,
}

impl Watch {
    fn new(world: &World) -> Self {
        let status = world.path("/run/licd/status.json");
        let features = world.path("/run/licd/features");
        Self { status, features, last: String::new(), seen: Vec::new() }
    }

    fn look(&mut self) {
        let Ok(text) = fs::read_to_string(&self.status) else { return };
        if text == self.last {
            return;
        }
        if let Ok(report) = serde_json::from_str::<Value>(&text) {
            let names_problem = report["problems"].as_array().is_some_and(|list| !list.is_empty());
            let claims = state::claims(&report);
            if self.seen.last().is_none_or(|last| last.0 != claims) {
                self.seen.push((claims, names_problem));
            }
        }
        self.last = text;
    }

    /// What it claims now. Features that are published one by one may not agree with it yet.
    fn last(&self) -> Option<&Value> {
        let (claims, _) = self.seen.last()?;
        let names = fs::read_dir(&self.features).map_or(0, Iterator::count);
        let features = claims["features"].as_object()?;
        let allowed = features.values().filter(|feature| feature["allowed"] == true).count();
        (names == allowed).then_some(claims)
    }
}
