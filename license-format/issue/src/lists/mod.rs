//! Lists of hardware as the licence portal and UMS exchange them.

mod serials;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use license_format::{UnitId, UnitKind};

pub use serials::{SerialNumber, SerialTable, serial_list, serial_table};
use table::{Cut, Row, SEPARATORS, rows};

use crate::escaped;

/// What was read from a list. An entry that is there twice is valid and counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    /// The valid entries.
    pub found: T,
    /// How many entries there were, not counting a heading.
    pub read: usize,
    /// Those that are not valid, in the order of the list.
    pub invalid: Vec<BadEntry>,
}

impl<T: Default> List<T> {
    fn new() -> Self {
        Self { found: T::default(), read: 0, invalid: Vec::new() }
    }
}

impl<T> List<T> {
    /// How many entries are valid.
    #[must_use]
    pub fn valid(&self) -> usize {
        self.read - self.invalid.len()
    }

    fn add<E>(&mut self, line: usize, entry: &str, value: Result<E, Flaw>, put: fn(&mut T, E)) {
        self.read += 1;
        match value {
            Ok(value) => put(&mut self.found, value),
            Err(flaw) => self.invalid.push(BadEntry { line, entry: shown(entry), flaw }),
        }
    }
}

/// The summary that the portal gives of a list.
impl<T> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} read, {} valid, {} invalid", self.read, self.valid(), self.invalid.len())
    }
}

/// An entry of a list that is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEntry {
    /// The line it stands on, counted from 1.
    pub line: usize,
    /// The entry, with unprintable characters escaped, cut at 40 characters.
    pub entry: String,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is no unit ID.
    NotAUnit,
    /// A MAC address of zeros, the broadcast address or a group's: no device has it.
    NoDevice,
    /// Its hardware type is neither `FLASHSERIAL` nor `MAC`.
    Type,
    /// It is no serial number.
    NotASerial,
    /// Another line gives this serial number another unit.
    Contradiction,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUnit => "is not a unit ID",
            Self::NoDevice => "is the address of no device",
            Self::Type => "has another type than FLASHSERIAL and MAC",
            Self::NotASerial => "is not a serial number",
            Self::Contradiction => "has another unit on an earlier line",
        })
    }
}

impl fmt::Display for BadEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: “{}” {}", self.line, self.entry, self.flaw)
    }
}

/// How much of a bad entry is shown.
const SHOWN: usize = 40;

/// The columns that hold a unit, the best one first; case, blanks and punctuation do not matter.
const UNIT_COLUMNS: [&str; 5] = ["unitid", "hardwarevalue", "hardwareid", "macaddress", "mac"];
/// The columns that hold a hardware type.
const TYPE_COLUMNS: [&str; 2] = ["hardwaretype", "type"];

/// The portal's hardware types.
const FLASH_SERIAL: &str = "FLASHSERIAL";
const MAC: &str = "MAC";

/// Whether a device can have this unit: a MAC address of zeros, the broadcast address and group
/// addresses belong to none.
#[must_use]
pub fn is_assignable(unit: &UnitId) -> bool {
    match unit.to_mac() {
        Some(mac) => mac != [0; 6] && mac.first().is_some_and(|first| first & 1 == 0),
        None => true,
    }
}

/// Reads a list of units. Three forms are known, each with or without a byte order mark, quotes
/// and a heading: entries parted by commas, semicolons and line ends; the same with each entry
/// followed by its hardware type; and tables with a column `Unit ID`, `Hardware Value` or
/// `MAC address`, with or without `Hardware Type`. Without a type, an entry is what
/// [`UnitId::parse_human`] takes, or a unit string as licence files spell it.
#[must_use]
pub fn unit_list(bytes: &[u8]) -> List<BTreeSet<UnitId>> {
    let text = table::text(bytes);
    let mut list = List::new();
    match Heading::of(&text) {
        Some(Heading { separator: Some(separator), unit: Some(unit), kind, .. }) => {
            let cut = Cut { separators: &[separator], quoted_lines: true };
            for row in rows(&text, cut).skip(1) {
                let entry = cell(&row, Some(unit));
                list.add(row.line, entry, parse_unit(entry, cell(&row, kind)), put);
            }
        }
        heading => {
            let first = usize::from(heading.is_some());
            rows(&text, BARE).skip(first).for_each(|row| add_bare(&mut list, &row));
        }
    }
    list
}

/// How a list without columns is cut.
const BARE: Cut<'static> = Cut { separators: SEPARATORS, quoted_lines: false };

fn put(units: &mut BTreeSet<UnitId>, unit: UnitId) {
    units.insert(unit);
}

/// The entries of a row without columns; a hardware type belongs to the entry before it.
fn add_bare(list: &mut List<BTreeSet<UnitId>>, row: &Row) {
    let mut cells = row.cells.iter().filter(|cell| !cell.is_empty()).peekable();
    while let Some(entry) = cells.next() {
        let kind = cells.next_if(|next| is_type(next)).map_or("", |kind| kind);
        list.add(row.line, entry, parse_unit(entry, kind), put);
    }
}

fn is_type(cell: &str) -> bool {
    [FLASH_SERIAL, MAC].iter().any(|kind| kind.eq_ignore_ascii_case(cell))
}

/// The unit of an entry and its hardware type; an empty type is for the entry's form to tell.
fn parse_unit(entry: &str, kind: &str) -> Result<UnitId, Flaw> {
    let by_form = || UnitId::parse_human(entry).or_else(|| UnitId::parse(entry));
    let unit = if kind.is_empty() {
        by_form()
    } else if kind.eq_ignore_ascii_case(FLASH_SERIAL) {
        UnitId::from_usb_serial(entry.strip_prefix('#').unwrap_or(entry))
    } else if kind.eq_ignore_ascii_case(MAC) {
        by_form().filter(|unit| unit.kind() == UnitKind::Mac)
    } else {
        return Err(Flaw::Type);
    };
    let unit = unit.ok_or(Flaw::NotAUnit)?;
    if is_assignable(&unit) { Ok(unit) } else { Err(Flaw::NoDevice) }
}

/// A heading and the places of the columns that count.
struct Heading {
    /// What parts the columns; `None` if there is one only.
    separator: Option<char>,
    unit: Option<usize>,
    kind: Option<usize>,
    serial: Option<usize>,
}

impl Heading {
    /// The heading of a list, if its first row is one.
    fn of(text: &str) -> Option<Self> {
        let first = rows(text, BARE).next()?;
        let names: Vec<String> = first.cells.iter().map(|cell| name(cell)).collect();
        // `…,MAC` is an entry with its type.
        let has_entries = first.cells.iter().any(|cell| looks_like_hardware(cell));
        if has_entries || !names.iter().any(|name| is_known(name)) {
            return None;
        }
        let place = |known: &[&str]| {
            known.iter().find_map(|known| names.iter().position(|name| name == known))
        };
        let columns = names.iter().filter(|name| !name.is_empty()).count();
        let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let count = |separator: char| head.matches(separator).count();
        let separator = if count(';') > count(',') { ';' } else { ',' };
        Some(Self {
            separator: Some(separator).filter(|_| columns > 1),
            unit: place(&UNIT_COLUMNS),
            kind: place(&TYPE_COLUMNS),
            serial: place(&serials::COLUMNS),
        })
    }
}

/// Digits from which on a word is no column's name.
const DIGITS_OF_HARDWARE: usize = 4;

/// Whether a cell is an entry, valid or not, rather than the name of a column.
fn looks_like_hardware(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let word = cell.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '#'));
    word && digits >= DIGITS_OF_HARDWARE
}

/// Whether this is the name of a column that makes a row a heading.
fn is_known(name: &str) -> bool {
    UNIT_COLUMNS.contains(&name) || serials::COLUMNS.contains(&name)
}

/// A column's name, without case, blanks and punctuation.
fn name(cell: &str) -> String {
    cell.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The cell of a column; empty if the row has no such cell.
fn cell(row: &Row, column: Option<usize>) -> &str {
    column.and_then(|column| row.cells.get(column)).map_or("", String::as_str)
}

fn shown(entry: &str) -> String {
    escaped(&entry.chars().take(SHOWN).collect::<String>())
}
