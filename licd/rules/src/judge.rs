//! Which licences of a device count, and what follows from them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use license_format::{License, PackId, Serial, TrustDocument, UnitId, UnixSeconds};

use crate::past::{Past, Taken};
use crate::service::services::WORKSPACE_EDITION;
use crate::state::{has_started, in_time};
use crate::{Generation, LicenseState, Starter};

/// Everything a judgement rests on.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The genuine licences at hand, whatever units they name.
    pub licenses: &'a [&'a License],
    /// What is remembered of licences that may not be at hand any more.
    pub past: &'a Past,
    /// The trust document in force, for what it withdraws.
    pub trust: Option<&'a TrustDocument>,
    /// This device; without a unit ID no licence is for it.
    pub unit: Option<&'a UnitId>,
    /// The time to judge at.
    pub now: UnixSeconds,
    /// The operating system.
    pub generation: Generation,
    /// The starter period, if it has begun: an evaluation of the Workspace Edition.
    pub starter: Option<Starter>,
}

/// Where every licence of a [`Case`] stands.
pub struct Judgement<'a> {
    pub(crate) case: Case<'a>,
    /// Beside `case.licenses`; `None` for those of other devices.
    states: Vec<Option<LicenseState>>,
}

impl<'a> Judgement<'a> {
    /// Judges a case.
    #[must_use]
    pub fn of(case: Case<'a>) -> Self {
        let states = match case.unit {
            None => case.licenses.iter().map(|_| None).collect(),
            Some(unit) => {
                let replaced = Replaced::of(&case, unit);
                let state = |license: &License| {
                    replaced.state_of(license).unwrap_or_else(|| in_time(license, case.now))
                };
                let own = |license: &License| license.names(unit).then(|| state(license));
                case.licenses.iter().map(|license| own(license)).collect()
            }
        };
        Self { case, states }
    }

    /// The state of each licence of the case, in its order; `None` for one of another device.
    #[must_use]
    pub fn states(&self) -> &[Option<LicenseState>] {
        &self.states
    }

    /// The licences of this device with their states.
    pub fn own(&self) -> impl Iterator<Item = (&'a License, LicenseState)> + Clone {
        let states = self.states.iter();
        self.case
            .licenses
            .iter()
            .zip(states)
            .filter_map(|(license, state)| Some((*license, (*state)?)))
    }

    /// The licences of this device that are neither superseded nor withdrawn and unlock `service`.
    pub(crate) fn counting(
        &self,
        service: &str,
    ) -> impl Iterator<Item = (&'a License, LicenseState)> {
        self.own().filter(move |(license, state)| state.counts() && unlocks(license, service))
    }

    /// The starter period if it has begun and unlocks `service`, and whether it still counts.
    pub(crate) fn starter_for(&self, service: &str) -> Option<(Starter, bool)> {
        let starter = self.case.starter.filter(|_| service == WORKSPACE_EDITION)?;
        let begun = has_started(starter.first, self.case.now);
        begun.then(|| (starter, self.case.now < starter.last.end_everywhere()))
    }
}

/// Whether a licence names a service.
pub(crate) fn unlocks(license: &License, service: &str) -> bool {
    license.services.iter().any(|name| name.as_str() == service)
}

/// What took the place of which packs of one unit, gathered once so that a full store is judged in
/// one pass. Only what has started replaces anything.
#[derive(Default)]
struct Replaced {
    /// The highest serial of a pack that is for this unit.
    reissued: BTreeMap<PackId, Serial>,
    /// When the latest licence was issued that supersedes a pack by name.
    converted: BTreeMap<PackId, UnixSeconds>,
    /// The highest serial of a pack that a roster or the trust document takes away.
    withdrawn: BTreeMap<PackId, Serial>,
}

impl Replaced {
    fn of(case: &Case<'_>, unit: &UnitId) -> Self {
        let mut seen = case.past.clone();
        for license in case.licenses {
            seen.see(license, unit, case.now);
        }
        let mut replaced = Self {
            reissued: in_effect(seen.reissued, unit, case.now),
            converted: in_effect(seen.converted, unit, case.now),
            withdrawn: BTreeMap::new(),
        };
        for (pack, below) in in_effect(seen.rosters, unit, case.now) {
            if let Some(last) = Serial::new(below.get() - 1) {
                raise(&mut replaced.withdrawn, pack, last);
            }
        }
        for withdrawal in case.trust.map(TrustDocument::withdrawals).unwrap_or_default() {
            raise(&mut replaced.withdrawn, withdrawal.pack.clone(), withdrawal.up_to);
        }
        replaced
    }

    /// The state of a licence whose place was taken (LF §4.2, §4.3, §7); `None` if it counts.
    fn state_of(&self, license: &License) -> Option<LicenseState> {
        if self.withdrawn.get(&license.pack).is_some_and(|last| license.serial <= *last) {
            return Some(LicenseState::Withdrawn);
        }
        let reissued = self.reissued.get(&license.pack).is_some_and(|last| license.serial < *last);
        let converted =
            self.converted.get(&license.pack).is_some_and(|last| license.issued < *last);
        (reissued || converted).then_some(LicenseState::Superseded)
    }
}

/// How far each pack of a unit is taken by now.
fn in_effect<B: Ord + Copy>(
    seen: Vec<Taken<B>>,
    unit: &UnitId,
    now: UnixSeconds,
) -> BTreeMap<PackId, B> {
    let mut reach = BTreeMap::new();
    let own = seen.into_iter().filter(|taken| taken.unit == *unit);
    for taken in own.filter(|taken| has_started(taken.starts, now)) {
        raise(&mut reach, taken.pack, taken.below);
    }
    reach
}

/// Keeps the highest value of each key.
fn raise<K: Ord, V: Ord + Copy>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    let kept = map.entry(key).or_insert(value);
    *kept = value.max(*kept);
}
