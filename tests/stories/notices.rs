//! Expiry notices (docs/ums-administrator.md, section 5): announced once a day and published as text for users.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use acceptance::client::{Client, Signals};
use acceptance::clock::Clock;
use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::maker::{self, EMP, POWERTERM, WE};
use acceptance::{World, story, wait};
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(an_expiry_is_announced_once_a_day_even_across_restarts),
    story!(services_that_end_on_the_same_day_are_announced_together),
    story!(the_management_pack_is_not_announced_on_os_12),
    story!(the_end_of_the_starter_period_is_announced),
    story!(notices_are_published_in_every_language),
    story!(an_expiry_is_not_announced_after_a_week),
    story!(the_management_pack_is_silenced_from_the_next_boot),
    story!(a_damaged_state_file_repeats_one_notice_only),
];

/// The settings that silence notices of the Enterprise Management Pack.
const SILENCE: &str = "[userinterface.license_notification]\n\
                       enable_enterprise_management_notification = false\n";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const MEMORY: &str = "/var/lib/licd/notices.toml";
const OS11: &str = "VERSION_ID=11.09.310\n";
const TERADICI: &str = "SUB_SERVICE_SET_ADDON_TERADICI";

/// Starts the daemon under a simulated clock.
fn start<'w>(world: &'w World, clock: &Clock) -> Daemon<'w> {
    world.start_with(|command| clock.shown_to(command))
}

/// The announcements so far, after a refresh.
fn announced(daemon: &Daemon<'_>, signals: &Signals) -> Vec<(String, String, String, i32)> {
    daemon.refresh();
    signals.catch_up();
    let heard = signals.named("ExpiryNotice");
    heard.iter().map(|message| message.body().deserialize().unwrap()).collect()
}

fn announcement(
    service: &str,
    state: &str,
    expires: &str,
    left: i32,
) -> (String, String, String, i32) {
    (service.to_owned(), state.to_owned(), expires.to_owned(), left)
}

fn notices_json(world: &World) -> Value {
    let text = fs::read_to_string(world.path("/run/licd/notices.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn services(published: &Value) -> Vec<&str> {
    let notices = published["notices"].as_array().unwrap();
    notices.iter().map(|notice| notice["service"].as_str().unwrap()).collect()
}

fn an_expiry_is_announced_once_a_day_even_across_restarts() {
    let world = World::new();
    let clock = Clock::at("2026-12-25 09:00:00");
    world.copy_by_hand("a.lic", maker::licence().expires("2026-12-31").grace(2).sign());
    let signals = Client::connect(world.bus.address()).listen();
    let daemon = start(&world, &clock);
    let mut expected = vec![announcement(WE, "warning", "2026-12-31", 6)];
    assert_eq!(announced(&daemon, &signals), expected);
    // Neither reading nor restarting repeats an announcement on the same day.
    world.copy_by_hand(
        "b.lic",
        maker::licence().pack("WE-00001").expires("2026-12-30").grace(0).sign(),
    );
    assert_eq!(announced(&daemon, &signals), expected);
    assert!(daemon.stop().success());
    clock.set("2026-12-25 23:59:59");
    let daemon = start(&world, &clock);
    assert_eq!(announced(&daemon, &signals), expected);
    for (time, news) in [
        ("2026-12-26 00:00:00", Some(announcement(WE, "warning", "2026-12-31", 5))),
        ("2026-12-26 12:00:00", None),
        // The last day lasts until it has ended in every time zone.
        ("2027-01-01 11:59:59", Some(announcement(WE, "warning", "2026-12-31", -1))),
        ("2027-01-01 12:00:00", None),
        ("2027-01-02 00:00:00", Some(announcement(WE, "grace", "2026-12-31", -2))),
        ("2027-01-04 06:00:00", Some(announcement(WE, "expired", "2026-12-31", -4))),
    ] {
        clock.set(time);
        expected.extend(news);
        assert_eq!(announced(&daemon, &signals), expected, "{time}");
    }
    // A renewal ends the announcements.
    let _ = daemon.import(maker::licence().serial(200).sign()).with_code(0);
    clock.set("2027-01-05 06:00:00");
    assert_eq!(announced(&daemon, &signals), expected);
}

fn services_that_end_on_the_same_day_are_announced_together() {
    let world = World::new();
    world.write("/etc/os-release", OS11);
    let clock = Clock::at("2026-12-25 09:00:00");
    let ends = |pack, services: &[&str]| {
        maker::licence().pack(pack).services(services).expires("2026-12-31").sign()
    };
    world.copy_by_hand("a.lic", ends("WE-00001", &[EMP, WE, "SUB_SERVICE_FUTURE"]));
    let signals = Client::connect(world.bus.address()).listen();
    let daemon = start(&world, &clock);
    let together = [announcement(WE, "warning", "2026-12-31", 6)];
    assert_eq!(announced(&daemon, &signals), together);
    let title = notices_json(&world)["notices"][0]["en"]["title"].to_string();
    assert!(title.contains("Workspace Edition and Enterprise Management Pack: "), "{title}");
    // A licence that ends on the same day joins the notice, and is announced with it tomorrow.
    world.copy_by_hand("b.lic", ends("PWT-00001", &[POWERTERM]));
    assert_eq!(announced(&daemon, &signals), together);
    assert_eq!(services(&notices_json(&world)), [WE]);
    assert!(notices_json(&world)["notices"][0]["en"]["title"].to_string().contains("PowerTerm"));
    // A licence that ends on another day has its own notice.
    let later = maker::licence().pack("TER-00001").services(&[TERADICI]).expires("2026-12-30");
    world.copy_by_hand("c.lic", later.sign());
    let _ = announced(&daemon, &signals);
    assert_eq!(services(&notices_json(&world)), [TERADICI, WE]);
}

fn the_management_pack_is_not_announced_on_os_12() {
    let world = World::new();
    let clock = Clock::at("2026-12-25 09:00:00");
    world.copy_by_hand("a.lic", maker::licence().services(&[EMP]).expires("2026-12-31").sign());
    let signals = Client::connect(world.bus.address()).listen();
    let daemon = start(&world, &clock);
    assert_eq!(announced(&daemon, &signals), []);
    assert_eq!(notices_json(&world)["notices"], Value::Array(vec![]));
}

fn the_end_of_the_starter_period_is_announced() {
    let world = World::new();
    world.write("/usr/lib/licd/licd.toml", "[starter]\ndays = 30\n");
    world.write("/license/dsa/starter", "began 2026-12-01\n");
    let clock = Clock::at("2026-12-20 09:00:00");
    let signals = Client::connect(world.bus.address()).listen();
    let daemon = start(&world, &clock);
    assert_eq!(announced(&daemon, &signals), [announcement(WE, "warning", "2026-12-30", 10)]);
    let title = notices_json(&world)["notices"][0]["en"]["title"].to_string();
    assert!(title.contains("trial period ends on 30 December 2026"), "{title}");
}

fn notices_are_published_in_every_language() {
    let world = World::new();
    let clock = Clock::at("2026-12-22 09:00:00");
    let daemon = start(&world, &clock);
    assert_eq!(notices_json(&world)["notices"], Value::Array(vec![]));
    let _ = daemon.import(maker::licence().expires("2026-12-31").sign()).with_code(0);
    let published = notices_json(&world);
    assert_eq!((&published["schema"], &published["day"]), (&1.into(), &"2026-12-22".into()));
    assert_eq!(services(&published), [WE]);
    let notice = &published["notices"][0];
    assert_eq!((&notice["state"], &notice["expires"]), (&"warning".into(), &"2026-12-31".into()));
    for (language, words) in [
        ("en", ["licence ends on 31 December 2026", "in 9 days", "until 28 January 2027"]),
        ("de", ["Lizenz endet am 31. Dezember 2026", "in 9 Tagen", "zum 28. Januar 2027"]),
    ] {
        let text = format!("{}", notice[language]);
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    let mode = fs::metadata(world.path("/run/licd/notices.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    // The notice changes with the day, survives a stop of the daemon, and disappears after a
    // renewal.
    clock.set("2026-12-23 09:00:00");
    daemon.refresh();
    assert!(
        notices_json(&world)["notices"][0]["en"]["body"].as_str().unwrap().contains("in 8 days")
    );
    assert!(daemon.stop().success());
    assert_eq!(services(&notices_json(&world)), [WE]);
    let daemon = start(&world, &clock);
    let _ = daemon.import(maker::licence().serial(200).sign()).with_code(0);
    assert_eq!(notices_json(&world)["notices"], Value::Array(vec![]));
}

fn an_expiry_is_not_announced_after_a_week() {
    let world = World::new();
    let clock = Clock::at("2027-06-01 09:00:00");
    world.copy_by_hand("a.lic", maker::licence().expires("2026-12-31").sign());
    let signals = Client::connect(world.bus.address()).listen();
    let daemon = start(&world, &clock);
    for day in 1..=9 {
        clock.set(&format!("2027-06-{day:02} 09:00:00"));
        let count = announced(&daemon, &signals).len();
        assert_eq!(count, day.min(7), "day {day}");
        assert_eq!(services(&notices_json(&world)).len(), usize::from(day <= 7), "day {day}");
    }
}

fn the_management_pack_is_silenced_from_the_next_boot() {
    let world = World::new();
    let clock = Clock::at("2026-12-25 09:00:00");
    world.write(BOOT_ID, "11111111-7a6f-4c3e-9d2b-0123456789ab\n");
    world.write("/etc/os-release", OS11);
    let base = maker::licence().services(&[WE]).expires("2026-12-31");
    world.copy_by_hand("a.lic", base.sign());
    // A different last day gives each its own notice.
    let pack = maker::licence().pack("EMP-0001").services(&[EMP]).expires("2027-01-01");
    world.copy_by_hand("b.lic", pack.sign());
    let signals = Client::connect(world.bus.address()).listen();
    let daemon = start(&world, &clock);
    let () = daemon.client().manager("ApplySettings", &SILENCE).unwrap();
    assert_eq!(services(&notices_json(&world)), [EMP, WE]);
    // Restarting only the daemon does not apply it.
    assert!(daemon.stop().success());
    clock.set("2026-12-26 09:00:00");
    let daemon = start(&world, &clock);
    let base = |left| announcement(WE, "warning", "2026-12-31", left);
    let pack = |left| announcement(EMP, "warning", "2027-01-01", left);
    let mut expected = vec![pack(7), base(6), pack(6), base(5)];
    assert_eq!(announced(&daemon, &signals), expected);
    assert!(daemon.stop().success());
    // The device reboots.
    world.write(BOOT_ID, "22222222-7a6f-4c3e-9d2b-0123456789ab\n");
    clock.set("2026-12-27 09:00:00");
    let daemon = start(&world, &clock);
    expected.push(base(4));
    assert_eq!(announced(&daemon, &signals), expected);
    assert_eq!(services(&notices_json(&world)), [WE]);
    // Removing the setting also waits for a reboot.
    let () = daemon.client().manager("ApplySettings", &"").unwrap();
    assert_eq!(services(&notices_json(&world)), [WE]);
    // The setting does not change the state.
    let status = daemon.status();
    let services = status["services"].as_array().unwrap();
    assert!(services.iter().all(|service| service["state"] == "warning"), "{status}");
}

fn a_damaged_state_file_repeats_one_notice_only() {
    let world = World::new();
    let clock = Clock::at("2026-12-25 09:00:00");
    world.copy_by_hand("a.lic", maker::licence().expires("2026-12-31").sign());
    let signals = Client::connect(world.bus.address()).listen();
    let daemon = start(&world, &clock);
    assert_eq!(announced(&daemon, &signals).len(), 1);
    assert!(daemon.stop().success());
    world.write(MEMORY, "nonsense");
    let daemon = start(&world, &clock);
    assert_eq!(announced(&daemon, &signals).len(), 2);
    wait::until("the log says so", || daemon.log().contains("shown once more").then_some(()));
    assert!(world.path(&format!("{MEMORY}.damaged")).exists());
    assert!(daemon.stop().success());
    assert_eq!(announced(&start(&world, &clock), &signals).len(), 2);
}
