//! What a verb answers and how it is printed.

use std::env;
use std::fmt::Arguments;
use std::io::{self, IsTerminal as _, Write};

use licd_device::{Failure, to_json};
use licd_fs::printable::reason;
use licd_rules::Code;
use serde::Serialize;

use crate::layout::Page;

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

/// What a verb returns.
pub(crate) type Answer = Result<Verdict, Failure>;

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
pub(crate) struct Out {
    json: bool,
    to: io::StdoutLock<'static>,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, to: io::stdout().lock() }
    }

    /// Whether JSON is wanted.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a line of text.
    pub(crate) fn line(&mut self, text: Arguments<'_>) -> Result<(), Failure> {
        writeln!(self.to, "{text}").or_else(closed)
    }

    /// A page that is to be printed here.
    pub(crate) fn page(&self) -> Page {
        let variable = |name: &str| env::var(name).ok();
        Page::new(self.to.is_terminal() && shows_color(variable))
    }

    /// Prints what was laid out.
    pub(crate) fn print(&mut self, page: &Page) -> Result<(), Failure> {
        self.raw(page.text().as_bytes())
    }

    /// Prints a value as JSON.
    pub(crate) fn value(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(format_args!("{}", to_json(value)))
    }

    /// Prints a failure where JSON is wanted, so that whoever parses it always gets some.
    pub(crate) fn failure(&mut self, failure: &Failure) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let (code, message) = (failure.code.as_str(), failure.message.as_str());
        self.value(&Failed { schema: 1, code, message })
    }

    /// The same for wrong usage, which has no verdict.
    pub(crate) fn wrong_usage(&mut self, message: &str) -> Result<(), Failure> {
        self.value(&Failed { schema: 1, code: "wrong-usage", message })
    }

    /// Prints bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).and_then(|()| self.to.flush()).or_else(closed)
    }
}

/// Whether a terminal shows colour, and its user wants it (no-color.org).
fn shows_color(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_some_and(|terminal| terminal != "dumb")
}

/// A reader that has seen enough (`licctl list | head -1`) is no failure.
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
    fn colour_is_for_terminals_that_have_it_and_users_that_want_it() {
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
