//! The numbers of a pack file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::PackError;

/// A number that is not negative. Its messages name no type of the program, as those of serde's own
/// numbers do.
#[derive(Clone, Copy, Default)]
pub(super) struct Number(pub(super) u64);

impl Number {
    /// The value of this key.
    pub(super) fn within<T: TryFrom<u64>>(self, key: &'static str) -> Result<T, PackError> {
        T::try_from(self.0).map_err(|_| PackError::Value { key, value: self.0.to_string() })
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number that is not negative")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        let found = |_| E::invalid_value(Unexpected::Signed(number), &self);
        u64::try_from(number).map(Number).map_err(found)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Number, E> {
        Err(E::invalid_value(Unexpected::Other("integer"), &self))
    }
}
