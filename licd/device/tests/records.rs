//! What the daemon keeps: the effects of documents, the marks of the clock, and the mark of the starter
//! period.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;
use world::{Licence, World};

use std::fs;
use std::time::Duration;

use licd_device::Intent;
use licd_rules::{Code, Selector, ServiceState, next_turn};
use license_format::UnixSeconds;

const OLD: Licence =
    Licence { pack: "WE-AAAAA", serial: 1, starts: -100, expires: 1000, supersedes: None };
const NEW: Licence = Licence { serial: 2, ..OLD };

fn keep_past(world: &World) {
    let survey = world.device().survey().unwrap();
    let time = world.device().time(&survey).unwrap();
    world.device().keep_past(&survey, &time).unwrap();
}

#[test]
fn a_licence_that_was_copied_by_hand_replaces_others_after_its_file_is_gone() {
    let world = World::new();
    // The trust document is remembered before.
    world.daemon_looks();
    world.copy_by_hand("new.lic", &NEW.sign());
    keep_past(&world);
    fs::remove_file(world.licenses().join("new.lic")).unwrap();
    assert_eq!(world.import(&OLD.sign(), Intent::Explicit), Code::Superseded);
}

#[test]
fn the_memory_learns_nothing_of_a_store_that_has_changed_since() {
    let world = World::new();
    world.daemon_looks();
    world.copy_by_hand("new.lic", &NEW.sign());
    let survey = world.device().survey().unwrap();
    let time = world.device().time(&survey).unwrap();
    fs::remove_file(world.licenses().join("new.lic")).unwrap();
    world.device().keep_past(&survey, &time).unwrap();
    assert_eq!(world.import(&OLD.sign(), Intent::Explicit), Code::Valid);
}

#[test]
fn a_removed_licence_that_a_person_copies_back_is_not_removed_any_more() {
    let world = World::new();
    assert_eq!(world.import(&OLD.sign(), Intent::Explicit), Code::Valid);
    assert_eq!(world.remove(&Selector::All), 1);
    keep_past(&world);
    assert_eq!(world.import(&OLD.sign(), Intent::Automatic), Code::Removed);
    world.copy_by_hand("old.lic", &OLD.sign());
    keep_past(&world);
    fs::remove_file(world.licenses().join("old.lic")).unwrap();
    assert_eq!(world.import(&OLD.sign(), Intent::Automatic), Code::Valid);
}

#[test]
fn the_marks_are_written_when_they_are_due_and_the_daemon_wakes_for_what_comes_first() {
    const RETRY: Duration = Duration::from_secs(10 * 60);
    let world = World::new();
    let marks = world.path("var/lib/licd/clock.a");
    fs::remove_file(&marks).unwrap();
    let mut time = world.time();
    let turn = next_turn(time.now).0;
    // The marks are due, and are written again later.
    time.now = UnixSeconds(turn);
    assert_eq!(world.device().next_turn(&time), RETRY);
    let _ = world.time();
    world.device().keep_time().unwrap();
    assert!(marks.exists());
    assert!(world.device().next_turn(&time) > RETRY);
    time.now = UnixSeconds(turn - 60);
    assert_eq!(world.device().next_turn(&time), Duration::from_secs(60));
}

/// Writes the mark of the starter period if it is due, and returns whether it was.
fn keep_starter(world: &World) -> bool {
    let survey = world.device().survey().unwrap();
    let time = world.device().time(&survey).unwrap();
    world.device().keep_starter(&survey, &time).unwrap()
}

/// A device with a starter period.
fn with_starter() -> World {
    let world = World::new();
    world.set("etc/licd/licd.toml", "[starter]\ndays = 30\n");
    world
}

#[test]
fn the_mark_of_the_starter_period_is_written_once() {
    assert!(!keep_starter(&World::new()));
    let world = with_starter();
    assert_eq!([(); 2].map(|()| keep_starter(&world)), [true, false]);
    assert_eq!(world.report().state, ServiceState::Starter);
}

#[test]
fn a_device_that_has_or_had_a_licence_has_no_starter_period() {
    let mark = |world: World| {
        assert!(keep_starter(&world));
        fs::read_to_string(world.path("license/dsa/starter")).unwrap()
    };
    let begun = mark(with_starter());
    let has = with_starter();
    has.copy_by_hand("old.lic", &OLD.sign());
    let had = with_starter();
    assert_eq!(had.import(&OLD.sign(), Intent::Explicit), Code::Valid);
    assert_eq!(had.remove(&Selector::All), 1);
    let forgone = mark(has);
    assert_ne!(forgone, begun);
    assert_eq!(mark(had), forgone);
}
