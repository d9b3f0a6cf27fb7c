//! Simulated devices for tests that run the programs: a root directory with the content of a
//! device, a licence partition, a message bus, and documents as a vendor would issue them.
//!
//! Every [`World`] is a separate device. No path, port or name is fixed, no wait has a fixed
//! duration, and every resource is released however a test ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test is what comes of it, and what it is for"
)]

pub mod accessible;
pub mod bus;
pub mod caller;
pub mod client;
pub mod clock;
pub mod corpus;
#[cfg(target_arch = "x86_64")]
pub mod crashes;
pub mod daemon;
pub mod desktop;
pub mod drive;
// Only this processor's registers are supported.
#[cfg(target_arch = "x86_64")]
pub mod faults;
pub mod harness;
pub mod logind;
pub mod machine;
pub mod maker;
pub mod partition;
pub mod program;
mod random;
pub mod schema;
pub mod screen;
pub mod server;
pub mod state;
pub mod stick;
pub mod tool;
pub mod tree;
pub mod violence;
pub mod wait;
pub mod world;

pub use world::World;
