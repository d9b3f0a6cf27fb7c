//! Scenarios on a device in a virtual machine.
//!
//! `tests/vm/run` builds the image and runs the scenarios.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed test is what comes of it, and figures are for those who read its output"
)]

mod agent;
mod device;
mod image;
mod qmp;
mod results;
mod scenario;
mod stick;

mod access;
mod clock;
mod deployment;
mod fast;
mod identity;
mod power;
mod space;
mod sticks;

use std::process::ExitCode;

fn main() -> ExitCode {
    scenario::run(&[
        fast::SCENARIOS,
        access::SCENARIOS,
        clock::SCENARIOS,
        deployment::SCENARIOS,
        identity::SCENARIOS,
        power::SCENARIOS,
        space::SCENARIOS,
        sticks::SCENARIOS,
    ])
}
