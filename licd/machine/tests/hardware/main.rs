//! The identity of a device: its interfaces, USB drive, firmware and system.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "helpers of tests panic and print as tests do"
)]

mod links;
mod machine;
mod mounts;
mod system;
mod this_machine;
mod usb;
