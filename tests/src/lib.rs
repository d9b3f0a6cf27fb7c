//! Worlds for tests that run the programs themselves: a root directory with everything that a
//! device has, a licence partition, a message bus, and the documents that a vendor would issue.
//!
//! Every [`World`] is its own device. Nothing in it has a fixed path, port or name, nothing waits
//! for a fixed time, and everything is taken away again however a test ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test is what comes of it, and what it is for"
)]

pub mod bus;
pub mod client;
pub mod clock;
pub mod corpus;
pub mod daemon;
pub mod desktop;
// Registers are only known of this processor.
#[cfg(target_arch = "x86_64")]
pub mod faults;
pub mod harness;
pub mod logind;
pub mod machine;
pub mod maker;
pub mod partition;
pub mod program;
pub mod schema;
pub mod server;
pub mod stick;
pub mod wait;
pub mod world;

pub use world::World;
