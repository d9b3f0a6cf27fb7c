//! The one database of the service. Every request is one transaction: a kill at any moment leaves the
//! state before it or the state after it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use license_format::{PackId, UnitId};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::UmsError;

const SCHEMA: &str = include_str!("schema.sql");

/// Opens the database, and creates it if it is missing.
pub(crate) fn open(path: &Path) -> Result<Connection, UmsError> {
    let database = Connection::open(path)?;
    database.execute_batch(SCHEMA)?;
    Ok(database)
}

/// A value that the database keeps as its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<T>(pub(crate) T);

/// A type that has one spelling in the database.
pub(crate) trait Spelling: Sized {
    fn read(text: &str) -> Option<Self>;
    fn spelt(&self) -> String;
}

impl Spelling for UnitId {
    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn spelt(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Spelling for PackId {
    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn spelt(&self) -> String {
        self.to_string()
    }
}

/// A text without a value of its type.
#[derive(Debug)]
struct Misspelt(String);

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}” in the database is not spelt as the service spells it", self.0)
    }
}

impl std::error::Error for Misspelt {}

impl<T: Spelling> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let misspelt = || FromSqlError::Other(Box::new(Misspelt(text.to_owned())));
        T::read(text).map(Self).ok_or_else(misspelt)
    }
}

impl<T: Spelling> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.spelt()))
    }
}

/// Reads a setting of the service.
pub(crate) fn setting<T: FromStr>(db: &Connection, key: &str) -> Result<Option<T>, UmsError> {
    let mut statement = db.prepare("SELECT value FROM setting WHERE key = ?1")?;
    let text: Option<String> = statement.query_row([key], |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Writes a setting of the service.
pub(crate) fn set(db: &Connection, key: &str, value: &str) -> Result<(), UmsError> {
    db.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", [key, value])?;
    Ok(())
}

/// The most events that the service keeps.
const EVENTS: i64 = 10_000;

/// Writes down an event for the administrator.
pub(crate) fn record(db: &Connection, event: impl fmt::Display) -> Result<(), UmsError> {
    let now = crate::now().to_string();
    db.prepare("INSERT INTO event (at, text) VALUES (?1, ?2)")?
        .execute([now, event.to_string()])?;
    let oldest = db.last_insert_rowid() - EVENTS;
    db.prepare("DELETE FROM event WHERE id <= ?1")?.execute([oldest])?;
    Ok(())
}
