//! Prints the manual page of licctl: `cargo run -p rescue-tools --example manual`. It takes verbs and
//! options from the command-line parser, so the page is always current.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;

/// The sections that the parser cannot supply.
const REST: &str = include_str!("../../packaging/man/licctl.rest.roff");

fn main() -> io::Result<()> {
    write_page(&mut io::stdout().lock())
}

fn write_page(to: &mut impl Write) -> io::Result<()> {
    // On a terminal no verb is needed.
    let command = rescue_tools::command().disable_help_subcommand(true).subcommand_required(false);
    let verbs: Vec<_> = command.get_subcommands().cloned().collect();
    let mut built = command.clone();
    built.build();
    let source = format!("licd {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).section("1").source(source).manual("Licences");
    man.render_title(to)?;
    man.render_name_section(to)?;
    writeln!(to, ".SH SYNOPSIS\n{}", usage(&mut built))?;
    man.render_description_section(to)?;
    writeln!(to, ".SH VERBS")?;
    for verb in verbs {
        let name = verb.get_name().to_owned();
        writeln!(to, ".SS {name}")?;
        if let Some(built) = built.find_subcommand_mut(&name) {
            writeln!(to, "{}", usage(built))?;
        }
        write_verb(to, verb)?;
    }
    man.render_options_section(to)?;
    to.write_all(REST.as_bytes())
}

/// The usage, as the help prints it. That of clap_mangen lacks values and repetitions.
fn usage(command: &mut Command) -> String {
    let usage = command.render_usage().to_string();
    usage.trim_start_matches("Usage: ").replace('-', r"\-")
}

/// Writes what a verb does and its options, without the global ones, which have their own section.
fn write_verb(to: &mut impl Write, verb: Command) -> io::Result<()> {
    let man = Man::new(verb.disable_help_flag(true));
    let mut sections = Vec::new();
    man.render_description_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    let mut lines = sections.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // Each section begins with two lines of definitions and a heading; a paragraph replaces them.
    while let Some(line) = lines.next() {
        if line.starts_with(b".ie") {
            lines.next();
        } else if line.starts_with(b".SH") {
            writeln!(to, ".PP")?;
        } else {
            to.write_all(line)?;
            writeln!(to)?;
        }
    }
    Ok(())
}
