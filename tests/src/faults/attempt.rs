//! One run of an operation, with or without a fault, and the resulting state.

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

/// The device on which the runs of an operation start.
#[derive(Debug)]
pub struct Fixture {
    /// The operation.
    pub operation: &'static Operation,
    /// The state of the device before the run.
    pub before: State,
    /// The claims of its status report before the run.
    pub claims: Value,
    template: World,
    bus: Bus,
    _bus_dir: tempfile::TempDir,
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

    /// Runs the operation. Waits until licd publishes the `expected` claims, or until it is idle.
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
