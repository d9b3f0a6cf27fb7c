//! Changes that the daemon detects by itself, settings and configuration.

use std::fs;

use acceptance::client::Refusal;
use acceptance::harness::Story;
use acceptance::maker::{self, EMP, UNIT, WE};
use acceptance::{World, story, wait};
use nix::sys::signal::Signal;
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(the_daemon_notices_files_added_and_removed_by_hand),
    story!(the_daemon_notices_a_trust_document_copied_by_hand),
    story!(the_daemon_notices_a_store_created_later),
    story!(the_daemon_notices_misplaced_files),
    story!(the_daemon_notices_what_licctl_has_recorded_without_it),
    story!(the_daemon_notices_that_the_time_is_synchronised),
    story!(a_refresh_detects_added_and_removed_interfaces),
    story!(configuration_takes_effect_when_its_file_is_written),
    story!(broken_settings_keep_the_last_valid_ones_in_force),
    story!(settings_are_applied_whole_or_not_at_all),
    story!(unknown_settings_are_kept_and_ignored),
    story!(a_removal_profile_spares_other_classes_and_logs_what_stays),
    story!(a_removal_reports_what_stays_with_and_without_the_daemon),
    story!(a_removal_profile_is_carried_out_at_every_start),
];

const SETTINGS: &str = "/etc/licd/settings.toml";

fn the_daemon_notices_files_added_and_removed_by_hand() {
    let world = World::new();
    let daemon = world.start();
    let path = world.copy_by_hand("a.lic", maker::licence().sign());
    daemon.until("it counts", |status| status["state"] == "valid");
    fs::write(&path, "nonsense").unwrap();
    daemon.until("it is damaged", |status| status["rejected"][0]["code"] == "malformed");
    let elsewhere = world.root().join("a.lic");
    fs::rename(&path, &elsewhere).unwrap();
    daemon.until("it is gone", |status| status["rejected"].as_array().unwrap().is_empty());
    fs::write(&elsewhere, maker::licence().sign()).unwrap();
    fs::rename(&elsewhere, &path).unwrap();
    daemon.until("it counts again", |status| status["state"] == "valid");
    fs::remove_file(&path).unwrap();
    daemon.until("it is gone again", |status| status["state"] == "none");
    // The manual's recipe deletes all licences before it copies the new one.
    world.by_hand(|licenses| {
        fs::remove_dir_all(licenses.parent().unwrap()).unwrap();
        fs::create_dir_all(licenses).unwrap();
        fs::write(licenses.join("new.lic"), maker::licence().sign()).unwrap();
    });
    daemon.until("the new one counts", |status| status["licenses"][0]["file"] == "new.lic");
}

fn the_daemon_notices_a_trust_document_copied_by_hand() {
    let world = World::new();
    world.copy_by_hand("a.lic", maker::licence().sign());
    let daemon = world.start();
    assert_eq!(daemon.status()["state"], "valid");
    world.write("/license/dsa/trust.note", maker::trust(2, &[("WE-7Q2KD", 183)]));
    daemon.until("it is withdrawn", |status| status["state"] == "withdrawn");
}

fn the_daemon_notices_a_store_created_later() {
    let world = World::new();
    fs::remove_dir(world.path("/license")).unwrap();
    let daemon = world.start();
    assert_eq!(daemon.status()["store"]["state"], "missing");
    fs::create_dir(world.path("/license")).unwrap();
    daemon.until("it is there", |status| status["store"]["state"] == "writable");
    world.copy_by_hand("a.lic", maker::licence().sign());
    daemon.until("its licence counts", |status| status["state"] == "valid");
}

fn the_daemon_notices_misplaced_files() {
    let world = World::new();
    world.write("/license/before/notes.txt", "x");
    let daemon = world.start();
    for path in ["/license/before/a.lic", "/license/dsa/licenses/later/b.lic"] {
        let file = world.write(path, maker::licence().sign());
        let names = |status: &Value| status["problems"].to_string().contains(path);
        daemon.until("it is named", names);
        fs::remove_file(file).unwrap();
        daemon.until("it is no longer named", |status| !names(status));
    }
}

fn the_daemon_notices_what_licctl_has_recorded_without_it() {
    let world = World::new();
    let daemon = world.start();
    let _ = daemon.import(maker::licence().serial(1).sign()).with_code(0);
    assert_eq!(daemon.status()["state"], "valid");
    let roster = maker::licence().serial(2).roster().units(&["00E0C5000099"]);
    let _ = world.import(roster.sign()).with_code(4);
    daemon.until("it is withdrawn", |status| status["state"] == "withdrawn");
}

fn the_daemon_notices_that_the_time_is_synchronised() {
    let world = World::new();
    fs::remove_dir_all(world.path("/run/systemd")).unwrap();
    let daemon = world.start();
    assert_eq!(daemon.status()["clock"]["state"], "unsynchronized");
    world.write("/run/systemd/timesync/synchronized", "");
    daemon.until("it is", |status| status["clock"]["state"] == "ok");
}

fn a_refresh_detects_added_and_removed_interfaces() {
    let world = World::new();
    world.copy_by_hand("a.lic", maker::licence().sign());
    let daemon = world.start();
    let client = daemon.client();
    // A dock does not change the unit ID, neither plugged nor pulled.
    world.machine().usb_interface("aaa0", "02:00:00:00:00:01");
    let () = client.manager("Refresh", &()).unwrap();
    assert_eq!(client.property::<String>("UnitId"), UNIT);
    world.machine().remove_interface("aaa0").remove_interface("eth0");
    daemon.signal(Signal::SIGHUP);
    wait::until("there is no unit ID", || {
        client.property::<String>("UnitId").is_empty().then_some(())
    });
    assert_eq!(client.property::<String>("State"), "none");
    world.machine().pci_interface("eth0", maker::MAC);
    wait::until("it is found without a word", || {
        (client.property::<String>("UnitId") == UNIT).then_some(())
    });
}

fn configuration_takes_effect_when_its_file_is_written() {
    let world = World::new();
    let daemon = world.start();
    world.write("/etc/licd/licd.toml", "[system]\ngeneration = 11\n");
    daemon.until("it is OS 11", |status| status["os"]["generation"] == 11);
    world.write("/etc/licd/licd.toml.d/10.toml", "[system]\ngeneration = 12\n");
    daemon.until("it is OS 12", |status| status["os"]["generation"] == 12);
    world.write("/etc/licd/licd.toml.d/20.toml", "[system]\ngeneration = 13\n");
    let status = daemon.until("it is named", |status| {
        let problems = status["problems"].as_array().unwrap();
        problems.iter().any(|problem| {
            let says = |member: &str, text: &str| problem[member].as_str().unwrap().contains(text);
            says("subject", "20.toml") && says("message", "line 2, column 14: ")
        })
    });
    assert_eq!(status["os"]["generation"], 12);
}

/// The report's problem about the settings.
fn problem(status: &serde_json::Value) -> Option<String> {
    let problems = status["problems"].as_array().unwrap();
    let text =
        |problem: &serde_json::Value, member: &str| problem[member].as_str().unwrap().to_owned();
    let settings = problems.iter().find(|problem| text(problem, "subject").contains("settings"))?;
    Some(format!("{}: {}", text(settings, "subject"), text(settings, "message")))
}

fn broken_settings_keep_the_last_valid_ones_in_force() {
    let world = World::new();
    let path = world.write(SETTINGS, "[licensing]\nremove = \"none\"\n");
    let daemon = world.start();
    assert_eq!(problem(&daemon.status()), None);
    world.write(SETTINGS, "[licensing]\nremove = 7\n");
    let named = format!("{}: line 2, column 10: ", path.display());
    daemon.until("it is named", |status| {
        problem(status).is_some_and(|problem| problem.starts_with(&named))
    });
    assert_eq!(problem(&world.status()), problem(&daemon.status()));
    // The daemon keeps serving.
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    world.write(SETTINGS, "[licensing]\nremove = \"none\"\n");
    daemon.until("it is repaired", |status| problem(status).is_none());
}

fn settings_are_applied_whole_or_not_at_all() {
    let world = World::new();
    let daemon = world.start();
    let client = daemon.client();
    let apply = |text: &str| -> Result<(), Refusal> { client.manager("ApplySettings", &text) };
    let good = "[system.remotemanager]\nlicense_poll_hours = 12\n";
    apply(good).unwrap();
    assert_eq!(fs::read_to_string(world.path(SETTINGS)).unwrap(), good);
    for broken in ["[system.remotemanager]\nlicense_poll_hours = \"often\"\n", "[[[\n", "\u{1}"] {
        let refusal = apply(broken).unwrap_err();
        assert_eq!(refusal.name, "org.freedesktop.DBus.Error.InvalidArgs");
        assert!(refusal.message.contains("line 2") || broken.len() < 5, "{refusal:?}");
        assert_eq!(fs::read_to_string(world.path(SETTINGS)).unwrap(), good);
    }
    assert_eq!(problem(&daemon.status()), None);
}

fn unknown_settings_are_kept_and_ignored() {
    let world = World::new();
    let daemon = world.start();
    let text = "[x11.session]\nname = \"kiosk\"\n[licensing]\nremove = \"none\"\n";
    let () = daemon.client().manager("ApplySettings", &text).unwrap();
    assert_eq!(fs::read_to_string(world.path(SETTINGS)).unwrap(), text);
    assert_eq!(problem(&daemon.status()), None);
}

fn a_removal_profile_spares_other_classes_and_logs_what_stays() {
    let world = World::new();
    world.copy_by_hand(
        "both.lic",
        maker::licence().pack("PAS-0001").product("PAS").services(&[EMP, WE]).sign(),
    );
    world.copy_by_hand(
        "emp.lic",
        maker::licence().pack("EMP-0001").product("EMP").services(&[EMP]).sign(),
    );
    world.write(SETTINGS, "[licensing]\nremove = \"enterprise-management-pack\"\n");
    let daemon = world.start();
    assert_eq!(world.stored(), ["both.lic"]);
    assert_eq!(daemon.status()["state"], "valid");
    let line =
        "both.lic: stays, because it counts as workspace-edition; “pack:PAS-0001” removes it";
    assert!(daemon.log().contains(line), "{}", daemon.log());
}

fn a_removal_reports_what_stays_with_and_without_the_daemon() {
    let both = maker::licence().pack("PAS-0001").product("PAS").services(&[EMP, WE]).sign();
    let world = World::new();
    world.copy_by_hand("both.lic", &both);
    let daemon = world.start();
    let args = ["remove", "enterprise-management-pack", "--json"];
    let answer = daemon.licctl(args).with_code(1);
    let left = r#"{"file":"both.lic","pack":"PAS-0001","class":"workspace-edition"}"#;
    assert_eq!(answer.out.trim(), format!(r#"{{"schema":1,"removed":0,"left":[{left}]}}"#));
    let line =
        "both.lic: stays, because it counts as workspace-edition; “pack:PAS-0001” removes it";
    assert!(daemon.log().contains(line), "{}", daemon.log());
    assert_eq!(daemon.licctl(args.iter().chain(&["--direct"])).with_code(1).out, answer.out);
    let text = daemon.licctl(["remove", "enterprise-management-pack"]).with_code(1).out;
    let left = "pack PAS-0001 stays, because it counts as workspace-edition; “pack:PAS-0001” removes it: \
                both.lic";
    assert!(text.contains(left), "{text}");
    let _ = daemon.licctl(["remove", "pack:PAS-0001"]).with_code(0);
    assert_eq!(world.stored(), [""; 0]);
}

fn a_removal_profile_is_carried_out_at_every_start() {
    let evaluation = maker::licence().pack("WE-E-001").product("WE-E").term("evaluation").sign();
    let world = World::new();
    world.copy_by_hand("own.lic", maker::licence().sign());
    world.copy_by_hand("evaluation.lic", &evaluation);
    world.write(SETTINGS, "[licensing]\nremove = \"evaluation\"\n");
    for _ in 0..2 {
        let daemon = world.start();
        assert_eq!(world.stored(), ["own.lic"]);
        assert_eq!(daemon.status()["store"]["licenses"], 1);
        // The next start removes it; the running daemon does not.
        world.copy_by_hand("evaluation.lic", &evaluation);
        daemon.until("it is there", |status| status["store"]["licenses"] == 2);
        assert!(daemon.stop().success());
    }
    world.write(SETTINGS, "[licensing]\nremove = \"none\"\n");
    let daemon = world.start();
    assert_eq!(daemon.status()["store"]["licenses"], 2);
    // An invalid removal profile is refused when it is set.
    let unknown = "[licensing]\nremove = \"everything\"\n";
    assert!(daemon.client().manager::<()>("ApplySettings", &unknown).is_err());
}
