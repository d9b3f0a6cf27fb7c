//! The time that documents attest, and the revocation of their signers.

use std::time::Duration;

use licd_rules::{Attested, ClockState, LEADS, Marks, Signer};

use crate::maker::{self, signer};
use crate::rows::*;
use crate::script::{DAY, HOUR, Script};

#[test]
fn a_claim_that_a_document_overtakes_is_adopted_and_changes_nothing() {
    let mut device = Script::start(at("2026-11-22T08"), false, None);
    device.set(at("2026-11-25T08"));
    device.run(20 * HOUR);
    device.install(issuer(), at("2026-12-02T08"));
    let ahead = device.set(at("2026-12-12T08"));
    assert_eq!(ahead.now, at("2026-12-02T08"));
    assert_eq!(ahead.adopted_in, Some(Duration::from_secs(4 * 3600)));
    let later = device.run(4 * HOUR);
    assert_eq!(later.now, at("2026-12-02T12"));
    assert_eq!(later.adopted_in, Some(Duration::from_secs(24 * 3600)));
}

#[test]
fn a_document_from_after_the_cupboard_ends_the_wait() {
    check(&[
        (First(None), 0, "2025-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 0, "2026-11-22T08", "2025-11-22T08", UNSYNC),
        (Document("2026-11-22T07"), 1, "2026-11-22T09", "2026-11-22T09", UNSYNC),
    ]);
}

#[test]
fn a_clock_behind_a_document_is_judged_at_the_floor_and_goes_on_from_there() {
    check(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Document("2026-11-22T09"), 0, "2026-11-22T08", "2026-11-22T09", BEHIND),
        (Nothing, 2, "2026-11-22T10", "2026-11-22T11", UNSYNC),
        (Restart, 0, "2026-11-22T08:30:00Z", "2026-11-22T11", BEHIND),
    ]);
}

#[test]
fn a_document_from_the_future_does_its_harm_once_and_a_synchronised_time_ends_it() {
    check(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Document("2030-01-01"), 0, "2026-11-22T08", "2030-01-01", BEHIND),
        (Restart, 1, "2026-11-22T10", "2030-01-01T01", BEHIND),
        (Sync, 0, "2026-11-22T10", "2026-11-22T10", OK),
        (Lost, 0, "2026-11-22T10", "2026-11-22T10", UNSYNC),
        (Cut, 0, "2026-11-22T11", "2026-11-22T11", UNSYNC),
        (Document("2030-01-01"), 0, "2026-11-22T11", "2026-11-22T11", UNSYNC),
        // A document with a still later date needs its own refutation.
        (Document("2031-01-01"), 0, "2026-11-22T11", "2031-01-01", BEHIND),
        (Sync, 0, "2026-11-22T12", "2026-11-22T12", OK),
        (Lost, 0, "2026-11-22T12", "2026-11-22T12", UNSYNC),
    ]);
}

#[test]
fn a_document_takes_the_clock_five_years_beyond_image_and_time_servers_and_no_further() {
    check(&[
        (First(Some("2026-01-15")), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Document("2031-01-15"), 0, "2026-11-22T08", "2031-01-15", BEHIND),
        (Document("9999-12-31"), 1, "2026-11-22T09", "2031-01-15T01", BEHIND),
        (Restart, 1, "2026-11-22T12", "2031-01-15T02", BEHIND),
    ]);
    // A past synchronisation counts like the image.
    check(&[
        (First(Some("2026-01-15")), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Sync, 0, "2028-11-22T08", "2028-11-22T08", OK),
        (Lost, 0, "2028-11-22T08", "2028-11-22T08", UNSYNC),
        (Document("9999-12-31"), 1, "2028-11-22T09", "2033-11-22T08", BEHIND),
    ]);
    // Without either, the base is the introduction of the format.
    check(&[
        (First(None), 0, "1970-01-01", "1970-01-01", UNSYNC),
        (Document("2027-03-01"), 0, "1970-01-01", "2027-03-01", BEHIND),
        (Document("9999-12-31"), 0, "1970-01-01", "2031-11-01", BEHIND),
    ]);
}

#[test]
fn a_revoked_signer_leaves_no_trace_on_the_clock_across_restarts() {
    let other = Signer::Key(signer("other"));
    let mut device = Script::start(at("2026-11-22T08"), false, Some(at("2026-01-15")));
    device.install(issuer(), at("2026-11-22T10"));
    assert_eq!(device.look().now, at("2026-11-22T10"));
    device.install(other, at("2029-11-22"));
    device.look();
    assert_eq!(device.run(30 * HOUR).now, at("2029-11-23T06"));
    assert_eq!(device.restart(at("2026-11-23T14")).now, at("2029-11-23T06"));
    // The clock has advanced by itself, and the issuer's lead is remembered.
    let healed = device.revoke(other);
    assert_eq!((healed.now, healed.state), (at("2026-11-23T16"), ClockState::Unsynchronized));
    assert_eq!(device.restart(at("1970-01-01")).now, at("2026-11-23T16"));
    assert_eq!(device.restart(at("2026-11-23T18")).now, at("2026-11-23T18"));
    // A trust document that names the signer again restores its lead.
    device.install(other, Marks::NEVER);
    assert_eq!(device.look().now, at("2029-11-23T06"));
    assert_eq!(device.synchronize(at("2026-11-23T18")).now, at("2026-11-23T18"));
}

#[test]
fn the_trust_document_is_a_document_and_its_signers_are_never_out_of_force() {
    let licence = maker::pack("WE-AAAAA").issued("2026-03-01T00:00:00Z").verified();
    let attested = Attested::of(Some(at("2026-01-15")), &maker::trust(&[]), [&licence]);
    assert_eq!(attested.signers[0], (Signer::Roots, Marks::NEVER));
    assert_eq!(attested.signers[1], (issuer(), at("2026-03-01")));
    assert_eq!((attested.signers.len(), attested.image), (2, Some(at("2026-01-15"))));
    let stranger = maker::pack("WE-AAAAA").signed_by(&["other"]).verified();
    let attested = Attested::of(None, &maker::trust(&[]), [&stranger]);
    assert_eq!(attested.signers[1], (issuer(), Marks::NEVER));

    let mut device = Script::start(at("1970-01-01"), false, None);
    device.install(Signer::Roots, at("2026-11-22T08"));
    assert_eq!(device.look().now, at("2026-11-22T08"));
}

#[test]
fn every_signer_of_a_trust_document_is_remembered_and_one_out_of_force_makes_room() {
    // The root keys, and sixteen keys of a trust document (LF §7).
    assert_eq!(LEADS, 17);
    let key = |number: usize| Signer::Key(signer(&format!("key-{number}")));
    let day = |number: usize| at("2027-01-01").plus(i64::try_from(number).unwrap() * DAY);
    let mut device = Script::start(at("2026-11-22T08"), false, Some(at("2026-01-15")));
    device.install(Signer::Roots, at("2027-01-01"));
    for number in 1..LEADS {
        device.install(key(number), day(number));
        device.look();
    }
    for number in (1..LEADS).rev() {
        assert_eq!(device.restart(at("1970-01-01")).now, day(number));
        device.revoke(key(number));
    }
    assert_eq!(device.look().now, at("2027-01-01"));
    for number in 100..100 + LEADS {
        device.install(key(number), day(number));
        assert_eq!(device.restart(at("1970-01-01")).now, day(number));
        device.revoke(key(number));
    }
    assert_eq!(device.look().now, at("2027-01-01"));
}

#[test]
fn the_floor_of_one_signer_ignores_the_others() {
    let other = signer("other");
    let mut device = Script::start(at("2026-11-22T08"), false, Some(at("2026-01-15")));
    device.install(issuer(), at("2026-11-22T07"));
    device.install(Signer::Key(other), at("2029-01-01"));
    device.look();
    let verdict = device.verdict();
    assert_eq!(verdict.floor, at("2029-01-01"));
    assert_eq!(verdict.floor_of(other), at("2029-01-01"));
    assert_eq!(verdict.floor_of(signer("issuer")), at("2026-11-22T07"));
    assert_eq!(verdict.floor_of(signer("stranger")), at("2026-01-15"));
}

#[test]
fn a_refuted_document_is_evidence_again_when_its_date_has_come() {
    check(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Sync, 0, "2026-11-22T08", "2026-11-22T08", OK),
        (Document("2026-12-01"), 0, "2026-11-22T08", "2026-11-22T08", OK),
        (Restart, 0, "2026-11-22T09", "2026-11-22T09", UNSYNC),
        (Sync, 0, "2026-12-02", "2026-12-02", OK),
        (Restart, 0, "2026-11-30", "2026-12-02", BEHIND),
    ]);
}

#[test]
fn a_document_of_the_date_of_a_refuted_image_is_refuted_too() {
    check(&[
        (First(Some("2026-12-01")), 0, "2026-11-22T08", "2026-12-01T00", BEHIND),
        (Sync, 0, "2026-11-22T09", "2026-11-22T09", OK),
        (Lost, 0, "2026-11-22T09", "2026-11-22T09", UNSYNC),
        (Document("2026-12-01"), 0, "2026-11-22T09", "2026-11-22T09", UNSYNC),
        (Document("2026-12-02"), 0, "2026-11-22T09", "2026-12-02", BEHIND),
    ]);
}

#[test]
fn a_signer_that_adds_nothing_takes_no_place() {
    let leads = |device: &Script| device.verdict().marks.leads.iter().flatten().count();
    let mut device = Script::start(at("2026-11-22T08"), false, Some(at("2026-01-15")));
    device.install(issuer(), at("2026-02-01"));
    device.look();
    assert_eq!(leads(&device), 1);
    device.synchronized = true;
    device.look();
    assert_eq!(leads(&device), 0);
    let mut behind = Script::start(at("1970-01-01"), false, Some(at("2026-01-15")));
    behind.install(issuer(), at("2026-01-15"));
    behind.look();
    assert_eq!(leads(&behind), 0);
}
