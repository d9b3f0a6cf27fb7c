//! Tests the tracer, and the programs at samples of their points and of losses of power. `make faults`
//! and `make crashes` run all.
#![cfg(target_arch = "x86_64")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed test is what comes of it, and figures are for those who read its output"
)]

mod killed;
mod losses;
mod root;
mod sample;
mod tracer;
mod watched;

use std::process::ExitCode;

fn main() -> ExitCode {
    acceptance::harness::run(&[
        tracer::STORIES,
        sample::STORIES,
        killed::STORIES,
        losses::STORIES,
        watched::STORIES,
        root::STORIES,
    ])
}
