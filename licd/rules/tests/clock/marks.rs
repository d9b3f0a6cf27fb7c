//! The marks of the time: when they are written, and the moments that they hold.

use std::time::Duration;

use licd_rules::{Attested, BootId, ClockState, Lead, Marks, Moment, Reading, Signer};
use license_format::UnixSeconds;

use crate::rows::at;
use crate::script::{DAY, HOUR, Script};

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
fn a_refutation_and_a_step_of_time_are_written_at_once_and_less_is_not() {
    let written = Script::start(at("2026-11-22T08"), true, None).verdict().marks;
    let never = Marks::NEVER;
    let document = |marks: &mut Marks, refuted, floor| {
        marks.leads[0] =
            Some(Lead { by: Signer::Roots, floor, refuted, trusted: never, seen: never });
    };
    let refuted = at("2027-01-01");
    let floor = |after: i64| written.floor.plus(after);
    let is_due = |change: &dyn Fn(&mut Marks)| {
        let mut marks = written;
        change(&mut marks);
        marks.due_in(Some(&written)).is_zero()
    };
    assert!(!is_due(&|_| ()));
    assert!(is_due(&|marks| marks.refuted = refuted));
    assert!(is_due(&|marks| document(marks, refuted, never)));
    assert!(!is_due(&|marks| document(marks, never, floor(1))));
    for (after, due) in [(DAY, false), (DAY + 1, true)] {
        assert_eq!(is_due(&|marks| marks.floor = floor(after)), due);
        assert_eq!(is_due(&|marks| document(marks, never, floor(after))), due);
    }
    for (back, due) in [(HOUR, false), (HOUR + 1, true)] {
        assert_eq!(is_due(&|marks| marks.seen = written.seen.plus(-back)), due);
    }
}

#[test]
fn the_first_marks_are_due_an_hour_after_a_start_of_the_system_or_of_licd() {
    let written = Script::start(at("2026-11-22T08"), true, None).verdict().marks;
    let due_in = |marks: Marks, written: Marks| marks.due_in(Some(&written)).as_secs() as i64;
    assert_eq!(due_in(written, written), DAY);
    // licd alone was stopped.
    assert_eq!(due_in(written, written.at_rest()), HOUR);
    let mut restarted = written;
    restarted.at.boot = BootId::parse("5b1f1d0c-7a6f-4c3e-9d2b-0123456789ab");
    assert_eq!(due_in(restarted, written), HOUR);
    assert_eq!(due_in(restarted, written.at_rest()), HOUR);
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
