//! What an import says where the system refuses a call.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;
use world::World;
use world::files::{licence, newer_trust, other_unit, stored};

use std::thread;

use licd_device::{Arrival, Batch, Intent, Survey};
use licd_rules::Code;
use license_issue as issue;
use nix::errno::Errno;
use nix::libc::{self, c_long};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

/// Runs `act` on a thread on which these system calls fail.
fn without<T: Send>(calls: &[c_long], why: Errno, act: impl FnOnce() -> T + Send) -> T {
    let (allow, refuse) = (SeccompAction::Allow, SeccompAction::Errno(why as u32));
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    let filter = SeccompFilter::new(rules, allow, refuse, arch).unwrap();
    let filter: BpfProgram = filter.try_into().unwrap();
    let refused = || {
        apply_filter(&filter).unwrap();
        act()
    };
    thread::scope(|scope| scope.spawn(refused).join().unwrap())
}

fn own(pack: &'static str) -> String {
    licence(pack, 1, -100, 1000).sign()
}

fn foreign() -> String {
    let terms = licence("WE-FFFFF", 1, -100, 1000).terms();
    issue::license(&terms, &[other_unit()].into(), &[&world::key("issuer", 2)])
}

fn arrivals(survey: &Survey, files: &[&str], intent: Intent) -> Vec<Arrival> {
    files.iter().map(|file| survey.read("a.lic", file.as_bytes(), intent)).collect()
}

fn codes(batch: &Batch) -> Vec<Code> {
    batch.imported.iter().map(|one| one.verdict.code).collect()
}

#[test]
fn a_file_that_is_there_but_cannot_be_flushed_is_refused() {
    let world = World::new();
    let ended = licence("WE-EEEEE", 1, -100, -5).sign();
    let files = [&*own("WE-AAAAA"), &ended, "nonsense", &foreign()];
    let before = [Code::Valid, Code::Expired, Code::Malformed, Code::WrongDevice];
    let import = |intent| {
        let survey = world.device().survey().unwrap();
        let arrivals = arrivals(&survey, &files, intent);
        without(&[libc::SYS_fsync], Errno::EIO, || world.device().import(&survey, arrivals))
    };
    for intent in [Intent::Explicit, Intent::Automatic, Intent::Check] {
        let verdicts = world.import_all(&files, Intent::Explicit);
        assert_eq!(world::files::codes(&verdicts), before);
        let batch = import(intent);
        let is_check = intent == Intent::Check;
        assert_eq!(batch.has_written(), !is_check, "{intent:?}");
        let refused = [Code::StoreUnwritable, Code::StoreUnwritable, before[2], before[3]];
        assert_eq!(codes(&batch), if is_check { before } else { refused }, "{intent:?}");
    }
}

#[test]
fn only_what_a_person_imports_may_use_the_reserve() {
    for (intent, code) in [(Intent::Automatic, Code::StoreFull), (Intent::Explicit, Code::Valid)] {
        // A trust document has its licences stored one by one.
        for (first, last) in [(own("WE-BBBBB"), code), (newer_trust(), Code::Valid)] {
            let world = World::new();
            let survey = world.device().survey().unwrap();
            let arrivals = arrivals(&survey, &[&own("WE-AAAAA"), &first], intent);
            let import = || world.device().import(&survey, arrivals);
            let batch = without(&[libc::SYS_fstatfs], Errno::ENOSPC, import);
            assert_eq!(codes(&batch), [code, last]);
            assert_eq!(stored(&world).is_empty(), code == Code::StoreFull);
        }
    }
}

#[test]
fn a_store_that_cannot_be_locked_refuses_only_what_would_change_it() {
    let world = World::new();
    let (there, new) = (own("WE-AAAAA"), own("WE-BBBBB"));
    assert_eq!(world.import(&there, Intent::Explicit), Code::Valid);
    let survey = world.device().survey().unwrap();
    let import = |files: &[&str]| {
        let arrivals = arrivals(&survey, files, Intent::Explicit);
        let import = || world.device().import(&survey, arrivals);
        let batch = without(&[libc::SYS_flock], Errno::ENOLCK, import);
        assert!(batch.has_written());
        codes(&batch)
    };
    assert_eq!(
        import(&[&new, &there, "nonsense", &foreign()]),
        [Code::StoreUnwritable, Code::Valid, Code::Malformed, Code::WrongDevice]
    );
    // Others have stored it meanwhile, and may not have flushed it.
    assert_eq!(world.import(&new, Intent::Explicit), Code::Valid);
    assert_eq!(import(&[&new, "nonsense"]), [Code::StoreUnwritable, Code::Malformed]);
}

#[test]
fn a_device_that_cannot_be_read_is_busy_and_a_file_that_was_refused_stays_refused() {
    let world = World::new();
    assert_eq!(world.import(&own("WE-AAAAA"), Intent::Explicit), Code::Valid);
    let survey = world.device().survey().unwrap();
    let arrivals = arrivals(&survey, &[&own("WE-AAAAA"), "nonsense"], Intent::Explicit);
    let import = || world.device().import(&survey, arrivals);
    let batch = without(&[libc::SYS_openat], Errno::EMFILE, import);
    assert_eq!(codes(&batch), [Code::Busy, Code::Malformed]);
    assert!(!batch.has_written() && !batch.shows_device());
}

#[test]
fn a_slice_that_was_just_stored_leaves_nothing_to_clean_up() {
    let world = World::new();
    let units = licence("WE-AAAAA", 1, -100, 1000).units().into_iter().chain([other_unit()]);
    let terms = licence("WE-AAAAA", 1, -100, 1000).terms();
    let mass = issue::mass_license(&terms, &units.collect(), &[&world::key("issuer", 2)]);
    let survey = world.device().survey().unwrap();
    let batch = world.device().import(&survey, arrivals(&survey, &[&mass], Intent::Explicit));
    assert_eq!(codes(&batch), [Code::Valid]);
    let time = world.device().time(&batch.survey).unwrap();
    // A clean-up that finds something takes the lock.
    let cleaned = without(&[libc::SYS_flock], Errno::ENOLCK, || {
        world.device().clean_up(&batch.survey, &time).map(|cleaned| cleaned.len())
    });
    assert_eq!(cleaned.unwrap(), 0);
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_out() {
    let world = World::new();
    world.copy_by_hand("a.lic", &own("WE-AAAAA"));
    // The store reads the status of the files that it has opened.
    let known = without(&[libc::SYS_fstat, libc::SYS_newfstatat], Errno::EIO, || {
        let partial = world.device().survey().err().unwrap();
        assert!(partial.missing.is_unreadable_files_only(), "{partial:?}");
        world.device().survey_for_import()
    });
    let known = known.unwrap();
    assert_eq!(known.licenses().count(), 0);
    let batch =
        world.device().import(&known, arrivals(&known, &[&own("WE-BBBBB")], Intent::Explicit));
    assert_eq!((codes(&batch), batch.survey.licenses().count()), (vec![Code::Valid], 2));
}
