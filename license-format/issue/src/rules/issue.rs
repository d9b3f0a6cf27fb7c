//! `issue`: the licences of a pack.

use license_format::{Date, Expiry, PackId, ProductMismatch, Serial, Terms, UnixSeconds, limits};

use super::{Refusal, Rule};
use crate::Pack;

/// Whether a licence may be issued before its pack starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Early {
    /// Yes: a device keeps it until the day.
    Allowed,
    /// No.
    Refused,
}

impl Early {
    /// The answer to whether early licences are allowed.
    #[must_use]
    pub fn of(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Refused }
    }
}

/// The pack with its next serials taken, and the licences to make of it, oldest first: one, or, if
/// the pack supersedes more than sixteen others, one for each sixteen; a device needs all of them.
/// The last one is the pack's newest. Keep the pack before a licence leaves the house, so that no
/// serial is used twice.
///
/// # Errors
/// The pack is closed, was bought with hardware and not redeemed, has no units or more than seats, has not started (unless early licences are
/// allowed) or has ended; devices would refuse what it carries; it is out of serials.
pub fn issue(pack: &Pack, now: UnixSeconds, early: Early) -> Result<(Pack, Vec<Terms>), Refusal> {
    pack.expect_open()?;
    expect_sellable(pack)?;
    pack.expect_redeemed()?;
    if pack.units.is_empty() {
        return pack.refuse(Rule::NoUnits);
    }
    pack.expect_seats()?;
    if early == Early::Refused && now < pack.first_day().start() {
        return pack.refuse(Rule::NotStarted(pack.first_day()));
    }
    if Expiry::On(Date::of(now)) > pack.expires {
        return pack.refuse(Rule::Ended(pack.expires));
    }
    let all: Vec<PackId> = pack.supersedes.iter().cloned().collect();
    let mut steps: Vec<&[PackId]> = all.chunks(limits::SUPERSEDES).collect();
    if steps.is_empty() {
        steps.push(&[]);
    }
    let mut issued = pack.clone();
    let time = time_of_issue(pack, now);
    let terms = steps.into_iter().map(|step| next(&mut issued, step, time));
    let terms = terms.collect::<Result<Vec<_>, _>>()?;
    issued.recorded = issued.status(now);
    Ok((issued, terms))
}

/// That devices take what the pack carries.
pub(super) fn expect_sellable(pack: &Pack) -> Result<(), Refusal> {
    if let Err(error) = pack.check() {
        return pack.refuse(Rule::Form(error));
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

/// The time that the next licence states. Others are superseded by what was issued later than they
/// (LF §4.2), and two verbs may follow each other within a second.
fn time_of_issue(pack: &Pack, now: UnixSeconds) -> UnixSeconds {
    match pack.issued {
        Some(last) if !pack.supersedes.is_empty() => now.max(last.plus(1)),
        _ => now,
    }
}

/// Takes the pack's next serial and says what its licence grants.
fn next(pack: &mut Pack, supersedes: &[PackId], issued: UnixSeconds) -> Result<Terms, Refusal> {
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
