//! Licences that count, their dates, and the state of services.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{Past, Roster, ServiceStatus, next_turn, withdraws};
use license_format::{PackId, Serial, Term, TrustDocument, UnitId};

#[test]
fn a_term_begins_at_midnight_and_its_last_day_is_whole_in_every_time_zone() {
    let license = pack("PK-1").between("2026-03-01", "2026-06-30").grace(28);
    for (now, state) in [
        ("2026-02-28T23:59:59Z", "pending"),
        ("2026-03-01T00:00:00Z", "valid"),
        ("2026-06-19T23:59:59Z", "valid"),
        ("2026-06-20T00:00:00Z", "warning"),
        ("2026-07-01T11:59:59Z", "warning"),
        ("2026-07-01T12:00:00Z", "grace"),
        ("2026-07-29T11:59:59Z", "grace"),
        ("2026-07-29T12:00:00Z", "expired"),
    ] {
        let device = device(at(now), std::slice::from_ref(&license));
        assert_eq!(device.states(), [Some(state)], "{now}");
        assert_eq!(device.service(WE).0, state, "{now}");
    }
}

#[test]
fn a_licence_without_warning_days_or_end_never_warns() {
    let quiet = pack("PK-1").warn(0);
    assert_eq!(device(at("2027-01-01T11:00:00Z"), &[quiet]).states(), [Some("valid")]);
    let endless = pack("PK-1").between("2026-01-01", "never").warn(120);
    assert_eq!(device(noon("9999-12-31"), &[endless]).states(), [Some("valid")]);
}

#[test]
fn a_licence_for_another_unit_counts_for_nothing() {
    let foreign = device(noon("2026-06-01"), &[pack("PK-1").units(&[stranger()])]);
    assert_eq!(foreign.states(), [None]);
    assert_eq!(foreign.service(WE), ("none", None));
}

#[test]
fn a_higher_serial_of_the_pack_supersedes_once_it_has_started_and_for_good() {
    let old = pack("WE-AAAAA").serial(1).between("2026-01-01", "never");
    let new = pack("WE-AAAAA").serial(2).between("2026-06-01", "2026-06-30").warn(0);
    let both = [old, new];
    assert_eq!(device(noon("2026-05-31"), &both).states(), [Some("valid"), Some("pending")]);
    assert_eq!(device(noon("2026-06-01"), &both).states(), [Some("superseded"), Some("valid")]);
    assert_eq!(device(noon("2026-09-01"), &both).states(), [Some("superseded"), Some("expired")]);
    assert_eq!(
        device(noon("2026-09-01"), &both).service(WE),
        ("expired", Some("2026-06-30".into()))
    );
}

#[test]
fn a_pack_merged_into_another_is_superseded_only_by_a_later_issue_for_this_device() {
    let old = pack("WE-AAAAA").issued("2026-03-01T00:00:00Z");
    let merged = pack("WE-MMMMM").supersedes(&["WE-AAAAA"]);
    let later = merged.clone().issued("2026-03-01T00:00:01Z");
    let states = |merged| device(noon("2026-06-01"), &[old.clone(), merged]).states()[0];
    assert_eq!(states(later.clone()), Some("superseded"));
    assert_eq!(states(merged.issued("2026-03-01T00:00:00Z")), Some("valid"));
    assert_eq!(states(later.clone().units(&[stranger()])), Some("valid"));
    assert_eq!(states(later.between("2026-07-01", "2027-01-01")), Some("valid"));
}

#[test]
fn a_complete_roster_without_this_device_withdraws_lower_serials_of_its_pack_once_started() {
    let own = pack("WE-AAAAA").serial(5);
    let other_pack = pack("WE-BBBBB").serial(5);
    let roster = pack("WE-AAAAA")
        .serial(6)
        .roster()
        .units(&[stranger()])
        .between("2026-06-01", "2027-06-01");
    let all = [own.clone(), other_pack, roster.clone()];
    assert_eq!(device(noon("2026-05-31"), &all).states(), [Some("valid"), Some("valid"), None]);
    let gone = device(noon("2026-06-01"), &all);
    assert_eq!(gone.states(), [Some("withdrawn"), Some("valid"), None]);
    let only = device(noon("2026-06-01"), &[own.clone(), roster.clone()]);
    assert_eq!(only.service(WE), ("withdrawn", None));
    only.with(|j| assert_eq!(j.service(WE).state.status(), ServiceStatus::Unlicensed));
    assert!(!only.allows("os"));
    // The same from memory, after the file is gone.
    let mut remembered = device(noon("2026-06-01"), std::slice::from_ref(&own));
    remembered.past.learn([&roster.verified()], &unit(), noon("2026-06-01"));
    assert_eq!(remembered.states(), [Some("withdrawn")]);
    // A list that names the device, an incomplete list and a list with a lower serial withdraw
    // nothing.
    for harmless in [
        roster.clone().units(&[unit(), stranger()]),
        pack("WE-AAAAA").serial(6).units(&[stranger()]),
        roster.clone().serial(5),
    ] {
        let state = device(noon("2026-06-01"), &[own.clone(), harmless]).states()[0];
        assert!(matches!(state, Some("valid" | "superseded")), "{state:?}");
    }
    // A later issue lists the device again.
    let back = device(noon("2026-06-01"), &[own, roster, pack("WE-AAAAA").serial(7)]);
    assert_eq!(back.states(), [Some("withdrawn"), None, Some("valid")]);
}

#[test]
fn a_trust_document_withdraws_a_pack_up_to_a_serial() {
    let mut device = device(
        noon("2026-06-01"),
        &[pack("WE-AAAAA").serial(3), pack("WE-AAAAA").serial(4), pack("WE-BBBBB")],
    );
    device.trust = trust(&[("WE-AAAAA", 2), ("WE-AAAAA", 3)]);
    assert_eq!(device.states(), [Some("withdrawn"), Some("valid"), Some("valid")]);
}

#[test]
fn a_service_shows_the_best_of_its_licences() {
    let dated = pack("WE-AAAAA").between("2026-01-01", "2029-12-31");
    let endless = pack("WE-BBBBB").between("2026-01-01", "never");
    let evaluation = pack("WE-CCCCC").term(Term::Evaluation).between("2026-01-01", "2030-12-31");
    let ended = pack("WE-DDDDD").between("2020-01-01", "2025-12-31");
    let coming = pack("WE-EEEEE").between("2031-01-01", "2040-12-31");
    let best = |makers: &[&Maker]| {
        let mut makers: Vec<_> = makers.iter().map(|m| (*m).clone()).collect();
        let one = device(noon("2026-06-01"), &makers).service(WE);
        makers.reverse();
        assert_eq!(one, device(noon("2026-06-01"), &makers).service(WE));
        (one.0, one.1.unwrap_or_default())
    };
    assert_eq!(best(&[&dated, &endless]), ("valid", "never".into()));
    assert_eq!(best(&[&dated, &evaluation]), ("valid", "2029-12-31".into()));
    assert_eq!(best(&[&ended, &evaluation]), ("valid", "2030-12-31".into()));
    assert_eq!(best(&[&ended, &coming]), ("pending", "2040-12-31".into()));
    assert_eq!(best(&[&ended]), ("expired", "2025-12-31".into()));
}

#[test]
fn a_service_shows_the_perpetual_one_of_two_licences_with_the_same_days() {
    let perpetual = pack("WE-AAAAA").term(Term::Perpetual);
    let device = device(noon("2026-06-01"), &[perpetual, pack("WE-BBBBB").serial(9)]);
    assert_eq!(device.with(|judged| judged.service(WE).term), Some(Term::Perpetual));
}

#[test]
fn the_two_sets_are_always_listed_and_others_if_a_licence_names_them() {
    let names = |makers: &[Maker]| {
        device(noon("2026-06-01"), makers)
            .with(|j| j.services().into_iter().map(|s| s.service).collect::<Vec<_>>())
    };
    assert_eq!(names(&[]), [EMP, WE]);
    let add_on = pack("PK-1").services(&["SUB_SERVICE_SET_ADDON_90METER", "ZZZ"]);
    assert_eq!(names(&[add_on]), ["SUB_SERVICE_SET_ADDON_90METER", EMP, WE, "ZZZ"]);
}

#[test]
fn no_state_changes_between_two_turns() {
    let license = pack("PK-1").between("2026-03-01", "2026-06-30").grace(3);
    let mut now = at("2026-02-27T05:00:00Z");
    while now < at("2026-07-10T00:00:00Z") {
        let next = next_turn(now);
        let state = |now| {
            device(now, std::slice::from_ref(&license))
                .with(|j| (j.services(), j.states().to_vec()))
        };
        assert_eq!(state(now), state(next.plus(-1)));
        now = next;
    }
}

#[test]
fn a_roster_is_remembered_with_its_pack_serial_first_day_and_signers() {
    let license = pack("WE-AAAAA").serial(9).roster().units(&[stranger()]);
    let license = license.signed_by(&["issuer", "second"]).verified();
    let learned = |unit: UnitId| {
        let mut past = Past::default();
        past.learn([&license], &unit, noon("2026-06-01"));
        past
    };
    let mut by = [signer("issuer"), signer("second")];
    by.sort();
    let rosters = by.map(|signer| Roster {
        unit: unit(),
        pack: PackId::parse("WE-AAAAA").unwrap(),
        below: Serial::new(9).unwrap(),
        starts: date("2026-01-01"),
        signer: Some(signer),
    });
    assert_eq!(learned(unit()), Past { rosters: rosters.to_vec(), ..Past::default() });
    assert!(learned(stranger()).rosters.is_empty());
}

#[test]
fn a_roster_and_the_judgement_agree_on_withdrawals() {
    let own = pack("WE-AAAAA").serial(5);
    let roster = pack("WE-AAAAA").serial(6).roster().units(&[stranger()]);
    let both = device(noon("2026-06-01"), &[own.clone(), roster.clone()]);
    let takes = |roster: &Maker, own: &Maker, trust: &TrustDocument| {
        withdraws(&roster.verified(), &own.verified(), &unit(), trust)
    };
    assert!(takes(&roster, &own, &both.trust));
    assert_eq!(both.states()[0], Some("withdrawn"));
    for (roster, own) in [
        (roster.clone().serial(5), own.clone()),
        (pack("WE-AAAAA").serial(6).units(&[stranger()]), own.clone()),
        (roster.clone().units(&[unit()]), own.clone()),
        (roster.clone(), own.clone().units(&[stranger()])),
        (roster.clone(), pack("WE-BBBBB")),
        (roster.clone().signed_by(&["other"]), own.clone()),
    ] {
        assert!(!takes(&roster, &own, &both.trust));
    }
}

#[test]
fn a_service_is_withdrawn_only_with_a_licence_of_its_own() {
    let management = pack("EMP-AAAAA").serial(5).services(&[EMP]);
    let trust = trust(&[("EMP-AAAAA", 5)]);
    let device = Device { trust, ..device(noon("2026-06-01"), &[management]) };
    assert_eq!(device.service(EMP).0, "withdrawn");
    assert_eq!(device.service(WE).0, "none");
}

#[test]
fn a_service_of_a_replaced_licence_is_not_withdrawn() {
    let (now, old) = (noon("2026-06-01"), pack("WE-AAAAA").serial(5));
    let mut past = Past::default();
    past.learn([&pack("WE-AAAAA").serial(6).verified()], &unit(), now);
    let device = Device { past, ..device(now, &[old]) };
    assert_eq!(device.states(), [Some("superseded")]);
    assert_eq!(device.service(WE).0, "none");
}
