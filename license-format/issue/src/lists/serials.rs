//! Lists of the serial numbers of hardware that comes with licences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use license_format::UnitId;

use super::entry::{EntryError, List};
use super::heading::Heading;
use super::table::{self, Format, PLAIN, cell, rows};
use super::units::parse_unit;

/// Bytes of a serial number; those of SMBIOS tables in the field are shorter.
const MAX_BYTES: usize = 64;

/// The serial number of a device's chassis: 1–64 printable ASCII characters without blanks at the
/// ends. Letters are raised, because labels and tables differ in case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(String);

impl SerialNumber {
    /// Reads a serial number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let printable = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        let fits = printable && (1..=MAX_BYTES).contains(&text.len());
        fits.then(|| Self(text.to_ascii_uppercase()))
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The unit of each serial number.
pub type SerialTable = BTreeMap<SerialNumber, UnitId>;

/// Reads a list of serial numbers: entries separated by commas, semicolons and line ends, or a table
/// with a column `Serial Number`.
#[must_use]
pub fn serial_list(bytes: &[u8]) -> List<BTreeSet<SerialNumber>> {
    let text = table::text(bytes);
    let mut list = List::new();
    let mut add = |line, entry: &str| {
        let serial = SerialNumber::parse(entry).ok_or(EntryError::NotASerial);
        list.add(line, entry, serial, |found: &mut BTreeSet<_>, serial| {
            found.insert(serial);
        });
    };
    match Heading::of(&text) {
        Some(Heading { separator: Some(separator), serial: Some(column), .. }) => {
            let format = Format { separators: &[separator], multi_line_cells: true };
            for row in rows(&text, format).skip(1) {
                add(row.line, cell(&row, Some(column)));
            }
        }
        heading => {
            for row in rows(&text, PLAIN).skip(usize::from(heading.is_some())) {
                let cells = row.cells.iter().filter(|cell| !cell.is_empty());
                cells.for_each(|entry| add(row.line, entry));
            }
        }
    }
    list
}

/// Reads a table of serial numbers and units. Without a heading that names the columns, they are
/// serial number, unit and, optionally, hardware type.
#[must_use]
pub fn serial_table(bytes: &[u8]) -> List<SerialTable> {
    let text = table::text(bytes);
    let heading = Heading::of(&text);
    let mut list = List::new();
    let first = usize::from(heading.is_some());
    let (separators, serial, unit, kind) = match &heading {
        Some(Heading { separator, unit: Some(unit), serial: Some(serial), kind }) => {
            (separator.as_slice(), *serial, *unit, *kind)
        }
        _ => (PLAIN.separators, 0, 1, Some(2)),
    };
    let format = Format { separators, multi_line_cells: heading.is_some() };
    for row in rows(&text, format).skip(first) {
        let (serial, unit) = (cell(&row, Some(serial)), cell(&row, Some(unit)));
        let pair = parse_pair(&list.found, serial, unit, cell(&row, kind));
        let at_fault = match pair {
            Ok(_) | Err(EntryError::NotASerial | EntryError::Contradiction) => serial,
            Err(EntryError::NotAUnit | EntryError::NoDevice | EntryError::UnknownType) => unit,
        };
        list.add(row.line, at_fault, pair, |table: &mut SerialTable, (serial, unit)| {
            table.insert(serial, unit);
        });
    }
    list
}

/// A serial number and its unit, unless an earlier line states another unit.
fn parse_pair(
    known: &SerialTable,
    serial: &str,
    unit: &str,
    kind: &str,
) -> Result<(SerialNumber, UnitId), EntryError> {
    let serial = SerialNumber::parse(serial).ok_or(EntryError::NotASerial)?;
    let unit = parse_unit(unit, kind)?;
    match known.get(&serial) {
        Some(earlier) if *earlier != unit => Err(EntryError::Contradiction),
        _ => Ok((serial, unit)),
    }
}
