//! One run of an operation, with a fault or without, and what it left.

mod licd;
mod watch;

use serde_json::Value;

pub use self::licd::{Answer, Served};
pub use self::watch::Watch;
use super::operations::{Act, Operation};
use super::point::Aim;
use super::state::{self, State};
use super::tracer::{Trace, Traced};
use crate::bus::Bus;
use crate::program;
use crate::wait;
use crate::world::World;

/// Bytes of the licence partition: enough for a journal, few enough to be copied for every run.
const PARTITION: u64 = 4 << 20;

/// What one run did.
#[derive(Debug)]
pub struct Attempt {
    /// The program's calls and its end.
    pub trace: Trace,
    /// What is on the device afterwards.
    pub state: State,
    /// What licd was like; `None` for licctl.
    pub served: Option<Served>,
}

/// Where the runs of an operation take place.
#[derive(Debug)]
pub struct Fixture {
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

impl Fixture {
    /// Makes the device of an operation, with a file system as its licence partition if that is
    /// possible.
    #[must_use]
    pub fn new(operation: &'static Operation) -> Self {
        let can_mount = crate::harness::can_mount();
        let template = if can_mount { World::mounted_with(PARTITION) } else { World::new() };
        (operation.prepare)(&template);
        let dir = tempfile::tempdir().unwrap();
        let bus = Bus::in_dir(dir.path());
        let (before, claims) = (State::of(&template), report(&template).unwrap());
        Self { operation, before, claims, template, bus, _bus_dir: dir }
    }

    /// A device for one run.
    #[must_use]
    pub fn world(&self) -> World {
        self.template.copied()
    }

    /// Whether the operation is a start of licd.
    #[must_use]
    pub fn is_start(&self) -> bool {
        matches!(self.operation.act, Act::Start)
    }

    /// Runs the operation. `expected` is what licd is to claim in the end; without, it is waited
    /// until it has nothing more to do.
    #[must_use]
    pub fn run(&self, world: &World, aim: Option<Aim>, expected: Option<&Value>) -> Attempt {
        match self.operation.act {
            Act::Tool(args) => {
                let mut command = world.licctl_command();
                command.args(args(world));
                let trace = Traced::start(&command, aim).wait(wait::DEADLINE);
                Attempt { trace, state: State::of(world), served: None }
            }
            Act::Start => self.serve(world, aim, expected, None),
            Act::Running(call) => self.serve(world, aim, expected, Some(call)),
        }
    }
}

/// What a status report claims that licctl makes alone.
///
/// # Errors
/// What licctl says instead.
pub fn report(world: &World) -> Result<Value, String> {
    let answer = program::run(world.licctl_command().args(["--direct", "status", "--json"]));
    match serde_json::from_str(&answer.out) {
        Ok(report) if answer.code == 0 => Ok(state::claims(&report)),
        _ => Err(format!("exit {}: {}", answer.code, answer.err.trim())),
    }
}
