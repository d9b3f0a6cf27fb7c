//! `renew`: some or all packs of a Subscription Key get a later last day.

use std::collections::BTreeSet;

use license_format::{Expiry, PackId};

use super::{Change, Deed, Refusal, Rule, expect_distinct};
use crate::Pack;

/// Renews the chosen packs among all those of a Subscription Key. They keep their ID and key. Those
/// not chosen lose the key: they can be used until they end, and neither renewed nor put back. Those
/// that are closed are left as they are.
///
/// # Errors
/// A pack has no Subscription Key, or another than the first; a chosen one is closed, is not among
/// the packs, or ends no earlier than the new day.
pub fn renew(
    packs: &[Pack],
    chosen: &BTreeSet<PackId>,
    expires: Expiry,
) -> Result<Change, Refusal> {
    expect_distinct(packs)?;
    if let Some(stranger) = chosen.iter().find(|id| !packs.iter().any(|pack| pack.id == **id)) {
        return Err(Refusal { pack: stranger.clone(), rule: Rule::NotNamed });
    }
    let (mut renewals, mut deeds) = (Vec::new(), Vec::new());
    let mut first: Option<&Pack> = None;
    for pack in packs {
        let is_chosen = chosen.contains(&pack.id);
        if pack.left.is_closed() && !is_chosen {
            continue;
        }
        pack.expect_open()?;
        let key = pack.expect_key()?;
        let first = first.get_or_insert(pack);
        if first.subscription_key != pack.subscription_key {
            return pack.refuse(Rule::Unlike { key: "subscription-key", other: first.id.clone() });
        }
        let mut renewed = pack.clone();
        if is_chosen {
            if expires <= pack.expires {
                return pack.refuse(Rule::NotLater { ends: pack.expires, asked: expires });
            }
            renewed.expires = expires;
            deeds.push(Deed::Ends { pack: pack.id.clone(), on: expires, key });
        } else {
            renewed.subscription_key = None;
            deeds.push(Deed::Decoupled { pack: pack.id.clone(), ends: pack.expires });
        }
        renewals.push(renewed);
    }
    Ok(Change::new(renewals, deeds, |pack| chosen.contains(&pack.id)))
}
