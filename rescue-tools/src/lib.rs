//! `licctl`: licences from the rescue shell, scripts and UMS custom commands.
//!
//! One file per verb, each a function from arguments to a `Verdict`. What a verb needs of the
//! device comes from a `desk::Desk`: the daemon if it runs, else the device itself.

mod args;
#[cfg(feature = "bus")]
mod bus;
#[cfg(not(feature = "bus"))]
#[path = "no_bus.rs"]
mod bus;
mod desk;
mod layout;
mod next;
mod out;
mod progress;
mod usage;
mod verbs;
mod warnings;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;

use licd_device::{Failure, Missing};

use args::{Args, Verb};
use desk::Desk;
use out::{Out, Verdict};

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::read() {
        Ok(args) => args,
        Err(usage) => return usage::explain(&usage),
    };
    warnings::show();
    let mut out = Out::new(args.json);
    let verdict = run(args, &mut out).unwrap_or_else(|failure| {
        // If nobody listens to either, the exit code has to do.
        let _ = out.failure(&failure);
        let _ = writeln!(std::io::stderr(), "licctl: {}", failure.message);
        Verdict::Code(failure.code)
    });
    ExitCode::from(verdict.exit_code())
}

/// The command line as `licctl` takes it, for whatever describes it: its manual page.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

fn run(args: Args, out: &mut Out) -> out::Answer {
    if let Verb::Completions { shell } = args.verb {
        return verbs::completions::run(shell, out);
    }
    let desk = Desk::open(&args);
    let verdict = answer(args.verb, &desk, out)?;
    Ok(desk.missing().map_or(verdict, |missing| unsure(verdict, missing)))
}

/// The verdict of an answer that lacks something: it is printed, but scripts must not take it for
/// one. Only a yes stands that no further file of the store could take back.
fn unsure(verdict: Verdict, missing: &Missing) -> Verdict {
    if missing.is_files_only() && matches!(verdict, Verdict::Yes) {
        return verdict;
    }
    let failure = Failure::from(missing);
    // The exit code says as much.
    let _ = writeln!(std::io::stderr(), "licctl: {}", failure.message);
    Verdict::Code(failure.code)
}

fn answer(verb: Verb, desk: &Desk, out: &mut Out) -> out::Answer {
    match verb {
        Verb::Status => verbs::status::run(desk, out),
        Verb::List => verbs::list::run(desk, out),
        Verb::Show { what } => verbs::show::run(desk, &what, out),
        Verb::Verify { files } => verbs::verify::run(desk, &files, out),
        Verb::Import(order) => verbs::import::run(desk, &order, out),
        Verb::Remove { selector } => verbs::remove::run(desk, &selector, out),
        Verb::UnitId => verbs::unit_id::run(desk, out),
        Verb::Request { output } => verbs::request::run(desk, output.as_deref(), out),
        Verb::Feature { name, quiet } => verbs::feature::run(desk, name, quiet, out),
        Verb::Features => verbs::features::run(desk, out),
        Verb::UpdateAllowed { released, version } => {
            verbs::update_allowed::run(desk, released, version, out)
        }
        Verb::Slice { mass, output } => verbs::slice::run(desk, &mass, output.as_deref(), out),
        Verb::Doctor => verbs::doctor::run(desk, out),
        Verb::Completions { shell } => verbs::completions::run(shell, out),
    }
}
