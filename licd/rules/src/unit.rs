//! Which of a device's candidates is its unit ID.

use license_format::{License, UnitId};

use crate::{Case, Judgement, LicenseState};

/// The unit ID of a device, of these candidates, best first: the first one that a licence in force
/// names, else one that is yet to start, else any genuine one, else the best. So a licence keeps its
/// unit when a dock or another card turns up, and one that has ended does not keep another one out.
///
/// `case.unit` has no part in it.
#[must_use]
pub fn choose<'a>(candidates: &'a [UnitId], case: Case<'_>) -> Option<&'a UnitId> {
    let is_named = |unit: &&UnitId| case.licenses.iter().any(|license| license.names(unit));
    let mut named = candidates.iter().filter(is_named);
    let (first, others) = (named.next(), named.clone().next());
    if first.is_none() || others.is_none() {
        return first.or(candidates.first());
    }
    // Of several with the same standing the first counts.
    let best = candidates.iter().filter(is_named).enumerate();
    let best = best.max_by_key(|(n, unit)| (standing(unit, case), core::cmp::Reverse(*n)));
    best.map(|(_, unit)| unit)
}

/// Whether a unit that was chosen keeps its place when a licence for another one arrives: a licence
/// that counts names it.
#[must_use]
pub fn is_settled(unit: &UnitId, case: Case<'_>) -> bool {
    standing(unit, case) > Standing::Named
}

/// What the best licence of a unit is, the better the later.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Named,
    Pending,
    InForce,
}

fn standing(unit: &UnitId, case: Case<'_>) -> Standing {
    let judgement = Judgement::of(Case { unit: Some(unit), starter: None, ..case });
    let standings = judgement.own().map(|(_, state): (&License, _)| match state {
        state if state.in_force() => Standing::InForce,
        LicenseState::Pending => Standing::Pending,
        _ => Standing::Named,
    });
    standings.max().unwrap_or(Standing::Named)
}
