//! The restart: what it waits for, what prevents it, and that it comes once.

use std::collections::HashMap;
use std::fs;

use acceptance::client::NAME;
use acceptance::daemon::Daemon;
use acceptance::desktop::Desktop;
use acceptance::harness::Story;
use acceptance::logind::{Logind, Version};
use acceptance::maker::{EMP, licence};
use acceptance::server::{self, Server};
use acceptance::wait::{self, DEADLINE};
use acceptance::{World, story};
use zbus::{OwnedObjectPath, OwnedVariant};

use super::{Attended, BUTTONS, HOUR, Linked, answer, plan, poll, problem, until, until_restarted};

pub(super) const STORIES: &[Story] = &[
    story!(without_a_session_the_device_restarts_after_a_notice),
    story!(the_configuration_can_forbid_the_restart),
    story!(an_inhibitor_blocks_the_restart_and_is_named),
    story!(an_inhibitor_taken_at_the_last_moment_is_respected),
    story!(an_old_logind_without_flags_is_asked_for_a_plain_reboot),
    story!(without_logind_an_administrator_has_to_restart),
    story!(the_restart_waits_for_a_running_import),
    story!(a_restart_that_cannot_be_recorded_does_not_happen),
    story!(a_deployment_is_planned_whichever_reading_of_the_boot_fails),
    story!(a_plan_goes_on_as_soon_as_the_boot_is_known),
    story!(one_deployment_restarts_the_device_once),
    story!(a_new_serial_that_allows_nothing_else_causes_no_restart),
    story!(an_unattended_device_restarts_once_a_day_at_most),
    story!(a_licence_copied_by_hand_causes_no_restart),
];

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
    let Attended { logind, notifier, session: _session, daemon } =
        device.deploy_for_user(&desktop, BUTTONS);
    logind.inhibit("sleep", "player", "a film", "block");
    logind.inhibit("shutdown:sleep", "updater", "installing 12.5.0", "block");
    notifier.press(notifier.until(1)[0].id, "now");
    until(&daemon, "refused");
    let status = daemon.until("that is named", |status| problem(status).is_some());
    assert!(problem(&status).unwrap().contains("blocked by updater (installing 12.5.0)"));
    assert_eq!(daemon.report(), device.report());
    assert_eq!(notifier.until(2)[1].title, "This device restarts soon");
    let asked = logind.asked();
    device.advance(&daemon, 60);
    wait::until("logind is asked again", || (logind.asked() > asked).then_some(()));
    until(&daemon, "refused");
    assert_eq!(logind.restarts(), [""; 0]);
    logind.release();
    device.pass_until(&daemon, 120, "restart");
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
    let options = HashMap::<String, OwnedVariant>::new();
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

fn a_deployment_is_planned_whichever_reading_of_the_boot_fails() {
    for readings in 0.. {
        assert!(readings < 100, "no deployment is planned");
        let device = Linked::new();
        let daemon = device.start();
        let boot = device.shows_boot(readings);
        poll(&daemon);
        let is_planned = || plan(&daemon.client()) != "none";
        if is_planned() {
            break;
        }
        boot.show(100);
        // Also if the licence could not be imported.
        daemon.refresh();
        poll(&daemon);
        assert!(daemon.client().property::<bool>("RestartPending"), "{readings}");
        assert!(wait::within(DEADLINE, || is_planned().then_some(())).is_some(), "{readings}");
    }
}

fn a_plan_goes_on_as_soon_as_the_boot_is_known() {
    let device = Linked::new();
    let (_logind, daemon) = device.deploy_until_notice();
    assert!(daemon.stop().success());
    device.hides_boot();
    let daemon = device.start();
    daemon.refresh();
    assert_eq!(plan(&daemon.client()), "none");
    assert!(answer(&daemon, "now").unwrap_err().name.ends_with(".Busy"));
    device.boots("5b1f1d0c");
    daemon.refresh();
    until(&daemon, "notice");
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

/// Restarts the device of a deployment, which has no user, and starts it again with this boot ID.
fn restarted<'d>(device: &'d Linked, logind: &Logind, boot: &str) -> Daemon<'d> {
    let daemon = device.deploy();
    until(&daemon, "notice");
    device.advance(&daemon, 60);
    until_restarted(&daemon, logind);
    assert!(daemon.stop().success());
    device.boots(boot);
    device.start()
}

fn a_new_serial_that_allows_nothing_else_causes_no_restart() {
    let device = Linked::new();
    let logind = Logind::start(&device, Version::New);
    let daemon = restarted(&device, &logind, "77777777");
    for serial in 184..187 {
        device.link(&licence().serial(serial).sign(), "");
        daemon.refresh();
        poll(&daemon);
        let status = daemon.until("it is there", |status| {
            let licenses = status["licenses"].as_array().unwrap();
            licenses.iter().any(|license| license["serial"] == serial)
        });
        assert_eq!(
            (&status["restart_pending"], plan(&daemon.client())),
            (&false.into(), "none".into())
        );
    }
    assert_eq!(logind.restarts().len(), 1);
}

fn an_unattended_device_restarts_once_a_day_at_most() {
    let device = Linked::new();
    device.write("/etc/os-release", "VERSION_ID=11.09.310\n");
    let logind = Logind::start(&device, Version::New);
    let daemon = restarted(&device, &logind, "77777777");
    // Another deployment follows at once, and changes what is allowed.
    device.link(&licence().pack("EMP-R9HXH").product("EMP").services(&[EMP]).sign(), "");
    daemon.refresh();
    poll(&daemon);
    until(&daemon, "deferred");
    let text = daemon.licctl(["status"]).flowed();
    assert!(text.contains("when a user agrees, or a day after the last restart"), "{text}");
    device.advance(&daemon, 22 * HOUR);
    until(&daemon, "deferred");
    assert_eq!(logind.restarts().len(), 1);
    // The day counts from the start of the system, since the clock has not moved.
    device.advance(&daemon, 24 * HOUR);
    until(&daemon, "notice");
    // A user is asked instead.
    logind.log_in();
    device.advance(&daemon, 25 * HOUR);
    until(&daemon, "asked");
    answer(&daemon, "now").unwrap();
    wait::until("the restart", || (logind.restarts().len() == 2).then_some(()));
}

fn a_licence_copied_by_hand_causes_no_restart() {
    let device = World::new();
    let logind = Logind::start(&device, Version::New);
    let daemon = device.start();
    let _ = daemon.import(licence().sign()).with_code(0);
    let (stick, client) = (device.file("stick.lic", licence().serial(200).sign()), daemon.client());
    let automatic = HashMap::from([("automatic", zbus::Variant::from(true))]);
    let signals = client.listen();
    let _: OwnedObjectPath = client.manager("Import", &(stick, automatic)).unwrap();
    wait::until("the import ends", || signals.named("Finished").pop());
    daemon.refresh();
    assert_eq!((plan(&client), logind.restarts().len()), ("none".into(), 0));
    assert!(!device.path("/var/lib/licd/deployment.toml").exists());
}
