//! The errors of the commands.

use std::fmt;
use std::io;
use std::path::Path;

use license_format::DocumentError;
use license_issue::escaped;
use license_issue::rules::RuleError;
use serde_json::{Value, json};

use crate::lists::ListSummary;

/// Exit code: any other failure.
pub(crate) const FAILED: u8 = 1;
/// Exit code: the command line is invalid.
pub(crate) const WRONG_USAGE: u8 = 2;
/// Exit code: an input is not genuine.
const NOT_GENUINE: u8 = 3;

/// Why a command failed. The message names the thing, the error and the cure.
#[derive(Debug)]
pub(crate) struct CommandError {
    exit: u8,
    /// The verdict on an input that is not genuine.
    verdict: Option<&'static str>,
    name: String,
    problem: String,
    remedy: &'static str,
    /// The summaries of the lists that the command has read, as lines and as JSON.
    lists: (Vec<String>, Vec<Value>),
}

impl CommandError {
    pub(crate) fn new(
        name: impl fmt::Display,
        problem: impl fmt::Display,
        remedy: &'static str,
    ) -> Self {
        Self {
            exit: FAILED,
            verdict: None,
            name: escaped(&name.to_string()),
            problem: problem.to_string(),
            remedy,
            lists: Default::default(),
        }
    }

    /// The same, followed by the summaries of these lists.
    pub(crate) fn with_lists(self, lists: &[ListSummary]) -> Self {
        let lines = lists.iter().flat_map(ListSummary::lines).collect();
        Self { lists: (lines, lists.iter().map(ListSummary::to_json).collect()), ..self }
    }

    pub(crate) fn usage(
        name: impl fmt::Display,
        problem: impl fmt::Display,
        remedy: &'static str,
    ) -> Self {
        Self { exit: WRONG_USAGE, ..Self::new(name, problem, remedy) }
    }

    /// A rule of the portal forbids the verb.
    pub(crate) fn of_rule(error: &RuleError) -> Self {
        Self::new(&error.pack, &error.rule, error.rule.remedy())
    }

    /// The verifier refuses an input.
    pub(crate) fn refused(path: &Path, error: &DocumentError) -> Self {
        let (verdict, remedy) = match error {
            DocumentError::Malformed { .. } => {
                ("malformed", "get the file again from where it was issued")
            }
            DocumentError::Unsupported { .. } => ("unsupported", "use a newer licissue"),
            DocumentError::BadSignature { .. } => {
                ("bad-signature", "get the file again from where it was issued")
            }
            DocumentError::UnknownKey { .. } => ("unknown-key", "give the key that signed it"),
            DocumentError::TooFewRoots { .. } => {
                ("unknown-key", "give more of the root keys, or have more of them sign it")
            }
            DocumentError::UntrustedProduct { .. } => {
                ("untrusted-product", "sign it with a key that may sign this product")
            }
            DocumentError::ProductMismatch { .. } => {
                ("untrusted-product", "issue it with the product that this belongs to")
            }
        };
        Self { verdict: Some(verdict), ..Self::not_genuine(path, error, remedy) }
    }

    /// An input is no document of the format.
    pub(crate) fn not_genuine(path: &Path, what: impl fmt::Display, remedy: &'static str) -> Self {
        let new = Self::new(path.display(), what, remedy);
        Self { exit: NOT_GENUINE, verdict: Some("malformed"), ..new }
    }

    /// A file is longer than a licence may be.
    pub(crate) fn too_large(path: &Path, limit: u64) -> Self {
        let what = format_args!("is longer than the {limit} bytes that a licence may have");
        let remedy = "name a licence file";
        Self { verdict: Some("too-large"), ..Self::not_genuine(path, what, remedy) }
    }

    pub(crate) fn of_file(path: &Path, action: &str, error: &io::Error) -> Self {
        let what = format_args!("cannot be {action}: {}", reason(error));
        Self::new(path.display(), what, "check the path and its permissions")
    }

    pub(crate) fn of_stdout(error: io::Error) -> Self {
        let what = format_args!("cannot be written to: {}", reason(&error));
        Self::new("standard output", what, "give a file with -o")
    }

    pub(crate) fn code(&self) -> u8 {
        self.exit
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({
            "schema": 1,
            "code": self.verdict,
            "name": self.name,
            "message": format!("{}; {}", self.problem, self.remedy),
        });
        let (_, lists) = &self.lists;
        if let Some(members) = error.as_object_mut().filter(|_| !lists.is_empty()) {
            members.insert(String::from("lists"), json!(lists));
        }
        error
    }
}

/// The message of an error, without the number that Rust appends.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let bare = number.and_then(|number| text.strip_suffix(&number));
    bare.unwrap_or(&text).to_owned()
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.name, self.problem, self.remedy)?;
        self.lists.0.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}
