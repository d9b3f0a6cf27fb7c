//! Product Packs: the terms, the assigned units and the last issue.

mod file;
mod number;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use license_format::{
    Category, Date, Expiry, OrderNumber, PackId, Product, Serial, ServiceName, Term, UnitId,
    UnixSeconds, limits,
};

use crate::lists::is_assignable;
use crate::products;

/// The most packs that one pack may supersede: sixteen licences of sixteen each. A customer has far
/// fewer packs under one Subscription Key.
pub const MAX_SUPERSEDES: usize = 256;

/// A Product Pack between two issues.
///
/// ```
/// use license_format::UnixSeconds;
/// use license_issue::{Pack, Status};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pack = Pack::parse(
///     r#"
///     pack = "WE-7Q2KD"
///     product = "WE"
///     term = "subscription"
///     category = "subscription"
///     services = ["SUB_SERVICE_SET_WORKSPACE_EDITION"]
///     starts = "2026-11-22"
///     expires = "2027-11-21"
///     "#,
/// )?;
/// let now = UnixSeconds::parse("2026-11-22T16:48:10Z").ok_or("not a time")?;
/// assert_eq!(pack.status(now), Status::Active);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The ID.
    pub id: PackId,
    /// The serial of the newest licence; `None` before the first issue.
    pub serial: Option<Serial>,
    /// The time of the newest issue, of this pack or of one that it supersedes.
    pub issued: Option<UnixSeconds>,
    /// The product code.
    pub product: Product,
    /// The effect of the last day.
    pub term: Term,
    /// The column that UMS shows the pack in.
    pub category: Category,
    /// The Subscription Key. A pack that was left out of a renewal has lost it.
    pub subscription_key: Option<PackId>,
    /// The order number.
    pub order: Option<OrderNumber>,
    /// Packs merged or converted into this one.
    pub supersedes: BTreeSet<PackId>,
    /// The services that the pack unlocks.
    pub services: BTreeSet<ServiceName>,
    /// First day.
    pub starts: Date,
    /// Last day.
    pub expires: Expiry,
    /// Days of grace, 0–90.
    pub grace_days: u8,
    /// Days of warning, 0–120.
    pub warn_days: u8,
    /// Whether the licences state that they name every unit of the pack.
    pub roster_complete: bool,
    /// The number of units that may be assigned; `None` without a limit.
    pub seats: Option<u32>,
    /// The units assigned to the pack.
    pub units: BTreeSet<UnitId>,
    /// The status at the last change; [`Pack::status`] computes it for a given time.
    pub recorded: Status,
    /// The pack that this one was split from, converted from or created for.
    pub source: Option<PackId>,
    /// The pack that replaced this one.
    pub successor: Option<PackId>,
    /// The Enterprise Management Pack created for this pack.
    pub emp: Option<PackId>,
    /// For a hardware-bundled pack: the latest day on which its term starts.
    pub latest_activation: Option<Date>,
    /// For a hardware-bundled pack: the day of the first redemption.
    pub redeemed: Option<Date>,
}

/// The portal's status of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The term runs.
    Active,
    /// The term has not started.
    NotActivatedYet,
    /// The term has ended.
    Expired,
    /// The pack was merged into another.
    Merged,
    /// The vendor has stopped the pack.
    Stopped,
    /// The pack was converted into another.
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

    /// Reads the portal's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The portal's spelling.
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

    /// Whether the pack is permanently out of use.
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

/// Why a pack is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackError {
    /// The file is no TOML, has an unknown key, or lacks a required one.
    Toml {
        /// The line, counted from 1, if known.
        line: Option<usize>,
        /// The message of the TOML parser.
        message: String,
    },
    /// A value does not have the form of LF §4.
    Value {
        /// The key.
        key: &'static str,
        /// The value, escaped.
        value: String,
    },
    /// The number of values or units is outside its limits.
    Number {
        /// The key.
        key: &'static str,
        /// The number found.
        found: usize,
        /// The least number.
        min: usize,
        /// The greatest number.
        max: usize,
    },
    /// The pack ends before it starts.
    ExpiresBeforeStart,
    /// An evaluation states days of grace.
    GraceForEvaluation,
    /// The pack supersedes itself.
    SupersedesItself,
    /// No device can have this unit.
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
            Self::GraceForEvaluation => f.write_str("grace-days: is not allowed for an evaluation"),
            Self::SupersedesItself => f.write_str("supersedes: names the pack itself"),
            Self::NoDevice(unit) => write!(f, "units: {unit} is the address of no device"),
        }
    }
}

impl std::error::Error for PackError {}

impl Pack {
    /// Checks the rules of LF §4 that the types do not enforce.
    ///
    /// # Errors
    /// The first broken rule.
    pub fn check(&self) -> Result<(), PackError> {
        let number = |key, found, min, max| match (min..=max).contains(&found) {
            true => Ok(()),
            false => Err(PackError::Number { key, found, min, max }),
        };
        number("services", self.services.len(), self.fewest_services(), limits::SERVICES)?;
        number("supersedes", self.supersedes.len(), 0, MAX_SUPERSEDES)?;
        number("seats", self.seats.unwrap_or(0) as usize, 0, limits::MASS_UNITS as usize)?;
        number("units", self.units.len(), 0, limits::MASS_UNITS as usize)?;
        number("grace-days", self.grace_days.into(), 0, limits::MAX_GRACE_DAYS as usize)?;
        number("warn-days", self.warn_days.into(), 0, limits::MAX_WARN_DAYS as usize)?;
        if self.expires < Expiry::On(self.starts) {
            return Err(PackError::ExpiresBeforeStart);
        }
        if self.term == Term::Evaluation && self.grace_days > 0 {
            return Err(PackError::GraceForEvaluation);
        }
        if self.supersedes.contains(&self.id) {
            return Err(PackError::SupersedesItself);
        }
        match self.units.iter().find(|unit| !is_assignable(unit)) {
            Some(unit) => Err(PackError::NoDevice(unit.clone())),
            None => Ok(()),
        }
    }

    /// A pack that is only there to be converted unlocks nothing on a device, so it needs no service.
    fn fewest_services(&self) -> usize {
        let product = self.product.as_str();
        usize::from(!products::OS10.contains(&product) && product != products::ZERO_UPGRADE)
    }

    /// The status at this time. The dates decide, unless the pack is closed.
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

    /// The first day of the term: the latest possible one for a hardware-bundled pack before its
    /// redemption.
    #[must_use]
    pub fn first_day(&self) -> Date {
        match (self.latest_activation, self.redeemed) {
            (Some(latest), None) => latest,
            _ => self.starts,
        }
    }

    /// The number of further units that may be assigned; `None` without a limit.
    #[must_use]
    pub fn free_seats(&self) -> Option<usize> {
        self.seats.map(|seats| (seats as usize).saturating_sub(self.units.len()))
    }
}
