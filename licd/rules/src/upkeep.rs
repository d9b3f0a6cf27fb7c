//! What the clean-up of the store does with its licences (`license_cleanup`).

use alloc::vec::Vec;

use license_format::{License, PublicKey, UnixSeconds};

use crate::judge::Replaced;
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
/// Nothing goes that could count again. So `case.now` must be a time that has certainly come, and
/// `certain` one that has come if this signer alone is believed ([`TimeVerdict::floor_of`]): what a
/// wild clock took for superseded has to be there when the clock is right again. And all of its own
/// signers must have superseded a licence, or it would be missed when the key is revoked that did:
/// then it counts again, unless it was signed by that key alone and counts no more either.
/// `case.past` must be written down already; if it does not remember enough for everything that is
/// left to stand as before, all is kept.
///
/// [`TimeVerdict::floor_of`]: crate::TimeVerdict::floor_of
pub fn upkeep(
    case: Case<'_>,
    certain: impl Fn(PublicKey) -> UnixSeconds,
    is_list: impl Fn(usize) -> bool,
) -> Vec<Upkeep> {
    let before = Judgement::of(case);
    let replaced = case.unit.map(|unit| {
        Replaced::by_signer(&case, unit, |signer| signer.map_or(UnixSeconds(i64::MIN), &certain))
    });
    let is_for_good = |license: &License| {
        let by = |key: &PublicKey| {
            let alone = |signer| signer == Some(*key);
            replaced.as_ref().is_some_and(|replaced| replaced.supersedes(license, alone))
                // What it takes the place of itself is remembered only when it has started.
                && (license.supersedes.is_empty() || has_started(license.starts, certain(*key)))
        };
        license.signers().iter().all(by)
    };
    let mut fates: Vec<Upkeep> = case
        .licenses
        .iter()
        .zip(before.states())
        .enumerate()
        .map(|(n, (license, state))| match fate(*state, is_list(n)) {
            Upkeep::Remove if !is_for_good(license) => Upkeep::Keep,
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
