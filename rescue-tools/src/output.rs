//! The answer of a verb, and standard output.

use std::env;
use std::fmt::Arguments;
use std::io::{self, IsTerminal as _, Write};

use licd_device::{Failure, to_json};
use licd_fs::printable::reason;
use licd_rules::Code;
use licensing_words as words;
use serde::Serialize;

use crate::layout::{Color, Page};

/// The answer of a verb, which becomes the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    /// Done, or the answer is yes.
    Yes,
    /// The answer is no.
    No,
    /// A verdict on a file or a request.
    Code(Code),
}

/// The result of a verb.
pub(crate) type VerbResult = Result<Verdict, Failure>;

impl Verdict {
    pub(crate) fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Code(code) => code.exit_code(),
        }
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    schema: u32,
    code: &'a str,
    message: &'a str,
}

/// Standard output: text, or one JSON value.
pub(crate) struct Output {
    json: bool,
    to: io::StdoutLock<'static>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, to: io::stdout().lock() }
    }

    /// Whether the user asked for JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a line of text.
    pub(crate) fn line(&mut self, text: Arguments<'_>) -> Result<(), Failure> {
        writeln!(self.to, "{text}").or_else(closed)
    }

    /// Prints a page, in colour if standard output shows colour.
    pub(crate) fn page(&mut self, lay_out: impl FnOnce(&mut Page)) -> Result<(), Failure> {
        let color = if self.to.is_terminal() { colors() } else { Color::Hidden };
        let mut page = Page::default();
        lay_out(&mut page);
        self.raw(page.text(color).as_bytes())
    }

    /// Prints a value as JSON.
    pub(crate) fn value(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(format_args!("{}", to_json(value)))
    }

    /// Prints a failure as JSON if the user asked for JSON, so that a parser always gets a value.
    pub(crate) fn failure(&mut self, failure: &Failure) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let (code, message) = (failure.code.as_str(), failure.message.as_str());
        self.value(&Failed { schema: 1, code, message })
    }

    /// Prints a usage error as JSON; it has no verdict.
    pub(crate) fn wrong_usage(&mut self, message: &str) -> Result<(), Failure> {
        self.value(&Failed { schema: 1, code: "wrong-usage", message })
    }

    /// Prints bytes unchanged.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).and_then(|()| self.to.flush()).or_else(closed)
    }
}

/// Prints a failure on standard error, in the user's language.
pub(crate) fn complain(failure: &Failure) {
    let text = words::line(words::of_user(), Some(failure.code), &failure.message);
    // If standard error cannot be written, the exit code still reports the failure.
    let _ = writeln!(io::stderr(), "licctl: {text}");
}

/// Whether a terminal shows colour.
pub(crate) fn colors() -> Color {
    match shows_color(|name| env::var(name).ok()) {
        true => Color::Shown,
        false => Color::Hidden,
    }
}

/// Whether the terminal supports colour and its user allows it (no-color.org).
fn shows_color(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_some_and(|terminal| terminal != "dumb")
}

/// Accepts a reader that closes the pipe early (`licctl list | head -1`).
fn closed(error: io::Error) -> Result<(), Failure> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    let message = format!("standard output: cannot be written: {}", reason(&error));
    Err(Failure { code: Code::SourceRefused, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_used_only_if_the_terminal_and_the_user_allow_it() {
        let shows = |variables: &[(&str, &str)]| {
            shows_color(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(shows(&[("TERM", "linux")]));
        assert!(shows(&[("TERM", "xterm"), ("NO_COLOR", "")]));
        assert!(!shows(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
        assert!(!shows(&[("TERM", "dumb")]));
        assert!(!shows(&[]));
    }
}
