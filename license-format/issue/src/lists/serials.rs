//! Lists of the serial numbers that hardware-bundled licences are bought with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use license_format::UnitId;

use super::table::{self, Cut, rows};
use super::{BARE, Flaw, Heading, List, cell, parse_unit};

/// Columns that hold a serial number.
pub(super) const COLUMNS: [&str; 4] = ["serialnumber", "serial", "serialno", "deviceserialnumber"];

/// Longest serial number: what SMBIOS tables in the field hold, with room to spare.
const LONGEST: usize = 64;

/// The serial number of a device's chassis: 1–64 printable ASCII characters without blanks at the
/// ends, letters raised, since labels and tables differ in case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(String);

impl SerialNumber {
    /// Reads a serial number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let printable = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        let fits = printable && (1..=LONGEST).contains(&text.len());
        fits.then(|| Self(text.to_ascii_uppercase()))
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which unit a serial number belongs to.
pub type SerialTable = BTreeMap<SerialNumber, UnitId>;

/// Reads a list of serial numbers: entries parted by commas, semicolons and line ends, or a table
/// with a column `Serial Number`.
#[must_use]
pub fn serial_list(bytes: &[u8]) -> List<BTreeSet<SerialNumber>> {
    let text = table::text(bytes);
    let mut list = List::new();
    let mut add = |line, entry: &str| {
        let serial = SerialNumber::parse(entry).ok_or(Flaw::NotASerial);
        list.add(line, entry, serial, |found: &mut BTreeSet<_>, serial| {
            found.insert(serial);
        });
    };
    match Heading::of(&text) {
        Some(Heading { separator: Some(separator), serial: Some(column), .. }) => {
            let cut = Cut { separators: &[separator], quoted_lines: true };
            for row in rows(&text, cut).skip(1) {
                add(row.line, cell(&row, Some(column)));
            }
        }
        heading => {
            for row in rows(&text, BARE).skip(usize::from(heading.is_some())) {
                let cells = row.cells.iter().filter(|cell| !cell.is_empty());
                cells.for_each(|entry| add(row.line, entry));
            }
        }
    }
    list
}

/// Reads a table of serial numbers and units: with a heading that names the columns, or serial
/// number, unit and, where there is one, hardware type in this order.
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
        _ => (BARE.separators, 0, 1, Some(2)),
    };
    let cut = Cut { separators, quoted_lines: heading.is_some() };
    for row in rows(&text, cut).skip(first) {
        let entry = cell(&row, Some(serial));
        let pair = parse_pair(&list.found, entry, cell(&row, Some(unit)), cell(&row, kind));
        list.add(row.line, entry, pair, |table: &mut SerialTable, (serial, unit)| {
            table.insert(serial, unit);
        });
    }
    list
}

/// A serial number and its unit, if no earlier line says otherwise.
fn parse_pair(
    known: &SerialTable,
    serial: &str,
    unit: &str,
    kind: &str,
) -> Result<(SerialNumber, UnitId), Flaw> {
    let serial = SerialNumber::parse(serial).ok_or(Flaw::NotASerial)?;
    let unit = parse_unit(unit, kind)?;
    match known.get(&serial) {
        Some(earlier) if *earlier != unit => Err(Flaw::Contradiction),
        _ => Ok((serial, unit)),
    }
}
