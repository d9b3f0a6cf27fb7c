//! The licence daemon, `com.igel.License1`.
//!
//! One thread decides: `daemon` waits in one poll(2) for signals, the clock, files, mounts,
//! network interfaces, orders of the bus and finished work. Whatever may take long, reading the
//! store, importing, removing, runs on a thread of its own and hands its result back. The bus has
//! the other permanent thread; it answers questions from what was published last (`hub`) and turns
//! the rest into orders. Nobody waits for anybody, and when nothing happens, nothing runs.

mod alarm;
mod args;
mod bus;
mod daemon;
mod dispatch;
mod hub;
mod jobs;
mod journal;
mod mounts;
mod notices;
mod timers;
mod watch;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use args::Request;

/// Exit code of wrong usage, as in the rescue tool.
const WRONG_USAGE: u8 = 2;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    match args::parse(env::args_os().skip(1)) {
        Ok(Request::Run(args)) => daemon::main(&args),
        Ok(Request::Help) => print(args::HELP),
        Ok(Request::Version) => print(concat!("licd ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(wrong) => {
            // If even that cannot be said, the code says it.
            let _ = writeln!(io::stderr(), "licd: {wrong}; see licd --help");
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
