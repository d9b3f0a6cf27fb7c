//! Expiry notifications in a user's session, shown by licd-notify.

use std::fs;
use std::path::Path;
use std::process::Command;

use acceptance::clock::Clock;
use acceptance::daemon::Daemon;
use acceptance::desktop::{Desktop, Note, Notifier, Running, Screen, quiet};
use acceptance::harness::Story;
use acceptance::maker::{self, EMP};
use acceptance::{World, program, story, wait};

pub(crate) const STORIES: &[Story] = &[
    story!(a_user_is_notified_at_login_and_once_a_day),
    story!(a_notification_uses_the_users_language),
    story!(notifications_follow_the_notices_during_a_session),
    story!(markup_is_escaped_for_servers_that_interpret_it),
    story!(a_notice_without_consequences_is_not_critical),
    story!(the_notification_server_may_start_late_and_stop),
    story!(missing_services_do_not_fail_the_session),
    story!(a_waiting_session_costs_next_to_nothing),
    story!(a_real_desktop_shows_the_notification),
];

const ENGLISH: &str = "en_GB.UTF-8";
const GERMAN: &str = "de_DE.UTF-8";
/// The capabilities of a server that shows plain bodies.
const PLAIN: &[&str] = &["body"];
/// The limit of resident memory of an idle session in an unoptimised build, which takes twice as
/// much as a release build.
const RESIDENT: u64 = 16 << 20;

/// A device whose Workspace Edition ends on 2026-12-31.
fn ending(world: &World, clock: &Clock) {
    world.copy_by_hand("a.lic", maker::licence().expires("2026-12-31").sign());
    drop(start(world, clock));
}

fn start<'w>(world: &'w World, clock: &Clock) -> Daemon<'w> {
    world.start_with(|command| clock.shown_to(command))
}

fn a_user_is_notified_at_login_and_once_a_day() {
    let (world, desktop) = (World::new(), Desktop::new());
    let clock = Clock::at("2026-12-22 09:00:00");
    world.copy_by_hand("a.lic", maker::licence().expires("2026-12-31").sign());
    let daemon = start(&world, &clock);
    // licd announced the expiry before the session started.
    daemon.refresh();
    let notifier = Notifier::start(&desktop, PLAIN);
    let session = desktop.log_in(&world, ENGLISH);
    let first = notifier.until(1).remove(0);
    assert_eq!(first.title, "Workspace Edition: licence ends on 31 December 2026");
    assert!(first.body.contains("in 9 days") && first.body.contains("changes to the settings"));
    assert!(first.body.contains("Still available: the system, installed apps"), "{}", first.body);
    assert_eq!((first.replaces, first.urgency), (0, 1));
    assert!(first.stays >= 20_000, "time to read");
    // The next day's notification replaces the previous one.
    clock.set("2026-12-23 09:00:00");
    daemon.refresh();
    let second = notifier.until(2).remove(1);
    assert_eq!(second.replaces, first.id);
    assert!(second.body.contains("in 8 days"));
    let marks = desktop.path(".local/state/licd/notices.json");
    wait::until("that is remembered", || {
        fs::read_to_string(&marks).is_ok_and(|text| text.contains("2026-12-23")).then_some(())
    });
    // A second login on the same day shows nothing; one on the next day does.
    drop(session);
    let session = desktop.log_in(&world, ENGLISH);
    clock.set("2026-12-24 09:00:00");
    daemon.refresh();
    let notes = notifier.until(3);
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[2].body.contains("in 7 days"), "{notes:?}");
    drop(session);
    // Another user has not seen the notice yet.
    let other = Desktop::new();
    let notifier = Notifier::start(&other, PLAIN);
    let _session = other.log_in(&world, ENGLISH);
    notifier.until(1);
}

fn a_notification_uses_the_users_language() {
    let world = World::new();
    ending(&world, &Clock::at("2026-12-22 09:00:00"));
    let german = "Workspace Edition: Lizenz endet am 31. Dezember 2026";
    let english = "Workspace Edition: licence ends on 31 December 2026";
    for (lang, language, title) in [
        (GERMAN, "", german),
        ("de_AT", "", german),
        ("fr_FR.UTF-8", "", english),
        ("fr_FR.UTF-8", "fr:de", german),
        ("C", "", english),
    ] {
        let desktop = Desktop::new();
        let notifier = Notifier::start(&desktop, PLAIN);
        let mut command = desktop.command(&world, lang);
        let _session = Running::start(command.env("LANGUAGE", language));
        assert_eq!(notifier.until(1)[0].title, title, "{lang}");
    }
}

fn notifications_follow_the_notices_during_a_session() {
    let (world, desktop) = (World::new(), Desktop::new());
    let clock = Clock::at("2026-12-22 09:00:00");
    let notifier = Notifier::start(&desktop, PLAIN);
    // The session starts before licd.
    let _session = desktop.log_in(&world, ENGLISH);
    let daemon = start(&world, &clock);
    let _ = daemon.import(maker::licence().expires("2026-12-31").sign()).with_code(0);
    let note = notifier.until(1).remove(0);
    let _ = daemon.import(maker::licence().serial(200).sign()).with_code(0);
    wait::until("it is taken away", || (notifier.closed() == [note.id]).then_some(()));
    // licd stops and starts again.
    assert!(daemon.stop().success());
    world.write("/etc/os-release", "VERSION_ID=11.09.310\n");
    world.copy_by_hand(
        "emp.lic",
        maker::licence().pack("EMP-00001").services(&[EMP]).expires("2026-12-31").sign(),
    );
    let _daemon = start(&world, &clock);
    assert!(notifier.until(2)[1].title.starts_with("Enterprise Management Pack: "));
}

fn markup_is_escaped_for_servers_that_interpret_it() {
    let world = World::new();
    let text = r#"{"schema":1,"day":"2026-12-22","notices":[{"service":"A","stops":true,
        "en":{"title":"a < b","body":"<b>1 & 2</b>"},"de":{"title":"","body":""}}]}"#;
    world.write("/run/licd/notices.json", text);
    for (capabilities, body) in
        [(&["body", "body-markup"][..], "&lt;b&gt;1 &amp; 2&lt;/b&gt;"), (PLAIN, "<b>1 & 2</b>")]
    {
        let desktop = Desktop::new();
        let notifier = Notifier::start(&desktop, capabilities);
        let _session = desktop.log_in(&world, ENGLISH);
        let Note { title, body: shown, .. } = notifier.until(1).remove(0);
        assert_eq!((title.as_str(), shown.as_str()), ("a < b", body));
    }
}

fn a_notice_without_consequences_is_not_critical() {
    let (world, desktop) = (World::new(), Desktop::new());
    let text = r#"{"schema":1,"day":"2026-12-22","notices":[{"service":"A","stops":false,
        "en":{"title":"a","body":"b"},"de":{"title":"","body":""}}]}"#;
    world.write("/run/licd/notices.json", text);
    let notifier = Notifier::start(&desktop, PLAIN);
    let _session = desktop.log_in(&world, ENGLISH);
    let note = notifier.until(1).remove(0);
    assert_eq!(note.urgency, 0);
}

fn the_notification_server_may_start_late_and_stop() {
    let (world, desktop) = (World::new(), Desktop::new());
    let clock = Clock::at("2026-12-22 09:00:00");
    ending(&world, &clock);
    let log = desktop.path("log");
    let mut session = Running::start(desktop.command(&world, ENGLISH).stderr(quiet(&log)));
    let notifier = Notifier::start(&desktop, PLAIN);
    notifier.until(1);
    notifier.stop();
    clock.set("2026-12-23 09:00:00");
    let daemon = start(&world, &clock);
    daemon.refresh();
    let notifier = Notifier::start(&desktop, PLAIN);
    assert!(notifier.until(1)[0].body.contains("in 8 days"));
    assert_eq!(session.ended(), None, "{}", fs::read_to_string(&log).unwrap());
}

fn missing_services_do_not_fail_the_session() {
    let world = World::new();
    ending(&world, &Clock::at("2026-12-22 09:00:00"));
    // The session has no notification server.
    let desktop = Desktop::new();
    let answer = program::run(desktop.command(&world, ENGLISH).args(["--wait", "1"])).with_code(0);
    assert!(answer.err.contains("org.freedesktop.Notifications"), "{answer:?}");
    // The notice counts as unseen.
    let notifier = Notifier::start(&desktop, PLAIN);
    let session = desktop.log_in(&world, ENGLISH);
    notifier.until(1);
    drop((session, notifier));
    // The session bus is missing, or ends with the session.
    let gone = ["--session-bus", "unix:path=/nonexistent/bus"];
    let answer = program::run(desktop.command(&world, ENGLISH).args(gone)).with_code(0);
    assert!(answer.err.contains("session bus"), "{answer:?}");
    let mut session = {
        let desktop = Desktop::new();
        let notifier = Notifier::start(&desktop, PLAIN);
        let session = desktop.log_in(&world, ENGLISH);
        notifier.until(1);
        session
    };
    assert!(session.wait().success());
    // Without the system bus, licd-notify shows the published notices.
    let desktop = Desktop::new();
    let notifier = Notifier::start(&desktop, PLAIN);
    let mut command = Command::new(program::path("licd-notify"));
    command.arg("--root").arg(world.root()).args(["--bus", "unix:path=/nonexistent/bus"]);
    command.args(["--session-bus", desktop.bus.address()]).env("HOME", desktop.path(""));
    let _ = program::run(&mut command).with_code(0);
    assert_eq!(notifier.notes().len(), 1);
    // A device on which licd never ran.
    let bare = World::new();
    let desktop = Desktop::new();
    let notifier = Notifier::start(&desktop, PLAIN);
    let mut session = desktop.log_in(&bare, ENGLISH);
    drop(bare.start());
    assert_eq!((notifier.notes().len(), session.ended()), (0, None));
}

/// A number of `/proc/PID/status`.
fn of_status(pid: u32, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
}

fn a_waiting_session_costs_next_to_nothing() {
    let (world, desktop) = (World::new(), Desktop::new());
    ending(&world, &Clock::at("2026-12-22 09:00:00"));
    let notifier = Notifier::start(&desktop, PLAIN);
    let session = desktop.log_in(&world, ENGLISH);
    notifier.until(1);
    let marks = desktop.path(".local/state/licd/notices.json");
    wait::until("that is remembered", || marks.exists().then_some(()));
    let switches = || of_status(session.pid(), "voluntary_ctxt_switches");
    // licd-notify goes to sleep and stays asleep for a second.
    wait::until("it sleeps", || {
        let before = switches();
        std::thread::sleep(std::time::Duration::from_secs(1));
        (switches() == before).then_some(())
    });
    let resident = of_status(session.pid(), "VmRSS") * 1024;
    let threads = of_status(session.pid(), "Threads");
    eprintln!("licd-notify: {} KiB resident, {threads} threads, asleep", resident / 1024);
    assert!(resident < RESIDENT, "{resident} bytes");
}

/// The configuration of dunst: large black text on white.
const DUNST: &str = "\
[global]
    font = DejaVu Sans 11
    width = (0, 620)
    height = 400
    origin = top-right
    offset = 20x20
    icon_position = off
    padding = 14
    horizontal_padding = 18
    frame_width = 1
    frame_color = \"#888888\"
    idle_threshold = 0
[urgency_low]
    background = \"#ffffff\"
    foreground = \"#000000\"
[urgency_normal]
    background = \"#ffffff\"
    foreground = \"#000000\"
[urgency_critical]
    background = \"#ffffff\"
    foreground = \"#000000\"
";

/// Saves a screenshot to `pictures` in cargo's target directory, if this user may write there.
fn keep(taken: &Path, name: &str) {
    let program = std::env::current_exe().unwrap();
    let dir = program.ancestors().nth(3).unwrap().join("pictures");
    let kept = dir.join(name);
    let copied = fs::create_dir_all(&dir).and_then(|()| fs::copy(taken, &kept));
    match copied {
        Ok(_) => eprintln!("a picture of it is {}", kept.display()),
        Err(error) => eprintln!("no picture of it is kept: {}: {error}", kept.display()),
    }
}

/// The number of pixels that differ between two PPM pictures.
fn changed(before: &[u8], after: &[u8]) -> usize {
    assert_eq!(before.len(), after.len());
    before.chunks(3).zip(after.chunks(3)).filter(|(before, after)| before != after).count()
}

fn a_real_desktop_shows_the_notification() {
    for (lang, name) in [(ENGLISH, "notice-en.png"), (GERMAN, "notice-de.png")] {
        let world = World::new();
        ending(&world, &Clock::at("2026-12-22 09:00:00"));
        shown_by_a_real_desktop(&world, lang, name);
    }
}

/// Asserts that dunst shows a notification of this device, and saves a screenshot.
pub(crate) fn shown_by_a_real_desktop(world: &World, lang: &str, name: &str) {
    let (desktop, screen) = (Desktop::new(), Screen::new());
    let config = desktop.path("dunstrc");
    fs::write(&config, DUNST).unwrap();
    let mut dunst = Command::new("dunst");
    dunst.arg("-config").arg(&config).env("DISPLAY", screen.display());
    dunst.env("DBUS_SESSION_BUS_ADDRESS", desktop.bus.address());
    let _dunst = Running::start(dunst.stderr(quiet(&desktop.path("dunst.log"))));
    let picture = |name: &str| screen.capture(&desktop.path(name));
    let before = picture("before.ppm");
    let session = desktop.log_in(world, lang);
    let tree = || screen.tool("xwininfo", ["-root", "-tree"]);
    wait::until("dunst has a window", || tree().contains("\"Dunst\"").then_some(()));
    // The window exists before it is painted: a mostly white box with text.
    wait::until("it is painted", || {
        let white = picture("now.ppm").chunks(3).filter(|pixel| *pixel == [255; 3]).count();
        (white > 40_000).then_some(())
    });
    let after = picture("after.ppm");
    assert!(changed(&before, &after) > 40_000, "{}", changed(&before, &after));
    // dunst's history contains licd's text.
    let mut ctl = Command::new("dunstctl");
    ctl.args(["count", "displayed"]);
    ctl.env("DBUS_SESSION_BUS_ADDRESS", desktop.bus.address());
    assert_eq!(program::run(&mut ctl).with_code(0).out.trim(), "1");
    let taken = desktop.path(name);
    screen.capture(&taken);
    keep(&taken, name);
    drop(session);
}
