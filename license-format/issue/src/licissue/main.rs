//! `licissue`, the vendor's tool: keys, trust documents, licences, slices, Product Packs.

mod args;
mod document;
mod failure;
mod files;
mod inspect;
mod issue;
mod keygen;
mod licences;
mod lists;
mod packs;
mod signers;
mod slice;
mod trust;
mod verbs;
mod work;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, PackVerb, Verb};
use crate::failure::Failure;
use crate::work::Console;

fn main() -> ExitCode {
    ExitCode::from(run(&mut io::stdout().lock(), &mut io::stderr().lock()))
}

/// Does what the command line says. The exit code: 0, or that of the failure.
fn run(out: &mut impl Write, err: &mut impl Write) -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return show_usage(&usage, out, err),
    };
    match carry_out(&cli, out, err).and_then(|()| out.flush().map_err(Failure::of_stdout)) {
        Ok(()) => 0,
        Err(failure) => {
            // Where not even this can be written, the exit code is all that is left.
            let _ = writeln!(err, "licissue: {failure}");
            if cli.json {
                let _ = writeln!(out, "{}", failure.to_json());
            }
            failure.code()
        }
    }
}

fn carry_out(cli: &Cli, out: &mut impl Write, err: &mut impl Write) -> Result<(), Failure> {
    let json = cli.json;
    match &cli.verb {
        Verb::Keygen(args) => keygen::run(args, json, out),
        Verb::Trust(args) => trust::run(args, json, out),
        Verb::Inspect(args) => inspect::run(args, cli.root.as_deref(), json, out),
        Verb::Slice(args) => slice::run(args, json, out),
        Verb::OfPacks(verb) => change_packs(verb, &mut Console { json, out, err }),
    }
}

fn change_packs(verb: &PackVerb, console: &mut Console<'_>) -> Result<(), Failure> {
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

/// Help that was asked for goes to standard output and is no failure; anything else is wrong usage.
fn show_usage(usage: &clap::Error, out: &mut impl Write, err: &mut impl Write) -> u8 {
    let text = usage.to_string();
    let text = text.trim_end();
    if !usage.use_stderr() {
        return match writeln!(out, "{text}") {
            Ok(()) => 0,
            Err(_) => failure::FAILED,
        };
    }
    let _ = match text.strip_prefix("error: ") {
        Some(error) => writeln!(err, "licissue: {error}"),
        None => writeln!(err, "{text}"),
    };
    failure::WRONG_USAGE
}
