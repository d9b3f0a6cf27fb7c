//! Wrong usage, and help that was asked for.

use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::out::Out;

/// The exit code of wrong usage.
const WRONG_USAGE: u8 = 2;

/// Prints what clap has to say. What the user wrote may hold anything, so it is made fit for a
/// terminal; and whoever wants JSON gets some.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // If nobody reads it, nobody misses it.
        let _ = write!(std::io::stdout(), "{text}");
        return ExitCode::SUCCESS;
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
        let _ = Out::new(true).wrong_usage(&sentence(&clean));
    }
    let _ = write!(std::io::stderr(), "{clean}");
    ExitCode::from(WRONG_USAGE)
}

/// What is wrong in one line, without what follows on how the program is used. What is missing
/// stands on lines of its own.
fn sentence(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_what_is_missing() {
        for (text, said) in [
            ("error: is wrong\n\nUsage: licctl", "is wrong"),
            (
                "error: not provided:\n  --user <NAME>\n  <SOURCE>\n\nUsage: licctl",
                "not provided: --user <NAME> <SOURCE>",
            ),
            ("", ""),
        ] {
            assert_eq!(sentence(text), said);
        }
    }
}
