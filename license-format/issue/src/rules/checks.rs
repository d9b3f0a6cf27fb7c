//! The checks that several rules share.

use std::collections::BTreeSet;

use license_format::{PackId, UnitId, UnixSeconds};

use super::error::{Rule, RuleError};
use crate::pack::{Pack, Status};

impl Pack {
    /// The error that this rule forbids the verb.
    pub(super) fn refuse<T>(&self, rule: Rule) -> Result<T, RuleError> {
        Err(RuleError { pack: self.id.clone(), rule })
    }

    /// The pack must not be merged, converted or stopped.
    pub(super) fn expect_open(&self) -> Result<(), RuleError> {
        match self.recorded.is_closed() {
            true => self.refuse(Rule::Closed(self.recorded, self.successor.clone())),
            false => Ok(()),
        }
    }

    /// The term must run, before a unit may leave the pack.
    pub(super) fn expect_in_force(&self, now: UnixSeconds) -> Result<(), RuleError> {
        self.expect_open()?;
        match self.status(now) {
            Status::Active => Ok(()),
            status => self.refuse(Rule::NotInForce(status)),
        }
    }

    /// A hardware-bundled pack must be redeemed, because it has no term before.
    pub(super) fn expect_redeemed(&self) -> Result<(), RuleError> {
        match (self.latest_activation, self.redeemed) {
            (Some(_), None) => self.refuse(Rule::NotRedeemed),
            _ => Ok(()),
        }
    }

    /// The pack must have a Subscription Key.
    pub(super) fn expect_key(&self) -> Result<PackId, RuleError> {
        match &self.subscription_key {
            Some(key) => Ok(key.clone()),
            None => self.refuse(Rule::NoKey),
        }
    }

    /// The pack must not have more units than seats.
    pub(super) fn expect_seats(&self) -> Result<(), RuleError> {
        match self.seats {
            Some(seats) if self.units.len() > seats as usize => {
                self.refuse(Rule::OverSeats { units: self.units.len(), seats })
            }
            _ => Ok(()),
        }
    }

    /// The pack must have all these units.
    pub(super) fn expect_units(&self, units: &BTreeSet<UnitId>) -> Result<(), RuleError> {
        match units.iter().find(|unit| !self.units.contains(*unit)) {
            Some(missing) => self.refuse(Rule::NotInPack(missing.clone())),
            None => Ok(()),
        }
    }
}

/// Every ID must belong to one of the packs.
pub(super) fn expect_named<'a>(
    ids: impl IntoIterator<Item = &'a PackId>,
    packs: &[Pack],
) -> Result<(), RuleError> {
    match ids.into_iter().find(|id| !packs.iter().any(|pack| pack.id == **id)) {
        Some(missing) => Err(RuleError { pack: missing.clone(), rule: Rule::NotNamed }),
        None => Ok(()),
    }
}

/// No pack may be named twice.
pub(super) fn expect_distinct<'a>(
    packs: impl IntoIterator<Item = &'a Pack>,
) -> Result<(), RuleError> {
    let mut seen = BTreeSet::new();
    match packs.into_iter().find(|pack| !seen.insert(&pack.id)) {
        Some(twice) => twice.refuse(Rule::NamedTwice),
        None => Ok(()),
    }
}
