//! Usage errors, help and version.

use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::layout::{GAP, Page};
use crate::output::{self, Output};

/// The exit code of a usage error.
const WRONG_USAGE: u8 = 2;

/// Prints clap's message, as JSON too if the user asked for JSON. Control characters from the
/// command line are escaped for the terminal.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match Output::new(false).page(|page| lay_out(&text, page)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                output::complain(&failure);
                ExitCode::from(failure.code.exit_code())
            }
        };
    }
    let clean: String = text
        .chars()
        .flat_map(|c| {
            let plain = c == '\n' || !c.is_control();
            let escaped = (!plain).then(|| c.escape_default()).into_iter().flatten();
            plain.then_some(c).into_iter().chain(escaped)
        })
        .collect();
    if std::env::args_os().any(|arg| arg == "--json") {
        let _ = Output::new(true).wrong_usage(&sentence(&clean));
    }
    let _ = write!(std::io::stderr(), "{clean}");
    ExitCode::from(WRONG_USAGE)
}

/// Lays out help, whose lines clap leaves as long as they are; a description stays in its column.
fn lay_out(help: &str, page: &mut Page) {
    for line in help.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        match text.split_once("  ") {
            Some((option, about)) => {
                let (option, about) = (format!("{:indent$}{option}", ""), about.trim_start());
                page.row(&[line.len() - about.len() - GAP], &[option.into(), about.into()]);
            }
            None if indent < GAP => page.row(&[], &[text.into()]),
            None => page.text_at(indent, text),
        }
    }
}

/// Joins the error into one line and drops the usage text after it. Clap lists missing arguments on
/// separate lines.
fn sentence(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_includes_the_missing_arguments() {
        for (text, expected) in [
            ("error: is wrong\n\nUsage: licctl", "is wrong"),
            (
                "error: not provided:\n  --user <NAME>\n  <SOURCE>\n\nUsage: licctl",
                "not provided: --user <NAME> <SOURCE>",
            ),
            ("", ""),
        ] {
            assert_eq!(sentence(text), expected);
        }
    }
}
