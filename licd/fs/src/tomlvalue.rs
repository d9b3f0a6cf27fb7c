//! Strings and integers of TOML that have a meaning, and the messages about those that have none.

use std::fmt;

use serde::de::{self, Deserializer, Error as _, Visitor};

/// A TOML string with a meaning.
pub struct Text<T> {
    /// The valid values; the text follows "expected" in a message.
    pub expecting: &'static str,
    /// Parses the string; `None` for an invalid value.
    pub parse: fn(&str) -> Option<T>,
}

impl<T> Text<T> {
    /// Deserializes it.
    ///
    /// # Errors
    /// Those of [`string`].
    pub fn read<'de, D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        let mut value = None;
        let mut accept = |text: &str| {
            value = (self.parse)(text);
            value.as_ref().map(drop).ok_or(None)
        };
        string(from, self.expecting, &mut accept)?;
        value.ok_or_else(|| D::Error::custom(self.expecting))
    }
}

/// Deserializes a string that `accept` accepts; its error is a specific message, if there is one.
///
/// # Errors
/// The value is no string, or not accepted. No message quotes it: it may hold a password.
pub fn string<'de, D: Deserializer<'de>>(
    from: D,
    expecting: &'static str,
    accept: &mut dyn FnMut(&str) -> Result<(), Option<String>>,
) -> Result<(), D::Error> {
    from.deserialize_str(AnyText { expecting, accept })
}

/// One visitor for all meanings: each of its own would copy the code of the deserializer.
struct AnyText<'a> {
    expecting: &'static str,
    accept: &'a mut dyn FnMut(&str) -> Result<(), Option<String>>,
}

impl Visitor<'_> for AnyText<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        let expected = || format!("expected {}", self.expecting);
        (self.accept)(text).map_err(|why| E::custom(why.unwrap_or_else(expected)))
    }
}

/// A TOML integer with a meaning.
pub struct Number<T> {
    /// The valid values; the text follows "expected" in a message.
    pub expecting: &'static str,
    /// Converts the integer; `None` if it is out of range.
    pub parse: fn(i64) -> Option<T>,
}

impl<T> Number<T> {
    /// Deserializes it.
    ///
    /// # Errors
    /// The value is no integer, or out of range.
    pub fn read<'de, D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        let mut value = None;
        let mut accept = |number| {
            value = (self.parse)(number);
            value.is_some()
        };
        from.deserialize_i64(AnyNumber { expecting: self.expecting, accept: &mut accept })?;
        value.ok_or_else(|| D::Error::custom(self.expecting))
    }
}

/// One visitor for all meanings, like [`AnyText`].
struct AnyNumber<'a> {
    expecting: &'static str,
    accept: &'a mut dyn FnMut(i64) -> bool,
}

impl Visitor<'_> for AnyNumber<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        match (self.accept)(number) {
            true => Ok(()),
            false => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use toml::de::{Error, ValueDeserializer};

    use super::*;

    fn value(toml: &str) -> ValueDeserializer<'_> {
        ValueDeserializer::parse(toml).unwrap()
    }

    fn message(error: Error) -> String {
        error.message().to_owned()
    }

    #[test]
    fn a_string_has_its_meaning_or_the_message_says_what_is_expected() {
        let read = |toml| {
            let parse = |text: &str| (text == "one").then_some(1);
            Text { expecting: "a number in words", parse }.read(value(toml)).map_err(message)
        };
        assert_eq!(read("'one'"), Ok(1));
        assert_eq!(read("'secret'").unwrap_err(), "expected a number in words");
        let other = read("true").unwrap_err();
        assert_eq!(other, "invalid type: boolean `true`, expected a number in words");
    }

    #[test]
    fn a_string_that_is_not_accepted_may_have_a_message_of_its_own() {
        let mut accept =
            |text: &str| if text == "one" { Ok(()) } else { Err(Some("is new".into())) };
        let mut read = |toml| string(value(toml), "a number", &mut accept).map_err(message);
        assert_eq!(read("'one'"), Ok(()));
        assert_eq!(read("'two'").unwrap_err(), "is new");
    }

    #[test]
    fn an_integer_has_its_meaning_or_the_message_says_what_is_expected() {
        let read = |toml| {
            let parse = |number| u8::try_from(number).ok();
            Number { expecting: "a byte", parse }.read(value(toml)).map_err(message)
        };
        assert_eq!(read("255"), Ok(255));
        assert_eq!(read("256").unwrap_err(), "invalid value: integer `256`, expected a byte");
        assert_eq!(read("'1'").unwrap_err(), "invalid type: string \"1\", expected a byte");
    }
}
