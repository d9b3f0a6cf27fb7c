//! `renew`: gives packs of a Subscription Key a later last day.

use std::collections::BTreeSet;

use license_format::{Expiry, PackId};

use super::change::Change;
use super::checks::{expect_distinct, expect_named};
use super::effect::Effect;
use super::error::{Rule, RuleError};
use crate::pack::Pack;

/// Renews the chosen packs of a Subscription Key, which keep their ID and key. The other packs lose the
/// key: they work until they end, and can neither be renewed nor rejoin. Closed packs stay unchanged.
///
/// # Errors
/// A pack has no Subscription Key, or another than the first; a chosen pack is closed, not among the
/// packs, or ends no earlier than the new day.
pub fn renew(
    packs: &[Pack],
    chosen: &BTreeSet<PackId>,
    expires: Expiry,
) -> Result<Change, RuleError> {
    expect_distinct(packs)?;
    expect_named(chosen, packs)?;
    let is_chosen = |pack: &Pack| chosen.contains(&pack.id);
    let open: Vec<&Pack> =
        packs.iter().filter(|pack| is_chosen(pack) || !pack.recorded.is_closed()).collect();
    expect_one_key(&open)?;
    let (mut renewals, mut effects) = (Vec::new(), Vec::new());
    for pack in open {
        let (pack, effect) = match is_chosen(pack) {
            true => extended(pack, expires)?,
            false => decoupled(pack),
        };
        renewals.push(pack);
        effects.push(effect);
    }
    Ok(Change::new(renewals, effects, is_chosen))
}

/// All packs must be open and share one Subscription Key.
fn expect_one_key(packs: &[&Pack]) -> Result<(), RuleError> {
    let Some(first) = packs.first() else { return Ok(()) };
    for pack in packs {
        pack.expect_open()?;
        pack.expect_key()?;
        if pack.subscription_key != first.subscription_key {
            return pack
                .refuse(Rule::Different { key: "subscription-key", other: first.id.clone() });
        }
    }
    Ok(())
}

fn extended(pack: &Pack, expires: Expiry) -> Result<(Pack, Effect), RuleError> {
    if expires <= pack.expires {
        return pack.refuse(Rule::NotLater { ends: pack.expires, asked: expires });
    }
    let key = pack.expect_key()?;
    let effect = Effect::Ends { pack: pack.id.clone(), on: expires, key };
    Ok((Pack { expires, ..pack.clone() }, effect))
}

fn decoupled(pack: &Pack) -> (Pack, Effect) {
    let effect = Effect::Decoupled { pack: pack.id.clone(), ends: pack.expires };
    (Pack { subscription_key: None, ..pack.clone() }, effect)
}
