//! `violence [--seed N] [--seconds N]`: random violence to a device, by default for ten minutes and
//! with a seed from the clock. Prints what happens and what came of it; ends with 1 if something was
//! not as it must be. As root the licence partition is a file system, else a directory.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints what happens")]

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acceptance::harness;
use acceptance::violence::{self, Run};

const SECONDS: u64 = 600;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let Some(run) = parse(&words) else {
        eprintln!("usage: violence [--seed N] [--seconds N]");
        return ExitCode::from(2);
    };
    println!("seed {}, {} s", run.seed, run.time.as_secs());
    // A thread of its own can have its own mounts.
    let figures = thread::spawn(move || run.on(&violence::device(harness::can_mount()))).join();
    match figures {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn parse(words: &[String]) -> Option<Run> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_secs());
    let time = Duration::from_secs(SECONDS);
    let mut run = Run { seed, time, log: |line| println!("{line}") };
    for pair in words.chunks(2) {
        let [name, value] = pair else { return None };
        let value = value.parse().ok()?;
        match name.as_str() {
            "--seed" => run.seed = value,
            "--seconds" => run.time = Duration::from_secs(value),
            _ => return None,
        }
    }
    Some(run)
}
