//! `licctl`: licences from the rescue shell, scripts and UMS custom commands.
//!
//! Each verb has its own file: a function from arguments to a `Verdict`. A verb queries the device
//! through a `backend::Backend`: the daemon if it runs, otherwise the device itself. Without a verb, on a
//! terminal, `tui` does what the verbs do.

mod args;
mod backend;
mod bus;
mod document;
mod layout;
mod output;
mod progress;
mod tui;
mod usage;
mod verbs;
mod warnings;

use std::process::ExitCode;

use clap::CommandFactory as _;

use licd_device::{Failure, Missing};
use licd_fs::size_limit;

use args::{Args, Verb};
use backend::Backend;
use output::{Output, Verdict};

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    size_limit::becomes_an_error();
    let args = match Args::read() {
        Ok(args) => args,
        Err(usage) => return usage::explain(&usage),
    };
    let mut out = Output::new(args.json);
    let verdict = run(args, &mut out).unwrap_or_else(|failure| {
        // If neither stream can be written, the exit code still reports the failure.
        let _ = out.failure(&failure);
        output::complain(&failure);
        Verdict::Code(failure.code)
    });
    ExitCode::from(verdict.exit_code())
}

/// The command line of `licctl`, from which the manual page is generated.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

fn run(args: Args, out: &mut Output) -> output::VerbResult {
    let verb = match args.verb {
        None => return tui::run(args.access),
        Some(Verb::Completions { shell }) => return verbs::completions::run(shell, out),
        Some(verb) => verb,
    };
    warnings::show();
    let backend = match verb.asks_the_daemon() {
        true => Backend::open(&args.access),
        false => Backend::direct(&args.access),
    }?;
    let shows_the_store = verb.shows_the_store();
    let verdict = answer(verb, &backend, out)?;
    let missing = backend.missing().filter(|_| shows_the_store);
    Ok(missing.map_or(verdict, incomplete))
}

/// The verdict on an incomplete answer. What was printed is certain, but the exit code must not let a
/// script take it for everything.
fn incomplete(missing: &Missing) -> Verdict {
    let failure = Failure::from(missing);
    output::complain(&failure);
    Verdict::Code(failure.code)
}

fn answer(verb: Verb, backend: &Backend, out: &mut Output) -> output::VerbResult {
    match verb {
        Verb::Status => verbs::status::run(backend, out),
        Verb::List => verbs::list::run(backend, out),
        Verb::Show { what } => verbs::show::run(backend, &what, out),
        Verb::Verify { files } => verbs::verify::run(backend, &files, out),
        Verb::Import(order) => verbs::import::run(backend, &order, out),
        Verb::Activate(order) => verbs::activate::run(backend, order, out),
        Verb::Remove { selector } => verbs::remove::run(backend, &selector, out),
        Verb::UnitId => verbs::unit_id::run(backend, out),
        Verb::Request { output } => verbs::request::run(backend, output.as_deref(), out),
        Verb::Feature { name, quiet } => verbs::feature::run(backend, name, quiet, out),
        Verb::Features => verbs::features::run(backend, out),
        Verb::UpdateAllowed { released, version } => {
            verbs::update_allowed::run(backend, released, version, out)
        }
        Verb::Slice { mass, output } => verbs::slice::run(backend, &mass, output.as_deref(), out),
        Verb::Doctor => verbs::doctor::run(backend, out),
        Verb::Completions { shell } => verbs::completions::run(shell, out),
    }
}
