//! The worker that fetches licences: one address in, bytes out ([`licd_protocol`]).
//!
//! Whoever can answer a download can send hostile bytes to whatever takes HTTP, TLS, FTP and gzip
//! apart. That is done here, in a process that lives for one file, has no rights, can write to one
//! pipe only and is watched by a clock of its own. What it hands back is believed by nobody: the
//! licence's own signature is checked elsewhere.
//!
//! | file | what |
//! |---|---|
//! | `work.rs` | the recipe: request, sandbox, clock, attempts |
//! | `job.rs` `proxy.rs` | a request understood |
//! | `names.rs` | looking up names |
//! | `http/` `ftp/` | asking a server |
//! | `tls.rs` | which servers are believed |
//! | `body.rs` | what comes over the wire, within bounds |
//! | `retry.rs` `watchdog.rs` | time |
//! | `sandbox/` `selftest.rs` | the walls, and the proof that they stand |
//! | `fault/` `output.rs` | what is said in the end |
//!
//! # Choices
//!
//! - **TLS by rustls with ring.** Measured as the stripped program on x86-64: ring 1.3 MB, aws-lc-rs
//!   3.4 MB, graviola 2.8 MB, the pure Rust provider 1.3 MB. aws-lc-rs buys post-quantum key
//!   agreement for two megabytes; graviola needs AVX2, BMI2 and ADX, which
//!   the processors of many thin clients lack; the pure Rust provider is an alpha release.
//! - **No certificates built in.** See `tls.rs`.
//! - **No SFTP.** The SSH client that is well kept and free of C (russh) adds 2.0 MB and an
//!   asynchronous runtime; the small ones link libssh2. Nothing that hands out licences asks
//!   for it, and HTTPS and FTP over TLS protect a transfer as well.
//! - **A file that may come packed is asked for unpacked.** See `http/mod.rs`.
//! - **FTP by ourselves** (`ftp/`). What is needed is to retrieve one file: ten commands. `suppaftp`,
//!   the maintained client, ends a reply of several lines at any three digits and a blank, on
//!   purpose (for glFTPd), and does not let its replies be read otherwise; its TLS from the first byte
//!   is deprecated and connects without a time-out; of RETR it does not say whether that or EPSV
//!   failed. It brings `regex` and `chrono`, 1.5 MB of the program.
//! - **FTP goes around the proxy.** What is sold as an FTP proxy is HTTP or a login convention of
//!   its own; there is no standard to keep.

mod body;
mod fault;
mod ftp;
mod http;
mod job;
mod names;
mod output;
mod proxy;
mod retry;
mod sandbox;
mod selftest;
mod tls;
mod watchdog;
mod work;

/// The program: fetches, or proves its sandbox if asked to by its only option, `--self-test`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    use std::io;
    use std::process::ExitCode;
    match std::env::args_os().nth(1) {
        None => work::run(),
        Some(option) if option == "--self-test" => {
            selftest::run(&mut io::stdout()).unwrap_or(ExitCode::FAILURE)
        }
        Some(option) if option == selftest::INSIDE => {
            selftest::run_inside(&mut io::stdout()).unwrap_or(ExitCode::FAILURE)
        }
        Some(_) => ExitCode::from(2),
    }
}
