//! Tests the tracer, and the programs at a sample of their points. `make faults` runs all points.
#![cfg(target_arch = "x86_64")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed test is what comes of it, and figures are for those who read its output"
)]

mod sample;
mod tracer;

use std::process::ExitCode;

fn main() -> ExitCode {
    acceptance::harness::run(&[tracer::STORIES, sample::STORIES])
}
