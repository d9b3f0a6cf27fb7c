//! The worker against servers of every kind, all of them real ones on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failure fails the test; what is missing on a machine is printed"
)]

mod ftp;
mod ftp_real;
mod http;
mod names;
mod nginx;
mod proxy;
mod sandbox;
mod server;
mod time;
mod tls;
mod worker;
