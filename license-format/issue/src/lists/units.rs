//! Lists of unit IDs.

use std::collections::BTreeSet;

use license_format::{UnitId, UnitKind};

use super::entry::{EntryError, List};
use super::heading::Heading;
use super::table::{self, Format, PLAIN, Row, cell, rows};

/// The portal's hardware types.
const FLASH_SERIAL: &str = "FLASHSERIAL";
const MAC: &str = "MAC";

/// Whether a device can have this unit. No device has a MAC address of zeros, the broadcast address or
/// a group address.
#[must_use]
pub fn is_assignable(unit: &UnitId) -> bool {
    match unit.to_mac() {
        Some(mac) => mac != [0; 6] && mac.first().is_some_and(|first| first & 1 == 0),
        None => true,
    }
}

/// Reads a list of units. It accepts three forms, each with or without byte order mark, quotes and
/// heading: entries separated by commas, semicolons and line ends; the same with the hardware type
/// after each entry; and tables with a column `Unit ID`, `Hardware Value` or `MAC address`, with or
/// without `Hardware Type`. An entry without a type is a text for [`UnitId::parse_human`] or the unit
/// string of a licence file.
#[must_use]
pub fn unit_list(bytes: &[u8]) -> List<BTreeSet<UnitId>> {
    let text = table::text(bytes);
    let mut list = List::new();
    match Heading::of(&text) {
        Some(Heading { separator: Some(separator), unit: Some(unit), kind, .. }) => {
            let format = Format { separators: &[separator], multi_line_cells: true };
            for row in rows(&text, format).skip(1) {
                let entry = cell(&row, Some(unit));
                list.add(row.line, entry, parse_unit(entry, cell(&row, kind)), insert);
            }
        }
        heading => {
            let first = usize::from(heading.is_some());
            rows(&text, PLAIN).skip(first).for_each(|row| add_row(&mut list, &row));
        }
    }
    list
}

fn insert(units: &mut BTreeSet<UnitId>, unit: UnitId) {
    units.insert(unit);
}

/// Adds the entries of a row without columns. A hardware type belongs to the entry before it.
fn add_row(list: &mut List<BTreeSet<UnitId>>, row: &Row) {
    let mut cells = row.cells.iter().filter(|cell| !cell.is_empty()).peekable();
    while let Some(entry) = cells.next() {
        let kind = cells.next_if(|next| is_type(next)).map_or("", |kind| kind);
        list.add(row.line, entry, parse_unit(entry, kind), insert);
    }
}

fn is_type(cell: &str) -> bool {
    [FLASH_SERIAL, MAC].iter().any(|kind| kind.eq_ignore_ascii_case(cell))
}

/// Reads an entry by its hardware type; with an empty type, by its form.
pub(super) fn parse_unit(entry: &str, kind: &str) -> Result<UnitId, EntryError> {
    let by_form = || UnitId::parse_human(entry).or_else(|| UnitId::parse(entry));
    let unit = if kind.is_empty() {
        by_form()
    } else if kind.eq_ignore_ascii_case(FLASH_SERIAL) {
        UnitId::from_usb_serial(entry.strip_prefix('#').unwrap_or(entry))
    } else if kind.eq_ignore_ascii_case(MAC) {
        by_form().filter(|unit| unit.kind() == UnitKind::Mac)
    } else {
        return Err(EntryError::UnknownType);
    };
    let unit = unit.ok_or(EntryError::NotAUnit)?;
    if is_assignable(&unit) { Ok(unit) } else { Err(EntryError::NoDevice) }
}
