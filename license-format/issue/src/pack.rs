//! The vendor's file of a Product Pack: what was agreed, and what was issued last.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::escaped;
use license_format::{
    Category, Date, Expiry, OrderNumber, PackId, Product, Serial, ServiceName, Term, Terms, UnitId,
    UnixSeconds, limits,
};

/// A Product Pack between two issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The pack's ID.
    pub id: PackId,
    /// The serial of its newest licence; none if nothing was issued yet.
    pub serial: Option<Serial>,
    /// The product code.
    pub product: Product,
    /// What the end means.
    pub term: Term,
    /// UMS's column.
    pub category: Category,
    /// The Subscription Key; a decoupled pack has none.
    pub subscription_key: Option<PackId>,
    /// The order number.
    pub order: Option<OrderNumber>,
    /// Packs merged or converted into this one.
    pub supersedes: BTreeSet<PackId>,
    /// What is unlocked.
    pub services: BTreeSet<ServiceName>,
    /// First day.
    pub starts: Date,
    /// Last day.
    pub expires: Expiry,
    /// Days of grace, 0–90.
    pub grace_days: u8,
    /// Days of warning, 0–120.
    pub warn_days: u8,
    /// Whether its licences state that they name every unit of the pack.
    pub roster_complete: bool,
    /// The units assigned to the pack.
    pub units: BTreeSet<UnitId>,
    /// The pack this one was merged into; nothing is issued for it any more.
    pub merged_into: Option<PackId>,
}

/// Why a pack cannot be read, or no licence can be issued for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackError {
    /// The file is no TOML, or has a key that pack files do not have, or lacks one.
    Toml {
        /// The line, counted from 1, if it is known.
        line: Option<usize>,
        /// What the TOML reader says.
        message: String,
    },
    /// The value of a key is not of the form that licences need (LF §4).
    Value {
        /// The key.
        key: &'static str,
        /// The value, with unprintable characters escaped.
        value: String,
    },
    /// The number of values or units is outside its limits.
    Number {
        /// The key.
        key: &'static str,
        /// How many there are.
        found: usize,
        /// The fewest there may be.
        min: usize,
        /// The most there may be.
        max: usize,
    },
    /// The pack ends before it starts.
    ExpiresBeforeStart,
    /// An evaluation has no grace.
    GraceOfEvaluation,
    /// The pack was merged into another, which is issued in its place.
    Merged(PackId),
    /// The highest serial has been used.
    OutOfSerials,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toml { line: Some(line), message } => write!(f, "line {line}: {message}"),
            Self::Toml { line: None, message } => f.write_str(message),
            Self::Value { key, value } => write!(f, "{key}: “{value}” is not a value it can have"),
            Self::Number { key, found, min, max } => {
                write!(f, "{key}: there are {found}, and there may be {min} to {max}")
            }
            Self::ExpiresBeforeStart => f.write_str("expires: lies before “starts”"),
            Self::GraceOfEvaluation => f.write_str("grace-days: is not allowed for an evaluation"),
            Self::Merged(into) => write!(f, "the pack was merged into {into}"),
            Self::OutOfSerials => f.write_str("serial: there is none left"),
        }
    }
}

impl std::error::Error for PackError {}

impl Pack {
    /// Reads a pack file.
    ///
    /// # Errors
    /// [`PackError::Toml`], [`PackError::Value`] and what [`Pack::check`] finds.
    pub fn parse(toml: &str) -> Result<Self, PackError> {
        let file: File = toml::from_str(toml).map_err(|error| PackError::Toml {
            line: error
                .span()
                .and_then(|span| Some(toml.get(..span.start)?.matches('\n').count() + 1)),
            message: escaped(error.message()),
        })?;
        let pack = file.read()?;
        pack.check()?;
        Ok(pack)
    }

    /// The text that [`Pack::parse`] reads.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Every value is a string, a number, a truth value or a list of strings: all of it TOML.
        toml::to_string_pretty(&File::of(self)).unwrap_or_default()
    }

    /// Whether a licence of this pack would obey the rules of LF §4 that no type holds.
    ///
    /// # Errors
    /// The first rule that it would break.
    pub fn check(&self) -> Result<(), PackError> {
        let number = |key, found, min, max| match (min..=max).contains(&found) {
            true => Ok(()),
            false => Err(PackError::Number { key, found, min, max }),
        };
        number("services", self.services.len(), 1, limits::SERVICES)?;
        number("supersedes", self.supersedes.len(), 0, limits::SUPERSEDES)?;
        number("units", self.units.len(), 0, limits::MASS_UNITS as usize)?;
        number("grace-days", self.grace_days.into(), 0, limits::MAX_GRACE_DAYS as usize)?;
        number("warn-days", self.warn_days.into(), 0, limits::MAX_WARN_DAYS as usize)?;
        if self.expires < Expiry::On(self.starts) {
            return Err(PackError::ExpiresBeforeStart);
        }
        if self.term == Term::Evaluation && self.grace_days > 0 {
            return Err(PackError::GraceOfEvaluation);
        }
        Ok(())
    }

    /// Takes the next serial and says what its licence grants. Keep the pack before the licence
    /// leaves the house, so that no serial is used twice.
    ///
    /// # Errors
    /// What [`Pack::check`] finds; the pack has no units, was merged, or is out of serials. The
    /// pack is then unchanged.
    pub fn issue(&mut self, issued: UnixSeconds) -> Result<Terms, PackError> {
        self.check()?;
        if let Some(into) = &self.merged_into {
            return Err(PackError::Merged(into.clone()));
        }
        if self.units.is_empty() {
            let max = limits::MASS_UNITS as usize;
            return Err(PackError::Number { key: "units", found: 0, min: 1, max });
        }
        let serial = match self.serial {
            None => Serial::FIRST,
            Some(last) => Serial::new(last.get() + 1).ok_or(PackError::OutOfSerials)?,
        };
        self.serial = Some(serial);
        Ok(Terms {
            pack: self.id.clone(),
            serial,
            product: self.product.clone(),
            term: self.term,
            category: self.category,
            subscription_key: self.subscription_key.clone(),
            order: self.order.clone(),
            supersedes: self.supersedes.iter().cloned().collect(),
            services: self.services.iter().cloned().collect(),
            issued,
            starts: self.starts,
            expires: self.expires,
            grace_days: self.grace_days,
            warn_days: self.warn_days,
            roster_complete: self.roster_complete,
        })
    }
}

/// The pack as TOML spells it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    pack: String,
    #[serde(default)]
    serial: u64,
    product: String,
    term: String,
    category: String,
    subscription_key: Option<String>,
    order: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    supersedes: Vec<String>,
    services: Vec<String>,
    starts: String,
    expires: String,
    #[serde(default)]
    grace_days: u8,
    #[serde(default = "warn_days")]
    warn_days: u8,
    #[serde(default)]
    roster_complete: bool,
    merged_into: Option<String>,
    #[serde(default)]
    units: Vec<String>,
}

fn warn_days() -> u8 {
    limits::WARN_DAYS
}

impl File {
    fn of(pack: &Pack) -> Self {
        Self {
            pack: pack.id.to_string(),
            serial: pack.serial.map_or(0, Serial::get),
            product: pack.product.to_string(),
            term: pack.term.to_string(),
            category: pack.category.to_string(),
            subscription_key: pack.subscription_key.as_ref().map(PackId::to_string),
            order: pack.order.as_ref().map(OrderNumber::to_string),
            supersedes: pack.supersedes.iter().map(PackId::to_string).collect(),
            services: pack.services.iter().map(ServiceName::to_string).collect(),
            starts: pack.starts.to_string(),
            expires: pack.expires.to_string(),
            grace_days: pack.grace_days,
            warn_days: pack.warn_days,
            roster_complete: pack.roster_complete,
            merged_into: pack.merged_into.as_ref().map(PackId::to_string),
            units: pack.units.iter().map(UnitId::to_string).collect(),
        }
    }

    fn read(&self) -> Result<Pack, PackError> {
        Ok(Pack {
            id: value("pack", &self.pack, PackId::parse)?,
            serial: match self.serial {
                0 => None,
                number => Some(value("serial", &number.to_string(), Serial::parse)?),
            },
            product: value("product", &self.product, Product::parse)?,
            term: value("term", &self.term, Term::parse)?,
            category: value("category", &self.category, Category::parse)?,
            subscription_key: optional("subscription-key", &self.subscription_key, PackId::parse)?,
            order: optional("order", &self.order, OrderNumber::parse)?,
            supersedes: values("supersedes", &self.supersedes, PackId::parse)?,
            services: values("services", &self.services, ServiceName::parse)?,
            starts: value("starts", &self.starts, Date::parse)?,
            expires: value("expires", &self.expires, Expiry::parse)?,
            grace_days: self.grace_days,
            warn_days: self.warn_days,
            roster_complete: self.roster_complete,
            units: values("units", &self.units, UnitId::parse_human)?,
            merged_into: optional("merged-into", &self.merged_into, PackId::parse)?,
        })
    }
}

fn value<T>(key: &'static str, text: &str, parse: fn(&str) -> Option<T>) -> Result<T, PackError> {
    parse(text).ok_or_else(|| PackError::Value { key, value: escaped(text) })
}

fn optional<T>(
    key: &'static str,
    text: &Option<String>,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, PackError> {
    text.as_ref().map(|text| value(key, text, parse)).transpose()
}

fn values<T: Ord>(
    key: &'static str,
    texts: &[String],
    parse: fn(&str) -> Option<T>,
) -> Result<BTreeSet<T>, PackError> {
    texts.iter().map(|text| value(key, text, parse)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r##"pack = "WE-7Q2KD"
serial = 183
product = "WE"
term = "subscription"
category = "subscription"
subscription-key = "ERP-9QK2M"
order = "69-3456677"
services = ["SUB_SERVICE_SET_WORKSPACE_EDITION"]
starts = "2026-11-22"
expires = "2027-11-21"
grace-days = 28
warn-days = 10
roster-complete = true
units = [
    "00E0C51C5087",
    "#85641000D308482019",
]
"##;

    #[test]
    fn a_pack_reads_back_as_written() {
        let pack = Pack::parse(FILE).unwrap();
        assert_eq!(pack.serial, Serial::new(183));
        assert_eq!(pack.units.len(), 2);
        assert_eq!(Pack::parse(&pack.to_toml()), Ok(pack.clone()));
        let all = Pack {
            serial: Serial::new(i64::MAX.unsigned_abs()),
            supersedes: [PackId::parse("A-BC").unwrap()].into(),
            merged_into: PackId::parse("X-YZ"),
            expires: Expiry::Never,
            subscription_key: None,
            order: None,
            ..pack
        };
        assert_eq!(Pack::parse(&all.to_toml()), Ok(all));
    }

    #[test]
    fn every_issue_has_a_higher_serial() {
        let mut pack = Pack::parse(FILE).unwrap();
        let numbers = [(); 3].map(|()| pack.issue(UnixSeconds(0)).unwrap().serial.get());
        assert_eq!(numbers, [184, 185, 186]);
        pack.serial = None;
        assert_eq!(pack.issue(UnixSeconds(0)).unwrap().serial, Serial::FIRST);
        pack.serial = Serial::new(i64::MAX.unsigned_abs());
        let before = pack.clone();
        assert_eq!(pack.issue(UnixSeconds(0)), Err(PackError::OutOfSerials));
        assert_eq!(pack, before);
    }

    #[test]
    fn nothing_is_issued_without_units_or_for_a_merged_pack() {
        let mut pack = Pack::parse(FILE).unwrap();
        pack.merged_into = PackId::parse("X-YZ");
        assert!(matches!(pack.issue(UnixSeconds(0)), Err(PackError::Merged(_))));
        pack.merged_into = None;
        pack.units.clear();
        assert!(matches!(pack.issue(UnixSeconds(0)), Err(PackError::Number { key: "units", .. })));
        assert_eq!(pack.serial, Serial::new(183));
    }

    #[test]
    fn a_pack_that_no_licence_can_express_is_refused_by_name() {
        let parse = |from: &str, to: &str| {
            assert!(FILE.contains(from), "{from}");
            Pack::parse(&FILE.replace(from, to)).unwrap_err().to_string()
        };
        for (from, to, message) in [
            ("WE-7Q2KD", "we", "pack: “we” is not a value it can have"),
            ("= 183", "= 18446744073709551615", "serial: “18446744073709551615” is not"),
            ("\"WE\"", "\"\\u001b[31m\"", "product: “\\u{1b}[31m” is not a value it can have"),
            ("2027-11-21", "2026-11-21", "expires: lies before “starts”"),
            ("grace-days = 28", "grace-days = 91", "grace-days: there are 91"),
            ("warn-days = 10", "warn-days = 121", "warn-days: there are 121"),
            ("term = \"subscription\"", "term = \"evaluation\"", "grace-days: is not allowed"),
            ("[\"SUB_SERVICE_SET_WORKSPACE_EDITION\"]", "[]", "services: there are 0"),
            ("00E0C51C5087", "00E0C51C508", "units: “00E0C51C508” is not a value"),
            ("order =", "oder =", "line 7: unknown field `oder`"),
            ("starts = \"2026-11-22\"\n", "", "missing field `starts`"),
        ] {
            let found = parse(from, to);
            assert!(found.contains(message), "{found} instead of {message}");
        }
    }
}
