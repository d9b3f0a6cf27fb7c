//! The effects of a verb.

use std::fmt;

use license_format::{Date, Expiry, PackId};

use crate::pack::{Pack, Status};

/// One effect of a verb on a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The verb assigned units.
    Added {
        /// The pack.
        to: PackId,
        /// The number of units.
        units: usize,
        /// The named units that the pack already had.
        present: usize,
        /// The usage of the pack afterwards.
        now: Usage,
    },
    /// The verb removed units.
    Removed {
        /// The pack.
        from: PackId,
        /// The number of units.
        units: usize,
        /// The usage of the pack afterwards.
        now: Usage,
    },
    /// Seats and units moved to a new pack.
    Split {
        /// The old pack.
        from: PackId,
        /// The usage of the old pack afterwards.
        rest: Usage,
        /// The new pack.
        to: PackId,
        /// The usage of the new pack.
        part: Usage,
    },
    /// Another pack replaced the pack.
    Closed {
        /// The pack.
        pack: PackId,
        /// Merged or traded in.
        status: Status,
        /// The successor.
        into: PackId,
    },
    /// The verb created a pack from another.
    Created {
        /// The new pack.
        pack: PackId,
        /// The source.
        from: PackId,
        /// The usage of the new pack.
        now: Usage,
    },
    /// A pack took over the units and seats of others.
    Holds {
        /// The pack.
        pack: PackId,
        /// Its usage afterwards.
        now: Usage,
        /// Its last day.
        ends: Expiry,
    },
    /// A pack got another last day.
    Ends {
        /// The pack.
        pack: PackId,
        /// Its last day.
        on: Expiry,
        /// Its Subscription Key.
        key: PackId,
    },
    /// A pack lost its Subscription Key.
    Decoupled {
        /// The pack.
        pack: PackId,
        /// Its final last day.
        ends: Expiry,
    },
    /// The term of a hardware-bundled pack started.
    Started {
        /// The pack.
        pack: PackId,
        /// Its first day.
        on: Date,
        /// Its last day.
        ends: Expiry,
    },
    /// No unit was in two packs of one product.
    NoDuplicates,
}

/// The units of a pack and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The units.
    pub units: usize,
    /// The seats; `None` without a limit.
    pub seats: Option<u32>,
}

impl Usage {
    /// The usage of a pack.
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
            Self::Added { to, units, present: 0, now } => {
                write!(f, "{to}: units added: {units}; {now}")
            }
            Self::Added { to, units, present, now } => {
                write!(f, "{to}: units added: {units}, there already: {present}; {now}")
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
            Self::NoDuplicates => f.write_str("no unit is in two packs of one product in force"),
        }
    }
}
