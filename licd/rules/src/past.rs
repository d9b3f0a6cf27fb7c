//! The memory of documents, at hand or not: a replaced licence stays replaced after its successor
//! has ended or gone (LF §4.2), a withdrawn one stays withdrawn (LF §4.3), and a removed one does
//! not return by itself.
//!
//! Entries are per signer: a licence signed by two keys leaves an entry for each. An entry counts
//! against a licence only while the trust document in force lets its signer sign that licence's
//! product (LF §4.5). A revoked key has thus replaced and withdrawn nothing, without a search for
//! its entries.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use license_format::{
    Date, PackId, Product, PublicKey, Serial, TrustDocument, UnitId, UnixSeconds,
};

use crate::state::has_started;
use crate::{License, sort_by};

/// Entries of each kind to remember: far more packs than one device sees. Signers share them, so
/// one prolific signer cannot displace the others.
pub const REMEMBERED: usize = 1024;

/// Licences of a pack that no longer count for a unit: those below a serial, or issued before a
/// time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken<B> {
    /// The unit.
    pub unit: UnitId,
    /// The pack.
    pub pack: PackId,
    /// Licences below this no longer count.
    pub below: B,
    /// The first day of the licence that replaces them.
    pub starts: Date,
    /// The key that signed the replacement. `None` in entries of versions before signers were
    /// recorded: such an entry always counts, since an update must not restore a withdrawn licence.
    pub signer: Option<PublicKey>,
}

/// The effect of a complete list of a pack's units on a unit that it excludes: lower serials no
/// longer count.
pub type Roster = Taken<Serial>;

/// A licence that was removed on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Its pack.
    pub pack: PackId,
    /// Its serial.
    pub serial: Serial,
    /// Its remover.
    pub by: Remover,
}

/// The remover of a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remover {
    /// A person: the licence stays away until it is imported on purpose.
    Person,
    /// The removal profile of the settings: the licence stays away while the profile is set.
    Profile,
}

/// The whole memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Withdrawals by rosters.
    pub rosters: Vec<Roster>,
    /// Replacements by reissues: the highest serials of packs.
    pub reissued: Vec<Taken<Serial>>,
    /// Replacements by licences that supersede other packs: their issue times.
    pub converted: Vec<Taken<UnixSeconds>>,
    /// Removals on purpose, the latest last.
    pub removed: Vec<Tombstone>,
}

/// Whether a roster withdraws a licence from a unit, once the roster has started (LF §4.3).
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

/// Whether a signature of this key counts against a licence of this product (LF §4.5).
pub(crate) fn may_take(
    signer: Option<PublicKey>,
    product: &Product,
    trust: &TrustDocument,
) -> bool {
    signer.is_none_or(|key| trust.allows(key, product))
}

/// The replacements that a licence makes in a pack of a unit, one entry per signer.
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
    /// Records which licences these genuine ones replace or withdraw for a unit: rosters that
    /// exclude it, and licences for it that have started.
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

    /// Records one licence, without limiting the number of entries.
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

    /// Drops entries that another one of the same pack and signer covers, and limits their number.
    /// Beyond [`REMEMBERED`], each signer keeps its share of the entries that start last, and the
    /// oldest removals go.
    pub fn tidy(&mut self) {
        tidy(&mut self.rosters);
        tidy(&mut self.reissued);
        tidy(&mut self.converted);
        let excess = self.removed.len().saturating_sub(REMEMBERED);
        self.removed.drain(..excess);
    }

    /// Gives back the room beyond the entries.
    pub fn shrink_to_fit(&mut self) {
        self.rosters.shrink_to_fit();
        self.reissued.shrink_to_fit();
        self.converted.shrink_to_fit();
    }

    /// The memory as if every entry had started on this day: two memories have the same effect on a day
    /// after all of them if these are equal.
    #[must_use]
    pub fn as_of(mut self, day: Date) -> Self {
        fn set<B>(entries: &mut [Taken<B>], day: Date) {
            entries.iter_mut().for_each(|entry| entry.starts = day);
        }
        set(&mut self.rosters, day);
        set(&mut self.reissued, day);
        set(&mut self.converted, day);
        self.tidy();
        self
    }

    /// Records removals on purpose.
    pub fn remove(&mut self, licenses: &[&License], by: Remover) {
        let excess = licenses.len().saturating_sub(REMEMBERED);
        for license in licenses.iter().skip(excess) {
            self.restore(license);
            let (pack, serial) = (license.pack.clone(), license.serial);
            self.removed.push(Tombstone { pack, serial, by });
        }
        self.tidy();
    }

    /// Clears the tombstone of a licence.
    pub fn restore(&mut self, license: &License) {
        self.removed.retain(|tombstone| !tombstone.is_of(license));
    }

    /// Whether this unit had a licence that had started, signed by a key that is still trusted.
    #[must_use]
    pub fn was_licensed(&self, unit: &UnitId, trust: &TrustDocument) -> bool {
        let of = |whose: &UnitId, signer: Option<PublicKey>| {
            whose == unit && signer.is_none_or(|key| trust.names(key))
        };
        self.reissued.iter().any(|entry| of(&entry.unit, entry.signer))
            || self.converted.iter().any(|entry| of(&entry.unit, entry.signer))
    }

    /// The remover of a licence, if it was removed.
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
    // In one pack, a lower bound counts only if it starts before every higher one.
    sort_by(entries, |a, b| (whose(a), b.below, a.starts).cmp(&(whose(b), a.below, b.starts)));
    entries.dedup_by(|lower, kept| whose(kept) == whose(lower) && kept.starts <= lower.starts);
    if entries.len() > REMEMBERED {
        share(entries);
        tidy(entries);
    }
}

/// Cuts the entries down to [`REMEMBERED`] with an equal share per signer; a signer below its share
/// keeps every entry.
fn share<B>(entries: &mut Vec<Taken<B>>) {
    let mut counts = BTreeMap::<Option<PublicKey>, usize>::new();
    for entry in entries.iter() {
        *counts.entry(entry.signer).or_default() += 1;
    }
    let kept = |share: &usize| counts.values().map(|count| count.min(share)).sum::<usize>();
    let share = (1..=REMEMBERED).rev().find(|share| kept(share) <= REMEMBERED).unwrap_or(1);
    counts.clear();
    sort_by(entries, |a, b| b.starts.cmp(&a.starts));
    entries.retain(|entry| {
        let count = counts.entry(entry.signer).or_default();
        *count += 1;
        *count <= share
    });
    entries.truncate(REMEMBERED);
}
