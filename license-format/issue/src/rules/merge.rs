//! `merge` and `coterm`: join packs, or their dates.

use license_format::Expiry;

use super::change::Change;
use super::checks::expect_distinct;
use super::effect::{Effect, Usage};
use super::error::{Rule, RuleError};
use crate::pack::{Pack, Status};

/// Merges packs into the first one, which takes over their units and seats and supersedes them. Its
/// dates become the earliest first and the latest last day, so that no unit loses a day.
///
/// # Errors
/// A pack is closed, without Subscription Key, or differs from the first in key, product or terms; only
/// some packs state seats; there are too many units or superseded packs.
pub fn merge(into: &Pack, others: &[Pack]) -> Result<Change, RuleError> {
    expect_distinct(others.iter().chain([into]))?;
    let mut merged = into.clone();
    let mut closed = others.to_vec();
    for other in &mut closed {
        expect_alike(other, into)?;
        take_in(&mut merged, other)?;
    }
    merged.expect_seats()?;
    let mut effects: Vec<Effect> = closed
        .iter_mut()
        .map(|other| {
            other.close(Status::Merged, into);
            Effect::Closed { pack: other.id.clone(), status: Status::Merged, into: into.id.clone() }
        })
        .collect();
    effects.push(Effect::Holds {
        pack: merged.id.clone(),
        now: Usage::of(&merged),
        ends: merged.expires,
    });
    let packs = [merged].into_iter().chain(closed).collect();
    Ok(Change::new(packs, effects, |pack| pack.id == into.id))
}

/// Two packs must share key, product and terms to merge.
fn expect_alike(pack: &Pack, other: &Pack) -> Result<(), RuleError> {
    for pack in [pack, other] {
        pack.expect_open()?;
        pack.expect_key()?;
        pack.expect_redeemed()?;
    }
    let different = [
        ("subscription-key", pack.subscription_key != other.subscription_key),
        ("product", pack.product != other.product),
        ("term", pack.term != other.term),
        ("category", pack.category != other.category),
        ("services", pack.services != other.services),
    ];
    if let Some((key, _)) = different.into_iter().find(|(_, is_different)| *is_different) {
        return pack.refuse(Rule::Different { key, other: other.id.clone() });
    }
    match (pack.seats, other.seats) {
        (None, Some(_)) => pack.refuse(Rule::SeatsNotCounted),
        (Some(_), None) => other.refuse(Rule::SeatsNotCounted),
        _ => Ok(()),
    }
}

fn take_in(pack: &mut Pack, other: &Pack) -> Result<(), RuleError> {
    pack.units.extend(other.units.iter().cloned());
    pack.seats = pack.seats.zip(other.seats).map(|(a, b)| a.saturating_add(b));
    pack.starts = pack.starts.min(other.starts);
    pack.expires = pack.expires.max(other.expires);
    pack.emp = pack.emp.take().or_else(|| other.emp.clone());
    pack.supersede(other)
}

/// Moves packs to the Subscription Key and the last day of the pack that ends last; among several, of
/// the one named first.
///
/// # Errors
/// A pack is closed, without Subscription Key or never ends; nothing would change.
pub fn coterm(packs: &[Pack]) -> Result<Change, RuleError> {
    expect_distinct(packs)?;
    let Some(latest) = ending_last(packs)? else { return Ok(Change::default()) };
    let key = latest.expect_key()?;
    let is_aligned = |pack: &&Pack| {
        pack.subscription_key.as_ref() == Some(&key) && pack.expires == latest.expires
    };
    let mut moved: Vec<Pack> = packs.iter().filter(|pack| !is_aligned(pack)).cloned().collect();
    if moved.is_empty() {
        return latest.refuse(Rule::AlreadyAligned);
    }
    for pack in &mut moved {
        pack.subscription_key = Some(key.clone());
        pack.expires = latest.expires;
    }
    let ends =
        |pack: &Pack| Effect::Ends { pack: pack.id.clone(), on: pack.expires, key: key.clone() };
    let effects = moved.iter().map(ends).collect();
    Ok(Change::new(moved, effects, |_| true))
}

/// The pack that ends last; among several, the first. `None` without packs.
fn ending_last(packs: &[Pack]) -> Result<Option<&Pack>, RuleError> {
    let mut latest: Option<&Pack> = None;
    for pack in packs {
        pack.expect_open()?;
        pack.expect_key()?;
        if pack.expires == Expiry::Never {
            return pack.refuse(Rule::NeverEnds);
        }
        if latest.is_none_or(|latest| pack.expires > latest.expires) {
            latest = Some(pack);
        }
    }
    Ok(latest)
}
