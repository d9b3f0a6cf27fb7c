//! licd-notify runs in a user's session and shows the notices of expiry that licd publishes: at login
//! and whenever licd publishes others, each service once a day. It also asks the user about the
//! restart after a deployment, and passes the answer on.
//!
//! licd decides which notices are due, what they say and which day it is
//! (`/run/licd/notices.json`), and what to ask (`/run/licd/restart.json`). This program knows only
//! what its user has seen, and calls one method of licd, with the user's answer. If a bus, licd or a
//! notification server is missing, it does without or ends; no licence depends on it.

mod args;
mod bus;
mod expiry;
mod published;
mod restart;
mod seen;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use licd_fs::size_limit;

use args::{Args, Invocation};
use bus::{Event, Licd, NotificationServer};
use expiry::ExpiryNotifications;
use restart::RestartNotification;

/// Exit code of wrong usage, as in the other programs.
const WRONG_USAGE: u8 = 2;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    size_limit::becomes_an_error();
    match args::parse(env::args_os().skip(1)) {
        Ok(Invocation::Run(args)) => {
            bus::block_on(run(&args));
            ExitCode::SUCCESS
        }
        Ok(Invocation::Help) => print(args::HELP),
        Ok(Invocation::Version) => print(concat!("licd-notify ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(wrong) => {
            log(&format!("{wrong}; see licd-notify --help"));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

/// Shows notifications until the session or the system bus ends.
async fn run(args: &Args) {
    let mut server = match NotificationServer::connect(&args.session_bus, args.wait).await {
        Ok(server) => server,
        Err(reason) => return log(&format!("session bus: {reason}; no notice can be shown")),
    };
    // licd may publish between the subscription and the first read, but not unnoticed.
    let mut licd = Licd::connect(&args.bus).await;
    if let Err(reason) = &licd {
        log(&format!("system bus: {reason}; later notices are not shown"));
    }
    let mut expiry = ExpiryNotifications::new(args);
    let mut restart = RestartNotification::new(args);
    loop {
        if let Err(error) = expiry.update(&server).await {
            return log(&error.to_string());
        }
        if let Err(error) = restart.update(&server, licd.as_ref().ok()).await {
            return log(&error.to_string());
        }
        let Ok(licd) = &mut licd else { return };
        let passed_on = match licd.next(&mut server).await {
            Event::Published => Ok(()),
            Event::ActionInvoked(id, key) => restart.answered(id, &key, licd).await,
            Event::NotificationClosed(id) => restart.closed(id, licd).await,
            Event::Disconnected => return,
        };
        if let Err(reason) = passed_on {
            log(&format!("restart: {reason}"));
        }
    }
}

/// Writes a line to the journal of the session.
fn log(line: &str) {
    // A failure cannot be reported.
    let _ = writeln!(io::stderr(), "licd-notify: {line}");
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
