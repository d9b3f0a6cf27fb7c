//! `cleanup`: hardware that several packs of one product have.

use std::collections::{BTreeMap, BTreeSet};

use license_format::{PackId, UnitId, UnixSeconds};

use super::units::take_off;
use super::{Change, Effect, Refusal, expect_distinct, expect_named};
use crate::{Pack, Status};

/// Leaves each unit in one pack of a product: in the first of `keep` that has it, else in the pack
/// that ends last, of several that do in the one named first. Only packs in force are looked at,
/// since units leave no others, and a pack that has not started replaces none that has.
///
/// # Errors
/// A pack is named twice, or one of `keep` is not among the packs.
pub fn cleanup(packs: &[Pack], keep: &[PackId], now: UnixSeconds) -> Result<Change, Refusal> {
    expect_distinct(packs)?;
    expect_named(keep, packs)?;
    let in_force: Vec<&Pack> =
        packs.iter().filter(|pack| pack.status(now) == Status::Active).collect();
    let homes = homes(&in_force, keep);
    let (mut cleaned, mut effects) = (Vec::new(), Vec::new());
    for pack in in_force {
        let elsewhere = |unit: &&UnitId| {
            homes.get(&(pack.product.as_str(), *unit)).is_some_and(|home| home.id != pack.id)
        };
        let leaving: BTreeSet<UnitId> = pack.units.iter().filter(elsewhere).cloned().collect();
        if !leaving.is_empty() {
            let mut pack = pack.clone();
            effects.push(take_off(&mut pack, &leaving));
            cleaned.push(pack);
        }
    }
    if effects.is_empty() {
        effects.push(Effect::NothingTwice);
    }
    Ok(Change::new(cleaned, effects, |_| true))
}

/// The pack that each unit of a product stays in.
fn homes<'a>(packs: &[&'a Pack], keep: &[PackId]) -> BTreeMap<(&'a str, &'a UnitId), &'a Pack> {
    let mut homes: BTreeMap<_, &Pack> = BTreeMap::new();
    for pack in packs {
        for unit in &pack.units {
            let home = homes.entry((pack.product.as_str(), unit)).or_insert(pack);
            if is_better(pack, home, keep) {
                *home = pack;
            }
        }
    }
    homes
}

/// Whether a unit that is in both packs stays in `pack` rather than in `other`, which was named
/// before it.
fn is_better(pack: &Pack, other: &Pack, keep: &[PackId]) -> bool {
    let place = |pack: &Pack| keep.iter().position(|id| *id == pack.id).unwrap_or(keep.len());
    match place(pack).cmp(&place(other)) {
        std::cmp::Ordering::Equal => pack.expires > other.expires,
        order => order.is_lt(),
    }
}
