//! The programs at work on one device.

use std::fmt;

use crate::device::{Dir, Disk, Each, File, LICENCES, Licence, Memory, Mount};
use crate::explore::System;
use crate::program::{self, Flaw, Task, Way};
use crate::promise::{Promise, Promises};
use crate::seen::Seen;
use crate::state::{PROGRAMS, Program, State};
use crate::step::{Change, Step, Target};

/// Who acts, and how.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    program: usize,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Does(Step),
    IsKilled,
    PowerIsLost,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Does(step) => write!(f, "program {}: {step}", self.program),
            What::IsKilled => write!(f, "program {} is killed, and starts", self.program),
            What::PowerIsLost => f.write_str("power is lost, and a program starts"),
        }
    }
}

/// The model: programs with a flaw, or without.
#[derive(Debug, Clone, Copy, Default)]
pub struct Model {
    /// The flaw.
    pub flaw: Option<Flaw>,
    /// How imports begin.
    pub way: Way,
}

impl Model {
    /// Programs at the beginning of their tasks.
    pub fn first(&self, disk: Disk, tasks: [Task; PROGRAMS], kills: u8, losses: u8) -> State {
        let replaced = disk.has(Licence::New);
        let promises = Promises { trust: 1, replaced, ..Promises::default() };
        let had = Each::of(disk.has(Licence::Old), disk.has(Licence::New));
        let programs = tasks.map(|task| self.begin(task));
        State { disk, lock: None, programs, promises, kills, losses, had }
    }

    fn begin(&self, task: Task) -> Program {
        let mut todo = program::beginning(task, self.way, self.flaw);
        todo.reverse();
        Program { todo, ..Program::done(task) }
    }

    /// A program dies. What the kernel has stays, and the lock is free. It starts again, or another one
    /// does.
    fn kill(&self, state: &State, at: usize) -> State {
        let mut state = State { kills: state.kills - 1, ..state.clone() };
        if state.lock == Some(at) {
            state.lock = None;
        }
        let started = self.begin(Task::Start);
        if let Some(program) = state.programs.get_mut(at) {
            state.disk.has_leftovers |= program.has_any_temporary();
            *program = started;
        }
        state
    }

    /// Power is lost: nothing runs, and the medium has any part of what was not flushed. A temporary
    /// file that could be there is there.
    fn lose_power(&self, state: &State) -> Vec<State> {
        let has_temporary = state.programs.iter().any(Program::has_any_temporary);
        let disks = state.disk.losses().into_iter().map(|disk| {
            let has_leftovers = disk.has_leftovers || has_temporary;
            let disk = Disk { has_leftovers, ..disk };
            let started = self.begin(Task::Start);
            let done = || Program::done(Task::Done);
            let programs = [started, done(), done()];
            let losses = state.losses - 1;
            State { disk, lock: None, programs, losses, ..state.clone() }
        });
        disks.collect()
    }

    /// A program does its next step, and all that follow from it without a look at what others change;
    /// `None` if it waits for the lock, or has ended.
    fn step(&self, state: &State, at: usize) -> Option<(Step, State)> {
        let (step, mut state) = self.one_step(state, at)?;
        while state.programs.get(at)?.continues() {
            (_, state) = self.one_step(&state, at)?;
        }
        Some((step, state))
    }

    fn one_step(&self, state: &State, at: usize) -> Option<(Step, State)> {
        let mut state = state.clone();
        let mut program = state.programs.get(at)?.clone();
        let step = program.todo.pop()?;
        match step {
            Step::Lock | Step::LockToSettle if state.lock.is_some() => return None,
            Step::Lock | Step::LockToSettle => state.lock = Some(at),
            Step::Unlock => state.lock = None,
            Step::Foresee if state.lock == Some(at) => {
                program.then(program::looked(program.task, &state.disk, self.flaw));
            }
            Step::Foresee => {
                program.then(program::foreseen(program.task, &program.seen, self.flaw))
            }
            Step::LookForRemoval => program.then(program::finishing(&state.disk, self.flaw)),
            Step::Renew => self.renew(&mut program, &state.disk),
            Step::Decide => {
                let (task, seen) = (program.task, program.seen);
                program.then(program::decided(task, &seen, &state.disk, self.flaw));
            }
            Step::Settle if state.disk.has_leftovers || state.disk.mount == Mount::Writable => {
                program.then(vec![Step::Open, Step::Close]);
            }
            Step::Answer(answer) => {
                state.answered(&program, answer);
                program = Program::done(Task::Done);
            }
            Step::ReadKept if program.task == Task::Survey => {
                program.before = state.promises;
                program.had_one = Seen::everything(&state.disk).counts_one();
                program.seen.read(step, &state.disk);
            }
            Step::Confirm if !program.seen.is_consistent(&state.disk, self.flaw) => {
                program.then(program::reading(self.flaw));
            }
            Step::Confirm => {}
            _ => self.write(step, &mut program, &mut state),
        }
        *state.programs.get_mut(at)? = program;
        Some((step, state))
    }

    /// A record of the daemon is of its own survey or not made at all.
    fn renew(&self, program: &mut Program, disk: &Disk) {
        let is_record = matches!(program.task, Task::Keep | Task::Start);
        let renews = !is_record && self.flaw != Some(Flaw::ComparesOutsideTheLock);
        if renews && !program.seen.is_current(disk) {
            program.seen = Seen::everything(disk);
        }
    }

    /// The steps that read or write files.
    fn write(&self, step: Step, program: &mut Program, state: &mut State) {
        let disk = &mut state.disk;
        match step {
            Step::Open => (disk.mount, disk.has_leftovers) = (Mount::Writable, false),
            Step::Close => disk.mount = Mount::ReadOnly,
            Step::Write(target) => {
                (program.has_temporary, program.is_flushed) = (true, false);
                program.draft = self.draft(target, disk);
                if program.holds(target, disk) {
                    program.skip();
                }
            }
            Step::FlushFile => program.is_flushed = true,
            Step::Rename(target) => state.rename(target, program),
            Step::Prepare(change) => {
                let memory = self.draft(Target::Memory(change), disk);
                program.prepared = (memory != disk.memory.now()).then_some((memory, false));
            }
            Step::FlushPrepared => {
                program.prepared = program.prepared.map(|(memory, _)| (memory, true));
            }
            Step::Commit => state.commit(program),
            Step::FlushDir(dir) => {
                disk.flush(dir);
                state.begun();
            }
            Step::FlushRecord => disk.flush(Dir::State),
            Step::FlushRemovals => disk.flush(Dir::Licences),
            Step::FlushStore => {
                disk.flush(Dir::Licences);
                disk.flush(Dir::Store);
            }
            Step::Unlink(licence) => {
                disk.licences.of_one_mut(licence).replace(File::Absent, true);
                *state.promises.stored.of_one_mut(licence) = false;
                state.note(|program| *program.removed.of_one_mut(licence) = true);
            }
            step => program.seen.read(step, disk),
        }
    }

    /// The memory after a change (`licd/files/src/state.rs`, `update`).
    fn draft(&self, target: Target, disk: &Disk) -> Memory {
        let mut memory = disk.memory.now();
        let Target::Memory(change) = target else { return memory };
        for licence in LICENCES {
            let file = *disk.files().of_one(licence);
            match (change, file) {
                (Change::Intend(taken), file) if *taken.of_one(licence) => {
                    *memory.tombstones.of_one_mut(licence) = true;
                    let records = self.flaw != Some(Flaw::RemovesWithoutRecord);
                    let inode = if let File::Whole(inode) = file { Some(inode) } else { None };
                    *memory.removing.of_one_mut(licence) = inode.filter(|_| records);
                }
                (Change::Conclude, _) => *memory.removing.of_one_mut(licence) = None,
                (Change::Learn(restored, _), _) if *restored.of_one(licence) => {
                    *memory.tombstones.of_one_mut(licence) = false;
                }
                _ => {}
            }
        }
        memory.has_replaced |= match change {
            _ if self.flaw == Some(Flaw::RemembersNoReplacements) => false,
            Change::Intend(_) => {
                disk.has(Licence::New) && self.flaw != Some(Flaw::ForgetsReplacements)
            }
            Change::Conclude => false,
            Change::Learn(_, learns) => learns,
        };
        memory
    }
}

impl System for Model {
    type State = State;
    type Event = Event;
    type Promise = Promise;

    fn next(&self, state: &State) -> Vec<(Event, State)> {
        let mut all = Vec::new();
        for program in 0..PROGRAMS {
            if let Some((step, next)) = self.step(state, program) {
                all.push((Event { program, what: What::Does(step) }, next));
            }
        }
        let works = |program: &Program| !program.todo.is_empty();
        if all.is_empty() || !state.programs.iter().any(works) {
            return all;
        }
        let writers = state.programs.iter().enumerate().take(PROGRAMS - 1);
        for (program, _) in writers.filter(|(_, program)| state.kills > 0 && works(program)) {
            all.push((Event { program, what: What::IsKilled }, self.kill(state, program)));
        }
        if state.losses > 0 {
            let what = What::PowerIsLost;
            let after = self.lose_power(state).into_iter();
            all.extend(after.map(|next| (Event { program: 0, what }, next)));
        }
        all
    }

    fn broken(&self, state: &State) -> Option<Promise> {
        let at_the_end = || {
            let ended = state.programs.iter().all(|program| program.todo.is_empty());
            ended.then(|| state.promises.broken_at_the_end(&state.disk, state.had)).flatten()
        };
        state.promises.broken_by(&state.disk).or_else(at_the_end)
    }
}
