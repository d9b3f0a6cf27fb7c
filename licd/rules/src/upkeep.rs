//! Clean-up of the store (`license_cleanup`).

use alloc::vec::Vec;

use license_format::{PublicKey, UnixSeconds};

use crate::judge::Replaced;
use crate::state::has_started;
use crate::{Case, Judgement, License, LicenseState};

/// The fate of a file in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Upkeep {
    /// Keep it.
    Keep,
    /// Remove it: another licence has replaced it for good.
    Remove,
    /// Replace it by its slice: it lists the units of a whole pack.
    Cut,
}

/// The fate of each licence of a case, in order; `is_list` says which files list a whole pack.
///
/// A licence that could count again stays. So `case.now` must have certainly come, and `certain`
/// must return a time that has certainly come if this signer alone is believed
/// ([`TimeVerdict::floor_of`]): a licence that a wild clock superseded must be there once the clock
/// is right. Each of its own signers must have superseded it, since otherwise it counts again once
/// the superseding key is revoked. `case.past` must already be on disk; if it is too short for the
/// remaining licences to keep their states, every file stays.
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
                // Its own replacements are remembered only once it has started.
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

/// Licences in force, pending or expired stay; so do withdrawn ones, which explain the missing
/// licence, and those of other devices.
fn fate(state: Option<LicenseState>, is_list: bool) -> Upkeep {
    match state {
        Some(LicenseState::Superseded) => Upkeep::Remove,
        Some(_) if is_list => Upkeep::Cut,
        _ => Upkeep::Keep,
    }
}
