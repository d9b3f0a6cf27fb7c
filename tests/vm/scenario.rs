//! Runs scenarios in sequence, because each keeps two processors busy.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};
use nix::unistd::geteuid;

use crate::device::Device;
use crate::results::Results;

/// A scenario on a device, and the promise that it verifies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// The module path and name.
    pub(crate) name: &'static str,
    /// The promise that it verifies.
    pub(crate) promise: &'static str,
    /// The steps.
    pub(crate) run: fn(&mut Device),
}

/// Makes a [`Scenario`] of a function and its promise.
macro_rules! scenario {
    ($name:ident, $promise:literal) => {
        $crate::scenario::Scenario {
            name: concat!(module_path!(), "::", stringify!($name)),
            promise: $promise,
            run: $name,
        }
    };
}
pub(crate) use scenario;

/// Runs the scenarios selected on the command line, with the options of Rust's harness.
pub(crate) fn run(chapters: &[&[Scenario]]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = chapters.concat().into_iter().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(scenario: Scenario) -> Trial {
    let name = scenario.name.split_once("::").map_or(scenario.name, |(_, name)| name);
    Trial::ignorable_test(name, move || {
        if !geteuid().is_root() {
            return Ok(Completion::ignored_with("needs root"));
        }
        eprintln!("\n{name}: {}", scenario.promise);
        let results = Results::of(name, scenario.promise);
        let mut device = Device::new(results.clone());
        let outcome = catch_unwind(AssertUnwindSafe(|| (scenario.run)(&mut device)));
        drop(device);
        results.close(name);
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
        Ok(Completion::Completed)
    })
}
