//! What identifies a device: its interfaces, its USB drive, its firmware and its system.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "helpers of tests fail and speak as tests do"
)]

mod links;
mod machine;
mod system;
mod this_machine;
mod usb;
