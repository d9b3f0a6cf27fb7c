//! `cleanup`: leaves each unit in one pack of a product.

use std::collections::{BTreeMap, BTreeSet};

use license_format::{PackId, UnitId, UnixSeconds};

use super::change::Change;
use super::checks::{expect_distinct, expect_named};
use super::effect::Effect;
use super::error::RuleError;
use super::units::remove_from;
use crate::pack::{Pack, Status};

/// Leaves each unit in one pack of a product: in the first of `keep` that has it, else in the pack that
/// ends last; among several, in the one named first. Only packs in force count, because units may not
/// leave others, and a pack that has not started replaces none.
///
/// # Errors
/// A pack is named twice, or one of `keep` is not among the packs.
pub fn cleanup(packs: &[Pack], keep: &[PackId], now: UnixSeconds) -> Result<Change, RuleError> {
    expect_distinct(packs)?;
    expect_named(keep, packs)?;
    let in_force: Vec<&Pack> =
        packs.iter().filter(|pack| pack.status(now) == Status::Active).collect();
    let keepers = keepers(&in_force, keep);
    let (mut cleaned, mut effects) = (Vec::new(), Vec::new());
    for pack in in_force {
        let elsewhere = |unit: &&UnitId| {
            keepers.get(&(pack.product.as_str(), *unit)).is_some_and(|keeper| keeper.id != pack.id)
        };
        let leaving: BTreeSet<UnitId> = pack.units.iter().filter(elsewhere).cloned().collect();
        if !leaving.is_empty() {
            let mut pack = pack.clone();
            effects.push(remove_from(&mut pack, &leaving));
            cleaned.push(pack);
        }
    }
    if effects.is_empty() {
        effects.push(Effect::NoDuplicates);
    }
    Ok(Change::new(cleaned, effects, |_| true))
}

/// The pack that keeps each unit of a product.
fn keepers<'a>(packs: &[&'a Pack], keep: &[PackId]) -> BTreeMap<(&'a str, &'a UnitId), &'a Pack> {
    let mut keepers: BTreeMap<_, &Pack> = BTreeMap::new();
    for pack in packs {
        for unit in &pack.units {
            let keeper = keepers.entry((pack.product.as_str(), unit)).or_insert(pack);
            if is_preferred(pack, keeper, keep) {
                *keeper = pack;
            }
        }
    }
    keepers
}

/// Whether a unit in both packs stays in `pack` rather than in `other`, which was named before it.
fn is_preferred(pack: &Pack, other: &Pack, keep: &[PackId]) -> bool {
    let rank = |pack: &Pack| keep.iter().position(|id| *id == pack.id).unwrap_or(keep.len());
    match rank(pack).cmp(&rank(other)) {
        std::cmp::Ordering::Equal => pack.expires > other.expires,
        order => order.is_lt(),
    }
}
