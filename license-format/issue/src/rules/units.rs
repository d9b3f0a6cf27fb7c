//! `add`, `remove` and `move`: which units a pack has.

use std::collections::BTreeSet;

use license_format::{UnitId, UnixSeconds};

use super::effect::Usage;
use super::{Change, Effect, Refusal, Rule, expect_distinct};
use crate::Pack;

/// Assigns units to a pack. Those that are there already stay and take no second seat.
///
/// # Errors
/// The pack is closed, or would have more units than seats, or one that no device can have.
pub fn add(pack: &Pack, units: &BTreeSet<UnitId>) -> Result<Change, Refusal> {
    pack.expect_open()?;
    let mut with = pack.clone();
    let effect = assign(&mut with, units)?;
    Ok(match with.units.len() == pack.units.len() {
        true => Change { effects: vec![effect], ..Change::default() },
        false => Change::new(vec![with], vec![effect], |_| true),
    })
}

/// Takes units off a pack, so that other hardware can have their seats.
///
/// # Errors
/// The pack is closed or not in force, or does not have one of the units.
pub fn remove(pack: &Pack, units: &BTreeSet<UnitId>, now: UnixSeconds) -> Result<Change, Refusal> {
    pack.expect_in_force(now)?;
    pack.expect_units(units)?;
    let mut without = pack.clone();
    let effect = take_off(&mut without, units);
    Ok(Change::new(vec![without], vec![effect], |_| true))
}

/// Takes units off one pack and assigns them to another of the same product.
///
/// # Errors
/// What [`remove`] says of the first pack and [`add`] of the second; the products differ.
pub fn move_units(
    from: &Pack,
    to: &Pack,
    units: &BTreeSet<UnitId>,
    now: UnixSeconds,
) -> Result<Change, Refusal> {
    expect_distinct([from, to])?;
    to.expect_open()?;
    if to.product != from.product {
        return to.refuse(Rule::Unlike { key: "product", other: from.id.clone() });
    }
    from.expect_in_force(now)?;
    from.expect_units(units)?;
    let (mut from, mut to) = (from.clone(), to.clone());
    let effects = vec![take_off(&mut from, units), assign(&mut to, units)?];
    Ok(Change::new(vec![from, to], effects, |_| true))
}

/// Takes off units that are there.
pub(super) fn take_off(pack: &mut Pack, units: &BTreeSet<UnitId>) -> Effect {
    pack.units.retain(|unit| !units.contains(unit));
    Effect::Removed { from: pack.id.clone(), units: units.len(), now: Usage::of(pack) }
}

/// Assigns units as far as there are seats.
pub(super) fn assign(pack: &mut Pack, units: &BTreeSet<UnitId>) -> Result<Effect, Refusal> {
    let before = pack.units.len();
    pack.units.extend(units.iter().cloned());
    pack.expect_seats()?;
    pack.check().or_else(|error| pack.refuse(Rule::Form(error)))?;
    let added = pack.units.len() - before;
    let there = units.len() - added;
    Ok(Effect::Added { to: pack.id.clone(), units: added, there, now: Usage::of(pack) })
}
