//! Judging the licences of a device.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use license_format::services::WORKSPACE_EDITION;
use license_format::{PackId, PublicKey, Serial, TrustDocument, UnitId, UnixSeconds};

use crate::past::{Past, Taken, may_take};
use crate::state::{has_started, in_time};
use crate::{Generation, License, LicenseState, Starter, Terms, Version};

/// The input of a judgement.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The genuine licences at hand, for any unit.
    pub licenses: &'a [&'a License],
    /// The memory of licences that may be gone.
    pub past: &'a Past,
    /// The trust document in force, with its withdrawals and the products of each key.
    pub trust: &'a TrustDocument,
    /// This device; without a unit ID every licence is foreign.
    pub unit: Option<&'a UnitId>,
    /// The time to judge at.
    pub now: UnixSeconds,
    /// The operating system.
    pub generation: Generation,
    /// Its version; an unknown version rules out no feature.
    pub version: Option<Version>,
    /// The starter period, if it has begun: an evaluation of the Workspace Edition.
    pub starter: Option<Starter>,
}

/// The states of all licences of a [`Case`].
pub struct Judgement<'a> {
    pub(crate) case: Case<'a>,
    /// Parallel to `case.licenses`; `None` for licences of other devices.
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
                let state = |license: &License| replaced.state(license, case.trust, case.now);
                let own = |license: &License| license.names(unit).then(|| state(license));
                case.licenses.iter().map(|license| own(license)).collect()
            }
        };
        Self { case, states }
    }

    /// The state of each licence of the case, in order; `None` for one of another device.
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

    /// The starter period if it has begun and unlocks `service`.
    pub(crate) fn starter_for(&self, service: &str) -> Option<Begun> {
        let starter = self.case.starter.filter(|_| service == WORKSPACE_EDITION)?;
        let begun = has_started(starter.first, self.case.now);
        begun.then(|| match self.case.now < starter.last.end_everywhere() {
            true => Begun::Counts(starter),
            false => Begun::Over(starter),
        })
    }
}

/// A starter period that has begun.
pub(crate) enum Begun {
    /// It counts.
    Counts(Starter),
    /// It is over.
    Over(Starter),
}

/// Whether a licence unlocks a service.
pub(crate) fn unlocks(license: &Terms, service: &str) -> bool {
    license.services.iter().any(|name| name.as_str() == service)
}

/// The replacements that count for one unit, gathered once so that a full store is judged in one
/// pass, and extended as licences arrive. Only licences that have started replace others.
pub struct Replaced {
    unit: UnitId,
    /// The highest serial of each pack issued for this unit.
    reissued: Reach<Serial>,
    /// The issue time of the latest licence that supersedes each pack by name.
    converted: Reach<UnixSeconds>,
    /// The highest serial of each pack's rosters that exclude this unit.
    listed: Reach<Serial>,
    /// The highest serial of each pack that the trust document withdraws.
    withdrawn: BTreeMap<PackId, Serial>,
}

impl Replaced {
    /// The replacements that have started by the time of the case.
    #[must_use]
    pub fn of(case: &Case<'_>, unit: &UnitId) -> Self {
        Self::by_signer(case, unit, |_| case.now)
    }

    /// The replacements that have started by each signer's own time.
    pub(crate) fn by_signer(
        case: &Case<'_>,
        unit: &UnitId,
        now: impl Fn(Option<PublicKey>) -> UnixSeconds,
    ) -> Self {
        let mut withdrawn = BTreeMap::new();
        for withdrawal in case.trust.withdrawals() {
            raise(&mut withdrawn, withdrawal.pack.clone(), withdrawal.up_to);
        }
        let (reissued, converted, listed) = Default::default();
        let mut replaced = Self { unit: unit.clone(), reissued, converted, listed, withdrawn };
        replaced.take(case.past.clone(), &now);
        // One by one, because a store may hold thousands.
        for license in case.licenses {
            replaced.see(license, case.now, &now);
        }
        replaced
    }

    /// Adds a genuine licence that has arrived.
    pub fn add(&mut self, license: &License, now: UnixSeconds) {
        self.see(license, now, &|_| now);
    }

    fn see(
        &mut self,
        license: &License,
        started: UnixSeconds,
        now: &impl Fn(Option<PublicKey>) -> UnixSeconds,
    ) {
        let mut seen = Past::default();
        seen.see(license, &self.unit, started);
        self.take(seen, now);
    }

    fn take(&mut self, seen: Past, now: &impl Fn(Option<PublicKey>) -> UnixSeconds) {
        self.reissued.take(seen.reissued, &self.unit, now);
        self.converted.take(seen.converted, &self.unit, now);
        self.listed.take(seen.rosters, &self.unit, now);
    }

    /// The state of a licence of this unit, gathered here or not: a licence never replaces itself.
    pub fn state(
        &self,
        license: &License,
        trust: &TrustDocument,
        now: UnixSeconds,
    ) -> LicenseState {
        self.taken(license, trust).unwrap_or_else(|| in_time(license, now))
    }

    /// The state of a replaced licence (LF §4.2, §4.3, §7); `None` if it counts.
    fn taken(&self, license: &License, trust: &TrustDocument) -> Option<LicenseState> {
        let counts = |signer| may_take(signer, &license.product, trust);
        if self.withdrawn.get(&license.pack).is_some_and(|last| license.serial <= *last)
            || self.listed.takes(&license.pack, license.serial, counts)
        {
            return Some(LicenseState::Withdrawn);
        }
        self.supersedes(license, counts).then_some(LicenseState::Superseded)
    }

    /// Whether these signers alone supersede a licence.
    pub(crate) fn supersedes(
        &self,
        license: &License,
        counts: impl Fn(Option<PublicKey>) -> bool,
    ) -> bool {
        self.reissued.takes(&license.pack, license.serial, &counts)
            || self.converted.takes(&license.pack, license.issued, &counts)
    }
}

/// The highest replaced bound in each pack, by signer. One map, because a store may hold thousands of packs,
/// and a map for each would take several times the memory.
struct Reach<B>(BTreeMap<(PackId, Option<PublicKey>), B>);

impl<B> Default for Reach<B> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<B: Ord + Copy> Reach<B> {
    fn take(
        &mut self,
        seen: Vec<Taken<B>>,
        unit: &UnitId,
        now: impl Fn(Option<PublicKey>) -> UnixSeconds,
    ) {
        let own = seen.into_iter().filter(|taken| taken.unit == *unit);
        for taken in own.filter(|taken| has_started(taken.starts, now(taken.signer))) {
            raise(&mut self.0, (taken.pack, taken.signer), taken.below);
        }
    }

    /// Whether a signer that counts replaces this place in a pack.
    fn takes(&self, pack: &PackId, place: B, counts: impl Fn(Option<PublicKey>) -> bool) -> bool {
        // No signer comes before every signer.
        let mut by =
            self.0.range((pack.clone(), None)..).take_while(|((other, _), _)| other == pack);
        by.any(|((_, signer), below)| place < *below && counts(*signer))
    }
}

/// Keeps the highest value of each key.
fn raise<K: Ord, V: Ord + Copy>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    let kept = map.entry(key).or_insert(value);
    *kept = value.max(*kept);
}
