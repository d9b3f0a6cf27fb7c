//! `licissue`, the vendor's tool: keys, trust documents, licences, slices.

mod args;
mod document;
mod failure;
mod files;
mod inspect;
mod issue;
mod keygen;
mod merge;
mod renew;
mod signers;
mod slice;
mod trust;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Verb};
use crate::failure::Failure;

fn main() -> ExitCode {
    ExitCode::from(run(&mut io::stdout().lock(), &mut io::stderr().lock()))
}

/// Does what the command line says. The exit code: 0, or that of the failure.
fn run(out: &mut impl Write, err: &mut impl Write) -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return show_usage(&usage, out, err),
    };
    match carry_out(&cli, out).and_then(|()| out.flush().map_err(Failure::of_stdout)) {
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

fn carry_out(cli: &Cli, out: &mut impl Write) -> Result<(), Failure> {
    let json = cli.json;
    match &cli.verb {
        Verb::Keygen(args) => keygen::run(args, json, out),
        Verb::Trust(args) => trust::run(args, json, out),
        Verb::Issue(args) => issue::run(args, json, out),
        Verb::Inspect(args) => inspect::run(args, cli.root.as_deref(), json, out),
        Verb::Slice(args) => slice::run(args, json, out),
        Verb::Merge(args) => merge::run(args, json, out),
        Verb::Renew(args) => renew::run(args, json, out),
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
