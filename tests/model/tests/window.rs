//! What the programs promise about the store and the memory, in every order of their steps.
#![allow(clippy::indexing_slicing, reason = "a wrong index fails the test")]

use model::device::{Disk, Each, File, Memory};
use model::explore::explore;
use model::model::Model;
use model::program::{Flaw, Task};

const OLD: Each<bool> = Each::of(true, false);
const NEW: Each<bool> = Each::of(false, true);
const BOTH: Each<bool> = Each::of(true, true);

/// The tasks of writers.
const TASKS: [Task; 10] = [
    Task::ImportTrust(2),
    Task::Import(OLD),
    Task::Import(NEW),
    Task::Import(BOTH),
    Task::Found(OLD),
    Task::Remove(OLD),
    Task::Remove(NEW),
    Task::Remove(BOTH),
    Task::Keep,
    Task::CleanUp,
];

const NEWER: Task = Task::ImportTrust(3);

/// Every flaw, with a device and two tasks that show what it breaks.
const FLAWS: [(Flaw, usize, [Task; 2], &str); 18] = [
    (Flaw::ComparesOutsideTheLock, 0, TRUST, "the trust document of the store never goes back"),
    (Flaw::StampsAfterReading, 0, TRUST, "the trust document of the store never goes back"),
    (Flaw::RenamesUnflushed, 0, TRUST, "every file is whole"),
    (Flaw::LeavesDirectoriesUnflushed, 0, TRUST, "an imported trust document stays"),
    (Flaw::AnswersUnflushed, 0, [TRUST[0], TRUST[0]], "an imported trust document stays"),
    (Flaw::StartsWithoutSettling, 0, TRUST, "no temporary file stays"),
    (Flaw::LeavesRemovalsUnflushed, 1, REMOVAL, "a removed licence stays away"),
    (Flaw::RemembersAfterRemoving, 1, REMOVAL, "no licence goes without a record"),
    (Flaw::LeavesRemovalsUnfinished, 1, REMOVAL, "a removal that was cut off is finished"),
    (Flaw::TrustsTheKilled, 1, REMOVAL, "no licence goes without a record"),
    (
        Flaw::RemovesWithoutRecord,
        2,
        [Task::Remove(BOTH), Task::Keep],
        "a removal that has begun is completed",
    ),
    (
        Flaw::RemembersUnflushed,
        1,
        [Task::Import(NEW), Task::Keep],
        "no licence is replaced by one that is lost",
    ),
    (
        Flaw::ClearsBeforeFlushing,
        1,
        [Task::Import(NEW), Task::CleanUp],
        "no licence goes without a record",
    ),
    (
        Flaw::ReplacesBeforeFlushing,
        1,
        [Task::Import(NEW), Task::Done],
        "no licence goes without a record",
    ),
    (
        Flaw::ReadsMemoryFirst,
        2,
        [Task::Remove(NEW), Task::Done],
        "a reader finds no replaced licence in force",
    ),
    (
        Flaw::ReadsMemoryLast,
        1,
        [Task::Import(NEW), Task::Done],
        "a reader finds a licence that counts",
    ),
    (
        Flaw::OverlooksWhatGoes,
        1,
        [Task::Import(NEW), Task::Done],
        "a reader finds a licence that counts",
    ),
    (
        Flaw::ForgetsReplacements,
        2,
        [Task::Remove(NEW), Task::CleanUp],
        "a replaced licence stays replaced",
    ),
];
const TRUST: [Task; 2] = [TASKS[0], NEWER];
const REMOVAL: [Task; 2] = [Task::Remove(OLD), Task::Keep];

/// Devices at first: without licences, with the old one, with both, and with one that was removed.
fn disks() -> [Disk; 4] {
    let (absent, there) = (File::Absent, File::Whole(0));
    let removed = Memory { tombstones: OLD, ..Memory::default() };
    [
        Disk::new(1, Each::of(absent, absent), Memory::default()),
        Disk::new(1, Each::of(there, absent), Memory::default()),
        Disk::new(1, Each::of(there, File::Whole(1)), Memory::default()),
        Disk::new(1, Each::of(absent, absent), removed),
    ]
}

/// Every pair of tasks on every device, without a flaw: nothing is wrong.
fn all_is_right(reader: Task, kills: u8, losses: u8) -> (usize, usize) {
    let model = Model { flaw: None };
    let (mut states, mut events) = (0, 0);
    for disk in disks() {
        for (place, one) in TASKS.iter().enumerate() {
            // A newer trust document makes a difference to another one only.
            let newer = (place == 0).then_some(&NEWER);
            for other in TASKS.iter().skip(place).chain(newer) {
                let first = model.first(disk.clone(), [*one, *other, reader], kills, losses);
                let visit = explore(&model, first);
                assert!(visit.counterexample.is_none(), "{:#?}", visit.counterexample);
                assert!(visit.ends > 0, "{one:?} and {other:?} never end");
                states += visit.states;
                events += visit.events;
            }
        }
    }
    (states, events)
}

#[test]
fn two_writers_one_killed_and_a_loss_of_power_break_no_promise() {
    assert_eq!(all_is_right(Task::Done, 1, 1), (1_045_395, 3_560_359));
}

#[test]
fn a_reader_finds_what_was_promised_whoever_writes() {
    assert_eq!(all_is_right(Task::Survey, 0, 0), (4_159_158, 10_758_671));
}

#[test]
fn every_flaw_breaks_a_promise() {
    for (flaw, disk, [one, other], promise) in FLAWS {
        let model = Model { flaw: Some(flaw) };
        let reader = match flaw {
            Flaw::ReadsMemoryFirst | Flaw::ReadsMemoryLast | Flaw::OverlooksWhatGoes => {
                Task::Survey
            }
            _ => Task::Done,
        };
        let first = model.first(disks()[disk].clone(), [one, other, reader], 1, 1);
        let found = explore(&model, first).counterexample;
        let broken = found.as_ref().map(|found| found.broken);
        assert_eq!(broken, Some(promise), "{flaw:?}: {found:#?}");
    }
}
