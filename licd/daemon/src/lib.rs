//! The licence daemon, `com.igel.License1`.
//!
//! The main thread runs the loop: `daemon` waits in one poll(2) for signals, the clock, files, mounts,
//! network interfaces, orders of the bus and finished work, `dispatch` decides what follows, and
//! `daemon` carries it out. Slow work, such as reading the store, importing and removing, runs on
//! threads of its own, which report their results to the loop. The bus has the other permanent thread;
//! it answers questions from what was published last (`shared`) and turns the rest into orders. Neither
//! thread blocks the other, and an idle daemon causes no wake-ups.

mod alarm;
mod args;
mod bus;
mod daemon;
mod dispatch;
mod jobs;
mod journal;
mod mounts;
mod notices;
mod shared;
mod timers;
mod watch;
mod weight;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use licd_fs::size_limit;

use args::Invocation;

pub use bus::reading;

/// Exit code of wrong usage, as in the rescue tool.
const WRONG_USAGE: u8 = 2;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    size_limit::becomes_an_error();
    match args::parse(env::args_os().skip(1)) {
        Ok(Invocation::Run(args)) => daemon::main(&args),
        Ok(Invocation::Help) => print(args::HELP),
        Ok(Invocation::Version) => print(concat!("licd ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(wrong) => {
            // If that fails, the exit code remains.
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
