//! The TOML of a state file, which is parsed once.

use serde::de::{Deserialize, Error as _, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, Deserializer, Error};

use super::error::ParseError;
use crate::textfile::ReadError;

const SCHEMA: &str = "schema";

/// A parsed document with a known schema. Its errors have line and column.
pub struct Document<'a> {
    text: &'a str,
    keys: Spanned<DeTable<'a>>,
}

impl<'a> Document<'a> {
    /// Parses a document and checks its schema.
    ///
    /// # Errors
    /// [`ParseError::Schema`]; [`ParseError::Read`] if this is not TOML or has no schema.
    pub fn parse(text: &'a str, known: i64) -> Result<Self, ParseError> {
        let keys = DeTable::parse(text).map_err(|error| located(text, &error))?;
        let document = Self { text, keys };
        match document.schema().map_err(|error| located(text, &error))? {
            found if found == known => Ok(document),
            found => Err(ParseError::Schema { found, known }),
        }
    }

    fn schema(&self) -> Result<i64, Error> {
        let schema = self.keys.get_ref().get(SCHEMA).cloned();
        let schema = schema.ok_or_else(|| Error::missing_field(SCHEMA))?;
        i64::deserialize(schema.into_deserializer())
    }

    /// Takes the keys that are neither `schema` nor one of these out of the document.
    ///
    /// # Errors
    /// [`ParseError::Read`] for a value that TOML can write and this program cannot hold.
    pub fn take_except(&mut self, known: &[&str]) -> Result<toml::Table, ParseError> {
        let mut taken = DeTable::new();
        for (key, value) in std::mem::take(self.keys.get_mut()) {
            let key_is_known = [SCHEMA].iter().chain(known).any(|known| *known == key.get_ref());
            let place = if key_is_known { self.keys.get_mut() } else { &mut taken };
            place.insert(key, value);
        }
        read(self.text, Spanned::new(self.keys.span(), taken))
    }

    /// Reads the document into a type, which need not know `schema`.
    ///
    /// # Errors
    /// [`ParseError::Read`].
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, ParseError> {
        let Self { text, keys } = self;
        read(text, keys)
    }
}

fn read<'a, T: Deserialize<'a>>(
    text: &'a str,
    keys: Spanned<DeTable<'a>>,
) -> Result<T, ParseError> {
    T::deserialize(Deserializer::from(keys)).map_err(|error| located(text, &error))
}

fn located(text: &str, error: &Error) -> ParseError {
    ParseError::Read(ReadError::toml(text, error))
}
