//! A booted device: the installed package with its units, policies and sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed test is what comes of it, and its log is for those who look why"
)]

mod authority;
mod device;
mod life;
mod package;
mod saving;

use std::process::ExitCode;

fn main() -> ExitCode {
    acceptance::harness::run_unless(
        device::obstacle(),
        &[authority::STORIES, life::STORIES, package::STORIES, saving::STORIES],
    )
}
