//! What the programs have promised so far.

use crate::device::{Disk, Each, File, LICENCES, Licence, Memory, Mount, Trust};

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
    pub broken: Option<&'static str>,
}

impl Promises {
    /// The promise that this device breaks now, or after a loss of power.
    pub fn broken_by(&self, disk: &Disk) -> Option<&'static str> {
        if self.broken.is_some() {
            return self.broken;
        }
        if is_torn(disk) {
            return Some("every file is whole");
        }
        let has = |trust: Trust| trust >= Trust::Version(self.trust);
        if !disk.trust.always(has) && !disk.kept.always(has) {
            return Some("an imported trust document stays");
        }
        let knows = |memory: Memory| memory.has_replaced;
        let has_new = |file: File| matches!(file, File::Whole(_));
        let new = disk.licences.of_one(Licence::New);
        if self.replaced && !new.always(has_new) && !disk.memory.always(knows) {
            return Some("a replaced licence stays replaced");
        }
        LICENCES.iter().find_map(|licence| self.broken_about(*licence, disk))
    }

    fn broken_about(&self, licence: Licence, disk: &Disk) -> Option<&'static str> {
        let file = disk.licences.of_one(licence);
        if *self.stored.of_one(licence) && !file.always(|file| matches!(file, File::Whole(_))) {
            return Some("a stored licence stays");
        }
        if !self.removed.of_one(licence) {
            return None;
        }
        if !file.always(|file| file == File::Absent) {
            return Some("a removed licence stays away");
        }
        let knows = |memory: Memory| *memory.tombstones.of_one(licence);
        (!disk.memory.always(knows)).then_some("a removal is remembered")
    }

    /// The promise that is broken when every program has ended. `had` are the licences at the start.
    pub fn broken_at_the_end(&self, disk: &Disk, had: Each<bool>) -> Option<&'static str> {
        if disk.mount == Mount::Writable {
            return Some("the partition is read-only in the end");
        }
        if disk.has_leftovers {
            return Some("no temporary file stays");
        }
        let memory = disk.memory.now();
        if memory.is_removing() {
            return Some("a removal that was cut off is finished");
        }
        let has_new = *disk.files().of_one(Licence::New) != File::Absent;
        if memory.has_replaced && !has_new && !memory.tombstones.of_one(Licence::New) {
            return Some("no licence is replaced by one that is lost");
        }
        LICENCES.iter().find_map(|licence| {
            let is_there = *disk.files().of_one(*licence) != File::Absent;
            let is_cleared = *licence == Licence::Old && (memory.has_replaced || has_new);
            let is_known = *memory.tombstones.of_one(*licence) || is_cleared;
            match (is_there, *self.begun.of_one(*licence)) {
                (true, true) => Some("a removal that has begun is completed"),
                (false, _) if *had.of_one(*licence) && !is_known => {
                    Some("no licence goes without a record")
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
