//! One run of an operation, with or without a fault, and the resulting state.

mod copies;
mod licd;
mod watch;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;

use self::copies::Copies;
pub use self::licd::{Answer, Served};
pub use self::watch::Watch;
use super::judge::Right;
use super::operations::{Act, Operation};
use super::point::Aim;
use super::tracer::{End, Trace, Traced};
use crate::bus::Bus;
use crate::partition::Partition;
use crate::program;
use crate::state::{self, State};
use crate::wait;
use crate::world::World;

/// The size of the licence partition: large enough for a journal, small enough to copy for every
/// run.
const PARTITION: u64 = 4 << 20;

/// The result of one run.
#[derive(Debug)]
pub struct Attempt {
    /// The program's calls and exit.
    pub trace: Trace,
    /// The state of the device after the run.
    pub state: State,
    /// licd's behaviour; `None` for licctl.
    pub served: Option<Served>,
}

impl Attempt {
    /// A run that ended with a loss of power, before or after the program reported success.
    #[must_use]
    pub fn lost(fixture: &Fixture, right: &Right, world: &World, is_acknowledged: bool) -> Self {
        let is_served = !matches!(fixture.operation.act, Act::Tool(_));
        let served = is_served.then(|| Served {
            was_ready: true,
            lived: false,
            answer: is_acknowledged.then_some(Answer::Done),
            still: None,
            watch: Watch::new(world),
        });
        let out = if is_acknowledged { right.attempt.trace.out.clone() } else { String::new() };
        let end = End::Killed(Signal::SIGKILL);
        let trace = Trace { calls: Vec::new(), hit: None, end, out, err: String::new() };
        Self { trace, state: State::of(world), served }
    }
}

/// The device on which the runs of an operation start.
#[derive(Debug)]
pub struct Fixture {
    /// The operation.
    pub operation: &'static Operation,
    /// The state of the device before the run.
    pub before: State,
    /// The claims of its status report before the run.
    pub claims: Value,
    copies: Copies,
    bus: Bus,
    _bus_dir: tempfile::TempDir,
    /// What was found at the next start from a state that several runs left.
    found: RefCell<HashMap<(u64, bool), Vec<String>>>,
}

impl Fixture {
    /// Creates the device of an operation, with a mounted licence partition if possible.
    #[must_use]
    pub fn new(operation: &'static Operation) -> Self {
        let can_mount = crate::harness::can_mount();
        let template = if can_mount { World::mounted_with(PARTITION) } else { World::new() };
        (operation.prepare)(&template);
        let dir = tempfile::tempdir().unwrap();
        let bus = Bus::in_dir(dir.path());
        let (before, claims) = (State::of(&template), report(&template).unwrap());
        let copies = Copies::of(&template);
        let found = RefCell::default();
        Self { operation, before, claims, copies, bus, _bus_dir: dir, found }
    }

    /// A device for one run. The device of the run before must have been dropped.
    #[must_use]
    pub fn world(&self) -> World {
        self.copies.next()
    }

    /// The content of the licence partition before the run.
    ///
    /// # Panics
    /// If it is not a file system.
    #[must_use]
    pub fn partition_content(&self) -> &[u8] {
        self.copies.partition_content().unwrap()
    }

    /// A device with this licence partition, given where to mount it.
    #[must_use]
    pub fn world_on(&self, partition: impl FnOnce(&Path) -> Partition) -> World {
        self.copies.on(|place| Some(partition(place)))
    }

    /// Unmounts the licence partition of a device, after which the device is of no use. Returns
    /// whether a byte of the partition was written.
    #[must_use]
    pub fn release(&self, partition: &Partition) -> bool {
        copies::release(partition);
        !self.copies.is_untouched(partition.image())
    }

    /// The result of `find`, which depends on the state of the device and on whether a change
    /// `is_acknowledged` only. It is kept for the next run that leaves the same state, if the partition
    /// was not written.
    pub fn found(
        &self,
        world: &World,
        is_acknowledged: bool,
        find: impl FnOnce() -> Vec<String>,
    ) -> Vec<String> {
        let Some(state) = self.copies.fingerprint(world) else { return find() };
        let known = self.found.borrow().get(&(state, is_acknowledged)).cloned();
        known.unwrap_or_else(|| {
            let found = find();
            self.found.borrow_mut().insert((state, is_acknowledged), found.clone());
            found
        })
    }

    /// Whether the operation is a start of licd.
    #[must_use]
    pub fn is_start(&self) -> bool {
        matches!(self.operation.act, Act::Start)
    }

    /// Runs the operation. Waits until licd publishes the `expected` claims, or until it is idle.
    #[must_use]
    pub fn run(&self, world: &World, aim: Option<Aim>, expected: Option<&Value>) -> Attempt {
        match self.operation.act {
            Act::Tool(args) => {
                let mut command = world.licctl_command();
                command.args(args(world));
                let mut trace = Traced::start(&command, aim).wait(wait::DEADLINE);
                // Answers of different runs are compared.
                let place = world.root().parent().unwrap().to_str().unwrap();
                trace.out = trace.out.replace(place, "");
                Attempt { trace, state: State::of(world), served: None }
            }
            Act::Start => self.serve(world, aim, expected, None),
            Act::Running(call) => self.serve(world, aim, expected, Some(call)),
        }
    }
}

/// The claims of licctl's status report.
///
/// # Errors
/// licctl's error message.
pub fn report(world: &World) -> Result<Value, String> {
    let answer = program::run(world.licctl_command().args(["--direct", "status", "--json"]));
    match serde_json::from_str(&answer.out) {
        Ok(report) if answer.code == 0 => Ok(state::claims(&report)),
        _ => Err(format!("exit {}: {}", answer.code, answer.err.trim())),
    }
}
