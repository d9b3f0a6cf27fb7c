//! `add`, `remove` and `move`: change the units of packs.

use std::collections::BTreeSet;

use license_format::{UnitId, UnixSeconds};

use super::change::Change;
use super::checks::expect_distinct;
use super::effect::{Effect, Usage};
use super::error::{Rule, RuleError};
use crate::pack::Pack;

/// Assigns units to a pack. Units already in the pack take no second seat.
///
/// # Errors
/// The pack is closed, would have more units than seats, or a unit that no device can have.
pub fn add(pack: &Pack, units: &BTreeSet<UnitId>) -> Result<Change, RuleError> {
    pack.expect_open()?;
    let mut extended = pack.clone();
    let effect = assign(&mut extended, units)?;
    Ok(match extended.units.len() == pack.units.len() {
        true => Change { effects: vec![effect], ..Change::default() },
        false => Change::new(vec![extended], vec![effect], |_| true),
    })
}

/// Removes units from a pack, which frees their seats.
///
/// # Errors
/// The pack is closed, not in force, or lacks one of the units.
pub fn remove(
    pack: &Pack,
    units: &BTreeSet<UnitId>,
    now: UnixSeconds,
) -> Result<Change, RuleError> {
    pack.expect_in_force(now)?;
    pack.expect_units(units)?;
    let mut reduced = pack.clone();
    let effect = remove_from(&mut reduced, units);
    Ok(Change::new(vec![reduced], vec![effect], |_| true))
}

/// Moves units from one pack to another of the same product.
///
/// # Errors
/// The errors of [`remove`] for the first pack and of [`add`] for the second; the products differ.
pub fn move_units(
    from: &Pack,
    to: &Pack,
    units: &BTreeSet<UnitId>,
    now: UnixSeconds,
) -> Result<Change, RuleError> {
    expect_distinct([from, to])?;
    to.expect_open()?;
    if to.product != from.product {
        return to.refuse(Rule::Different { key: "product", other: from.id.clone() });
    }
    from.expect_in_force(now)?;
    from.expect_units(units)?;
    let (mut from, mut to) = (from.clone(), to.clone());
    let effects = vec![remove_from(&mut from, units), assign(&mut to, units)?];
    Ok(Change::new(vec![from, to], effects, |_| true))
}

/// Removes units that the pack has.
pub(super) fn remove_from(pack: &mut Pack, units: &BTreeSet<UnitId>) -> Effect {
    pack.units.retain(|unit| !units.contains(unit));
    Effect::Removed { from: pack.id.clone(), units: units.len(), now: Usage::of(pack) }
}

/// Assigns units within the seats.
pub(super) fn assign(pack: &mut Pack, units: &BTreeSet<UnitId>) -> Result<Effect, RuleError> {
    let before = pack.units.len();
    pack.units.extend(units.iter().cloned());
    pack.expect_seats()?;
    pack.check().or_else(|error| pack.refuse(Rule::InvalidPack(error)))?;
    let added = pack.units.len() - before;
    let present = units.len() - added;
    Ok(Effect::Added { to: pack.id.clone(), units: added, present, now: Usage::of(pack) })
}
