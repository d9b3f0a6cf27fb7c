//! `issue`: issues the licences of a pack.

use license_format::{Date, Expiry, PackId, ProductMismatch, Serial, Terms, UnixSeconds, limits};

use super::error::{Rule, RuleError};
use crate::pack::Pack;

/// Whether a licence may be issued before its pack starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyIssue {
    /// The licence may be issued; devices keep it until the first day.
    Allowed,
    /// The licence must wait for the first day.
    Refused,
}

impl EarlyIssue {
    /// [`Allowed`](Self::Allowed) if `allowed` is set.
    #[must_use]
    pub fn of(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Refused }
    }
}

/// Takes the next serials of the pack. Returns the pack and the terms of its licences, oldest first:
/// one, or one for each sixteen superseded packs, which a device needs all. The caller keeps the pack
/// before it delivers a licence, so that no serial is used twice.
///
/// # Errors
/// The pack is closed, not redeemed, without units or over its seats; it has ended, or has not started
/// and early licences are refused; devices would refuse it; it is out of serials.
pub fn issue(
    pack: &Pack,
    now: UnixSeconds,
    early: EarlyIssue,
) -> Result<(Pack, Vec<Terms>), RuleError> {
    pack.expect_open()?;
    expect_acceptable(pack)?;
    if pack.services.is_empty() {
        return pack.refuse(Rule::NoServices);
    }
    pack.expect_redeemed()?;
    if pack.units.is_empty() {
        return pack.refuse(Rule::NoUnits);
    }
    pack.expect_seats()?;
    if early == EarlyIssue::Refused && now < pack.first_day().start() {
        return pack.refuse(Rule::NotStarted(pack.first_day()));
    }
    if Expiry::On(Date::of(now)) > pack.expires {
        return pack.refuse(Rule::Ended(pack.expires));
    }
    let all: Vec<PackId> = pack.supersedes.iter().cloned().collect();
    let mut groups: Vec<&[PackId]> = all.chunks(limits::SUPERSEDES).collect();
    if groups.is_empty() {
        groups.push(&[]);
    }
    let mut issued = pack.clone();
    let time = time_of_issue(pack, now);
    let terms = groups.into_iter().map(|group| next_terms(&mut issued, group, time));
    let terms = terms.collect::<Result<Vec<_>, _>>()?;
    issued.recorded = issued.status(now);
    Ok((issued, terms))
}

/// Devices must accept the term and the services of the pack.
pub(super) fn expect_acceptable(pack: &Pack) -> Result<(), RuleError> {
    if let Err(error) = pack.check() {
        return pack.refuse(Rule::InvalidPack(error));
    }
    match ProductMismatch::find(&pack.product, pack.term, &pack.services) {
        Some(ProductMismatch::Term(term)) => {
            pack.refuse(Rule::WrongTerm(pack.product.clone(), term))
        }
        Some(ProductMismatch::Service(service)) => {
            pack.refuse(Rule::WrongService(pack.product.clone(), service))
        }
        None => Ok(()),
    }
}

/// The time of the next issue. A licence supersedes only those issued before it (LF §4.2), and two
/// verbs may follow each other within a second.
fn time_of_issue(pack: &Pack, now: UnixSeconds) -> UnixSeconds {
    match pack.issued {
        Some(last) if !pack.supersedes.is_empty() => now.max(last.plus(1)),
        _ => now,
    }
}

/// Takes the next serial of the pack. Returns the terms of its licence.
fn next_terms(
    pack: &mut Pack,
    supersedes: &[PackId],
    issued: UnixSeconds,
) -> Result<Terms, RuleError> {
    let serial = match pack.serial {
        None => Some(Serial::FIRST),
        Some(last) => Serial::new(last.get() + 1),
    };
    let Some(serial) = serial else { return pack.refuse(Rule::OutOfSerials) };
    pack.serial = Some(serial);
    pack.issued = Some(issued);
    Ok(Terms {
        pack: pack.id.clone(),
        serial,
        product: pack.product.clone(),
        term: pack.term,
        category: pack.category,
        subscription_key: pack.subscription_key.clone(),
        order: pack.order.clone(),
        supersedes: supersedes.iter().cloned().collect(),
        services: pack.services.iter().cloned().collect(),
        issued,
        starts: pack.starts,
        expires: pack.expires,
        grace_days: pack.grace_days,
        warn_days: pack.warn_days,
        roster_complete: pack.roster_complete,
    })
}
