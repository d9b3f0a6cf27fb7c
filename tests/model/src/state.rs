//! A device with programs at work, and the effects of their steps.

use crate::device::{Disk, Each, File, LICENCES, Licence, Memory, Trust};
use crate::program::Task;
use crate::promise::{Promise, Promises};
use crate::seen::Seen;
use crate::step::{Answer, Step, Target};

/// Programs at work: two that write and one that reads.
pub(crate) const PROGRAMS: usize = 3;

/// A device with programs at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) disk: Disk,
    /// The program that has the lock.
    pub(crate) lock: Option<usize>,
    pub(crate) programs: [Program; PROGRAMS],
    pub(crate) promises: Promises,
    /// Programs that may still be killed, and losses of power that may still come.
    pub(crate) kills: u8,
    pub(crate) losses: u8,
    /// Licences that were in the store at first.
    pub(crate) had: Each<bool>,
}

/// A program at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    pub(crate) task: Task,
    /// The steps that it knows of, the next one last.
    pub(crate) todo: Vec<Step>,
    pub(crate) seen: Seen,
    /// The memory that it is about to write.
    pub(crate) draft: Memory,
    /// Whether it has a temporary file, and whether that is flushed.
    pub(crate) has_temporary: bool,
    pub(crate) is_flushed: bool,
    /// The memory in a temporary file of its own, and whether that is flushed.
    pub(crate) prepared: Option<(Memory, bool)>,
    /// What others have done since it began: removed or stored licences.
    pub(crate) removed: Each<bool>,
    pub(crate) stored: Each<bool>,
    /// What was promised when it began to read.
    pub(crate) before: Promises,
    /// Whether a licence counted then, and whether one was removed on purpose since.
    pub(crate) had_one: bool,
    pub(crate) is_one_removed: bool,
}

impl Program {
    /// A program that has ended, or has nothing behind it yet.
    pub(crate) fn done(task: Task) -> Self {
        Self {
            task,
            todo: Vec::new(),
            seen: Seen::NOTHING,
            draft: Memory::default(),
            has_temporary: false,
            is_flushed: false,
            prepared: None,
            removed: Each::default(),
            stored: Each::default(),
            before: Promises::default(),
            had_one: false,
            is_one_removed: false,
        }
    }

    /// Whether its death leaves a temporary file.
    pub(crate) fn has_any_temporary(&self) -> bool {
        self.has_temporary || self.prepared.is_some()
    }

    /// Puts steps before those that are left.
    pub(crate) fn then(&mut self, steps: Vec<Step>) {
        self.todo.extend(steps.into_iter().rev());
    }

    /// Whether its next step belongs to the last one: a decision, or a reading that others cannot come
    /// before, because nothing depends on it.
    pub(crate) fn continues(&self) -> bool {
        match self.todo.last() {
            Some(Step::ReadMemory | Step::List) => self.task != Task::Survey,
            next => next.is_some_and(|next| next.is_decision()),
        }
    }

    /// Whether the file already has the content that is to be written.
    pub(crate) fn holds(&self, target: Target, disk: &Disk) -> bool {
        match target {
            Target::Trust(version) => disk.trust.now() == Trust::Version(version),
            Target::Kept(trust) => disk.kept.now() == trust,
            Target::Licence(licence) => *disk.files().of_one(licence) != File::Absent,
            Target::Memory(_) => disk.memory.now() == self.draft,
        }
    }

    /// Leaves out the rest of a replacement.
    pub(crate) fn skip(&mut self) {
        self.has_temporary = false;
        while let Some(Step::FlushFile | Step::Rename(_) | Step::FlushDir(_)) = self.todo.last() {
            self.todo.pop();
        }
    }
}

impl State {
    pub(crate) fn rename(&mut self, target: Target, program: &mut Program) {
        let is_flushed = program.is_flushed;
        program.has_temporary = program.todo.contains(&Step::Rename(target));
        match target {
            Target::Trust(version) => {
                let (before, now) = (self.disk.trust.now(), Trust::Version(version));
                self.require(now > before, Promise::StoreTrustAdvances);
                self.disk.trust.replace(now, is_flushed);
            }
            Target::Kept(now) => {
                let before = self.disk.kept.now();
                self.require(now > before, Promise::KeptTrustAdvances);
                self.disk.kept.replace(now, is_flushed);
            }
            Target::Licence(licence) => {
                let inode = File::Whole(self.disk.next);
                self.disk.next += 1;
                self.disk.licences.of_one_mut(licence).replace(inode, is_flushed);
                if matches!(program.task, Task::Import(_)) {
                    *self.promises.removed.of_one_mut(licence) = false;
                }
                *self.promises.begun.of_one_mut(licence) = false;
                self.note(|program| *program.stored.of_one_mut(licence) = true);
            }
            Target::Memory(_) => {
                self.disk.memory.replace(program.draft, is_flushed);
                self.intended();
            }
        }
    }

    /// The memory becomes what a program has prepared.
    pub(crate) fn commit(&mut self, program: &mut Program) {
        if let Some((memory, is_flushed)) = program.prepared.take() {
            self.disk.memory.replace(memory, is_flushed);
            self.intended();
        }
    }

    /// A removal may be carried out from here on: nothing of it stays promised as stored.
    fn intended(&mut self) {
        let removing = self.disk.memory.now().removing;
        for licence in LICENCES.into_iter().filter(|licence| removing.of_one(*licence).is_some()) {
            *self.promises.stored.of_one_mut(licence) = false;
            self.note(|program| {
                *program.removed.of_one_mut(licence) = true;
                program.is_one_removed = true;
            });
        }
    }

    /// A removal that no loss of power can make undone has begun.
    pub(crate) fn begun(&mut self) {
        for licence in LICENCES {
            let is_removed = |memory: Memory| *memory.tombstones.of_one(licence);
            let is_there = *self.disk.files().of_one(licence) != File::Absent;
            let removes = self.programs.iter().any(|program| {
                program.todo.contains(&Step::Unlink(licence))
                    && matches!(program.task, Task::Remove(_))
            });
            if is_there && removes && self.disk.memory.always(is_removed) {
                *self.promises.begun.of_one_mut(licence) = true;
            }
        }
    }

    pub(crate) fn note(&mut self, mut what: impl FnMut(&mut Program)) {
        self.programs.iter_mut().for_each(&mut what);
    }

    fn require(&mut self, holds: bool, promise: Promise) {
        if !holds {
            self.promises.broken = Some(promise);
        }
    }

    /// A program has answered: what it said holds from here on, unless others have changed it since.
    pub(crate) fn answered(&mut self, program: &Program, answer: Answer) {
        match answer {
            Answer::Trust(version) => self.promises.trust = self.promises.trust.max(version),
            Answer::Stored(which) => {
                for licence in LICENCES.into_iter().filter(|licence| *which.of_one(*licence)) {
                    let stays = !program.removed.of_one(licence);
                    *self.promises.stored.of_one_mut(licence) |= stays;
                    self.promises.replaced |= licence == Licence::New;
                }
            }
            Answer::Removed(which) => {
                for licence in LICENCES.into_iter().filter(|licence| *which.of_one(*licence)) {
                    let stays = !program.stored.of_one(licence);
                    *self.promises.removed.of_one_mut(licence) |= stays;
                }
            }
            Answer::Read => {
                let (before, seen) = (program.before, program.seen);
                let is_newest = seen.trust >= Trust::Version(before.trust);
                self.require(is_newest, Promise::ReaderFindsTrust);
                let counts = before.replaced && seen.counts_old();
                self.require(!counts, Promise::ReaderFindsNoneReplaced);
                let finds_one = !program.had_one || program.is_one_removed || seen.counts_one();
                self.require(finds_one, Promise::ReaderFindsOne);
            }
            Answer::Nothing => {}
        }
    }
}
