//! What a verb did.

use std::fmt;

use license_format::{Date, Expiry, PackId};

use crate::{Pack, Status};

/// One thing that a verb did to a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Units were assigned.
    Added {
        /// The pack.
        to: PackId,
        /// How many.
        units: usize,
        /// How many of those named were there already.
        there: usize,
        /// What the pack has now.
        now: Usage,
    },
    /// Units were taken off.
    Removed {
        /// The pack.
        from: PackId,
        /// How many.
        units: usize,
        /// What the pack has now.
        now: Usage,
    },
    /// Seats and units went to a new pack.
    Split {
        /// The pack they came from.
        from: PackId,
        /// What it has now.
        rest: Usage,
        /// The new pack.
        to: PackId,
        /// What the new pack has.
        part: Usage,
    },
    /// The pack's place was taken by another.
    Closed {
        /// The pack.
        pack: PackId,
        /// Merged or traded in.
        status: Status,
        /// The other.
        into: PackId,
    },
    /// A pack was made from another.
    Created {
        /// The new pack.
        pack: PackId,
        /// The other.
        from: PackId,
        /// What the new pack has.
        now: Usage,
    },
    /// A pack has the units and seats of those merged into it.
    Holds {
        /// The pack.
        pack: PackId,
        /// What it has now.
        now: Usage,
        /// When it ends.
        ends: Expiry,
    },
    /// A pack has another last day.
    Ends {
        /// The pack.
        pack: PackId,
        /// Its last day.
        on: Expiry,
        /// Its Subscription Key.
        key: PackId,
    },
    /// A pack has lost its Subscription Key.
    Decoupled {
        /// The pack.
        pack: PackId,
        /// When it ends for good.
        ends: Expiry,
    },
    /// The term of a hardware-bundled pack has begun.
    Started {
        /// The pack.
        pack: PackId,
        /// Its first day.
        on: Date,
        /// Its last day.
        ends: Expiry,
    },
    /// No unit was in two packs.
    NothingTwice,
}

/// How many units a pack has and how many it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The units.
    pub units: usize,
    /// The seats, if they are counted.
    pub seats: Option<u32>,
}

impl Usage {
    /// That of a pack.
    #[must_use]
    pub fn of(pack: &Pack) -> Self {
        Self { units: pack.units.len(), seats: pack.seats }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seats {
            Some(seats) => write!(f, "{} of {seats} seats used", self.units),
            None => write!(f, "units: {}", self.units),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { to, units, there: 0, now } => {
                write!(f, "{to}: units added: {units}; {now}")
            }
            Self::Added { to, units, there, now } => {
                write!(f, "{to}: units added: {units}, there already: {there}; {now}")
            }
            Self::Removed { from, units, now } => {
                write!(f, "{from}: units removed: {units}; {now}")
            }
            Self::Split { from, rest, to, part } => {
                write!(f, "{from}: split; {rest}; {to}: {part}")
            }
            Self::Closed { pack, status, into } => {
                write!(f, "{pack}: {status}, replaced by {into}")
            }
            Self::Created { pack, from, now } => write!(f, "{pack}: made from {from}; {now}"),
            Self::Holds { pack, now, ends } => write!(f, "{pack}: {now}; ends on {ends}"),
            Self::Ends { pack, on, key } => {
                write!(f, "{pack}: ends on {on} under Subscription Key {key}")
            }
            Self::Decoupled { pack, ends } => {
                write!(f, "{pack}: not renewed; has lost its Subscription Key, ends on {ends}")
            }
            Self::Started { pack, on, ends } => {
                write!(f, "{pack}: redeemed; starts on {on}, ends on {ends}")
            }
            Self::NothingTwice => f.write_str("no unit is in two packs of one product in force"),
        }
    }
}
