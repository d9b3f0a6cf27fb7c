//! What the programs have promised so far.

use crate::device::{Disk, Each, File, LICENCES, Licence, Memory, Mount, Trust};

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Every file is whole.
    WholeFiles,
    /// The trust document of the store never goes back.
    StoreTrustAdvances,
    /// The trust document of the memory never goes back.
    KeptTrustAdvances,
    /// An imported trust document stays.
    TrustStays,
    /// A stored licence stays.
    StoredStays,
    /// A removed licence stays away.
    RemovedStaysAway,
    /// A removal is remembered.
    RemovalIsRemembered,
    /// A replaced licence stays replaced.
    ReplacedStaysReplaced,
    /// A reader finds the newest trust document.
    ReaderFindsTrust,
    /// A reader finds no replaced licence in force.
    ReaderFindsNoneReplaced,
    /// A reader finds a licence that counts.
    ReaderFindsOne,
    /// The partition is read-only in the end.
    ReadOnly,
    /// No temporary file stays.
    NoTemporaryFile,
    /// A removal that was cut off is finished.
    RemovalIsFinished,
    /// A removal that has begun is completed.
    RemovalIsCompleted,
    /// No licence is replaced by one that is lost.
    NoneReplacedByLost,
    /// No licence goes without a record.
    NoneGoesUnrecorded,
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::WholeFiles,
        Self::StoreTrustAdvances,
        Self::KeptTrustAdvances,
        Self::TrustStays,
        Self::StoredStays,
        Self::RemovedStaysAway,
        Self::RemovalIsRemembered,
        Self::ReplacedStaysReplaced,
        Self::ReaderFindsTrust,
        Self::ReaderFindsNoneReplaced,
        Self::ReaderFindsOne,
        Self::ReadOnly,
        Self::NoTemporaryFile,
        Self::RemovalIsFinished,
        Self::RemovalIsCompleted,
        Self::NoneReplacedByLost,
        Self::NoneGoesUnrecorded,
    ];
}

/// What must hold, because a program has answered so or a removal has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Promises {
    /// The newest trust document that was imported.
    pub trust: u8,
    /// Licences that are stored.
    pub stored: Each<bool>,
    /// Licences whose removal is remembered for good, and goes on whatever happens.
    pub begun: Each<bool>,
    /// Licences that were removed.
    pub removed: Each<bool>,
    /// Whether the new licence has replaced the old one.
    pub replaced: bool,
    /// What has gone wrong in a step, rather than in a state.
    pub broken: Option<Promise>,
}

impl Promises {
    /// The promise that this device breaks now, or after a loss of power.
    pub fn broken_by(&self, disk: &Disk) -> Option<Promise> {
        if self.broken.is_some() {
            return self.broken;
        }
        if is_torn(disk) {
            return Some(Promise::WholeFiles);
        }
        let has = |trust: Trust| trust >= Trust::Version(self.trust);
        if !disk.trust.always(has) && !disk.kept.always(has) {
            return Some(Promise::TrustStays);
        }
        let knows = |memory: Memory| memory.has_replaced;
        let has_new = |file: File| matches!(file, File::Whole(_));
        let new = disk.licences.of_one(Licence::New);
        if self.replaced && !new.always(has_new) && !disk.memory.always(knows) {
            return Some(Promise::ReplacedStaysReplaced);
        }
        LICENCES.iter().find_map(|licence| self.broken_about(*licence, disk))
    }

    fn broken_about(&self, licence: Licence, disk: &Disk) -> Option<Promise> {
        let file = disk.licences.of_one(licence);
        if *self.stored.of_one(licence) && !file.always(|file| matches!(file, File::Whole(_))) {
            return Some(Promise::StoredStays);
        }
        if !self.removed.of_one(licence) {
            return None;
        }
        if !file.always(|file| file == File::Absent) {
            return Some(Promise::RemovedStaysAway);
        }
        let knows = |memory: Memory| *memory.tombstones.of_one(licence);
        (!disk.memory.always(knows)).then_some(Promise::RemovalIsRemembered)
    }

    /// The promise that is broken when every program has ended. `had` are the licences at the start.
    pub fn broken_at_the_end(&self, disk: &Disk, had: Each<bool>) -> Option<Promise> {
        if disk.mount == Mount::Writable {
            return Some(Promise::ReadOnly);
        }
        if disk.has_leftovers {
            return Some(Promise::NoTemporaryFile);
        }
        let memory = disk.memory.now();
        if memory.is_removing() {
            return Some(Promise::RemovalIsFinished);
        }
        let has_new = *disk.files().of_one(Licence::New) != File::Absent;
        if memory.has_replaced && !has_new && !memory.tombstones.of_one(Licence::New) {
            return Some(Promise::NoneReplacedByLost);
        }
        LICENCES.iter().find_map(|licence| {
            let is_there = *disk.files().of_one(*licence) != File::Absent;
            let is_cleared = *licence == Licence::Old && (memory.has_replaced || has_new);
            let is_known = *memory.tombstones.of_one(*licence) || is_cleared;
            match (is_there, *self.begun.of_one(*licence)) {
                (true, true) => Some(Promise::RemovalIsCompleted),
                (false, _) if *had.of_one(*licence) && !is_known => {
                    Some(Promise::NoneGoesUnrecorded)
                }
                _ => None,
            }
        })
    }
}

fn is_torn(disk: &Disk) -> bool {
    let torn = |licence: &Licence| *disk.files().of_one(*licence) == File::Torn;
    disk.trust.now() == Trust::Torn
        || disk.kept.now() == Trust::Torn
        || disk.memory.now().is_torn
        || LICENCES.iter().any(torn)
}
