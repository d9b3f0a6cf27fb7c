//! Choosing the unit ID among a device's candidates.

use license_format::UnitId;

use crate::{Case, Judgement, License, LicenseState};

/// Chooses the unit ID among candidates, best first: the first one that a licence in force names,
/// else one that has yet to start, else any genuine one, else the best candidate. So a licence
/// keeps its unit when a dock or another card appears, and an ended licence does not block a
/// current one.
///
/// Ignores `case.unit`.
#[must_use]
pub fn choose<'a>(candidates: &'a [UnitId], case: Case<'_>) -> Option<&'a UnitId> {
    let is_named = |unit: &&UnitId| case.licenses.iter().any(|license| license.names(unit));
    let mut named = candidates.iter().filter(is_named);
    let (first, others) = (named.next(), named.clone().next());
    if first.is_none() || others.is_none() {
        return first.or(candidates.first());
    }
    // The first of several equals counts.
    let best = candidates.iter().filter(is_named).enumerate();
    let best = best.max_by_key(|(n, unit)| (standing(unit, case), core::cmp::Reverse(*n)));
    best.map(|(_, unit)| unit)
}

/// Whether a chosen unit stays when a licence for another one arrives: a licence that counts names
/// it.
#[must_use]
pub fn is_settled(unit: &UnitId, case: Case<'_>) -> bool {
    standing(unit, case) > Standing::Named
}

/// Whether no further licence could change the choice of the unit ID: there is no choice, or a licence
/// in force names the best candidate.
///
/// Ignores `case.unit`.
#[must_use]
pub fn is_certain(candidates: &[UnitId], case: Case<'_>) -> bool {
    match candidates {
        [] | [_] => true,
        [best, ..] => standing(best, case) == Standing::InForce,
    }
}

/// The state of a unit's best licence, in ascending order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Named,
    Pending,
    InForce,
}

fn standing(unit: &UnitId, case: Case<'_>) -> Standing {
    let judgement = Judgement::of(Case { unit: Some(unit), ..case });
    let standings = judgement.own().map(|(_, state): (&License, _)| match state {
        state if state.in_force() => Standing::InForce,
        LicenseState::Pending => Standing::Pending,
        _ => Standing::Named,
    });
    standings.max().unwrap_or(Standing::Named)
}
