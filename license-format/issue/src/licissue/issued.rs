//! The licences that a verb issues.

use std::path::{Path, PathBuf};

use license_format::{PackId, Serial, UnixSeconds, limits};
use license_issue::rules::{self, Change, EarlyIssue};
use license_issue::{Pack, SigningKey, verified_license};
use serde_json::{Value, json};

use crate::args::IssueOptions;
use crate::document::object;
use crate::error::CommandError;
use crate::files;

/// An issued licence before its delivery.
pub(crate) struct IssuedLicense {
    pack: PackId,
    serial: Serial,
    units: usize,
    mass: bool,
    text: String,
}

/// Issues the due licences and takes their serials in the packs of the change. Without a key, `due`
/// keeps what was not issued.
pub(crate) fn issue_due(
    change: &mut Change,
    args: &IssueOptions,
    keys: &[SigningKey],
    now: UnixSeconds,
) -> Result<Vec<IssuedLicense>, CommandError> {
    let mut made = Vec::new();
    if keys.is_empty() {
        return Ok(made);
    }
    let keys: Vec<&SigningKey> = keys.iter().collect();
    let early = EarlyIssue::of(args.early);
    let Change { packs, due, .. } = change;
    for pack in packs.iter_mut().filter(|pack| due.contains(&pack.id)) {
        let (issued, terms) =
            rules::issue(pack, now, early).map_err(|error| CommandError::of_rule(&error))?;
        for terms in terms {
            let text =
                verified_license(&terms, &pack.units, &keys, args.mass).map_err(|error| {
                    CommandError::new(&pack.id, error, "correct the pack or the keys")
                })?;
            made.push(IssuedLicense::of(pack, terms.serial, args.mass, text));
        }
        *pack = issued;
    }
    due.retain(|id| !made.iter().any(|licence| licence.pack == *id));
    Ok(made)
}

impl IssuedLicense {
    fn of(pack: &Pack, serial: Serial, mass: bool, text: String) -> Self {
        let units = pack.units.len();
        Self { pack: pack.id.clone(), serial, units, mass: mass || units > limits::UNITS, text }
    }

    /// The name in the report.
    pub(crate) fn title(&self) -> String {
        format!("{} serial {}, units: {}", self.pack, self.serial, self.units)
    }

    /// The facts of the licence, and its text or its file.
    pub(crate) fn to_json(&self, file: Option<&Path>) -> Value {
        let content = match file {
            Some(path) => ("file", json!(path.display().to_string())),
            None => ("text", json!(self.text)),
        };
        object(vec![
            ("kind", json!(if self.mass { "mass-license" } else { "license" })),
            ("pack", json!(self.pack.as_str())),
            ("serial", json!(self.serial.get())),
            ("units", json!(self.units)),
            content,
        ])
    }

    /// The contents of the licence file.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The destination of each licence: `None` for standard output.
///
/// # Errors
/// Several licences need an existing folder.
pub(crate) fn destinations(
    licences: &[IssuedLicense],
    output: Option<&Path>,
) -> Result<Vec<Option<PathBuf>>, CommandError> {
    let output = output.filter(|path| path.as_os_str() != files::STANDARD);
    let destination = |licence: &IssuedLicense| match output {
        Some(folder) if folder.is_dir() => {
            Some(folder.join(format!("{}-{}.lic", licence.pack, licence.serial)))
        }
        _ => output.map(Path::to_owned),
    };
    if licences.len() > 1 && !output.is_some_and(Path::is_dir) {
        let what = format_args!("is not a folder, and {} licences come of this", licences.len());
        let name = output.map_or(String::from("-o"), |path| path.display().to_string());
        return Err(CommandError::usage(name, what, "name a folder that exists by -o"));
    }
    Ok(licences.iter().map(destination).collect())
}
