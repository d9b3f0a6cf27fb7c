//! Users are asked, and their answers count.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use acceptance::client::{NAME, PATH};
use acceptance::desktop::{Desktop, Notifier, Running};
use acceptance::harness::Story;
use acceptance::logind::{Logind, Version};
use acceptance::maker::{EMP, licence};
use acceptance::{World, story, wait};
use zbus::connection::Builder;
use zbus::interface;

use super::{
    Attended, BUTTONS, ENGLISH, HOUR, Linked, START, answer, plan, poll, until, until_restarted,
};
use crate::notified::shown_by_a_real_desktop;

pub(super) const STORIES: &[Story] = &[
    story!(the_device_restarts_once_when_a_user_agrees),
    story!(a_user_who_postpones_is_asked_after_four_hours_and_at_the_next_login),
    story!(a_user_who_cancels_is_not_asked_again_for_this_deployment),
    story!(a_dismissed_question_is_asked_again_later),
    story!(without_buttons_the_notification_announces_the_restart),
    story!(without_the_setting_users_see_a_notice),
    story!(a_user_who_logs_in_during_the_notice_is_asked),
    story!(licd_stops_waiting_for_a_user_who_logs_out),
    story!(an_answer_without_a_question_is_refused),
    story!(an_answer_may_wait_for_the_password_of_its_user),
    story!(a_real_desktop_shows_the_question),
];

const QUESTION: &str = "New licences: restart this device?";

fn the_device_restarts_once_when_a_user_agrees() {
    let (device, desktop) = (Linked::new(), Desktop::new());
    let Attended { logind, notifier, session: _session, daemon } =
        device.deploy_for_user(&desktop, BUTTONS);
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
    let Attended { logind, notifier, session, daemon } = device.deploy_for_user(&desktop, BUTTONS);
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
    let Attended { logind, notifier, session, daemon } = device.deploy_for_user(&desktop, BUTTONS);
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
    let Attended { logind, notifier, session: _session, daemon } =
        device.deploy_for_user(&desktop, &["body"]);
    let note = notifier.until(1).remove(0);
    assert!(note.actions.is_empty() && note.body.contains("once all users have logged out"));
    notifier.dismiss(note.id);
    device.advance(&daemon, HOUR);
    until(&daemon, "asked");
    assert_eq!(logind.restarts(), [""; 0]);
    logind.log_out();
    device.pass_until(&daemon, 2 * HOUR, "notice");
}

fn without_the_setting_users_see_a_notice() {
    let (device, desktop) = (Linked::with("prompt_user_on_ums_actions = false"), Desktop::new());
    let Attended { logind, notifier, session: _session, daemon } =
        device.deploy_for_user(&desktop, BUTTONS);
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

fn an_answer_without_a_question_is_refused() {
    let device = Linked::new();
    let daemon = device.start();
    let refused = answer(&daemon, "now").unwrap_err();
    assert_eq!(refused.name, "org.freedesktop.DBus.Error.InvalidArgs");
    assert!(refused.message.contains("no question is open"), "{refused:?}");
    let refused = answer(&daemon, "never").unwrap_err();
    assert!(refused.message.contains("none of now, later and cancel"), "{refused:?}");
}

/// A licd whose polkit asks for a password, which the user takes a while to type.
struct Hesitant(Arc<AtomicBool>);

#[interface(name = "com.igel.License1.Deployment")]
impl Hesitant {
    fn answer(&self, _answer: &str) {
        // By default, D-Bus gives up after 25 seconds; polkit waits for minutes.
        thread::sleep(Duration::from_secs(26));
        self.0.store(true, Ordering::Relaxed);
    }
}

fn an_answer_may_wait_for_the_password_of_its_user() {
    let (world, desktop) = (World::new(), Desktop::new());
    let is_answered = Arc::<AtomicBool>::default();
    let licd = Builder::address(world.bus.address());
    let licd = licd.serve_at(PATH, Hesitant(Arc::clone(&is_answered))).name(NAME);
    let _licd = zbus::block_on(licd.build()).unwrap();
    let text = r#"{"title":"t","body":"b","without_answers":"","answers":["Now"]}"#;
    let message = format!(r#"{{"show":"now","answers":["now"],"en":{text},"de":{text}}}"#);
    world.write("/run/licd/restart.json", format!(r#"{{"schema":1,"message":{message}}}"#));
    let notifier = Notifier::start(&desktop, BUTTONS);
    let log = fs::File::create(desktop.path("log")).unwrap();
    let _session = Running::start(desktop.command(&world, ENGLISH).stderr(log));
    notifier.press(notifier.until(1)[0].id, "now");
    let answered = || is_answered.load(Ordering::Relaxed).then_some(());
    assert!(wait::within(2 * wait::DEADLINE, answered).is_some());
    assert_eq!(fs::read_to_string(desktop.path("log")).unwrap(), "");
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
