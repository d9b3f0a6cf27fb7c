//! What is remembered of documents, whether or not they are still at hand: what was replaced stays
//! so when its successor has ended or is gone (LF §4.2), what was withdrawn stays so (LF §4.3), and
//! what was removed on purpose does not come back by itself.

use alloc::vec::Vec;
use core::cmp::Reverse;

use license_format::{Date, License, PackId, Serial, UnitId, UnixSeconds};

use crate::state::has_started;

/// Entries of each kind that are remembered: many times the packs that one device ever sees.
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

impl Roster {
    /// The roster that a licence is for a unit it does not list; `None` if it takes nothing away.
    #[must_use]
    pub fn of(license: &License, unit: &UnitId) -> Option<Self> {
        license.roster_excludes(unit).then(|| Self::serials(license, unit))
    }

    /// Whether this takes `license` away, once it has started.
    #[must_use]
    pub fn takes(&self, license: &License) -> bool {
        license.pack == self.pack && license.serial < self.below
    }

    fn serials(license: &License, unit: &UnitId) -> Self {
        Self {
            unit: unit.clone(),
            pack: license.pack.clone(),
            below: license.serial,
            starts: license.starts,
        }
    }
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
        self.rosters.extend(Roster::of(license, unit));
        if !license.names(unit) || !has_started(license.starts, now) {
            return;
        }
        self.reissued.push(Taken::serials(license, unit));
        self.converted.extend(license.supersedes.iter().map(|pack| Taken {
            unit: unit.clone(),
            pack: pack.clone(),
            below: license.issued,
            starts: license.starts,
        }));
    }

    /// Of two entries of a pack, one that takes no more and no earlier than the other is dropped;
    /// beyond [`REMEMBERED`] those go that started first, and the oldest removals.
    pub fn tidy(&mut self) {
        tidy(&mut self.rosters);
        tidy(&mut self.reissued);
        tidy(&mut self.converted);
        let excess = self.removed.len().saturating_sub(REMEMBERED);
        self.removed.drain(..excess);
    }

    /// Remembers that licences were removed on purpose.
    pub fn remove(&mut self, licenses: &[&License]) {
        let excess = licenses.len().saturating_sub(REMEMBERED);
        for license in licenses.iter().skip(excess) {
            self.restore(license);
            self.removed.push(Tombstone { pack: license.pack.clone(), serial: license.serial });
        }
        self.tidy();
    }

    /// Forgets that it was.
    pub fn restore(&mut self, license: &License) {
        self.removed.retain(|tombstone| !tombstone.is_of(license));
    }

    /// Whether it was.
    #[must_use]
    pub fn has_removed(&self, license: &License) -> bool {
        self.removed.iter().any(|tombstone| tombstone.is_of(license))
    }
}

impl Tombstone {
    fn is_of(&self, license: &License) -> bool {
        self.pack == license.pack && self.serial == license.serial
    }
}

fn tidy<B: Ord + Copy>(entries: &mut Vec<Taken<B>>) {
    // Of a pack, a lower reach matters only if it starts earlier than all the higher ones.
    entries.sort_by(|a, b| {
        (&a.unit, &a.pack, b.below, a.starts).cmp(&(&b.unit, &b.pack, a.below, b.starts))
    });
    entries.dedup_by(|lower, kept| {
        kept.unit == lower.unit && kept.pack == lower.pack && kept.starts <= lower.starts
    });
    if entries.len() > REMEMBERED {
        entries.sort_by_key(|entry| Reverse(entry.starts));
        entries.truncate(REMEMBERED);
        tidy(entries);
    }
}
