//! `split`: one pack becomes two of the same Subscription Key.

use std::collections::BTreeSet;

use license_format::{PackId, UnitId};

use super::change::Change;
use super::effect::{Effect, Usage};
use super::error::{Rule, RuleError};
use crate::pack::Pack;
use crate::products;

/// Packs of the Cloud Gateway are sold and split in tens.
const TENS: u32 = 10;

/// The units that go to the new pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Only the units without a seat in the old pack, the last ones in the order of unit IDs.
    Overflow,
    /// This number of units, the last ones in the order of unit IDs.
    Count(usize),
    /// These units.
    Units(BTreeSet<UnitId>),
}

/// Moves seats and units from a pack to a new one with the same terms and Subscription Key. The new
/// pack does not supersede the old one, so that devices keep their licences.
///
/// # Errors
/// The pack is closed, without Subscription Key or without seats; a side would have no seats, or more
/// units than seats; a Cloud Gateway pack is not split in tens; the ID was used before.
pub fn split(pack: &Pack, id: &PackId, seats: u32, part: &Part) -> Result<Change, RuleError> {
    pack.expect_open()?;
    pack.expect_key()?;
    expect_new(pack, id)?;
    let rest = remaining_seats(pack, seats)?;
    let leaving = leaving(pack, part, rest)?;
    let (mut old, mut new) = (pack.clone(), pack.clone());
    old.seats = Some(rest);
    old.units.retain(|unit| !leaving.contains(unit));
    new.id = id.clone();
    new.serial = None;
    new.issued = pack.issued.filter(|_| !pack.supersedes.is_empty());
    new.seats = Some(seats);
    new.units = leaving;
    new.source = Some(pack.id.clone());
    old.expect_seats()?;
    new.expect_seats()?;
    let effect = Effect::Split {
        from: old.id.clone(),
        rest: Usage::of(&old),
        to: new.id.clone(),
        part: Usage::of(&new),
    };
    Ok(Change::new(vec![old, new], vec![effect], |_| true))
}

/// The seats that a pack keeps.
fn remaining_seats(pack: &Pack, seats: u32) -> Result<u32, RuleError> {
    let Some(whole) = pack.seats else { return pack.refuse(Rule::SeatsNotCounted) };
    let Some(rest) = whole.checked_sub(seats).filter(|rest| *rest > 0 && seats > 0) else {
        return pack.refuse(Rule::PartOfSeats { part: seats, seats: whole });
    };
    if pack.product.as_str() == products::CLOUD_GATEWAY {
        for side in [seats, rest] {
            if side % TENS != 0 {
                return pack.refuse(Rule::NotInTens(side));
            }
        }
    }
    Ok(rest)
}

/// The units that leave a pack which keeps `rest` seats.
fn leaving(pack: &Pack, part: &Part, rest: u32) -> Result<BTreeSet<UnitId>, RuleError> {
    let units = pack.units.len();
    let last = |count| pack.units.iter().rev().take(count).cloned().collect();
    match part {
        Part::Overflow => Ok(last(units.saturating_sub(rest as usize))),
        Part::Count(asked) if *asked > units => {
            pack.refuse(Rule::TooFewUnits { asked: *asked, units })
        }
        Part::Count(asked) => Ok(last(*asked)),
        Part::Units(chosen) => pack.expect_units(chosen).map(|()| chosen.clone()),
    }
}

/// A pack made from this one needs an ID that neither this pack nor its predecessors had.
pub(super) fn expect_new(pack: &Pack, id: &PackId) -> Result<(), RuleError> {
    let used = *id == pack.id
        || pack.supersedes.contains(id)
        || [&pack.source, &pack.emp, &pack.successor]
            .into_iter()
            .any(|known| known.as_ref() == Some(id));
    match used {
        true => pack.refuse(Rule::IdUsed(id.clone())),
        false => Ok(()),
    }
}
