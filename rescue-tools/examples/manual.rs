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
    let command = rescue_tools::command().disable_help_subcommand(true);
    let verbs: Vec<_> = command.get_subcommands().cloned().collect();
    let source = format!("licd {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).section("1").source(source).manual("Licences");
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    writeln!(to, ".SH VERBS")?;
    for verb in verbs {
        write_verb(to, verb)?;
    }
    man.render_options_section(to)?;
    to.write_all(REST.as_bytes())
}

/// Writes the section of one verb, without the global options, which have their own section.
fn write_verb(to: &mut impl Write, verb: Command) -> io::Result<()> {
    writeln!(to, ".SS {}", verb.get_name())?;
    let man = Man::new(verb.disable_help_flag(true));
    let mut sections = Vec::new();
    man.render_synopsis_section(&mut sections)?;
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
