//! The values of the command line.

use std::fmt;

use license_format::{KeyName, PackId, Serial, UnitId};
use license_issue::is_assignable;

pub(super) const PACK: &str = "an ID like WE-7Q2KD";
pub(super) const DAY: &str = "a day like 2026-11-22";
pub(super) const EXPIRY: &str = "a day like 2027-11-21, or never";
pub(super) const TIME: &str = "a time like 2026-11-22T16:48:10Z";
pub(super) const TERM: &str = "perpetual, subscription or evaluation";
pub(super) const NUMBER: &str = "a number from 1 to 2^63-1";
pub(super) const ORDER: &str = "an order number";
pub(super) const SERIAL: &str = "a serial number of 1 to 64 printable characters";
pub(super) const UNIT: &str = "the MAC address of a device, or # and the serial of a UD Pocket";

/// An argument does not have this form.
#[derive(Debug)]
pub(super) struct InvalidValueError(&'static str);

impl fmt::Display for InvalidValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it must be {}", self.0)
    }
}

impl std::error::Error for InvalidValueError {}

pub(super) fn parser<T>(
    parse: fn(&str) -> Option<T>,
    form: &'static str,
) -> impl Fn(&str) -> Result<T, InvalidValueError> + Clone + Send + Sync {
    move |text| parse(text).ok_or(InvalidValueError(form))
}

pub(super) fn unit(text: &str) -> Option<UnitId> {
    let unit = UnitId::parse_human(text).or_else(|| UnitId::parse(text));
    unit.filter(is_assignable)
}

/// A key name that is also a valid file name.
pub(super) fn file_safe_name(text: &str) -> Option<KeyName> {
    KeyName::parse(text).filter(|_| !text.contains('/') && !text.starts_with('.'))
}

pub(super) fn withdrawal(text: &str) -> Option<(PackId, Serial)> {
    let (pack, serial) = text.split_once(':')?;
    Some((PackId::parse(pack)?, Serial::parse(serial)?))
}
