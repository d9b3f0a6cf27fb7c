//! The portal's rules: what may be done with Product Packs, and what comes of it.
//!
//! A verb takes packs and the time, and returns the packs as they are afterwards, those that a new
//! licence is due for, and what it did; or the rule that forbids it. It reads and writes nothing, so
//! that `licissue` can keep packs in files and a licensing service in a database. The caller replaces
//! all packs of a [`Change`] at once, or none.
//!
//! ```
//! use license_format::{KeyName, PackId, UnitId, UnixSeconds};
//! use license_issue::rules::{self, Early, Part};
//! use license_issue::{Pack, SigningKey, verified_license};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pack = Pack::parse(
//!     r#"
//!     pack = "WE-7Q2KD"
//!     product = "WE"
//!     term = "subscription"
//!     category = "subscription"
//!     subscription-key = "ERP-9QK2M"
//!     services = ["SUB_SERVICE_SET_WORKSPACE_EDITION"]
//!     starts = "2026-11-22"
//!     expires = "2027-11-21"
//!     seats = 3
//!     "#,
//! )?;
//! let now = UnixSeconds::parse("2026-11-22T16:48:10Z").ok_or("a time")?;
//! let unit = UnitId::parse_human("00:E0:C5:1C:50:87").ok_or("a unit")?;
//!
//! // Keep what comes out in place of what went in.
//! let change = rules::add(&pack, &[unit].into())?;
//! let pack = &change.packs[0];
//! assert_eq!(change.effects[0].to_string(), "WE-7Q2KD: units added: 1; 1 of 3 seats used");
//!
//! // What is due is issued; the pack is kept before the licence leaves the house.
//! let key = SigningKey::from_seed(KeyName::parse("issuer").ok_or("a name")?, &[7; 32]);
//! let (pack, terms) = rules::issue(pack, now, Early::Refused)?;
//! let text = verified_license(&terms[0], &pack.units, &[&key.ok_or("a key")?], false)?;
//! assert!(text.contains("\nserial 1\n"));
//!
//! // What a rule forbids changes nothing.
//! let new = PackId::parse("WE-NEW01").ok_or("an ID")?;
//! let refusal = rules::split(&pack, &new, 3, &Part::Overflow).unwrap_err();
//! assert_eq!(
//!     refusal.to_string(),
//!     "WE-7Q2KD: has 3 seats, and 3 cannot be split off; leave at least one seat on either side"
//! );
//! # Ok(())
//! # }
//! ```

mod cleanup;
mod convert;
mod effect;
mod issue;
mod merge;
mod redeem;
mod refusal;
mod renew;
mod split;
#[cfg(test)]
mod tests;
mod units;

use std::collections::BTreeSet;

use license_format::{PackId, UnitId, UnixSeconds};

pub use cleanup::cleanup;
pub use convert::{convert, create_emp};
pub use effect::Effect;
pub use issue::{Early, issue};
pub use merge::{coterm, merge};
pub use redeem::{redeem, units_of};
pub use refusal::{Refusal, Rule};
pub use renew::renew;
pub use split::{Part, split};
pub use units::{add, move_units, remove};

use crate::{Pack, Status};

/// What a verb comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Change {
    /// The packs that are other than before, and those that are new.
    pub packs: Vec<Pack>,
    /// Of these the ones whose licences no longer say what the pack says. A pack without units has
    /// no licence.
    pub due: Vec<PackId>,
    /// What was done, one by one.
    pub effects: Vec<Effect>,
}

impl Change {
    /// A change after which new licences are due for the packs that `due` says, as far as they have
    /// units.
    fn new(packs: Vec<Pack>, effects: Vec<Effect>, due: impl Fn(&Pack) -> bool) -> Self {
        let is_due = |pack: &&Pack| due(pack) && !pack.units.is_empty();
        let due = packs.iter().filter(is_due).map(|pack| pack.id.clone()).collect();
        Self { packs, due, effects }
    }
}

impl Pack {
    fn refuse<T>(&self, rule: Rule) -> Result<T, Refusal> {
        Err(Refusal { pack: self.id.clone(), rule })
    }

    /// That the pack was neither merged nor converted nor stopped.
    fn expect_open(&self) -> Result<(), Refusal> {
        match self.recorded.is_closed() {
            true => self.refuse(Rule::Closed(self.recorded, self.successor.clone())),
            false => Ok(()),
        }
    }

    /// That the term runs: only then may a unit leave the pack.
    fn expect_in_force(&self, now: UnixSeconds) -> Result<(), Refusal> {
        self.expect_open()?;
        match self.status(now) {
            Status::Active => Ok(()),
            status => self.refuse(Rule::NotInForce(status)),
        }
    }

    /// That a hardware-bundled pack was redeemed: before, it has no term.
    fn expect_redeemed(&self) -> Result<(), Refusal> {
        match (self.latest_activation, self.redeemed) {
            (Some(_), None) => self.refuse(Rule::NotRedeemed),
            _ => Ok(()),
        }
    }

    /// The Subscription Key.
    fn expect_key(&self) -> Result<PackId, Refusal> {
        match &self.subscription_key {
            Some(key) => Ok(key.clone()),
            None => self.refuse(Rule::NoKey),
        }
    }

    /// That there are no more units than seats.
    fn expect_seats(&self) -> Result<(), Refusal> {
        match self.seats {
            Some(seats) if self.units.len() > seats as usize => {
                self.refuse(Rule::OverSeats { units: self.units.len(), seats })
            }
            _ => Ok(()),
        }
    }

    /// That all these units are in the pack.
    fn expect_units(&self, units: &BTreeSet<UnitId>) -> Result<(), Refusal> {
        match units.iter().find(|unit| !self.units.contains(*unit)) {
            Some(stranger) => self.refuse(Rule::NotInPack(stranger.clone())),
            None => Ok(()),
        }
    }

    /// Closes the pack in favour of its successor, which its units have gone to.
    fn close(&mut self, status: Status, successor: &Pack) {
        self.recorded = status;
        self.successor = Some(successor.id.clone());
        self.units.clear();
    }

    /// Notes that this pack replaces another and all that the other replaced: a device may still
    /// hold a licence of one of those and never have seen one of the other.
    fn supersede(&mut self, other: &Pack) -> Result<(), Refusal> {
        self.supersedes.insert(other.id.clone());
        self.supersedes.extend(other.supersedes.iter().cloned());
        self.supersedes.remove(&self.id);
        self.issued = self.issued.max(other.issued);
        self.check().or_else(|error| self.refuse(Rule::Form(error)))
    }
}

/// That all these IDs are those of packs at hand.
fn expect_named<'a>(
    ids: impl IntoIterator<Item = &'a PackId>,
    packs: &[Pack],
) -> Result<(), Refusal> {
    match ids.into_iter().find(|id| !packs.iter().any(|pack| pack.id == **id)) {
        Some(stranger) => Err(Refusal { pack: stranger.clone(), rule: Rule::NotNamed }),
        None => Ok(()),
    }
}

/// That no pack is named twice.
fn expect_distinct<'a>(packs: impl IntoIterator<Item = &'a Pack>) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    match packs.into_iter().find(|pack| !seen.insert(&pack.id)) {
        Some(twice) => twice.refuse(Rule::NamedTwice),
        None => Ok(()),
    }
}
