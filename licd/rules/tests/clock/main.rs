//! The time that licences are judged at, as sequences of clock events.
#![allow(clippy::unwrap_used, clippy::panic, reason = "they fail the test")]

mod maker;
mod script;
use maker::signer;
use script::{DAY, HOUR, Script};

use std::time::Duration;

use licd_rules::{Attested, BootId, ClockState, LEADS, Marks, Moment, Reading, Signer};
use license_format::UnixSeconds;

/// The event after the hours of a row.
enum Event {
    /// The first start, with this as the latest authenticated time.
    First(Option<&'static str>),
    /// None; the clock runs on.
    Nothing,
    /// A user sets the clock.
    Set,
    /// A time server sets the clock.
    Sync,
    /// The time server falls silent.
    Lost,
    /// Installs a document with this issue time.
    Document(&'static str),
    /// A shutdown, then a start with this clock.
    Restart,
    /// A power cut, then a start with this clock.
    Cut,
    /// The device was suspended for these hours.
    Suspended,
}
use Event::{Cut, Document, First, Lost, Nothing, Restart, Set, Suspended, Sync};

/// Event; running hours since the previous row; wall clock then; time judged at; state.
type Row = (Event, i64, &'static str, &'static str, &'static str);

fn at(text: &str) -> UnixSeconds {
    match text.len() {
        10 => UnixSeconds::parse(&format!("{text}T00:00:00Z")),
        13 => UnixSeconds::parse(&format!("{text}:00:00Z")),
        _ => UnixSeconds::parse(text),
    }
    .unwrap()
}

/// The signers of documents.
fn issuer() -> Signer {
    Signer::Key(signer("issuer"))
}

fn tell(story: &[Row]) {
    let mut device = None;
    for (number, (event, hours, wall, now, state)) in story.iter().enumerate() {
        let (wall, number) = (at(wall), number + 1);
        let verdict = match (&mut device, event) {
            (None, First(attested)) => {
                device.insert(Script::start(wall, false, attested.map(at))).look()
            }
            (Some(device), Suspended) => device.suspend(hours * HOUR),
            (Some(device), event) => {
                device.run(hours * HOUR);
                match event {
                    Nothing => device.look(),
                    Set => device.set(wall),
                    Sync => device.synchronize(wall),
                    Lost => device.lose(),
                    Document(issued) => {
                        device.install(issuer(), at(issued));
                        device.look()
                    }
                    Restart => device.restart(wall),
                    Cut => device.cut(wall),
                    First(_) | Suspended => panic!("row {number}: first start twice"),
                }
            }
            (None, _) => panic!("row {number}: no first start"),
        };
        assert_eq!(device.as_ref().unwrap().wall, wall, "row {number}: the clock");
        let got = (verdict.now.to_string(), verdict.state.as_str());
        assert_eq!(got, (at(now).to_string(), *state), "row {number}");
    }
}

const OK: &str = "ok";
const UNSYNC: &str = "unsynchronized";
const BEHIND: &str = "behind";

#[test]
fn a_first_start_adopts_the_clock_it_finds() {
    tell(&[
        (First(Some("2026-01-15")), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Nothing, 5, "2026-11-22T13", "2026-11-22T13", UNSYNC),
        (Nothing, 240, "2026-12-02T13", "2026-12-02T13", UNSYNC),
    ]);
    tell(&[(First(None), 0, "1970-01-01T01", "1970-01-01T01", UNSYNC)]);
}

#[test]
fn a_first_start_at_1970_is_judged_at_the_floor_until_a_clock_is_found() {
    tell(&[
        (First(Some("2026-01-15")), 0, "1970-01-01", "2026-01-15T00", BEHIND),
        (Nothing, 30, "1970-01-02T06", "2026-01-16T06", BEHIND),
        (Document("2026-11-22T08"), 0, "1970-01-02T06", "2026-11-22T08", BEHIND),
        (Restart, 2, "1970-01-01", "2026-11-22T10", BEHIND),
        (Set, 1, "2027-03-01T12", "2027-03-01T12", UNSYNC),
        (Nothing, 1, "2027-03-01T13", "2027-03-01T13", UNSYNC),
        (Restart, 0, "2099-01-01T00", "2027-03-01T13", UNSYNC),
    ]);
}

#[test]
fn a_dead_battery_costs_only_the_time_switched_off() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Sync, 0, "2026-11-22T08", "2026-11-22T08", OK),
        (Restart, 10, "1970-01-01", "2026-11-22T18", BEHIND),
        (Nothing, 10, "1970-01-01T10", "2026-11-23T04", BEHIND),
        (Sync, 0, "2026-11-23T18", "2026-11-23T18", OK),
        (Lost, 1, "2026-11-23T19", "2026-11-23T19", UNSYNC),
    ]);
}

#[test]
fn a_clock_at_2099_ends_nothing_for_a_day_of_running_and_a_time_server_heals_it_afterwards() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Restart, 9, "2099-01-01T00", "2026-11-22T17", UNSYNC),
        (Nothing, 23, "2099-01-01T23", "2026-11-23T16", UNSYNC),
        (Restart, 0, "2099-01-01T23", "2026-11-23T16", UNSYNC),
        (Nothing, 1, "2099-01-02T00", "2099-01-02T00", UNSYNC),
        (Set, 5, "2026-11-24T08", "2099-01-02T05", BEHIND),
        (Sync, 1, "2026-11-24T09", "2026-11-24T09", OK),
        (Lost, 1, "2026-11-24T10", "2026-11-24T10", UNSYNC),
        (Restart, 1, "2026-11-24T12", "2026-11-24T12", UNSYNC),
    ]);
}

#[test]
fn a_wild_clock_that_is_put_right_in_time_leaves_no_trace() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Set, 0, "2099-01-01T00", "2026-11-22T08", UNSYNC),
        (Set, 20, "2026-11-23T04", "2026-11-23T04", UNSYNC),
        (Set, 0, "2099-01-01T00", "2026-11-23T04", UNSYNC),
        (Nothing, 20, "2099-01-01T20", "2026-11-24T00", UNSYNC),
        (Set, 0, "2026-11-24T00", "2026-11-24T00", UNSYNC),
    ]);
}

#[test]
fn a_clock_that_runs_ever_further_ahead_is_adopted_at_its_lowest_claim() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Set, 0, "2026-12-22T08", "2026-11-22T08", UNSYNC),
        (Set, 23, "2099-01-01T00", "2026-11-23T07", UNSYNC),
        (Nothing, 1, "2099-01-01T01", "2026-12-23T08", UNSYNC),
        (Nothing, 23, "2099-01-02T00", "2026-12-24T07", UNSYNC),
        (Nothing, 1, "2099-01-02T01", "2099-01-02T01", UNSYNC),
    ]);
}

#[test]
fn a_clock_that_falls_back_is_adopted_at_its_lowest_claim() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Set, 0, "2099-01-01T00", "2026-11-22T08", UNSYNC),
        (Set, 20, "2027-11-22T00", "2026-11-23T04", UNSYNC),
        (Nothing, 4, "2027-11-22T04", "2027-11-22T04", UNSYNC),
    ]);
}

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
fn setting_the_clock_back_by_25_hours_gains_nothing() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Set, 48, "2026-11-23T07", "2026-11-24T08", BEHIND),
        (Nothing, 24, "2026-11-24T07", "2026-11-25T08", BEHIND),
        (Set, 0, "2026-11-25T08", "2026-11-25T08", UNSYNC),
    ]);
}

#[test]
fn setting_the_clock_back_in_small_steps_gains_nothing_either() {
    let mut device = Script::start(at("2026-11-22T08"), false, None);
    for hours in 1..=100 {
        let wall = device.wall.plus(-4 * HOUR);
        let back = device.set(wall);
        assert_eq!(back.now, at("2026-11-22T08").plus((hours - 1) * HOUR));
        let behind = hours >= 7;
        assert_eq!(back.state == ClockState::Behind, behind, "{hours}");
        device.run(HOUR);
    }
    // With restarts in between and a clock that stands still while the device runs.
    let mut device = Script::start(at("2026-11-22T08"), false, None);
    for hours in 1..=100 {
        device.run(HOUR);
        let now = device.restart(at("2026-11-22T08")).now;
        assert_eq!(now, at("2026-11-22T08").plus(hours * HOUR));
    }
}

#[test]
fn a_step_of_hours_is_followed_and_time_waits_when_it_is_taken_back() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Set, 0, "2026-11-22T17", "2026-11-22T17", UNSYNC),
        (Set, 1, "2026-11-22T09", "2026-11-22T18", UNSYNC),
        (Nothing, 8, "2026-11-22T17", "2026-11-22T18", UNSYNC),
        (Nothing, 2, "2026-11-22T19", "2026-11-22T19", UNSYNC),
    ]);
}

#[test]
fn steps_of_hours_add_up_to_no_more_than_a_day() {
    let mut device = Script::start(at("2026-11-22T08"), false, None);
    for _ in 0..50 {
        let wall = device.wall.plus(20 * HOUR);
        assert!(device.set(wall).now <= at("2026-11-23T08"));
    }
    assert_eq!(device.look().now, at("2026-11-23T04"));
}

#[test]
fn daylight_saving_leap_days_and_leap_seconds_are_no_events() {
    for start in ["2026-03-28T12", "2026-10-24T12", "2028-02-28T12", "2016-12-31T12"] {
        let mut device = Script::start(at(start), false, None);
        for hours in 1..=72 {
            device.run(HOUR);
            if hours == 12 {
                let leap = device.wall.plus(-1);
                device.set(leap);
            }
            let verdict = device.look();
            assert_eq!(verdict.state, ClockState::Unsynchronized);
            assert!((0..=1).contains(&(verdict.now.0 - device.wall.0)), "{start} + {hours} h");
        }
    }
}

#[test]
fn a_month_suspended_is_no_jump() {
    tell(&[
        (First(None), 0, "2026-11-01T08", "2026-11-01T08", UNSYNC),
        (Suspended, 30 * 24, "2026-12-01T08", "2026-12-01T08", UNSYNC),
    ]);
}

#[test]
fn a_year_in_a_cupboard_counts_after_a_day_of_running_or_at_once_with_a_time_server() {
    tell(&[
        (First(None), 0, "2025-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 0, "2026-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 10, "2026-11-23T08", "2025-11-22T18", UNSYNC),
        (Restart, 10, "2026-11-24T08", "2025-11-23T04", UNSYNC),
        // The clock's lowest reading of that day; the nights since add less than a day.
        (Nothing, 4, "2026-11-24T12", "2026-11-23T08", UNSYNC),
        (Nothing, 24, "2026-11-25T12", "2026-11-25T12", UNSYNC),
    ]);
    tell(&[
        (First(None), 0, "2025-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 0, "2026-11-22T08", "2025-11-22T08", UNSYNC),
        (Sync, 0, "2026-11-22T08", "2026-11-22T08", OK),
    ]);
}

#[test]
fn a_document_from_after_the_cupboard_ends_the_wait() {
    tell(&[
        (First(None), 0, "2025-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 0, "2026-11-22T08", "2025-11-22T08", UNSYNC),
        (Document("2026-11-22T07"), 1, "2026-11-22T09", "2026-11-22T09", UNSYNC),
    ]);
}

#[test]
fn a_device_that_is_off_every_night_and_never_hears_a_time_server_is_days_behind_not_months() {
    let mut device = Script::start(at("2026-01-01T08"), false, None);
    for _ in 0..365 {
        device.run(10 * HOUR);
        let next_morning = device.wall.plus(14 * HOUR);
        device.restart(next_morning);
        let lag = device.wall.0 - device.look().now.0;
        assert!((0..=5 * DAY).contains(&lag), "{} h", lag / HOUR);
    }
}

#[test]
fn a_clock_behind_a_document_is_judged_at_the_floor_and_goes_on_from_there() {
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Document("2026-11-22T09"), 0, "2026-11-22T08", "2026-11-22T09", BEHIND),
        (Nothing, 2, "2026-11-22T10", "2026-11-22T11", UNSYNC),
        (Restart, 0, "2026-11-22T08:30:00Z", "2026-11-22T11", BEHIND),
    ]);
}

#[test]
fn a_document_from_the_future_does_its_harm_once_and_a_synchronised_time_ends_it() {
    tell(&[
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
    tell(&[
        (First(Some("2026-01-15")), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Document("2031-01-15"), 0, "2026-11-22T08", "2031-01-15", BEHIND),
        (Document("9999-12-31"), 1, "2026-11-22T09", "2031-01-15T01", BEHIND),
        (Restart, 1, "2026-11-22T12", "2031-01-15T02", BEHIND),
    ]);
    // A past synchronisation counts like the image.
    tell(&[
        (First(Some("2026-01-15")), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Sync, 0, "2028-11-22T08", "2028-11-22T08", OK),
        (Lost, 0, "2028-11-22T08", "2028-11-22T08", UNSYNC),
        (Document("9999-12-31"), 1, "2028-11-22T09", "2033-11-22T08", BEHIND),
    ]);
    // Without either, the base is the introduction of the format.
    tell(&[
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
    tell(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Sync, 0, "2026-11-22T08", "2026-11-22T08", OK),
        (Document("2026-12-01"), 0, "2026-11-22T08", "2026-11-22T08", OK),
        (Restart, 0, "2026-11-22T09", "2026-11-22T09", UNSYNC),
        (Sync, 0, "2026-12-02", "2026-12-02", OK),
        (Restart, 0, "2026-11-30", "2026-12-02", BEHIND),
    ]);
}

#[test]
fn a_day_switched_off_is_followed_and_two_are_waited_for() {
    tell(&[
        (First(None), 0, "2026-11-20T17", "2026-11-20T17", UNSYNC),
        (Sync, 0, "2026-11-20T17", "2026-11-20T17", OK),
        (Restart, 0, "2026-11-21T17", "2026-11-21T17", UNSYNC),
        (Restart, 0, "2026-11-22T18", "2026-11-21T17", UNSYNC),
        (Sync, 0, "2026-11-22T18", "2026-11-22T18", OK),
    ]);
}

#[test]
fn the_verdict_states_when_a_clock_will_be_adopted() {
    let mut device = Script::start(at("2026-11-22T08"), false, None);
    assert_eq!(device.look().adopted_in, None);
    let ahead = device.set(at("2027-11-22T08"));
    assert_eq!(ahead.adopted_in, Some(Duration::from_secs(24 * 3600)));
    let later = device.run(20 * HOUR);
    assert_eq!(later.adopted_in, Some(Duration::from_secs(4 * 3600)));
    assert_eq!(device.run(4 * HOUR - 1).now, at("2026-11-23T07:59:59Z"));
    let adopted = device.run(1);
    assert_eq!((adopted.now, adopted.adopted_in), (at("2027-11-23T08"), None));
}

#[test]
fn marks_are_written_at_first_after_an_hour_of_every_start_daily_and_at_shutdown() {
    let mut device = Script::start(at("2026-11-22T08"), true, None);
    assert_eq!(device.writes, 1);
    device.run(HOUR - 1);
    assert_eq!(device.writes, 1);
    device.run(30 * DAY);
    assert_eq!(device.writes, 31);
    let morning = device.wall.plus(8 * HOUR);
    device.restart(morning);
    assert_eq!(device.writes, 32);
    device.synchronize(morning);
    device.run(HOUR - 1);
    assert_eq!(device.writes, 32);
    device.run(1);
    assert_eq!(device.writes, 33);
    device.run(23 * HOUR);
    assert_eq!(device.writes, 33);
}

#[test]
fn a_correction_by_synchronised_time_is_written_at_once() {
    let mut device = Script::start(at("2026-11-22T08"), false, Some(at("2099-01-01")));
    device.run(2 * HOUR);
    let before = device.writes;
    device.synchronize(at("2026-11-22T10"));
    assert_eq!(device.writes, before + 1);
    assert_eq!(device.cut(at("2026-11-22T11")).now, at("2026-11-22T11"));
}

#[test]
fn a_synchronisation_after_a_long_time_is_written_at_once() {
    let mut device = Script::start(at("2025-11-22T08"), false, None);
    device.restart(at("2025-11-22T08"));
    device.synchronize(at("2026-11-22T08"));
    assert_eq!(device.cut(at("2025-11-22T09")).now, at("2026-11-22T08"));
}

#[test]
fn power_cuts_lose_a_day_once_and_then_an_hour_each() {
    let begun = at("2026-11-22T08");
    let mut device = Script::start(begun, false, None);
    let mut ran = 0;
    for cuts in 1..=50 {
        device.run(20 * HOUR);
        ran += 20 * HOUR;
        let now = device.cut(at("1970-01-01")).now;
        assert!(now >= begun.plus(ran - DAY - cuts * HOUR), "{now} after {cuts} cuts");
    }
    // A time server ends the distrust and the hourly writes.
    device.synchronize(at("2027-02-01"));
    device.run(2 * HOUR);
    let before = device.writes;
    device.run(10 * DAY);
    assert_eq!(device.writes, before + 10);
}

#[test]
fn running_time_is_known_since_the_earlier_moment_or_the_start() {
    let boot = |text| BootId::parse(text);
    let (one, two) = (
        boot("5b1f1d0c-7a6f-4c3e-9d2b-0123456789ab"),
        boot("5b1f1d0c-7a6f-4c3e-9d2b-0123456789ac"),
    );
    assert!(one.is_some() && two.is_some());
    let moment = |boot, seconds| Moment { boot, uptime: Duration::from_secs(seconds) };
    for (earlier, later, ran) in [
        (moment(one, 100), moment(one, 160), 60),
        (moment(one, 100), moment(two, 30), 30),
        (moment(one, 100), moment(two, 160), 160),
        (moment(None, 100), moment(None, 160), 60),
        (moment(None, 100), moment(None, 30), 30),
        (moment(None, 100), moment(one, 160), 160),
    ] {
        assert_eq!(later.since(&earlier), Duration::from_secs(ran));
    }
}

#[test]
fn a_boot_id_has_only_the_kernels_spelling() {
    let text = "5b1f1d0c-7a6f-4c3e-9d2b-0123456789ab";
    assert_eq!(BootId::parse(text).unwrap().to_string(), text);
    for text in ["", "5B1F1D0C-7A6F-4C3E-9D2B-0123456789AB", &format!("{text}\n"), &text[1..]] {
        assert_eq!(BootId::parse(text), None, "{text}");
    }
    assert_eq!(BootId::parse(&text.replace('-', "0")), None);
}

#[test]
fn extreme_clock_values_are_handled() {
    let at = Moment { boot: None, uptime: Duration::MAX };
    let attested = Attested { image: Some(UnixSeconds(i64::MAX)), ..Attested::default() };
    let wild = |wall| Reading { wall: UnixSeconds(wall), at, synchronized: false };
    for wall in [i64::MIN, -1, 0, i64::MAX] {
        let mut marks: Option<Marks> = None;
        for other in [wall, i64::MAX, i64::MIN] {
            marks = Some(wild(other).judge(marks.as_ref(), &attested).marks);
            assert_eq!(marks.unwrap().seen, UnixSeconds(i64::MAX));
        }
    }
}

#[test]
fn clock_states_use_the_words_of_the_report() {
    let words = [ClockState::Ok, ClockState::Unsynchronized, ClockState::Behind];
    assert_eq!(words.map(ClockState::as_str), ["ok", "unsynchronized", "behind"]);
}
