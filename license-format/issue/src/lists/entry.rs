//! The entries of a list, valid and invalid.

use std::fmt;

use crate::escape::escaped;

/// The result of reading a list. A repeated entry is valid and counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    /// The valid entries.
    pub found: T,
    /// The number of entries without the heading.
    pub read: usize,
    /// The invalid entries, in the order of the list.
    pub invalid: Vec<InvalidEntry>,
}

impl<T: Default> List<T> {
    pub(super) fn new() -> Self {
        Self { found: T::default(), read: 0, invalid: Vec::new() }
    }
}

impl<T> List<T> {
    /// The number of valid entries.
    #[must_use]
    pub fn valid(&self) -> usize {
        self.read - self.invalid.len()
    }

    pub(super) fn add<E>(
        &mut self,
        line: usize,
        entry: &str,
        value: Result<E, EntryError>,
        insert: fn(&mut T, E),
    ) {
        self.read += 1;
        match value {
            Ok(value) => insert(&mut self.found, value),
            Err(error) => self.invalid.push(InvalidEntry { line, entry: excerpt(entry), error }),
        }
    }
}

/// The portal's summary of a list.
impl<T> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} read, {} valid, {} invalid", self.read, self.valid(), self.invalid.len())
    }
}

/// An invalid entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEntry {
    /// The line, counted from 1.
    pub line: usize,
    /// The entry, escaped and cut at 40 characters.
    pub entry: String,
    /// The reason.
    pub error: EntryError,
}

/// Why an entry is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryError {
    /// The entry is no unit ID.
    NotAUnit,
    /// The entry is a MAC address that no device has: zeros, broadcast or a group address.
    NoDevice,
    /// The hardware type is neither `FLASHSERIAL` nor `MAC`.
    UnknownType,
    /// The entry is no serial number.
    NotASerial,
    /// An earlier line gives the serial number another unit.
    Contradiction,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUnit => "is not a unit ID",
            Self::NoDevice => "is the address of no device",
            Self::UnknownType => "has another type than FLASHSERIAL and MAC",
            Self::NotASerial => "is not a serial number",
            Self::Contradiction => "has another unit on an earlier line",
        })
    }
}

impl fmt::Display for InvalidEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: “{}” {}", self.line, self.entry, self.error)
    }
}

/// Characters of an invalid entry in a message.
const EXCERPT_CHARS: usize = 40;

fn excerpt(entry: &str) -> String {
    escaped(&entry.chars().take(EXCERPT_CHARS).collect::<String>())
}

impl std::error::Error for EntryError {}
