//! The worker that fetches licences: one address in, bytes out ([`licd_protocol`]). It may send a text to
//! the address first, which the bytes answer.
//!
//! A server can send hostile bytes to every parser of HTTP, TLS, FTP and gzip. They run here, in a
//! process that lives for one file, has no privileges, can write to one pipe only and kills itself
//! when its time is up. The caller does not trust the bytes: it verifies the signature of the licence.
//!
//! | file | contents |
//! |---|---|
//! | `worker.rs` | the main function: request, sandbox, watchdog, attempts |
//! | `attempt.rs` | one attempt without all that, for tests |
//! | `job.rs` `proxy.rs` | a parsed request |
//! | `resolver.rs` | looking up names |
//! | `http/` `ftp/` | the protocols |
//! | `tls/` | the certificates that the worker accepts |
//! | `transfer.rs` | the bytes of a file, within limits |
//! | `retry.rs` `watchdog.rs` | waits and the time limit |
//! | `sandbox/` `self_test.rs` | the sandbox, and its test |
//! | `error/` `output.rs` | errors, and the frames of the output |
//!
//! # Choices
//!
//! - **TLS by rustls with ring.** Measured as the stripped program on x86-64: ring 1.3 MB, aws-lc-rs
//!   3.4 MB, graviola 2.8 MB, the pure Rust provider 1.3 MB. aws-lc-rs buys post-quantum key
//!   agreement for two megabytes; graviola needs AVX2, BMI2 and ADX, which
//!   the processors of many thin clients lack; the pure Rust provider is an alpha release.
//! - **No certificates built in.** See `tls/mod.rs`.
//! - **No SFTP.** The maintained SSH client without C (russh) adds 2.0 MB and an asynchronous runtime;
//!   the small ones link libssh2. No licence server needs SFTP, and HTTPS and FTP over TLS protect a
//!   transfer as well.
//! - **Requests ask for unpacked files.** See `http/mod.rs`.
//! - **An FTP client of our own** (`ftp/`). Retrieving one file takes ten commands. `suppaftp`, the
//!   maintained client, ends a multi-line reply at any three digits and a blank, on purpose (for
//!   glFTPd), and offers no other way to read replies; its implicit TLS is deprecated and connects
//!   without a time-out; its RETR does not report whether that command or EPSV failed. It brings
//!   `regex` and `chrono`, 1.5 MB of the program.
//! - **FTP bypasses the proxy.** FTP proxies speak HTTP or a login convention of their own; no standard
//!   exists.

mod attempt;
mod error;
mod ftp;
mod http;
mod job;
mod output;
mod proxy;
mod resolver;
mod retry;
mod sandbox;
mod self_test;
mod tls;
mod transfer;
mod watchdog;
mod worker;

pub use attempt::attempt;
pub use resolver::LookUp;

/// The program: it fetches, or tests its sandbox with its only option, `--self-test`.
#[must_use]
pub fn main() -> std::process::ExitCode {
    use std::io;
    use std::process::ExitCode;
    match std::env::args_os().nth(1) {
        None => worker::run(),
        Some(option) if option == "--self-test" => {
            self_test::run(&mut io::stdout()).unwrap_or(ExitCode::FAILURE)
        }
        Some(option) if option == self_test::INSIDE => {
            self_test::run_inside(&mut io::stdout()).unwrap_or(ExitCode::FAILURE)
        }
        Some(_) => ExitCode::from(2),
    }
}
