//! The time that licences are judged at, as sequences of clock events.
#![allow(clippy::unwrap_used, clippy::panic, reason = "they fail the test")]

mod documents;
#[path = "../maker/mod.rs"]
mod maker;
mod marks;
mod properties;
mod rows;
mod script;
mod wall;
