//! What is remembered of documents, whether or not they are still at hand: what was replaced stays
//! so when its successor has ended or is gone (LF §4.2), what was withdrawn stays so (LF §4.3), and
//! what was removed on purpose does not come back by itself.
//!
//! It is remembered by signer: a licence that two keys have signed leaves an entry for each. An entry
//! counts against a licence only while the trust document in force lets its signer sign that
//! licence's product (LF §4.5). So a key that is revoked has replaced and withdrawn nothing, and
//! nothing has to be looked for and deleted.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use license_format::{
    Date, License, PackId, Product, PublicKey, Serial, TrustDocument, UnitId, UnixSeconds,
};

use crate::state::has_started;

/// Entries of each kind that are remembered: many times the packs that one device ever sees. Signers
/// share them, so that one of them, however much it signs, leaves room for the others.
pub const REMEMBERED: usize = 1024;

/// Licences of a pack that no longer count for a unit: those below a serial, or issued before a
/// time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken<B> {
    /// The unit.
    pub unit: UnitId,
    /// The pack.
    pub pack: PackId,
    /// Licences below this are taken.
    pub below: B,
    /// The first day on which they are: that of what takes their place.
    pub starts: Date,
    /// The key that has signed what takes their place. `None` in what a version wrote that did not
    /// ask for it: it counts whatever keys are in force, for what it withdrew must not come back by
    /// an update of the system.
    pub signer: Option<PublicKey>,
}

/// What a complete list of a pack's units takes from a unit that it does not name: lower serials.
pub type Roster = Taken<Serial>;

/// A licence that was removed on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Its pack.
    pub pack: PackId,
    /// Its serial.
    pub serial: Serial,
    /// Who removed it.
    pub by: Remover,
}

/// Who removes a licence on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remover {
    /// Somebody who asked for it once: it stays away until it is wanted again.
    Person,
    /// The removal profile of the settings: it stays away while that is set.
    Profile,
}

/// Everything that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// What rosters withdrew.
    pub rosters: Vec<Roster>,
    /// What reissues superseded: the highest serials of packs.
    pub reissued: Vec<Taken<Serial>>,
    /// What licences superseded that name other packs: the times of issue.
    pub converted: Vec<Taken<UnixSeconds>>,
    /// What was removed on purpose, the latest last.
    pub removed: Vec<Tombstone>,
}

/// Whether a roster takes a licence away from a unit, once the roster has started (LF §4.3).
#[must_use]
pub fn withdraws(
    roster: &License,
    license: &License,
    unit: &UnitId,
    trust: &TrustDocument,
) -> bool {
    roster.roster_excludes(unit)
        && license.names(unit)
        && license.pack == roster.pack
        && license.serial < roster.serial
        && roster.signers().iter().any(|key| may_take(Some(*key), &license.product, trust))
}

/// Whether what this key has signed counts against a licence of this product (LF §4.5).
pub(crate) fn may_take(
    signer: Option<PublicKey>,
    product: &Product,
    trust: &TrustDocument,
) -> bool {
    signer.is_none_or(|key| trust.allows(key, product))
}

/// What a licence takes from a pack of a unit, one entry for each of its signers.
fn taken<B: Copy>(
    license: &License,
    unit: &UnitId,
    pack: &PackId,
    below: B,
) -> impl Iterator<Item = Taken<B>> {
    license.signers().iter().map(move |signer| Taken {
        unit: unit.clone(),
        pack: pack.clone(),
        below,
        starts: license.starts,
        signer: Some(*signer),
    })
}

impl Past {
    /// Remembers of these genuine licences what they mean to a unit: rosters that leave it out, and
    /// what those replace that name it and have started.
    pub fn learn<'a>(
        &mut self,
        licenses: impl IntoIterator<Item = &'a License>,
        unit: &UnitId,
        now: UnixSeconds,
    ) {
        for license in licenses {
            self.see(license, unit, now);
        }
        self.tidy();
    }

    /// The same of one licence, without a bound.
    pub(crate) fn see(&mut self, license: &License, unit: &UnitId, now: UnixSeconds) {
        let serials = || taken(license, unit, &license.pack, license.serial);
        if license.roster_excludes(unit) {
            self.rosters.extend(serials());
        }
        if !license.names(unit) || !has_started(license.starts, now) {
            return;
        }
        self.reissued.extend(serials());
        for pack in &license.supersedes {
            self.converted.extend(taken(license, unit, pack, license.issued));
        }
    }

    /// Of two entries of a pack and a signer, one that takes no more and no earlier than the other
    /// is dropped. Beyond [`REMEMBERED`] each signer keeps its share, those entries that start last;
    /// and the oldest removals go.
    pub fn tidy(&mut self) {
        tidy(&mut self.rosters);
        tidy(&mut self.reissued);
        tidy(&mut self.converted);
        let excess = self.removed.len().saturating_sub(REMEMBERED);
        self.removed.drain(..excess);
    }

    /// Remembers that licences were removed on purpose.
    pub fn remove(&mut self, licenses: &[&License], by: Remover) {
        let excess = licenses.len().saturating_sub(REMEMBERED);
        for license in licenses.iter().skip(excess) {
            self.restore(license);
            let (pack, serial) = (license.pack.clone(), license.serial);
            self.removed.push(Tombstone { pack, serial, by });
        }
        self.tidy();
    }

    /// Forgets that it was.
    pub fn restore(&mut self, license: &License) {
        self.removed.retain(|tombstone| !tombstone.is_of(license));
    }

    /// Whether this unit had a licence that had started, by the word of a key that is still trusted.
    #[must_use]
    pub fn was_licensed(&self, unit: &UnitId, trust: &TrustDocument) -> bool {
        let of = |whose: &UnitId, signer: Option<PublicKey>| {
            whose == unit && signer.is_none_or(|key| trust.names(key))
        };
        self.reissued.iter().any(|entry| of(&entry.unit, entry.signer))
            || self.converted.iter().any(|entry| of(&entry.unit, entry.signer))
    }

    /// Who removed a licence, if it was.
    #[must_use]
    pub fn remover(&self, license: &License) -> Option<Remover> {
        let tombstone = self.removed.iter().find(|tombstone| tombstone.is_of(license))?;
        Some(tombstone.by)
    }
}

impl Tombstone {
    fn is_of(&self, license: &License) -> bool {
        self.pack == license.pack && self.serial == license.serial
    }
}

fn tidy<B: Ord + Copy>(entries: &mut Vec<Taken<B>>) {
    fn whose<B>(entry: &Taken<B>) -> (&UnitId, &PackId, Option<PublicKey>) {
        (&entry.unit, &entry.pack, entry.signer)
    }
    // Of a pack, a lower reach matters only if it starts earlier than all the higher ones.
    entries.sort_by(|a, b| (whose(a), b.below, a.starts).cmp(&(whose(b), a.below, b.starts)));
    entries.dedup_by(|lower, kept| whose(kept) == whose(lower) && kept.starts <= lower.starts);
    if entries.len() > REMEMBERED {
        share(entries);
        tidy(entries);
    }
}

/// Cuts the entries down to [`REMEMBERED`]: each signer keeps as many as every other may, so that
/// those with few keep all of them.
fn share<B>(entries: &mut Vec<Taken<B>>) {
    let mut counts = BTreeMap::<Option<PublicKey>, usize>::new();
    for entry in entries.iter() {
        *counts.entry(entry.signer).or_default() += 1;
    }
    let kept = |share: &usize| counts.values().map(|count| count.min(share)).sum::<usize>();
    let share = (1..=REMEMBERED).rev().find(|share| kept(share) <= REMEMBERED).unwrap_or(1);
    counts.clear();
    entries.sort_by_key(|entry| Reverse(entry.starts));
    entries.retain(|entry| {
        let count = counts.entry(entry.signer).or_default();
        *count += 1;
        *count <= share
    });
    entries.truncate(REMEMBERED);
}
