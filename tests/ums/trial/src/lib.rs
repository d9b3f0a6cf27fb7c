//! Simulated devices with their agents at the reference UMS. Service, agents and daemons are the
//! programs, each a process of its own that can be killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test is what comes of it, and what it is for"
)]

mod agent;
mod device;
mod pack;
mod service;

pub use agent::Agent;
pub use device::{device, device_with, reboot, reboot_with};
pub use pack::PackFile;
pub use service::Service;
