//! licd-notify runs in a user's session and shows the notices of expiry that licd has put into
//! words: at login and whenever licd says that there is something new, each service once a day. It
//! also asks the user about the restart that new licences want, and passes the answer on.
//!
//! It decides nothing but what this user has not seen yet: which notices there are, what they say
//! and what day it is stands in `/run/licd/notices.json`, and what to ask in `/run/licd/restart.json`.
//! Beside that answer it asks licd for nothing and can do nothing to it. Whatever is missing, a bus,
//! licd, somebody who shows notifications, is no error of a session: it does without or ends, and a
//! licence is judged the same.

mod args;
mod board;
mod bus;
mod marks;
mod restart;
mod sheet;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use args::{Args, Request};
use board::Board;
use bus::{Desktop, Event, News};
use restart::Restart;

/// Exit code of wrong usage, as in the other programs.
const WRONG_USAGE: u8 = 2;

/// The program.
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
            say(&format!("{wrong}; see licd-notify --help"));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

/// Shows what there is, and then what comes, until the session or the bus of the system ends.
async fn run(args: &Args) {
    let mut desktop = match Desktop::connect(&args.session_bus, args.wait).await {
        Ok(desktop) => desktop,
        Err(reason) => {
            return say(&format!("session bus: {reason}; there is nobody to show notices"));
        }
    };
    // Listening before reading, so that nothing falls between.
    let mut news = News::of_licd(&args.bus).await;
    if let Err(reason) = &news {
        say(&format!("system bus: {reason}; only what is known now is shown"));
    }
    let (mut board, mut restart) = (Board::open(args), Restart::open(args));
    loop {
        if let Err(nobody) = board.update(&desktop).await {
            return say(&nobody.to_string());
        }
        if let Err(nobody) = restart.update(&desktop, news.is_ok()).await {
            return say(&nobody.to_string());
        }
        let Ok(news) = &mut news else { return };
        let answered = match news.next(&mut desktop).await {
            Event::News => Ok(()),
            Event::Chosen(id, key) => restart.chosen(id, &key, news).await,
            Event::Closed(id) => restart.closed(id, news).await,
            Event::BusGone => return,
        };
        if let Err(reason) = answered {
            say(&format!("restart: {reason}"));
        }
    }
}

/// A line for the journal of the session.
fn say(line: &str) {
    // There is nowhere to complain to.
    let _ = writeln!(io::stderr(), "licd-notify: {line}");
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
