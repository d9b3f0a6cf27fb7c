//! Writes signed documents and their reports.

use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use license_format::UnixSeconds;
use serde_json::{Value, json};

use crate::error::CommandError;
use crate::files;

/// A document and its report.
pub(crate) struct Document {
    /// The name in the report.
    pub(crate) title: String,
    /// The members of the report.
    pub(crate) facts: Vec<(&'static str, Value)>,
    /// The contents of the file.
    pub(crate) text: String,
}

impl Document {
    /// Writes the document to its file and reports it, or writes it to standard output: plain, or as a
    /// member of the JSON report.
    pub(crate) fn write(
        self,
        output: Option<&Path>,
        json: bool,
        out: &mut impl Write,
    ) -> Result<(), CommandError> {
        let Self { title, mut facts, text } = self;
        facts.push(("schema", json!(1)));
        let file = output.filter(|path| path.as_os_str() != files::STANDARD);
        if let Some(path) = file {
            files::write_output(path, text.as_bytes())?;
            facts.push(("file", json!(path.display().to_string())));
        } else {
            facts.push(("text", json!(text)));
        }
        match (json, file) {
            (true, _) => writeln!(out, "{}", object(facts)),
            (false, Some(path)) => writeln!(out, "{title}: written to {}", path.display()),
            (false, None) => out.write_all(text.as_bytes()),
        }
        .map_err(CommandError::of_stdout)
    }
}

/// The members of a report as a JSON object.
pub(crate) fn object(facts: Vec<(&'static str, Value)>) -> Value {
    facts.into_iter().map(|(key, value)| (String::from(key), value)).collect()
}

/// The given time, or the time of the clock.
pub(crate) fn time_or_now(given: Option<UnixSeconds>) -> UnixSeconds {
    given.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        UnixSeconds(since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
    })
}
