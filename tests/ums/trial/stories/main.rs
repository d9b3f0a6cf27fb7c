//! Devices with licd and an agent at the reference UMS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test is what comes of it"
)]

mod deployment;
mod figures;
mod portal;
mod trouble;

use std::process::ExitCode;

fn main() -> ExitCode {
    acceptance::harness::run(&[
        deployment::STORIES,
        figures::STORIES,
        portal::STORIES,
        trouble::STORIES,
    ])
}
