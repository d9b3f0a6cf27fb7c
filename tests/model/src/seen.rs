//! What a program has read, and what it decides by that.

use crate::device::{Disk, Each, File, LICENCES, Licence, Memory, Stamps, Trust};
use crate::program::{Flaw, Task};
use crate::step::{Answer, Step};

/// What a survey has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seen {
    stamps: Option<Stamps>,
    /// The trust document in force.
    pub trust: Trust,
    pub(crate) kept: Trust,
    files: Each<File>,
    /// Whether a licence that was listed was gone when it was read.
    is_one_gone: bool,
    pub(crate) memory: Memory,
}

/// What a program decides to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    pub(crate) trust: Option<u8>,
    pub(crate) store: Each<bool>,
    pub(crate) remove: Each<bool>,
    pub(crate) restore: Each<bool>,
    /// Whether the old licence is cleared away because the new one comes.
    pub(crate) clears: bool,
}

impl Seen {
    /// Nothing.
    pub const NOTHING: Self = Self {
        stamps: None,
        trust: Trust::Version(0),
        kept: Trust::Version(0),
        files: Each::of(File::Absent, File::Absent),
        is_one_gone: false,
        memory: Memory {
            is_torn: false,
            tombstones: Each::of(false, false),
            removing: Each::of(None, None),
            has_replaced: false,
        },
    };

    /// Reads everything at once, as under the lock.
    pub fn everything(disk: &Disk) -> Self {
        Self {
            stamps: Some(disk.stamps()),
            trust: disk.in_force(),
            kept: disk.kept.now(),
            files: disk.files(),
            is_one_gone: false,
            memory: disk.memory.now(),
        }
    }

    /// Reads what this step reads.
    pub fn read(&mut self, step: Step, disk: &Disk) {
        match step {
            Step::Stamp => self.stamps = Some(disk.stamps()),
            Step::ReadKept => (self.trust, self.kept) = (disk.kept.now(), disk.kept.now()),
            Step::ReadMemory => self.memory = disk.memory.now(),
            Step::ReadTrust => self.trust = self.trust.max(disk.trust.now()),
            Step::List => (self.files, self.is_one_gone) = (disk.files(), false),
            Step::ReadLicence(licence) if *self.files.of_one(licence) != File::Absent => {
                let file = *disk.files().of_one(licence);
                *self.files.of_one_mut(licence) = file;
                self.is_one_gone |= file == File::Absent;
            }
            _ => {}
        }
    }

    /// Whether the device is as it was read.
    pub fn is_current(&self, disk: &Disk) -> bool {
        self.stamps == Some(disk.stamps())
    }

    /// Whether memory and licences are of one moment, as far as a survey can tell.
    pub(crate) fn is_consistent(&self, disk: &Disk, flaw: Option<Flaw>) -> bool {
        let is_same = self.memory == disk.memory.now();
        match flaw {
            Some(Flaw::ReadsMemoryFirst | Flaw::ReadsMemoryLast | Flaw::ReadsNoMemory) => true,
            Some(Flaw::OverlooksWhatGoes) => is_same,
            _ => is_same && !self.is_one_gone,
        }
    }

    /// Whether a licence is in the store.
    pub fn has(&self, licence: Licence) -> bool {
        matches!(self.files.of_one(licence), File::Whole(_))
    }

    /// Whether the old licence counts.
    pub fn counts_old(&self) -> bool {
        self.has(Licence::Old) && !self.is_old_replaced()
    }

    /// Whether a licence counts.
    pub fn counts_one(&self) -> bool {
        self.has(Licence::New) || self.counts_old()
    }

    fn is_old_replaced(&self) -> bool {
        self.has(Licence::New) || self.memory.has_replaced
    }

    /// What an import of this licence would write.
    fn import(&self, licence: Licence, is_found: bool, plan: &mut Plan) {
        let is_removed = *self.memory.tombstones.of_one(licence);
        let is_replaced = licence == Licence::Old && self.is_old_replaced();
        if is_replaced || (!self.has(licence) && is_found && is_removed) {
            return;
        }
        *plan.store.of_one_mut(licence) = !self.has(licence);
        *plan.restore.of_one_mut(licence) = is_removed && (!is_found || !self.has(licence));
    }

    /// What a task would write.
    pub(crate) fn plan(&self, task: Task) -> Plan {
        let mut plan = Plan::default();
        match task {
            Task::ImportTrust(version) => {
                plan.trust = Some(version).filter(|v| Trust::Version(*v) > self.trust);
            }
            Task::Import(which) | Task::Found(which) => {
                let is_found = matches!(task, Task::Found(_));
                for licence in LICENCES.into_iter().filter(|licence| *which.of_one(*licence)) {
                    self.import(licence, is_found, &mut plan);
                }
                let has_old = self.has(Licence::Old) || *plan.store.of_one(Licence::Old);
                plan.clears = !is_found && has_old && *plan.store.of_one(Licence::New);
            }
            Task::Remove(which) => {
                for licence in LICENCES {
                    *plan.remove.of_one_mut(licence) = *which.of_one(licence) && self.has(licence);
                }
            }
            Task::Keep | Task::Start => {
                for licence in LICENCES {
                    let is_back = *self.memory.tombstones.of_one(licence) && self.has(licence);
                    *plan.restore.of_one_mut(licence) = is_back;
                }
            }
            Task::CleanUp => {
                plan.remove = Each::of(self.has(Licence::Old) && self.is_old_replaced(), false);
            }
            Task::Done | Task::Survey => {}
        }
        plan
    }

    /// Whether the new licence is known to have replaced the old one, with what comes by this task.
    pub(crate) fn learns(&self, task: Task) -> bool {
        let comes = match task {
            Task::Import(which) | Task::Found(which) => *which.of_one(Licence::New),
            _ => false,
        };
        comes || self.has(Licence::New) || self.memory.has_replaced
    }

    /// What a task answers after it was decided so.
    pub(crate) fn answer(&self, task: Task, plan: Plan) -> Answer {
        match task {
            Task::ImportTrust(version) if Trust::Version(version) >= self.trust => {
                Answer::Trust(version)
            }
            Task::Import(which) | Task::Found(which) => {
                let mut stored = Each::default();
                for licence in LICENCES {
                    let is_replaced =
                        licence == Licence::Old && (self.is_old_replaced() || plan.clears);
                    *stored.of_one_mut(licence) = *which.of_one(licence)
                        && !is_replaced
                        && (self.has(licence) || *plan.store.of_one(licence));
                }
                Answer::Stored(stored)
            }
            Task::Remove(_) => Answer::Removed(plan.remove),
            _ => Answer::Nothing,
        }
    }
}
