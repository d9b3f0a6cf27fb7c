//! What the clean-up of the store does with its licences (`license_cleanup`).

use alloc::vec::Vec;

use license_format::License;

use crate::state::has_started;
use crate::{Case, Judgement, LicenseState};

/// What becomes of a file of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Upkeep {
    /// Nothing.
    Keep,
    /// It is removed: something else has taken its place for good.
    Remove,
    /// Its slice takes its place: it lists the units of a whole pack.
    Cut,
}

/// What becomes of each licence of a case, in its order; `is_list` says which files list a whole
/// pack.
///
/// `case.now` must be a time that has certainly come: what a wild clock took for superseded has to
/// be there when the clock is right again. `case.past` must be written down already; if it does not
/// remember enough for everything that is left to stand as before, all is kept.
pub fn upkeep(case: Case<'_>, is_list: impl Fn(usize) -> bool) -> Vec<Upkeep> {
    let before = Judgement::of(case);
    let mut fates: Vec<Upkeep> = case
        .licenses
        .iter()
        .zip(before.states())
        .enumerate()
        .map(|(n, (license, state))| match fate(*state, is_list(n)) {
            // What it takes the place of itself is remembered only when it has started.
            Upkeep::Remove
                if !license.supersedes.is_empty() && !has_started(license.starts, case.now) =>
            {
                Upkeep::Keep
            }
            fate => fate,
        })
        .collect();
    if !fates.contains(&Upkeep::Remove) {
        return fates;
    }
    let left = |n: &usize| fates.get(*n) != Some(&Upkeep::Remove);
    let (licenses, states): (Vec<&License>, Vec<Option<LicenseState>>) = case
        .licenses
        .iter()
        .zip(before.states())
        .enumerate()
        .filter(|(n, _)| left(n))
        .map(|(_, (license, state))| (*license, *state))
        .unzip();
    if Judgement::of(Case { licenses: &licenses, ..case }).states() != states {
        fates.iter_mut().filter(|fate| **fate == Upkeep::Remove).for_each(|f| *f = Upkeep::Keep);
    }
    fates
}

/// What is in force, pending or expired is kept; so is what was withdrawn, which tells why the device
/// is without a licence; and what is for another device is not ours.
fn fate(state: Option<LicenseState>, is_list: bool) -> Upkeep {
    match state {
        Some(LicenseState::Superseded) => Upkeep::Remove,
        Some(_) if is_list => Upkeep::Cut,
        _ => Upkeep::Keep,
    }
}
