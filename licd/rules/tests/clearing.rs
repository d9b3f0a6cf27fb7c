//! Files that are cleared away, and those that stay although they are superseded.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{Case, Generation, Past, Upkeep, upkeep};

#[test]
fn a_list_of_units_is_cut_unless_it_is_superseded() {
    let (old, new) = (pack("WE-AAAAA").serial(5).verified(), pack("WE-AAAAA").serial(6).verified());
    let (trust, unit, mut past) = (trust(&[]), unit(), Past::default());
    let now = noon("2026-06-01");
    past.learn([&old, &new], &unit, now);
    let case = Case {
        licenses: &[&old, &new],
        past: &past,
        trust: &trust,
        unit: Some(&unit),
        now,
        generation: Generation::Os12,
        version: None,
        starter: None,
    };
    assert_eq!(upkeep(case, |_| now, |_| true), [Upkeep::Remove, Upkeep::Cut]);
    assert_eq!(upkeep(case, |_| now, |n| n == 0), [Upkeep::Remove, Upkeep::Keep]);
}

#[test]
fn a_superseded_licence_that_has_not_started_goes_unless_it_supersedes_others() {
    let new = pack("WE-AAAAA").serial(6);
    let old = pack("WE-AAAAA").serial(5).between("2026-05-01", "2026-12-31");
    let fates = |old: Maker| {
        let makers = [old, new.clone()];
        let mut past = Past::default();
        let licenses: Vec<_> = makers.iter().map(Maker::verified).collect();
        past.learn(&licenses, &unit(), noon("2026-06-01"));
        let device = Device { past, ..device(noon("2026-06-01"), &makers) };
        device.upkeep_as_of(noon("2026-03-01"))
    };
    assert_eq!(fates(old.clone()), [Upkeep::Remove, Upkeep::Keep]);
    assert_eq!(fates(old.supersedes(&["WE-OTHER"])), [Upkeep::Keep, Upkeep::Keep]);
}

#[test]
fn nothing_goes_if_the_memory_is_too_short_for_what_stays() {
    let first = pack("WE-AAAAA").signed_by(&["issuer", "second"]);
    let second = pack("WE-BBBBB").supersedes(&["WE-AAAAA"]).issued("2026-02-01T00:00:00Z");
    let third = pack("WE-CCCCC").supersedes(&["WE-BBBBB"]).issued("2026-03-01T00:00:00Z");
    let makers = [first, second, third];
    let device = |past| Device {
        past,
        trust: trust_in(&[("issuer", &[]), ("second", &[])], &[]),
        ..device(noon("2026-06-01"), &makers)
    };
    let forgetful = device(Past::default());
    assert_eq!(forgetful.states(), [Some("superseded"), Some("superseded"), Some("valid")]);
    assert_eq!(forgetful.upkeep(), [Upkeep::Keep; 3]);
    // The replacement of the second is remembered, and not what it replaces itself.
    let mut past = Past::default();
    past.learn(forgetful.licenses.last(), &unit(), noon("2026-06-01"));
    assert_eq!(device(past).upkeep(), [Upkeep::Keep; 3]);
    let mut past = Past::default();
    past.learn(&forgetful.licenses, &unit(), noon("2026-06-01"));
    assert_eq!(device(past).upkeep(), [Upkeep::Keep, Upkeep::Remove, Upkeep::Keep]);
}
