//! The worker against servers on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failure fails the test; what is missing on a machine is printed"
)]

mod ftp;
mod http;
mod nginx;
mod post;
mod proxy;
mod resolver;
mod sandbox;
mod server;
mod time;
mod tls;
mod vsftpd;
mod worker;
