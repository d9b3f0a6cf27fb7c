//! `licissue`, the vendor's tool for keys, trust documents, licences, slices and Product Packs.

mod args;
mod command;
mod document;
mod error;
mod files;
mod inspect;
mod issue;
mod issued;
mod keygen;
mod lists;
mod packs;
mod request;
mod signers;
mod slice;
mod trust;
mod verbs;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, PackVerb, Verb};
use crate::command::Console;
use crate::error::CommandError;

fn main() -> ExitCode {
    ExitCode::from(run(&mut io::stdout().lock(), &mut io::stderr().lock()))
}

/// Runs the command line. Returns the exit code.
fn run(out: &mut impl Write, err: &mut impl Write) -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return show_usage(&usage, out, err),
    };
    match run_verb(&cli, out, err).and_then(|()| out.flush().map_err(CommandError::of_stdout)) {
        Ok(()) => 0,
        Err(error) => {
            // If this cannot be written either, the exit code still reports the failure.
            let _ = writeln!(err, "licissue: {error}");
            if cli.json {
                let _ = writeln!(out, "{}", error.to_json());
            }
            error.code()
        }
    }
}

fn run_verb(cli: &Cli, out: &mut impl Write, err: &mut impl Write) -> Result<(), CommandError> {
    let json = cli.json;
    match &cli.verb {
        Verb::Keygen(args) => keygen::run(args, json, out),
        Verb::Trust(args) => trust::run(args, json, out),
        Verb::Inspect(args) => inspect::run(args, cli.root.as_deref(), json, out),
        Verb::Slice(args) => slice::run(args, json, out),
        Verb::Pack(verb) => run_pack_verb(verb, &mut Console { json, out, err }),
    }
}

fn run_pack_verb(verb: &PackVerb, console: &mut Console<'_>) -> Result<(), CommandError> {
    match verb {
        PackVerb::Issue(args) => issue::run(args, console),
        PackVerb::Add(args) => verbs::add(args, console),
        PackVerb::Remove(args) => verbs::remove(args, console),
        PackVerb::Move(args) => verbs::move_units(args, console),
        PackVerb::Split(args) => verbs::split(args, console),
        PackVerb::Merge(args) => verbs::merge(args, console),
        PackVerb::Coterm(args) => verbs::coterm(args, console),
        PackVerb::Renew(args) => verbs::renew(args, console),
        PackVerb::Convert(args) => verbs::convert(args, console),
        PackVerb::CreateEmp(args) => verbs::create_emp(args, console),
        PackVerb::Cleanup(args) => verbs::cleanup(args, console),
        PackVerb::Redeem(args) => verbs::redeem(args, console),
    }
}

/// Requested help goes to standard output with exit code 0; every other message is wrong usage.
fn show_usage(usage: &clap::Error, out: &mut impl Write, err: &mut impl Write) -> u8 {
    let text = usage.to_string();
    let text = text.trim_end();
    if !usage.use_stderr() {
        return match writeln!(out, "{text}") {
            Ok(()) => 0,
            Err(error) => {
                let error = CommandError::of_stdout(error);
                let _ = writeln!(err, "licissue: {error}");
                error.code()
            }
        };
    }
    let _ = match text.strip_prefix("error: ") {
        Some(error) => writeln!(err, "licissue: {error}"),
        None => writeln!(err, "{text}"),
    };
    error::WRONG_USAGE
}
