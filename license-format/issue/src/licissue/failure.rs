//! Why a verb did not do what it was asked to.

use std::fmt;
use std::io;
use std::path::Path;

use license_format::DocumentError;
use license_issue::escaped;
use license_issue::rules::Refusal;

/// Exit code: anything that is not one of the others.
pub(crate) const FAILED: u8 = 1;
/// Exit code: the command line makes no sense.
pub(crate) const WRONG_USAGE: u8 = 2;
/// Exit code: an input is not genuine.
const NOT_GENUINE: u8 = 3;

/// A message for people: the name of the thing, what is wrong, what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: u8,
    /// The verdict on an input that is not genuine.
    verdict: Option<&'static str>,
    name: String,
    what: String,
    remedy: &'static str,
}

impl Failure {
    pub(crate) fn new(
        name: impl fmt::Display,
        what: impl fmt::Display,
        remedy: &'static str,
    ) -> Self {
        Self {
            exit: FAILED,
            verdict: None,
            name: escaped(&name.to_string()),
            what: what.to_string(),
            remedy,
        }
    }

    pub(crate) fn usage(
        name: impl fmt::Display,
        what: impl fmt::Display,
        remedy: &'static str,
    ) -> Self {
        Self { exit: WRONG_USAGE, ..Self::new(name, what, remedy) }
    }

    /// A verb that one of the portal's rules forbids.
    pub(crate) fn of_rule(refusal: &Refusal) -> Self {
        Self::new(&refusal.pack, &refusal.rule, refusal.rule.remedy())
    }

    /// An input that its verifier refuses.
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

    /// An input that is no document at all.
    pub(crate) fn not_genuine(path: &Path, what: impl fmt::Display, remedy: &'static str) -> Self {
        let new = Self::new(path.display(), what, remedy);
        Self { exit: NOT_GENUINE, verdict: Some("malformed"), ..new }
    }

    /// A file that is longer than a licence may be.
    pub(crate) fn too_large(path: &Path, limit: u64) -> Self {
        let what = format_args!("is longer than the {limit} bytes that a licence may have");
        let remedy = "name a licence file";
        Self { verdict: Some("too-large"), ..Self::not_genuine(path, what, remedy) }
    }

    pub(crate) fn of_file(path: &Path, doing: &str, error: &io::Error) -> Self {
        let what = format_args!("cannot be {doing}: {}", reason(error));
        Self::new(path.display(), what, "check the path and its permissions")
    }

    pub(crate) fn of_stdout(error: io::Error) -> Self {
        let what = format_args!("cannot be written to: {}", reason(&error));
        Self::new("standard output", what, "give a file with -o")
    }

    pub(crate) fn code(&self) -> u8 {
        self.exit
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "schema": 1,
            "code": self.verdict,
            "name": self.name,
            "message": format!("{}; {}", self.what, self.remedy),
        })
    }
}

/// The error in words, without the number that Rust adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let bare = number.and_then(|number| text.strip_suffix(&number));
    bare.unwrap_or(&text).to_owned()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.name, self.what, self.remedy)
    }
}
