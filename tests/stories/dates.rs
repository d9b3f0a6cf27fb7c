//! The programs at given dates (LF §4.1, `clock.state`), under a simulated clock.

use std::fs;

use acceptance::clock::Clock;
use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::maker::licence;
use acceptance::program::{self, Answer};
use acceptance::{World, story};
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(the_last_day_is_complete_in_every_time_zone),
    story!(grace_allows_the_same_features_as_before),
    story!(os_11_may_install_releases_from_before_the_end),
    story!(a_licence_can_end_on_a_leap_day),
    story!(an_ended_evaluation_leaves_no_features),
    story!(os_12_freezes_configuration_but_not_licensing_after_the_end),
    story!(a_licence_begins_and_ends_while_the_daemon_runs),
    story!(a_clock_far_off_ends_no_licence),
    story!(a_licences_issue_date_proves_that_its_first_day_has_come),
    story!(setting_the_clock_back_extends_no_licence),
    story!(a_clock_some_hours_behind_changes_no_state),
    story!(a_correct_time_undoes_the_effect_of_a_wrong_date),
    story!(a_year_switched_off_counts_as_a_year),
];

/// systemd-timesyncd creates this file when it has synchronised the clock.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

fn licctl(world: &World, clock: &Clock, args: &[&str]) -> Answer {
    program::run(clock.shown_to(&mut world.licctl_command()).args(args))
}

fn status(world: &World, clock: &Clock) -> Value {
    licctl(world, clock, &["status", "--json"]).with_code(0).json()
}

fn start<'w>(world: &'w World, clock: &Clock) -> Daemon<'w> {
    world.start_with(|command| clock.shown_to(command))
}

/// Starts the daemon, reads the states of its report, and stops it.
fn look(world: &World, clock: &Clock) -> (String, String) {
    let daemon = start(world, clock);
    let report: Value = serde_json::from_str(&daemon.client().status()).unwrap();
    assert!(daemon.stop().success());
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    (word(&report["state"]), word(&report["clock"]["state"]))
}

fn mark_clock_unsynchronized(world: &World) {
    fs::remove_file(world.path(SYNCHRONIZED)).unwrap();
}

fn the_last_day_is_complete_in_every_time_zone() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2026-08-01").grace(0).sign());
    for (time, state) in [
        ("2026-07-21 11:59:59", "valid"),
        ("2026-07-22 12:00:00", "warning"),
        ("2026-08-01 23:59:59", "warning"),
        ("2026-08-02 11:59:59", "warning"),
        ("2026-08-02 12:00:00", "expired"),
    ] {
        assert_eq!(status(&world, &Clock::at(time))["state"], state, "{time}");
    }
}

fn grace_allows_the_same_features_as_before() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2026-08-01").grace(28).sign());
    for (time, state, allowed) in [
        ("2026-08-02 12:00:00", "grace", true),
        ("2026-08-30 11:59:59", "grace", true),
        ("2026-08-30 12:00:00", "expired", false),
    ] {
        let status = status(&world, &Clock::at(time));
        assert_eq!(status["state"], state, "{time}");
        for feature in ["custom-partition", "app-install", "icg", "config-change"] {
            assert_eq!(status["features"][feature]["allowed"], allowed, "{time}: {feature}");
        }
    }
}

fn os_11_may_install_releases_from_before_the_end() {
    let world = World::new();
    world.write("/etc/licd/licd.toml", "[system]\ngeneration = 11\n");
    let clock = Clock::at("2026-11-01 09:00:00");
    let draft = licence().term("perpetual").expires("2022-08-01").grace(0);
    world.copy_by_hand("a.lic", draft.sign());
    let allowed = |day: &str| licctl(&world, &clock, &["update-allowed", day]);
    let _ = allowed("2022-03-29").with_code(0);
    let _ = allowed("2022-08-01").with_code(1);
    let _ = allowed("2022-08-19").with_code(1);
    // The features of the base system and its configuration stay allowed.
    for (feature, code) in [("os", 0), ("config-change", 0), ("custom-partition", 1)] {
        let _ = licctl(&world, &clock, &["feature", feature]).with_code(code);
    }
    // OS 12 allows no updates after the end.
    world.write("/etc/licd/licd.toml", "[system]\ngeneration = 12\n");
    let _ = allowed("2022-03-29").with_code(1);
}

fn a_licence_can_end_on_a_leap_day() {
    let world = World::new();
    let draft = licence().starts("2028-02-29").expires("2028-02-29").grace(0);
    world.copy_by_hand("a.lic", draft.sign());
    for (time, state) in [
        ("2028-02-28 12:00:00", "pending"),
        ("2028-02-29 12:00:00", "warning"),
        ("2028-03-01 11:59:59", "warning"),
        ("2028-03-01 12:00:00", "expired"),
    ] {
        assert_eq!(status(&world, &Clock::at(time))["state"], state, "{time}");
    }
}

fn an_ended_evaluation_leaves_no_features() {
    let world = World::new();
    let draft = licence().pack("WE-DEMO1").product("WE-E").term("evaluation");
    world.copy_by_hand("a.lic", draft.expires("2026-08-01").sign());
    let clock = Clock::at("2026-08-01 09:00:00");
    let _ = licctl(&world, &clock, &["feature", "os"]).with_code(0);
    clock.set("2026-08-02 12:00:00");
    for feature in ["os", "apps", "codecs", "config-change"] {
        let _ = licctl(&world, &clock, &["feature", feature]).with_code(1);
    }
    let _ = licctl(&world, &clock, &["feature", "license-deploy"]).with_code(0);
}

fn os_12_freezes_configuration_but_not_licensing_after_the_end() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2026-08-01").grace(0).sign());
    let daemon = start(&world, &Clock::at("2026-09-01 09:00:00"));
    let client = daemon.client();
    let (allowed, reason, _): (bool, String, String) =
        client.manager("CheckFeature", &"config-change").unwrap();
    assert_eq!((allowed, reason.as_str()), (false, "expired"));
    // Otherwise the device could never be licensed again.
    let () = client.manager("ApplySettings", &"[licensing]\nremove = \"evaluation\"\n").unwrap();
    let renewed = licence().serial(184).expires("2027-08-01").sign();
    assert_eq!(daemon.import(renewed).with_code(0).verdict(), "valid");
    let (allowed, ..): (bool, String, String) =
        client.manager("CheckFeature", &"config-change").unwrap();
    assert!(allowed);
}

fn a_licence_begins_and_ends_while_the_daemon_runs() {
    let world = World::new();
    let draft = licence().starts("2026-08-01").expires("2026-08-31").grace(0);
    world.copy_by_hand("a.lic", draft.sign());
    let clock = Clock::at("2026-07-31 23:59:59");
    let daemon = start(&world, &clock);
    for (time, state) in [
        ("2026-07-31 23:59:59", "pending"),
        ("2026-08-01 00:00:00", "valid"),
        ("2026-08-31 23:59:59", "warning"),
        ("2026-09-01 12:00:00", "expired"),
    ] {
        clock.set(time);
        daemon.refresh();
        let report: Value = serde_json::from_str(&daemon.client().status()).unwrap();
        assert_eq!(report["state"], state, "{time}");
        let gate = world.path("/run/licd/features/custom-partition");
        assert_eq!(gate.exists(), ["valid", "warning"].contains(&state), "{time}");
    }
}

fn a_clock_far_off_ends_no_licence() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2027-08-01").sign());
    let clock = Clock::at("2026-12-01 09:00:00");
    assert_eq!(look(&world, &clock), ("valid".into(), "ok".into()));
    mark_clock_unsynchronized(&world);
    for (time, state) in [
        ("2099-01-01 00:00:00", "unsynchronized"),
        ("1970-01-01 00:00:30", "behind"),
        ("2026-12-02 09:00:00", "unsynchronized"),
    ] {
        clock.set(time);
        assert_eq!(look(&world, &clock), ("valid".into(), state.into()), "{time}");
        // licctl without the daemon reports the same state.
        assert_eq!(status(&world, &clock)["state"], "valid", "{time}");
    }
}

fn a_licences_issue_date_proves_that_its_first_day_has_come() {
    let world = World::new();
    mark_clock_unsynchronized(&world);
    let clock = Clock::at("1970-01-01 00:00:30");
    let today = licence().issued("2026-12-01T08:30:00Z").starts("2026-12-01").sign();
    let tomorrow =
        licence().pack("WE-LATER").issued("2026-12-01T08:30:00Z").starts("2026-12-02").sign();
    for (name, content, word) in [("b.lic", tomorrow, "pending"), ("a.lic", today, "valid")] {
        let file = world.file(name, content);
        let checked = licctl(&world, &clock, &["verify", "--json", &file]).with_code(0);
        assert_eq!(checked.verdict(), word);
        let imported = licctl(&world, &clock, &["import", "--json", &file]).with_code(0);
        assert_eq!(imported.verdict(), word);
        assert_eq!(status(&world, &clock)["state"], word);
    }
    assert_eq!(look(&world, &clock), ("valid".into(), "behind".into()));
}

fn setting_the_clock_back_extends_no_licence() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2026-12-10").grace(0).sign());
    let clock = Clock::at("2026-12-12 09:00:00");
    assert_eq!(look(&world, &clock).0, "expired");
    mark_clock_unsynchronized(&world);
    clock.set("2026-12-05 09:00:00");
    assert_eq!(look(&world, &clock), ("expired".into(), "behind".into()));
}

fn a_clock_some_hours_behind_changes_no_state() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2027-08-01").sign());
    mark_clock_unsynchronized(&world);
    let clock = Clock::at("2026-12-01 09:00:00");
    assert_eq!(look(&world, &clock), ("valid".into(), "unsynchronized".into()));
    for (time, state) in
        [("2026-11-30 10:00:00", "unsynchronized"), ("2026-11-29 08:00:00", "behind")]
    {
        clock.set(time);
        assert_eq!(look(&world, &clock), ("valid".into(), state.into()), "{time}");
    }
}

fn a_correct_time_undoes_the_effect_of_a_wrong_date() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2027-08-01").sign());
    mark_clock_unsynchronized(&world);
    let clock = Clock::at("2026-12-01 09:00:00");
    // A licence of another pack, issued by a clock years ahead.
    let odd = licence().pack("EMP-R9HXH").issued("2031-01-01T00:00:00Z").sign();
    world.copy_by_hand("odd.lic", odd);
    assert_eq!(look(&world, &clock).1, "behind");
    fs::remove_file(world.licenses().join("odd.lic")).unwrap();
    world.write(SYNCHRONIZED, "");
    assert_eq!(look(&world, &clock), ("valid".into(), "ok".into()));
    mark_clock_unsynchronized(&world);
    clock.set("2026-12-01 10:00:00");
    assert_eq!(look(&world, &clock), ("valid".into(), "unsynchronized".into()));
}

fn a_year_switched_off_counts_as_a_year() {
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires("2027-08-01").grace(0).sign());
    let clock = Clock::at("2026-12-01 09:00:00");
    assert_eq!(look(&world, &clock).0, "valid");
    // After synchronisation the state changes at once.
    clock.set("2027-12-01 09:00:00");
    assert_eq!(look(&world, &clock), ("expired".into(), "ok".into()));
}
