//! The daemon on a private bus, with a simulated machine in a directory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "an error fails the test with its message"
)]

mod authority;
mod bus;
mod imports;
mod introspection;
mod life;
mod reading;
mod world;
