//! licd-notify runs in a user's session and shows licd's notices of expiry: at login and after each
//! signal of licd, once a day for each service.
//!
//! It decides only which notices this user has not seen yet; their number, text and day are in
//! `/run/licd/notices.json`. It calls no method of licd. A missing bus, daemon or notification server is
//! not an error of the session: the program continues without it or ends, and no verdict depends on it.

mod args;
mod bus;
mod json;
mod language;
mod notices;
mod notifier;
mod seen;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use args::{Args, Request};
use bus::{Desktop, Event, News};
use notifier::Notifier;

/// Exit code for wrong usage, as in the other programs.
const WRONG_USAGE: u8 = 2;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    match args::parse(env::args_os().skip(1)) {
        Ok(Request::Run(args)) => {
            bus::block_on(run(&args));
            ExitCode::SUCCESS
        }
        Ok(Request::Help) => print(args::HELP),
        Ok(Request::Version) => print(concat!("licd-notify ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(wrong) => {
            log(&format!("{wrong}; see licd-notify --help"));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

/// Shows the current and all later notices until one of the buses ends.
async fn run(args: &Args) {
    let desktop = match Desktop::connect(&args.session_bus, args.wait).await {
        Ok(desktop) => desktop,
        Err(reason) => {
            return log(&format!("session bus: {reason}; notices cannot be shown"));
        }
    };
    // Subscribe before reading, so that no change is missed.
    let mut news = News::of_licd(&args.bus).await;
    if let Err(reason) = &news {
        log(&format!("system bus: {reason}; only the current notices are shown"));
    }
    let mut notifier = Notifier::new(args);
    loop {
        if let Err(error) = notifier.update(&desktop).await {
            return log(&error.to_string());
        }
        let Ok(news) = &mut news else { return };
        if news.next(&desktop).await == Event::BusGone {
            return;
        }
    }
}

/// Writes a line to the session's journal.
fn log(line: &str) {
    // An error here cannot be reported.
    let _ = writeln!(io::stderr(), "licd-notify: {line}");
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
