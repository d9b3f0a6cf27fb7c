//! In any sequence of events, licences in force stay so, replaced ones do not return, and removed
//! ones do not return by themselves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap fails the test")]

mod world;
use world::{Licence, World};

use std::collections::BTreeSet;

use licd_device::Intent;
use licd_rules::{Code, LicenseState, Selector, ServiceState};
use license_format::{Date, PackId, Serial};
use proptest::prelude::*;

/// An event.
#[derive(Debug, Clone)]
enum Event {
    Import(usize, bool),
    CopyByHand(usize),
    DeleteByHand,
    Remove(Option<&'static str>),
    Restart,
    RunOn(u16),
    Synchronize,
    Daemon,
}

fn event() -> impl Strategy<Value = Event> {
    let pack = prop::sample::select(vec![Some("WE-AAAAA"), Some("WE-BBBBB"), None]);
    prop_oneof![
        6 => (0..POOL.len(), any::<bool>()).prop_map(|(n, wanted)| Event::Import(n, wanted)),
        2 => (0..POOL.len()).prop_map(Event::CopyByHand),
        1 => Just(Event::DeleteByHand),
        1 => pack.prop_map(Event::Remove),
        2 => Just(Event::Restart),
        3 => prop::sample::select(vec![1, 15, 40, 400]).prop_map(Event::RunOn),
        2 => Just(Event::Synchronize),
        4 => Just(Event::Daemon),
    ]
}

const fn licence(pack: &'static str, serial: u64, starts: i32, expires: i32) -> Licence {
    Licence { pack, serial, starts, expires, supersedes: None }
}

const POOL: [Licence; 7] = [
    licence("WE-AAAAA", 1, -100, 1000),
    licence("WE-AAAAA", 2, -50, -5),
    licence("WE-AAAAA", 3, 10, 1000),
    licence("WE-BBBBB", 1, -100, 20),
    licence("WE-BBBBB", 2, 30, 1000),
    Licence { supersedes: Some("WE-AAAAA"), ..licence("WE-CCCCC", 9, -20, 12) },
    Licence { supersedes: Some("WE-BBBBB"), ..licence("WE-DDDDD", 9, 35, 1000) },
];

/// The expected state.
#[derive(Default)]
struct Expected {
    /// The licences in the store, ignoring the clean-up.
    there: BTreeSet<usize>,
    /// The licences that ever arrived.
    offered: BTreeSet<usize>,
    /// The licences that the writing programs saw as started.
    started: BTreeSet<usize>,
    removed: BTreeSet<usize>,
}

impl Expected {
    /// Whether no licence can have replaced this one by that day.
    fn surely_counts(&self, n: usize, today: Date) -> bool {
        let mut offered = self.offered.iter().map(|other| &POOL[*other]);
        offered.all(|other| !other.replaces(&POOL[n]) || world::day(other.starts) > today)
    }

    /// Whether another licence has replaced this one for good.
    fn is_replaced(&self, n: usize, today: Date) -> bool {
        let mut started = self.started.iter().map(|other| &POOL[*other]);
        started.any(|other| other.replaces(&POOL[n]) && world::day(other.starts) <= today)
    }
}

fn happen(world: &mut World, expected: &mut Expected, files: &[String], event: &Event) {
    let today = Date::of(world.time().now);
    match event {
        Event::Import(n, wanted) => {
            let intent = if *wanted { Intent::Explicit } else { Intent::Automatic };
            let code = world.import(&files[*n], intent);
            expected.offered.insert(*n);
            let blocked = !wanted && expected.removed.contains(n) && !expected.there.contains(n);
            let replaced = expected.is_replaced(*n, today);
            assert!(!replaced || code == Code::Superseded, "{n}: {code}");
            assert_eq!(code == Code::Removed, blocked && code != Code::Superseded, "{n}: {code}");
            if code != Code::Superseded && code != Code::Removed {
                expected.there.insert(*n);
                expected.removed.remove(n);
                learn(expected, *n, today);
            }
        }
        Event::CopyByHand(n) => {
            world.copy_by_hand(&format!("{n}.lic"), &files[*n]);
            expected.offered.insert(*n);
            expected.there.insert(*n);
        }
        Event::DeleteByHand => {
            for file in std::fs::read_dir(world.licenses()).unwrap() {
                std::fs::remove_file(file.unwrap().path()).unwrap();
            }
            expected.there.clear();
        }
        Event::Remove(pack) => {
            let selector =
                pack.map_or(Selector::All, |p| Selector::Pack(PackId::parse(p).unwrap()));
            let taken = |n: &usize| pack.is_none_or(|pack| POOL[*n].pack == pack);
            let there = present(world);
            let _ = world.remove(&selector);
            if there.iter().any(taken) {
                there.iter().for_each(|n| learn(expected, *n, today));
            }
            expected.removed.extend(there.iter().filter(|n| taken(n)));
            expected.there.retain(|n| !taken(n));
        }
        Event::Restart => world.restart(),
        Event::RunOn(days) => world.run_on(*days),
        Event::Synchronize => world.synchronize(),
        Event::Daemon => {
            world.daemon_looks();
            for n in expected.there.clone() {
                expected.removed.remove(&n);
                learn(expected, n, today);
            }
        }
    }
}

fn learn(expected: &mut Expected, n: usize, today: Date) {
    if world::day(POOL[n].starts) <= today {
        expected.started.insert(n);
    }
}

/// The licences that the device shows.
fn present(world: &World) -> BTreeSet<usize> {
    let shown = world.report().licenses;
    let place = |pack: &str, serial: u64| {
        POOL.iter().position(|one| one.pack == pack && one.serial == serial).unwrap()
    };
    shown.iter().map(|own| place(own.pack.as_str(), own.serial.get())).collect()
}

fn check(world: &World, expected: &Expected) {
    let report = world.report();
    let today = Date::of(world.time().now);
    for (n, licence) in POOL.iter().enumerate() {
        let shown = report
            .licenses
            .iter()
            .find(|own| own.pack.as_str() == licence.pack && own.serial.get() == licence.serial);
        let state = shown.map(|own| own.state);
        let in_time = world::day(licence.starts) <= today && today <= world::day(licence.expires);
        if expected.there.contains(&n) && expected.surely_counts(n, today) {
            assert_eq!(
                state == Some(LicenseState::Valid),
                in_time,
                "{licence:?} is {state:?} on {today}"
            );
            assert_ne!(state, None, "{licence:?} on {today}");
        }
        if expected.is_replaced(n, today) {
            let replaced = [None, Some(LicenseState::Superseded)];
            assert!(replaced.contains(&state), "{licence:?} is {state:?} on {today}");
        }
    }
    let lawful = expected.there.iter().any(|n| {
        let licence = &POOL[*n];
        let in_time = world::day(licence.starts) <= today && today <= world::day(licence.expires);
        in_time && expected.surely_counts(*n, today)
    });
    assert!(!lawful || report.state == ServiceState::Valid, "{} on {today}", report.state);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.min(48),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_event_loses_a_licence_in_force_or_brings_one_back(
        events in prop::collection::vec(event(), 1..14)
    ) {
        let files: Vec<String> = POOL.iter().map(Licence::sign).collect();
        let (mut world, mut expected) = (World::new(), Expected::default());
        for event in &events {
            happen(&mut world, &mut expected, &files, event);
            check(&world, &expected);
        }
    }

    #[test]
    fn the_order_in_which_documents_arrive_changes_nothing(
        order in Just((0..POOL.len()).collect::<Vec<_>>()).prop_shuffle(),
        by_hand in any::<bool>(),
    ) {
        let world = World::new();
        for n in &order {
            if by_hand {
                world.copy_by_hand(&format!("{n}.lic"), &POOL[*n].sign());
            } else {
                let _ = world.import(&POOL[*n].sign(), Intent::Automatic);
            }
            world.daemon_looks();
        }
        let _ = world.import(&world::trust(2, &[("WE-BBBBB", 1)]), Intent::Automatic);
        world.daemon_looks();
        let mut states: Vec<_> = world.report().licenses.into_iter().map(|own| (own.pack, own.serial, own.state)).collect();
        states.sort_by_key(|(pack, serial, _)| (pack.clone(), *serial));
        let state = |pack, serial, state| {
            (PackId::parse(pack).unwrap(), Serial::new(serial).unwrap(), state)
        };
        let expected = [
            state("WE-BBBBB", 1, LicenseState::Withdrawn),
            state("WE-BBBBB", 2, LicenseState::Pending),
            state("WE-CCCCC", 9, LicenseState::Valid),
            state("WE-DDDDD", 9, LicenseState::Pending),
        ];
        prop_assert_eq!(&states[..], &expected[..]);
    }
}

/// A clock that ran ahead removes no licence that is in force once it is right again.
#[test]
fn a_licence_superseded_by_a_wild_clock_is_there_once_the_clock_is_right() {
    let mut world = World::new();
    assert_eq!(world.import(&POOL[0].sign(), Intent::Explicit), Code::Valid);
    assert_eq!(world.import(&POOL[2].sign(), Intent::Explicit), Code::Pending);
    world.run_on(400);
    world.daemon_looks();
    assert_eq!(present(&world).len(), 2);
    let state = |world: &World| world.report().licenses[0].state;
    let states: Vec<_> = world.report().licenses.into_iter().map(|own| own.state).collect();
    assert!(states.contains(&LicenseState::Superseded), "{states:?}");
    world.synchronize();
    world.daemon_looks();
    let report = world.report();
    assert_eq!(
        (report.state, report.licenses.len()),
        (ServiceState::Valid, 2),
        "{}",
        state(&world)
    );
}

#[test]
fn a_licence_that_is_back_by_hand_survives_the_import_of_another() {
    let files: Vec<String> = POOL.iter().map(Licence::sign).collect();
    let (mut world, mut expected) = (World::new(), Expected::default());
    let back = [Event::CopyByHand(3), Event::Remove(Some("WE-BBBBB")), Event::CopyByHand(3)];
    for event in back.iter().chain(&[Event::Import(0, false), Event::Daemon]) {
        happen(&mut world, &mut expected, &files, event);
        check(&world, &expected);
    }
}
