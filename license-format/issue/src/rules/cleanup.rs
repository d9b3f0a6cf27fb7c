//! `cleanup`: hardware that several packs of one product have.

use std::collections::{BTreeMap, BTreeSet};

use license_format::{PackId, UnitId, UnixSeconds};

use super::units::take_off;
use super::{Change, Deed, Refusal, Rule, expect_distinct};
use crate::{Pack, Status};

/// Leaves each unit in one pack of a product: in the first of `keep` that has it, else in the pack
/// that ends last, of several that do in the one named first. Only packs in force are looked at,
/// since units leave no others, and a pack that has not started replaces none that has.
///
/// # Errors
/// A pack is named twice, or one of `keep` is not among the packs.
pub fn cleanup(packs: &[Pack], keep: &[PackId], now: UnixSeconds) -> Result<Change, Refusal> {
    expect_distinct(packs)?;
    if let Some(stranger) = keep.iter().find(|id| !packs.iter().any(|pack| pack.id == **id)) {
        return Err(Refusal { pack: stranger.clone(), rule: Rule::NotNamed });
    }
    let in_force: Vec<&Pack> =
        packs.iter().filter(|pack| pack.status(now) == Status::Active).collect();
    let mut homes: BTreeMap<(&str, &UnitId), &Pack> = BTreeMap::new();
    for pack in &in_force {
        for unit in &pack.units {
            let home = homes.entry((pack.product.as_str(), unit)).or_insert(pack);
            if is_better(pack, home, keep) {
                *home = pack;
            }
        }
    }
    let (mut cleaned, mut deeds) = (Vec::new(), Vec::new());
    for pack in in_force {
        let elsewhere = |unit: &&UnitId| {
            homes.get(&(pack.product.as_str(), *unit)).is_some_and(|home| home.id != pack.id)
        };
        let leaving: BTreeSet<UnitId> = pack.units.iter().filter(elsewhere).cloned().collect();
        if !leaving.is_empty() {
            let mut pack = pack.clone();
            deeds.push(take_off(&mut pack, &leaving));
            cleaned.push(pack);
        }
    }
    if deeds.is_empty() {
        deeds.push(Deed::NothingTwice);
    }
    Ok(Change::new(cleaned, deeds, |_| true))
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
