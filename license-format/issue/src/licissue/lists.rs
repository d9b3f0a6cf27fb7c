//! The units and serial numbers that the command line names and lists.

use std::collections::BTreeSet;
use std::path::Path;

use license_format::UnitId;
use license_issue::{
    BadEntry, List, SerialNumber, SerialTable, serial_list, serial_table, unit_list,
};
use serde_json::{Value, json};

use crate::args::{Redeem, Units};
use crate::failure::Failure;
use crate::files;

/// Invalid entries that are named; a list of the wrong kind has nothing else.
const NAMED: usize = 20;

/// What was read of a list, for the report.
pub(crate) struct Summary {
    file: String,
    /// `N read, N valid, N invalid`.
    text: String,
    read: usize,
    invalid: Vec<BadEntry>,
}

impl Summary {
    /// The summary and the invalid entries, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { file, text, invalid, .. } = self;
        let mut lines = vec![format!("{file}: {text}")];
        lines.extend(invalid.iter().take(NAMED).map(|bad| format!("{file}: {bad}")));
        if let Some(more) = invalid.len().checked_sub(NAMED).filter(|more| *more > 0) {
            lines.push(format!("{file}: and {more} more"));
        }
        lines
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

/// What several lists name, and how each of them was read.
pub(crate) struct Named<T> {
    pub(crate) found: BTreeSet<T>,
    pub(crate) summaries: Vec<Summary>,
}

/// The units that the command line names and lists.
pub(crate) fn units(args: &Units) -> Result<Named<UnitId>, Failure> {
    let mut named = Named { found: args.unit.iter().cloned().collect(), summaries: Vec::new() };
    for path in &args.csv {
        let found = read(path, args.strict, &mut named.summaries, unit_list)?;
        named.found.extend(found);
    }
    Ok(named)
}

/// The units that the command line names and lists, which must be some.
pub(crate) fn some_units(args: &Units) -> Result<Named<UnitId>, Failure> {
    let named = units(args)?;
    match (named.found.is_empty(), named.summaries.first()) {
        (false, _) => Ok(named),
        (true, None) => {
            Err(Failure::usage("units", "are missing", "name them by --unit or list them by --csv"))
        }
        (true, Some(list)) => {
            let what = format_args!("names no unit ({})", list.text);
            Err(Failure::new(&list.file, what, "check that it is the right file"))
        }
    }
}

/// The serial numbers to redeem, and the table of what has them.
pub(crate) fn serials(args: &Redeem) -> Result<(Named<SerialNumber>, SerialTable), Failure> {
    let mut named = Named { found: args.serial.iter().cloned().collect(), summaries: Vec::new() };
    for path in &args.csv {
        let found = read(path, args.strict, &mut named.summaries, serial_list)?;
        named.found.extend(found);
    }
    if named.found.is_empty() {
        let remedy = "name them by --serial or list them by --csv";
        return Err(Failure::usage("serial numbers", "are missing", remedy));
    }
    let table = read(&args.hardware, args.strict, &mut named.summaries, serial_table)?;
    Ok((named, table))
}

/// Reads a list and notes its summary.
fn read<T>(
    path: &Path,
    strict: bool,
    summaries: &mut Vec<Summary>,
    parse: fn(&[u8]) -> List<T>,
) -> Result<T, Failure> {
    let list = parse(&files::read_list(path)?);
    let summary = Summary {
        file: license_issue::escaped(&path.display().to_string()),
        text: list.to_string(),
        read: list.read,
        invalid: list.invalid,
    };
    if let (true, Some(bad)) = (strict, summary.invalid.first()) {
        let what = format_args!("{}: {bad}", summary.text);
        return Err(Failure::new(path.display(), what, "correct it, or leave out --strict"));
    }
    summaries.push(summary);
    Ok(list.found)
}
