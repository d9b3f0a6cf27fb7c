//! The units and serial numbers of the command line and its lists.

use std::collections::BTreeSet;
use std::path::Path;

use license_format::UnitId;
use license_issue::{
    InvalidEntry, List, SerialNumber, SerialTable, serial_list, serial_table, unit_list,
};
use serde_json::{Value, json};

use crate::args::{Redeem, Units};
use crate::error::CommandError;
use crate::files;

/// The most invalid entries in a report; a list of the wrong kind has no others.
const MAX_INVALID: usize = 20;

/// The summary of a list, for the report.
pub(crate) struct ListSummary {
    file: String,
    /// `N read, N valid, N invalid`.
    text: String,
    read: usize,
    invalid: Vec<InvalidEntry>,
}

impl ListSummary {
    /// The summary and the invalid entries, one per line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { file, text, invalid, .. } = self;
        let mut lines = vec![format!("{file}: {text}")];
        lines.extend(invalid.iter().take(MAX_INVALID).map(|entry| format!("{file}: {entry}")));
        lines.extend(self.more().map(|more| format!("{file}: and {more} more")));
        lines
    }

    /// The same in one line.
    fn in_a_sentence(&self) -> String {
        let Self { text, invalid, .. } = self;
        let mut parts = vec![text.clone()];
        parts.extend(invalid.iter().take(MAX_INVALID).map(ToString::to_string));
        parts.extend(self.more().map(|more| format!("and {more} more")));
        parts.join("; ")
    }

    /// The number of invalid entries beyond those that are named.
    fn more(&self) -> Option<usize> {
        self.invalid.len().checked_sub(MAX_INVALID).filter(|more| *more > 0)
    }

    pub(crate) fn to_json(&self) -> Value {
        let invalid: Vec<Value> = self
            .invalid
            .iter()
            .map(|bad| json!({ "line": bad.line, "entry": bad.entry, "message": bad.to_string() }))
            .collect();
        json!({
            "file": self.file,
            "read": self.read,
            "valid": self.read - self.invalid.len(),
            "invalid": invalid,
        })
    }
}

/// The entries of the command line and all lists, and a summary of each list.
pub(crate) struct Selection<T> {
    pub(crate) found: BTreeSet<T>,
    pub(crate) summaries: Vec<ListSummary>,
}

/// Reads the units of the command line and its lists.
pub(crate) fn units(args: &Units) -> Result<Selection<UnitId>, CommandError> {
    let mut selection =
        Selection { found: args.unit.iter().cloned().collect(), summaries: Vec::new() };
    for path in &args.csv {
        let found = read(path, args.strict, &mut selection.summaries, unit_list)?;
        selection.found.extend(found);
    }
    Ok(selection)
}

/// Reads the units of the command line and its lists; there must be at least one.
pub(crate) fn required_units(args: &Units) -> Result<Selection<UnitId>, CommandError> {
    let selection = units(args)?;
    match (selection.found.is_empty(), selection.summaries.first()) {
        (false, _) => Ok(selection),
        (true, None) => Err(CommandError::usage(
            "units",
            "are missing",
            "name them by --unit or list them by --csv",
        )),
        (true, Some(list)) => {
            let what = format_args!("names no unit ({})", list.in_a_sentence());
            Err(CommandError::new(&list.file, what, "check that it is the right file"))
        }
    }
}

/// Reads the serial numbers to redeem, and the table of their units.
pub(crate) fn serials(
    args: &Redeem,
) -> Result<(Selection<SerialNumber>, SerialTable), CommandError> {
    let mut selection =
        Selection { found: args.serial.iter().cloned().collect(), summaries: Vec::new() };
    for path in &args.csv {
        let found = read(path, args.strict, &mut selection.summaries, serial_list)?;
        selection.found.extend(found);
    }
    if selection.found.is_empty() {
        let remedy = "name them by --serial or list them by --csv";
        return Err(CommandError::usage("serial numbers", "are missing", remedy));
    }
    let table = read(&args.hardware, args.strict, &mut selection.summaries, serial_table)?;
    Ok((selection, table))
}

/// Reads a list and adds its summary.
fn read<T>(
    path: &Path,
    strict: bool,
    summaries: &mut Vec<ListSummary>,
    parse: fn(&[u8]) -> List<T>,
) -> Result<T, CommandError> {
    let list = parse(&files::read_list(path)?);
    let summary = ListSummary {
        file: license_issue::escaped(&path.display().to_string()),
        text: list.to_string(),
        read: list.read,
        invalid: list.invalid,
    };
    if let (true, Some(bad)) = (strict, summary.invalid.first()) {
        let what = format_args!("{}: {bad}", summary.text);
        return Err(CommandError::new(path.display(), what, "correct it, or leave out --strict"));
    }
    summaries.push(summary);
    Ok(list.found)
}
