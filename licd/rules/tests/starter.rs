//! The starter period: its beginning, its rights, and that it never begins again.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{
    ClockState, Feature, Generation, Past, Reason, ServiceStatus, Starter, StarterMark,
    StarterVerdict,
};
use license_format::{Expiry, Term};

const OK: ClockState = ClockState::Ok;

fn began(day: &str) -> Option<StarterMark> {
    Some(StarterMark::Began(date(day)))
}

/// A device in a starter period of 30 days from 2026-11-01.
fn started(now: &str, makers: &[Maker]) -> Device {
    let starter = Starter { first: date("2026-11-01"), last: date("2026-11-30") };
    Device { starter: Some(starter), ..device(at(now), makers) }
}

#[test]
fn it_begins_on_the_first_day_that_a_synchronised_clock_shows() {
    let now = noon("2026-11-01");
    for state in [ClockState::Unsynchronized, ClockState::Behind] {
        assert_eq!(StarterVerdict::of(30, None, false, now, state), StarterVerdict::None);
    }
    let begin = StarterVerdict::of(30, None, false, now, OK);
    assert_eq!(begin, StarterVerdict::Write(StarterMark::Began(date("2026-11-01"))));
    // The period does not count before the mark is written.
    assert_eq!(begin.begun(), None);
}

#[test]
fn it_lasts_the_days_of_the_image_whatever_the_clock_and_the_licences_are_like_afterwards() {
    let expected = Starter { first: date("2026-11-01"), last: date("2026-11-30") };
    for clock in [OK, ClockState::Unsynchronized, ClockState::Behind] {
        for (now, licensed) in [("2026-11-01", false), ("2026-11-20", true), ("2027-11-20", true)] {
            let verdict = StarterVerdict::of(30, began("2026-11-01"), licensed, noon(now), clock);
            assert_eq!(verdict.begun(), Some(expected));
        }
    }
    let day = StarterVerdict::of(1, began("2026-11-01"), false, noon("2026-11-01"), OK).begun();
    assert_eq!(day, Some(Starter { first: date("2026-11-01"), last: date("2026-11-01") }));
}

#[test]
fn an_image_that_grants_no_days_has_none() {
    for mark in [None, began("2026-11-01"), Some(StarterMark::Forgone)] {
        let verdict = StarterVerdict::of(0, mark, false, noon("2026-11-01"), OK);
        assert_eq!(verdict, StarterVerdict::None);
    }
}

#[test]
fn a_device_that_was_licensed_before_forgoes_it_for_ever() {
    let now = noon("2026-11-01");
    for clock in [OK, ClockState::Unsynchronized, ClockState::Behind] {
        let verdict = StarterVerdict::of(30, None, true, now, clock);
        assert_eq!(verdict, StarterVerdict::Write(StarterMark::Forgone));
    }
    let later = StarterVerdict::of(30, Some(StarterMark::Forgone), false, now, OK);
    assert_eq!(later, StarterVerdict::None);
}

#[test]
fn a_device_whose_memory_holds_a_licence_of_its_unit_was_licensed() {
    let remembered = |license: Maker| {
        let mut past = Past::default();
        let license = license.verified();
        past.learn([&license], &unit(), noon("2026-06-01"));
        past
    };
    let licensed = remembered(pack("WE-1"));
    assert!(licensed.was_licensed(&unit(), &trust(&[])));
    assert!(!licensed.was_licensed(&stranger(), &trust(&[])));
    assert!(!Past::default().was_licensed(&unit(), &trust(&[])));
    // A licence signed by a revoked key does not count, nor does one that has not started.
    assert!(!licensed.was_licensed(&unit(), &trust_in(&[("another", &[])], &[])));
    assert!(!remembered(pack("WE-1").units(&[stranger()])).was_licensed(&unit(), &trust(&[])));
    let pending = remembered(pack("WE-1").between("2027-01-01", "2027-12-31"));
    assert!(!pending.was_licensed(&unit(), &trust(&[])));
}

#[test]
fn a_beginning_in_the_future_counts_for_nothing_and_is_put_right_by_a_synchronised_clock() {
    let now = noon("2026-11-01");
    let wild = began("2099-01-01");
    let unsure = StarterVerdict::of(30, wild, false, now, ClockState::Unsynchronized);
    assert_eq!(unsure, StarterVerdict::None);
    let put_right = StarterVerdict::of(30, wild, false, now, OK);
    assert_eq!(put_right, StarterVerdict::Write(StarterMark::Began(date("2026-11-01"))));
    let early = started("2026-10-31T23:59:59Z", &[]);
    assert_eq!(early.service(WE), ("none", None));
    assert!(!early.allows("os"));
}

#[test]
fn it_counts_as_an_evaluation_of_the_workspace_edition_until_its_last_day_has_ended_everywhere() {
    for (now, state, left) in [
        ("2026-11-01T00:00:00Z", "starter", 29),
        ("2026-11-30T23:00:00Z", "starter", 0),
        ("2026-12-01T11:59:59Z", "starter", -1),
        ("2026-12-01T12:00:00Z", "expired", -1),
    ] {
        let device = started(now, &[]);
        assert_eq!(device.service(WE), (state, Some("2026-11-30".into())), "{now}");
        device.with(|j| {
            let service = j.service(WE);
            assert_eq!((service.days_left, service.pack), (Some(left), None));
            let status =
                if state == "starter" { ServiceStatus::Unlicensed } else { ServiceStatus::Expired };
            assert_eq!(service.state.status(), status);
        });
        assert_eq!(device.service(EMP), ("none", None));
    }
}

#[test]
fn it_allows_what_an_evaluation_of_the_workspace_edition_allows() {
    let evaluation = [pack("WE-AAAAA").term(Term::Evaluation).between("2026-11-01", "2026-11-30")];
    for now in ["2026-11-15T00:00:00Z", "2026-12-15T00:00:00Z"] {
        for generation in [Generation::Os11, Generation::Os12] {
            let starter = Device { generation, ..started(now, &[]) };
            let licensed = Device { generation, ..device(at(now), &evaluation) };
            for feature in &Feature::ALL {
                let (got, expected) =
                    (starter.feature(feature.name), licensed.feature(feature.name));
                assert_eq!(got.until, expected.until, "{}", feature.name);
                let reason = match expected.reason {
                    Reason::Licensed => Reason::Starter,
                    other => other,
                };
                assert_eq!(got.reason, reason, "{}", feature.name);
            }
            assert_eq!(starter.update("2026-11-20"), licensed.update("2026-11-20"));
        }
    }
    let until = started("2026-11-15T00:00:00Z", &[]).feature("os").until;
    assert_eq!(until, Some(Expiry::On(date("2026-11-30"))));
}

#[test]
fn a_licence_shows_in_its_place_and_never_takes_away_what_it_allows() {
    let now = "2026-11-15T00:00:00Z";
    let service = |license: Maker| started(now, &[license]).service(WE).0;
    assert_eq!(service(pack("WE-AAAAA")), "valid");
    assert_eq!(service(pack("WE-AAAAA").between("2026-01-01", "2026-11-10").grace(28)), "grace");
    let evaluation = pack("WE-AAAAA").term(Term::Evaluation);
    assert_eq!(service(evaluation.clone()), "valid");
    assert_eq!(service(evaluation.clone().between("2026-11-01", "2026-11-30").warn(0)), "valid");
    assert_eq!(service(evaluation.between("2026-11-01", "2026-11-16")), "starter");
    let none = [
        pack("WE-AAAAA").between("2027-01-01", "2027-12-31"),
        pack("WE-AAAAA").between("2025-01-01", "2025-12-31"),
        pack("EMP-AAAAA").services(&[EMP]),
    ];
    for license in none {
        let device = started(now, &[license]);
        assert_eq!(device.service(WE).0, "starter");
        assert!(device.allows("config-change"));
    }
    assert_eq!(started(now, &[pack("WE-AAAAA")]).feature("os").reason, Reason::Licensed);
}

#[test]
fn a_licence_taken_back_shows_once_the_period_is_over() {
    let withdrawn = |now| {
        let mut device = started(now, &[pack("WE-AAAAA")]);
        device.trust = trust(&[("WE-AAAAA", 1)]);
        device.service(WE).0
    };
    assert_eq!(withdrawn("2026-11-15T00:00:00Z"), "starter");
    assert_eq!(withdrawn("2026-12-15T00:00:00Z"), "withdrawn");
}
