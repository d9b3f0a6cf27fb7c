//! The daemon on a private bus, with a simulated machine below a directory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "what fails fails the test, and is told"
)]

mod authority;
mod bus;
mod imports;
mod introspection;
mod life;
mod reading;
mod world;
