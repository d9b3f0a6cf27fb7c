//! The wall clock: wrong, set by users, corrected by time servers.

use std::time::Duration;

use licd_rules::ClockState;

use crate::rows::*;
use crate::script::{DAY, HOUR, Script};

#[test]
fn a_first_start_adopts_the_clock_it_finds() {
    check(&[
        (First(Some("2026-01-15")), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Nothing, 5, "2026-11-22T13", "2026-11-22T13", UNSYNC),
        (Nothing, 240, "2026-12-02T13", "2026-12-02T13", UNSYNC),
    ]);
    check(&[(First(None), 0, "1970-01-01T01", "1970-01-01T01", UNSYNC)]);
}

#[test]
fn a_first_start_at_1970_is_judged_at_the_floor_until_a_clock_is_found() {
    check(&[
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
    check(&[
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
    check(&[
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
    check(&[
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
    check(&[
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
    check(&[
        (First(None), 0, "2026-11-22T08", "2026-11-22T08", UNSYNC),
        (Set, 0, "2099-01-01T00", "2026-11-22T08", UNSYNC),
        (Set, 20, "2027-11-22T00", "2026-11-23T04", UNSYNC),
        (Nothing, 4, "2027-11-22T04", "2027-11-22T04", UNSYNC),
    ]);
}

#[test]
fn setting_the_clock_back_by_25_hours_gains_nothing() {
    check(&[
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
    check(&[
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
    check(&[
        (First(None), 0, "2026-11-01T08", "2026-11-01T08", UNSYNC),
        (Suspended, 30 * 24, "2026-12-01T08", "2026-12-01T08", UNSYNC),
    ]);
}

#[test]
fn a_year_in_a_cupboard_counts_after_a_day_of_running_or_at_once_with_a_time_server() {
    check(&[
        (First(None), 0, "2025-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 0, "2026-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 10, "2026-11-23T08", "2025-11-22T18", UNSYNC),
        (Restart, 10, "2026-11-24T08", "2025-11-23T04", UNSYNC),
        // The clock's lowest reading of that day; the nights since add less than a day.
        (Nothing, 4, "2026-11-24T12", "2026-11-23T08", UNSYNC),
        (Nothing, 24, "2026-11-25T12", "2026-11-25T12", UNSYNC),
    ]);
    check(&[
        (First(None), 0, "2025-11-22T08", "2025-11-22T08", UNSYNC),
        (Restart, 0, "2026-11-22T08", "2025-11-22T08", UNSYNC),
        (Sync, 0, "2026-11-22T08", "2026-11-22T08", OK),
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
fn a_day_switched_off_is_followed_and_two_are_waited_for() {
    check(&[
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
