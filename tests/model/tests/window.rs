//! What the programs promise about the store and the memory, in every order of their steps.
#![allow(clippy::indexing_slicing, reason = "a wrong index fails the test")]

use model::device::{Disk, Each, File, Memory};
use model::explore::explore;
use model::model::Model;
use model::program::{Flaw, Task, Way};
use model::promise::Promise;

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

/// Every flaw, with a device and tasks that show which promise it breaks.
const FLAWS: [(Flaw, usize, [Task; 3], Promise); 26] = [
    (Flaw::ComparesOutsideTheLock, 0, TRUST, Promise::StoreTrustAdvances),
    (Flaw::ComparesOutsideTheLock, 0, [TASKS[1], TASKS[1], NONE], Promise::StoredStays),
    (Flaw::ComparesOutsideTheLock, 1, [TASKS[1], TASKS[5], NONE], Promise::RemovalIsRemembered),
    (Flaw::StampsAfterReading, 0, TRUST, Promise::StoreTrustAdvances),
    (Flaw::RecordsOldSurveys, 0, TRUST, Promise::KeptTrustAdvances),
    (Flaw::RenamesUnflushed, 0, TRUST, Promise::WholeFiles),
    (Flaw::LeavesDirectoriesUnflushed, 0, TRUST, Promise::TrustStays),
    (Flaw::AnswersUnflushed, 0, [TRUST[0], TRUST[0], NONE], Promise::TrustStays),
    (Flaw::StartsWithoutSettling, 0, TRUST, Promise::NoTemporaryFile),
    (Flaw::LeavesThePartitionOpen, 0, [TASKS[1], NONE, NONE], Promise::ReadOnly),
    (Flaw::LeavesRemovalsUnflushed, 1, REMOVAL, Promise::RemovedStaysAway),
    (Flaw::RemembersAfterRemoving, 1, REMOVAL, Promise::NoneGoesUnrecorded),
    (Flaw::LeavesRemovalsUnfinished, 1, REMOVAL, Promise::RemovalIsFinished),
    (Flaw::TrustsTheKilled, 1, REMOVAL, Promise::NoneGoesUnrecorded),
    (Flaw::RemovesWithoutRecord, 2, [TASKS[7], Task::Keep, NONE], Promise::RemovalIsCompleted),
    (Flaw::RemembersUnflushed, 1, [TASKS[2], Task::Keep, NONE], Promise::NoneReplacedByLost),
    (Flaw::ClearsBeforeFlushing, 1, [TASKS[2], Task::CleanUp, NONE], Promise::NoneGoesUnrecorded),
    (Flaw::ForgetsReplacements, 2, [TASKS[6], Task::CleanUp, NONE], Promise::ReplacedStaysReplaced),
    (Flaw::RemembersNoReplacements, 1, COME_GONE, Promise::ReplacedStaysReplaced),
    (Flaw::ReadsNoTrustOfTheStore, 0, TRUST_READ, Promise::ReaderFindsTrust),
    (Flaw::ReadsNoMemory, 2, GO_READ, Promise::ReaderFindsNoneReplaced),
    (Flaw::ReplacesBeforeFlushing, 1, [TASKS[2], NONE, NONE], Promise::NoneGoesUnrecorded),
    (Flaw::RecordsBeforeFlushing, 1, [TASKS[2], NONE, NONE], Promise::NoneReplacedByLost),
    (Flaw::ReadsMemoryFirst, 2, GO_READ, Promise::ReaderFindsNoneReplaced),
    (Flaw::ReadsMemoryLast, 1, COME_READ, Promise::ReaderFindsOne),
    (Flaw::OverlooksWhatGoes, 1, COME_READ, Promise::ReaderFindsOne),
];
const NONE: Task = Task::Done;
const TRUST: [Task; 3] = [TASKS[0], NEWER, NONE];
const REMOVAL: [Task; 3] = [Task::Remove(OLD), Task::Keep, NONE];
const COME_GONE: [Task; 3] = [Task::Import(NEW), Task::Remove(NEW), NONE];
const TRUST_READ: [Task; 3] = [TRUST[0], TRUST[0], Task::Survey];
const GO_READ: [Task; 3] = [Task::Remove(NEW), NONE, Task::Survey];
const COME_READ: [Task; 3] = [Task::Import(NEW), NONE, Task::Survey];

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
fn all_is_right(way: Way, reader: Task, kills: u8, losses: u8) -> (usize, usize) {
    let model = Model { flaw: None, way };
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
    assert_eq!(all_is_right(Way::LooksTwice, Task::Done, 1, 1), (1_014_324, 3_382_731));
}

#[test]
fn a_reader_finds_what_was_promised_whoever_writes() {
    assert_eq!(all_is_right(Way::LooksTwice, Task::Survey, 0, 0), (3_833_407, 9_884_570));
}

#[test]
fn imports_that_look_once_break_no_promise() {
    assert_eq!(all_is_right(Way::LooksOnce, Task::Done, 1, 1), (769_820, 2_442_177));
    assert_eq!(all_is_right(Way::LooksOnce, Task::Survey, 0, 0), (2_287_078, 5_778_660));
}

#[test]
fn every_flaw_breaks_a_promise() {
    for (flaw, disk, tasks, promise) in FLAWS {
        let model = Model { flaw: Some(flaw), way: Way::default() };
        let first = model.first(disks()[disk].clone(), tasks, 1, 1);
        let found = explore(&model, first).counterexample;
        let broken = found.as_ref().map(|found| found.broken);
        assert_eq!(broken, Some(promise), "{flaw:?}: {found:#?}");
    }
}

#[test]
fn every_promise_is_broken_by_a_flaw() {
    for promise in Promise::ALL {
        assert!(FLAWS.iter().any(|(.., broken)| *broken == promise), "{promise:?}");
    }
}
