//! Product Packs: what was agreed, who uses it, and what was issued last.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use license_format::{
    Category, Date, Expiry, OrderNumber, PackId, Product, Serial, ServiceName, Term, UnitId,
    UnixSeconds, limits,
};

use crate::lists::is_assignable;

/// Packs that one pack may supersede: sixteen licences of sixteen each, far more than a customer
/// has packs under one Subscription Key.
pub const MAX_SUPERSEDES: usize = 256;

/// A Product Pack between two issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The pack's ID.
    pub id: PackId,
    /// The serial of its newest licence; none if nothing was issued yet.
    pub serial: Option<Serial>,
    /// When the newest licence was issued, of this pack or of one that it supersedes.
    pub issued: Option<UnixSeconds>,
    /// The product code.
    pub product: Product,
    /// What the end means.
    pub term: Term,
    /// UMS's column.
    pub category: Category,
    /// The Subscription Key. A pack that was left out of a renewal has lost it.
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
    /// How many units may be assigned; `None` if that is not counted.
    pub seats: Option<u32>,
    /// The units assigned to the pack.
    pub units: BTreeSet<UnitId>,
    /// The status as of the last change; [`Pack::status`] says what it is at a given time.
    pub recorded: Status,
    /// The pack that this one was split from, converted from or made for.
    pub source: Option<PackId>,
    /// The pack that took this one's place.
    pub successor: Option<PackId>,
    /// The Enterprise Management Pack that was made for this pack.
    pub emp: Option<PackId>,
    /// Of a hardware-bundled pack: the day on which its term starts at the latest.
    pub latest_activation: Option<Date>,
    /// Of a hardware-bundled pack: the day of the first redemption.
    pub redeemed: Option<Date>,
}

/// What the portal says of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Its term runs.
    Active,
    /// Its term has not started.
    NotActivatedYet,
    /// Its term has ended.
    Expired,
    /// It was merged into another pack.
    Merged,
    /// The vendor has stopped it.
    Stopped,
    /// It was converted into another pack.
    TradedIn,
}

impl Status {
    const ALL: [Self; 6] = [
        Self::Active,
        Self::NotActivatedYet,
        Self::Expired,
        Self::Merged,
        Self::Stopped,
        Self::TradedIn,
    ];

    /// Reads the portal's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The portal's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::NotActivatedYet => "NOT_ACTIVATED_YET",
            Self::Expired => "EXPIRED",
            Self::Merged => "MERGED",
            Self::Stopped => "STOPPED",
            Self::TradedIn => "TRADED_IN",
        }
    }

    /// Whether the pack is out of use for good, whatever the date.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Merged | Self::Stopped | Self::TradedIn)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a pack cannot be read.
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
    /// The pack names itself among those that it supersedes.
    SupersedesItself,
    /// A unit that no device can have.
    NoDevice(UnitId),
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
            Self::SupersedesItself => f.write_str("supersedes: names the pack itself"),
            Self::NoDevice(unit) => write!(f, "units: {unit} is the address of no device"),
        }
    }
}

impl std::error::Error for PackError {}

impl Pack {
    /// Whether the pack obeys the rules of LF §4 that no type holds.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<(), PackError> {
        let number = |key, found, min, max| match (min..=max).contains(&found) {
            true => Ok(()),
            false => Err(PackError::Number { key, found, min, max }),
        };
        number("services", self.services.len(), 1, limits::SERVICES)?;
        number("supersedes", self.supersedes.len(), 0, MAX_SUPERSEDES)?;
        number("seats", self.seats.unwrap_or(0) as usize, 0, limits::MASS_UNITS as usize)?;
        number("units", self.units.len(), 0, limits::MASS_UNITS as usize)?;
        number("grace-days", self.grace_days.into(), 0, limits::MAX_GRACE_DAYS as usize)?;
        number("warn-days", self.warn_days.into(), 0, limits::MAX_WARN_DAYS as usize)?;
        if self.expires < Expiry::On(self.starts) {
            return Err(PackError::ExpiresBeforeStart);
        }
        if self.term == Term::Evaluation && self.grace_days > 0 {
            return Err(PackError::GraceOfEvaluation);
        }
        if self.supersedes.contains(&self.id) {
            return Err(PackError::SupersedesItself);
        }
        match self.units.iter().find(|unit| !is_assignable(unit)) {
            Some(unit) => Err(PackError::NoDevice(unit.clone())),
            None => Ok(()),
        }
    }

    /// What the portal says of the pack at this time: its dates decide unless it is closed.
    #[must_use]
    pub fn status(&self, now: UnixSeconds) -> Status {
        let started = now >= self.first_day().start();
        match self.expires {
            _ if self.recorded.is_closed() => self.recorded,
            _ if !started => Status::NotActivatedYet,
            Expiry::On(last) if now >= last.end_everywhere() => Status::Expired,
            _ => Status::Active,
        }
    }

    /// The day on which the term starts: of a hardware-bundled pack that was not redeemed yet the
    /// latest one possible.
    #[must_use]
    pub fn first_day(&self) -> Date {
        match (self.latest_activation, self.redeemed) {
            (Some(latest), None) => latest,
            _ => self.starts,
        }
    }

    /// How many more units may be assigned; `None` if that is not counted.
    #[must_use]
    pub fn free_seats(&self) -> Option<usize> {
        self.seats.map(|seats| (seats as usize).saturating_sub(self.units.len()))
    }
}
