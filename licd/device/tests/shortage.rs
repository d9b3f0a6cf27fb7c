//! A process without file descriptors. In a test binary of its own, since the limit applies to the
//! whole process.
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a failed unwrap fails the test; not all of a world is used"
)]

mod world;
use world::{Licence, World};

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;

use licd_device::{Intent, to_json};
use licd_rules::{Code, Selector};
use license_format::UnixSeconds;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

const LICENCE: Licence =
    Licence { pack: "WE-AAAAA", serial: 7, starts: -10, expires: 1000, supersedes: None };

/// Descriptors that a survey may hold at once, and some spare.
const ENOUGH: u64 = 16;

/// Runs `act` while only `spare` more descriptors can be opened.
fn with_descriptors<T>(spare: u64, act: impl FnOnce() -> T) -> T {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    // The lowest free number; all lower ones are open.
    let free = u64::try_from(File::open("/").unwrap().as_raw_fd()).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, free + spare, hard).unwrap();
    let done = act();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    done
}

#[test]
fn a_shortage_of_descriptors_loses_revokes_and_forgets_nothing() {
    let world = World::new();
    assert_eq!(world.import(&LICENCE.sign(), Intent::Explicit), Code::Valid);
    let older = Licence { serial: 3, ..LICENCE };
    world.daemon_looks();
    let state = world.path("var/lib/licd/state.toml");
    let remembered = fs::read(&state).unwrap();
    let report = || {
        let mut report = world.report();
        report.clock.now = UnixSeconds(0);
        to_json(&report)
    };
    let before = report();
    let mut refused = 0;
    for spare in 0..ENOUGH {
        let survey = with_descriptors(spare, || world.device().survey());
        if let Err(partial) = &survey {
            refused += 1;
            let said = partial.missing.to_string();
            assert!(said.contains("Too many open files"), "{spare}: {said}");
        }
        let code = with_descriptors(spare, || world.import(&older.sign(), Intent::Explicit));
        assert!([Code::Superseded, Code::Busy].contains(&code), "{spare}: {code}");
        let code = with_descriptors(spare, || world.import(&LICENCE.sign(), Intent::Automatic));
        assert!([Code::Valid, Code::Busy].contains(&code), "{spare}: {code}");
        let none = Selector::parse("pack:WE-OTHER").unwrap();
        let removed = with_descriptors(spare, || world.device().remove(None, &none));
        assert!(removed.is_ok_and(|removed| removed.count == 0) || spare < ENOUGH / 2, "{spare}");
        assert_eq!(fs::read(&state).unwrap(), remembered, "{spare}");
        assert!(!state.with_extension("toml.damaged").exists(), "{spare}");
        assert_eq!(report(), before, "{spare}");
    }
    assert!(refused > 2, "{refused}");
    for spare in 0..ENOUGH {
        let removed = with_descriptors(spare, || world.device().remove(None, &Selector::All));
        let is_there = world.device().survey().unwrap().licenses().next().is_some();
        let is_remembered = fs::read_to_string(&state).unwrap().contains("[[removed]]");
        assert_eq!((is_there, is_remembered), (removed.is_err(), removed.is_ok()), "{spare}");
        assert_eq!(world.import(&LICENCE.sign(), Intent::Explicit), Code::Valid);
    }
}
