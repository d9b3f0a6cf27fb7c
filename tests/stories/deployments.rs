//! The restart at the end of a deployment by a link of the settings (contract §7a), with a logind
//! that only records calls.

use std::fs;
use std::ops::Deref;

use acceptance::client::{Client, NAME, PATH, PROPERTIES, Refusal};
use acceptance::daemon::Daemon;
use acceptance::desktop::{Desktop, Notifier};
use acceptance::harness::Story;
use acceptance::logind::{Logind, Version};
use acceptance::maker::{EMP, licence};
use acceptance::server::{self, Server};
use acceptance::{World, story, wait};
use serde_json::Value;
use zbus::{OwnedObjectPath, OwnedVariant};

use crate::notified::shown_by_a_real_desktop;

pub(crate) const STORIES: &[Story] = &[
    story!(the_device_restarts_once_when_a_user_agrees),
    story!(a_user_who_postpones_is_asked_after_four_hours_and_at_the_next_login),
    story!(a_user_who_cancels_is_not_asked_again_for_this_deployment),
    story!(a_dismissed_question_is_asked_again_later),
    story!(without_buttons_the_notification_announces_the_restart),
    story!(without_a_session_the_device_restarts_after_a_notice),
    story!(without_the_setting_users_see_a_notice),
    story!(a_user_who_logs_in_during_the_notice_is_asked),
    story!(licd_stops_waiting_for_a_user_who_logs_out),
    story!(the_configuration_can_forbid_the_restart),
    story!(an_inhibitor_blocks_the_restart_and_is_named),
    story!(an_inhibitor_taken_at_the_last_moment_is_respected),
    story!(an_old_logind_without_flags_is_asked_for_a_plain_reboot),
    story!(without_logind_an_administrator_has_to_restart),
    story!(the_restart_waits_for_a_running_import),
    story!(a_restart_that_cannot_be_recorded_does_not_happen),
    story!(one_deployment_restarts_the_device_once),
    story!(a_licence_copied_by_hand_causes_no_restart),
    story!(an_answer_without_a_question_is_refused),
    story!(a_real_desktop_shows_the_question),
];

const DEPLOYMENT: &str = "com.igel.License1.Deployment";
/// The uptime at which licences are deployed.
const START: u64 = 1000;
const HOUR: u64 = 3600;
const ENGLISH: &str = "en_GB.UTF-8";
const BUTTONS: &[&str] = &["body", "actions"];
const ORDERED: &str = "RebootWithFlags 1";
const QUESTION: &str = "New licences: restart this device?";

/// A device whose settings link to a licence.
struct Linked(World);

impl Deref for Linked {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl Linked {
    fn new() -> Self {
        Self::with("")
    }

    /// The same, with more settings in the section of the links.
    fn with(settings: &str) -> Self {
        let linked = Self(World::new());
        linked.boots("5b1f1d0c");
        linked.link(&licence().sign(), settings);
        linked
    }

    /// Simulates a boot with this boot ID, and some uptime.
    fn boots(&self, name: &str) {
        let id = format!("{name}-7a6f-4c3e-9d2b-0123456789ab\n");
        self.write("/proc/sys/kernel/random/boot_id", id);
        self.runs_for(START);
    }

    /// Sets the uptime in seconds.
    fn runs_for(&self, seconds: u64) {
        self.write("/proc/uptime", format!("{seconds}.00 0.00\n"));
    }

    /// Sets the uptime to this many seconds after the deployment, and refreshes the daemon.
    fn advance(&self, daemon: &Daemon<'_>, seconds: u64) {
        self.runs_for(START + seconds);
        daemon.refresh();
    }

    /// Replaces the link.
    fn link(&self, licence: &str, settings: &str) {
        let server = Server::answering(server::ok("Connection: close\r\n", licence));
        let link = server.url("a.lic");
        let text = format!("[system.remotemanager]\nlicense_urls = [{link:?}]\n{settings}\n");
        self.write("/etc/licd/settings.toml", text);
    }

    /// Starts the daemon and waits until it has followed the link.
    fn deploy(&self) -> Daemon<'_> {
        let daemon = self.start();
        poll(&daemon);
        daemon
    }

    /// Starts logind, deploys, and waits until the restart is announced.
    fn deploy_until_notice(&self) -> (Logind, Daemon<'_>) {
        let logind = Logind::start(self, Version::New);
        let daemon = self.deploy();
        until(&daemon, "notice");
        (logind, daemon)
    }
}

fn poll(daemon: &Daemon<'_>) {
    let () = daemon.client().manager("Poll", &()).unwrap();
}

fn plan(client: &Client) -> String {
    let value: OwnedVariant =
        client.call(NAME, PATH, PROPERTIES, "Get", &(DEPLOYMENT, "State")).unwrap();
    value.try_into().unwrap()
}

/// Waits for this restart plan.
fn until(daemon: &Daemon<'_>, wanted: &str) {
    let client = daemon.client();
    let mut last = String::new();
    let found = wait::within(wait::DEADLINE, || {
        last = plan(&client);
        (last == wanted).then_some(())
    });
    assert!(found.is_some(), "{wanted}, not {last}");
}

fn answer(daemon: &Daemon<'_>, word: &str) -> Result<(), Refusal> {
    daemon.client().call(NAME, PATH, DEPLOYMENT, "Answer", &word)
}

/// Waits for the restart and asserts that it is ordered once.
fn until_restarted(daemon: &Daemon<'_>, logind: &Logind) {
    wait::until("the restart", || (!logind.restarts().is_empty()).then_some(()));
    until(daemon, "restart");
    daemon.refresh();
    daemon.refresh();
    assert_eq!(logind.restarts(), [ORDERED]);
}

fn problem(status: &Value) -> Option<String> {
    let problems = status["problems"].as_array().unwrap().iter();
    let mut of_restart = problems.filter(|problem| problem["subject"] == "restart");
    of_restart.next().map(|problem| problem["message"].as_str().unwrap().to_owned())
}

fn the_device_restarts_once_when_a_user_agrees() {
    let (device, desktop) = (Linked::new(), Desktop::new());
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let notifier = Notifier::start(&desktop, BUTTONS);
    let _session = desktop.log_in(&device, ENGLISH);
    let daemon = device.deploy();
    let note = notifier.until(1).remove(0);
    assert_eq!((note.title.as_str(), note.urgency, note.stays), (QUESTION, 2, 0));
    let buttons = [("now", "Restart now"), ("later", "Later"), ("cancel", "Cancel")];
    assert!(note.actions.iter().map(|(key, words)| (&**key, &**words)).eq(buttons), "{note:?}");
    assert_eq!(logind.restarts(), [""; 0]);
    let text = daemon.licctl(["status"]).flowed();
    assert!(text.contains("users are asked"), "{text}");
    notifier.press(note.id, "now");
    until_restarted(&daemon, &logind);
    assert!(daemon.log().contains("restart: a user has agreed"), "{}", daemon.log());
    // A daemon that restarts before the device does orders no second restart.
    assert!(daemon.stop().success());
    let daemon = device.start();
    daemon.refresh();
    until(&daemon, "restart");
    assert_eq!((logind.restarts().len(), notifier.notes().len()), (1, 1));
}

fn a_user_who_postpones_is_asked_after_four_hours_and_at_the_next_login() {
    let (device, desktop) = (Linked::new(), Desktop::new());
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let notifier = Notifier::start(&desktop, BUTTONS);
    let session = desktop.log_in(&device, ENGLISH);
    let daemon = device.deploy();
    notifier.press(notifier.until(1)[0].id, "later");
    until(&daemon, "later");
    // The next login, which here follows a restart of licd.
    assert!(daemon.stop().success());
    let daemon = device.start();
    drop(session);
    let _session = desktop.log_in(&device, ENGLISH);
    let note = notifier.until(2).remove(1);
    assert_eq!(note.title, QUESTION);
    device.runs_for(START + HOUR);
    notifier.press(note.id, "later");
    let known = device.path("/var/lib/licd/deployment.toml");
    let again = format!("again = {}\n", START + 5 * HOUR);
    wait::until("the answer is known", || {
        fs::read_to_string(&known).unwrap().contains(&again).then_some(())
    });
    device.advance(&daemon, 5 * HOUR - 1);
    assert_eq!((plan(&daemon.client()), notifier.notes().len()), ("later".into(), 2));
    device.advance(&daemon, 5 * HOUR);
    let note = notifier.until(3).remove(2);
    assert_eq!((note.title.as_str(), logind.restarts().len()), (QUESTION, 0));
    notifier.press(note.id, "now");
    until_restarted(&daemon, &logind);
}

fn a_user_who_cancels_is_not_asked_again_for_this_deployment() {
    let (device, desktop) = (Linked::new(), Desktop::new());
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let notifier = Notifier::start(&desktop, BUTTONS);
    let session = desktop.log_in(&device, ENGLISH);
    let daemon = device.deploy();
    notifier.press(notifier.until(1)[0].id, "cancel");
    until(&daemon, "cancelled");
    assert!(daemon.client().property::<bool>("RestartPending"));
    device.advance(&daemon, 100 * HOUR);
    assert!(daemon.stop().success());
    drop(session);
    let daemon = device.start();
    let _session = desktop.log_in(&device, ENGLISH);
    logind.log_out();
    poll(&daemon);
    daemon.refresh();
    assert_eq!(plan(&daemon.client()), "cancelled");
    assert_eq!((logind.restarts().len(), notifier.notes().len()), (0, 1));
    // Another deployment asks again.
    logind.log_in();
    device.link(&licence().pack("EMP-R9HXH").product("EMP").services(&[EMP]).sign(), "");
    daemon.refresh();
    device.write("/etc/os-release", "VERSION_ID=11.09.310\n");
    daemon.refresh();
    poll(&daemon);
    assert_eq!(notifier.until(2)[1].title, QUESTION);
}

fn a_dismissed_question_is_asked_again_later() {
    let (device, desktop) = (Linked::new(), Desktop::new());
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let notifier = Notifier::start(&desktop, BUTTONS);
    let _session = desktop.log_in(&device, ENGLISH);
    // A second session on the device shows the question too, until it is answered.
    let other = Desktop::new();
    let screen = Notifier::start(&other, BUTTONS);
    let _other = other.log_in(&device, "de_DE.UTF-8");
    let daemon = device.deploy();
    let (note, german) = (notifier.until(1).remove(0), screen.until(1).remove(0));
    assert_eq!(german.title, "Neue Lizenzen: Gerät neu starten?");
    assert_eq!(german.actions[0], ("now".to_owned(), "Jetzt neu starten".to_owned()));
    notifier.dismiss(note.id);
    until(&daemon, "later");
    wait::until("it is taken away", || (screen.closed() == [german.id]).then_some(()));
    assert_eq!((notifier.notes().len(), screen.notes().len()), (1, 1));
}

fn without_buttons_the_notification_announces_the_restart() {
    let (device, desktop) = (Linked::new(), Desktop::new());
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let notifier = Notifier::start(&desktop, &["body"]);
    let _session = desktop.log_in(&device, ENGLISH);
    let daemon = device.deploy();
    let note = notifier.until(1).remove(0);
    assert!(note.actions.is_empty() && note.body.contains("once all users have logged out"));
    notifier.dismiss(note.id);
    device.advance(&daemon, HOUR);
    until(&daemon, "asked");
    assert_eq!(logind.restarts(), [""; 0]);
    logind.log_out();
    device.advance(&daemon, 2 * HOUR);
    until(&daemon, "notice");
}

fn without_a_session_the_device_restarts_after_a_notice() {
    let device = Linked::new();
    let (logind, daemon) = device.deploy_until_notice();
    device.advance(&daemon, 59);
    assert_eq!((plan(&daemon.client()), logind.restarts().len()), ("notice".into(), 0));
    // A restart of licd restarts the one-minute notice.
    assert!(daemon.stop().success());
    let daemon = device.start();
    until(&daemon, "notice");
    device.advance(&daemon, 60);
    assert_eq!((plan(&daemon.client()), logind.restarts().len()), ("notice".into(), 0));
    device.advance(&daemon, 59 + 60);
    until_restarted(&daemon, &logind);
    let known = fs::read_to_string(device.path("/var/lib/licd/deployment.toml")).unwrap();
    let (_, ordered) = known.split_once("[[ordered]]").unwrap();
    assert!(ordered.contains("deployment = \"WE-7Q2KD/183\""), "{known}");
}

fn without_the_setting_users_see_a_notice() {
    let (device, desktop) = (Linked::with("prompt_user_on_ums_actions = false"), Desktop::new());
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let notifier = Notifier::start(&desktop, BUTTONS);
    let _session = desktop.log_in(&device, ENGLISH);
    let daemon = device.deploy();
    let note = notifier.until(1).remove(0);
    assert_eq!(note.title, "This device restarts within 60 seconds");
    assert!(note.actions.is_empty(), "{note:?}");
    assert!(answer(&daemon, "cancel").is_err());
    device.advance(&daemon, 60);
    until_restarted(&daemon, &logind);
}

fn a_user_who_logs_in_during_the_notice_is_asked() {
    let device = Linked::new();
    let (logind, daemon) = device.deploy_until_notice();
    logind.log_in();
    device.advance(&daemon, 60);
    until(&daemon, "asked");
    assert_eq!(logind.restarts(), [""; 0]);
}

fn licd_stops_waiting_for_a_user_who_logs_out() {
    let device = Linked::new();
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let daemon = device.deploy();
    until(&daemon, "asked");
    logind.log_out();
    for (seconds, wanted) in [(60, "notice"), (120, "restart")] {
        device.advance(&daemon, seconds);
        until(&daemon, wanted);
    }
    until_restarted(&daemon, &logind);
}

fn the_configuration_can_forbid_the_restart() {
    let device = Linked::new();
    device.write("/etc/licd/licd.toml", "[deployment]\nrestart = false\n");
    let logind = Logind::start(&device, Version::New);
    let daemon = device.deploy();
    assert!(daemon.client().property::<bool>("RestartPending"));
    device.advance(&daemon, 100 * HOUR);
    assert_eq!((plan(&daemon.client()), logind.restarts().len()), ("open".into(), 0));
    // The restart follows once the configuration allows it.
    device.write("/etc/licd/licd.toml", "");
    daemon.refresh();
    until(&daemon, "notice");
}

fn an_inhibitor_blocks_the_restart_and_is_named() {
    let (device, desktop) = (Linked::new(), Desktop::new());
    let logind = Logind::start(&device, Version::New);
    logind.log_in();
    let notifier = Notifier::start(&desktop, BUTTONS);
    let _session = desktop.log_in(&device, ENGLISH);
    let daemon = device.deploy();
    logind.inhibit("sleep", "player", "a film", "block");
    logind.inhibit("shutdown:sleep", "updater", "installing 12.5.0", "block");
    notifier.press(notifier.until(1)[0].id, "now");
    until(&daemon, "refused");
    let status = daemon.until("that is named", |status| problem(status).is_some());
    assert!(problem(&status).unwrap().contains("blocked by updater (installing 12.5.0)"));
    assert_eq!(daemon.report(), device.report());
    assert_eq!(notifier.until(2)[1].title, "This device restarts soon");
    device.advance(&daemon, 60);
    until(&daemon, "refused");
    assert_eq!(logind.restarts(), [""; 0]);
    logind.release();
    device.advance(&daemon, 200);
    until_restarted(&daemon, &logind);
    daemon.until("nothing is wrong any more", |status| problem(status).is_none());
}

fn an_inhibitor_taken_at_the_last_moment_is_respected() {
    let device = Linked::new();
    let (logind, daemon) = device.deploy_until_notice();
    logind.inhibit("", "", "", "hidden");
    device.advance(&daemon, 60);
    until(&daemon, "refused");
    let status = daemon.until("that is named", |status| problem(status).is_some());
    assert!(problem(&status).unwrap().contains("blocked since a moment ago"), "{status}");
    logind.release();
    device.advance(&daemon, 120);
    until_restarted(&daemon, &logind);
}

fn an_old_logind_without_flags_is_asked_for_a_plain_reboot() {
    let device = Linked::new();
    let logind = Logind::start(&device, Version::Old);
    let daemon = device.deploy();
    until(&daemon, "notice");
    device.advance(&daemon, 60);
    until(&daemon, "restart");
    wait::until("the restart", || (logind.restarts() == ["Reboot false"]).then_some(()));
}

fn without_logind_an_administrator_has_to_restart() {
    let device = Linked::new();
    let daemon = device.deploy();
    let status = daemon.until("that is named", |status| problem(status).is_some());
    assert!(problem(&status).unwrap().contains("restart the device by hand"), "{status}");
    assert_eq!(daemon.report(), device.report());
    // licd asks logind again a minute later.
    let logind = Logind::start(&device, Version::New);
    device.advance(&daemon, 60);
    until(&daemon, "notice");
    daemon.until("nothing is wrong any more", |status| problem(status).is_none());
    logind.stop();
    device.advance(&daemon, 120);
    daemon.until("it is named again", |status| problem(status).is_some());
}

fn the_restart_waits_for_a_running_import() {
    let device = Linked::new();
    let (logind, daemon) = device.deploy_until_notice();
    let silent = Server::start(server::hang);
    let options = std::collections::HashMap::<String, OwnedVariant>::new();
    let client = daemon.client();
    let job: OwnedObjectPath = client.manager("Import", &(silent.url("b.lic"), options)).unwrap();
    device.advance(&daemon, HOUR);
    daemon.refresh();
    assert_eq!((plan(&client), logind.restarts().len()), ("notice".into(), 0));
    let () = client.call(NAME, job.as_str(), "com.igel.License1.Job", "Cancel", &()).unwrap();
    until_restarted(&daemon, &logind);
}

fn a_restart_that_cannot_be_recorded_does_not_happen() {
    let device = Linked::new();
    let (logind, daemon) = device.deploy_until_notice();
    // Writing the state requires this lock.
    let lock = fs::File::open(device.path("/run/licd/state.lock")).unwrap();
    lock.lock().unwrap();
    device.advance(&daemon, 60);
    until(&daemon, "refused");
    let status = daemon.until("that is named", |status| problem(status).is_some());
    assert!(problem(&status).unwrap().contains("without that record"), "{status}");
    assert_eq!(logind.restarts(), [""; 0]);
    drop(lock);
    device.advance(&daemon, 120);
    until_restarted(&daemon, &logind);
}

fn one_deployment_restarts_the_device_once() {
    let device = Linked::new();
    let (logind, daemon) = device.deploy_until_notice();
    device.advance(&daemon, 60);
    until_restarted(&daemon, &logind);
    assert!(daemon.stop().success());
    // After the restart the licence is lost, and the link restores it.
    device.boots("77777777");
    let _ = device.licctl(["remove", "all"]).with_code(0);
    for file in ["downloads.toml", "state.toml", "state.copy.toml"] {
        let _ = fs::remove_file(device.path("/var/lib/licd").join(file));
    }
    let daemon = device.deploy();
    assert!(daemon.client().property::<bool>("RestartPending"));
    device.advance(&daemon, 100 * HOUR);
    daemon.refresh();
    assert_eq!((plan(&daemon.client()), logind.restarts().len()), ("open".into(), 1));
    // A newer issue of the licence is another deployment.
    device.link(&licence().serial(184).pack("EMP-R9HXH").services(&[EMP]).sign(), "");
    device.write("/etc/os-release", "VERSION_ID=11.09.310\n");
    daemon.refresh();
    poll(&daemon);
    until(&daemon, "notice");
}

fn a_licence_copied_by_hand_causes_no_restart() {
    let device = World::new();
    let logind = Logind::start(&device, Version::New);
    let daemon = device.start();
    let _ = daemon.import(licence().sign()).with_code(0);
    let (stick, client) = (device.file("stick.lic", licence().serial(200).sign()), daemon.client());
    let automatic = std::collections::HashMap::from([("automatic", zbus::Variant::from(true))]);
    let signals = client.listen();
    let _: OwnedObjectPath = client.manager("Import", &(stick, automatic)).unwrap();
    wait::until("the import ends", || signals.named("Finished").pop());
    daemon.refresh();
    assert_eq!((plan(&client), logind.restarts().len()), ("none".into(), 0));
    assert!(!device.path("/var/lib/licd/deployment.toml").exists());
}

fn an_answer_without_a_question_is_refused() {
    let device = Linked::new();
    let daemon = device.start();
    let refused = answer(&daemon, "now").unwrap_err();
    assert_eq!(refused.name, "org.freedesktop.DBus.Error.InvalidArgs");
    assert!(refused.message.contains("no question is open"), "{refused:?}");
    let refused = answer(&daemon, "never").unwrap_err();
    assert!(refused.message.contains("none of now, later and cancel"), "{refused:?}");
}

fn a_real_desktop_shows_the_question() {
    for (lang, code) in [(ENGLISH, "en"), ("de_DE.UTF-8", "de")] {
        let device = Linked::new();
        let logind = Logind::start(&device, Version::New);
        logind.log_in();
        let daemon = device.deploy();
        until(&daemon, "asked");
        shown_by_a_real_desktop(&device, lang, &format!("restart-question-{code}.png"));
        logind.log_out();
        device.advance(&daemon, 60);
        until(&daemon, "notice");
        shown_by_a_real_desktop(&device, lang, &format!("restart-notice-{code}.png"));
    }
}
