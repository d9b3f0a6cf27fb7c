//! The heading of a list.

use super::table::{PLAIN, rows};

/// The names of columns with units, the preferred first, without case, blanks and punctuation.
const UNIT_COLUMNS: [&str; 5] = ["unitid", "hardwarevalue", "hardwareid", "macaddress", "mac"];
/// The names of columns with hardware types.
const TYPE_COLUMNS: [&str; 2] = ["hardwaretype", "type"];

/// The names of columns with serial numbers.
const SERIAL_COLUMNS: [&str; 4] = ["serialnumber", "serial", "serialno", "deviceserialnumber"];

/// A heading, and the indices of its columns.
pub(super) struct Heading {
    /// The separator of the columns; `None` for a single column.
    pub(super) separator: Option<char>,
    pub(super) unit: Option<usize>,
    pub(super) kind: Option<usize>,
    pub(super) serial: Option<usize>,
}

impl Heading {
    /// The heading of a list, if its first row is one.
    pub(super) fn of(text: &str) -> Option<Self> {
        let first = rows(text, PLAIN).next()?;
        let names: Vec<String> = first.cells.iter().map(|cell| normalized(cell)).collect();
        // `…,MAC` is an entry with its type.
        let has_entries = first.cells.iter().any(|cell| is_entry(cell));
        if has_entries || !names.iter().any(|name| is_column(name)) {
            return None;
        }
        let index = |known: &[&str]| {
            known.iter().find_map(|known| names.iter().position(|name| name == known))
        };
        let columns = names.iter().filter(|name| !name.is_empty()).count();
        let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let count = |separator: char| head.matches(separator).count();
        let separator = if count(';') > count(',') { ';' } else { ',' };
        Some(Self {
            separator: Some(separator).filter(|_| columns > 1),
            unit: index(&UNIT_COLUMNS),
            kind: index(&TYPE_COLUMNS),
            serial: index(&SERIAL_COLUMNS),
        })
    }
}

/// The least digits of a word that is an entry and no column name.
const MIN_ENTRY_DIGITS: usize = 4;

/// Whether a cell is an entry, valid or invalid, rather than a column name.
fn is_entry(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let word = cell.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '#'));
    word && digits >= MIN_ENTRY_DIGITS
}

/// Whether a column of this name makes a row a heading.
fn is_column(name: &str) -> bool {
    UNIT_COLUMNS.contains(&name) || SERIAL_COLUMNS.contains(&name)
}

/// A column name without case, blanks and punctuation.
fn normalized(cell: &str) -> String {
    cell.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
