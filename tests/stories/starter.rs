//! The starter period of a new device (docs/image-builder.md, section 3).

use std::fs;

use acceptance::harness::Story;
use acceptance::maker::{self, WE, today_plus};
use acceptance::{World, story, wait};
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(a_new_device_starts_with_the_features_of_an_evaluation),
    story!(the_starter_period_begins_once_and_ends),
    story!(a_device_that_had_a_licence_gets_no_starter_period),
    story!(a_device_that_remembers_a_licence_gets_no_starter_period),
    story!(the_starter_period_does_not_begin_before_the_time_is_known),
    story!(a_licence_takes_precedence_over_the_starter_period),
];

/// The file that records the start of the starter period.
const MARK: &str = "/license/dsa/starter";

/// A device whose image grants a starter period of `days`.
fn granting(days: u32) -> World {
    let world = World::new();
    world.write("/usr/lib/licd/licd.toml", format!("[starter]\ndays = {days}\n"));
    world
}

fn service(status: &Value) -> Value {
    let services = status["services"].as_array().unwrap();
    services.iter().find(|service| service["service"] == WE).unwrap().clone()
}

fn a_new_device_starts_with_the_features_of_an_evaluation() {
    let world = granting(30);
    assert_eq!(world.status()["state"], "none", "only the daemon begins them");
    let daemon = world.start();
    // Programs that start after licd ask at once.
    let status = daemon.status();
    assert_eq!(status["state"], "starter");
    let we = service(&status);
    assert_eq!((&we["status"], &we["state"]), (&"UNLICENSED".into(), &"starter".into()));
    // Midnight may have passed meanwhile.
    let last = [29, 30].map(|days| today_plus(days).to_string());
    let expires = we["expires"].as_str().unwrap().to_owned();
    assert!(last.contains(&expires), "{expires}");
    for feature in ["os", "custom-partition", "app-install"] {
        assert_eq!(status["features"][feature]["reason"], "starter", "{feature}");
        assert!(world.path(&format!("/run/licd/features/{feature}")).exists(), "{feature}");
    }
    assert_eq!(status["features"]["powerterm"]["allowed"], false);
    // licctl without the daemon and a restart report the same.
    assert_eq!(world.report(), daemon.report());
    let mark = fs::read(world.path(MARK)).unwrap();
    assert!(daemon.stop().success());
    assert_eq!(service(&world.start().status()), we);
    assert_eq!(fs::read(world.path(MARK)).unwrap(), mark);
    // Removing licences does not restart the period.
    let _ = world.licctl(["remove", "all"]).with_code(1);
    assert!(world.path(MARK).exists());
}

fn the_starter_period_begins_once_and_ends() {
    let world = granting(30);
    world.write(MARK, "began 2020-01-01\n");
    let daemon = world.start();
    let status = daemon.status();
    assert_ne!(status["state"], "starter");
    assert_ne!(service(&status)["status"], "LICENSED");
    for feature in ["os", "custom-partition"] {
        assert_eq!(status["features"][feature]["allowed"], false, "{feature}");
    }
    // An unreadable mark starts no period.
    world.write(MARK, "nonsense");
    daemon.refresh();
    assert_eq!(daemon.status()["state"], "none");
}

fn a_device_that_had_a_licence_gets_no_starter_period() {
    let world = granting(30);
    let daemon = world.start();
    daemon.until("the days begin", |status| status["state"] == "starter");
    drop(daemon);
    let licensed = granting(30);
    let _ = licensed.import(maker::licence().sign()).with_code(0);
    let daemon = licensed.start();
    wait::until("that is written down", || licensed.path(MARK).exists().then_some(()));
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    assert_eq!(daemon.status()["state"], "none");
    assert!(daemon.stop().success());
    let daemon = licensed.start();
    daemon.refresh();
    assert_eq!(daemon.status()["state"], "none");
}

fn a_device_that_remembers_a_licence_gets_no_starter_period() {
    let world = World::new();
    world.copy_by_hand("own.lic", maker::licence().sign());
    let daemon = world.start();
    daemon.until("it is licensed", |status| status["state"] == "valid");
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    assert!(daemon.stop().success());
    world.write("/usr/lib/licd/licd.toml", "[starter]\ndays = 30\n");
    let daemon = world.start();
    wait::until("it is forgone", || world.path(MARK).exists().then_some(()));
    daemon.refresh();
    assert_eq!(daemon.status()["state"], "none");
    assert_eq!(world.status()["state"], "none");
}

fn the_starter_period_does_not_begin_before_the_time_is_known() {
    let world = granting(30);
    fs::remove_file(world.path("/run/systemd/timesync/synchronized")).unwrap();
    let daemon = world.start();
    daemon.refresh();
    assert_eq!(daemon.status()["state"], "none");
    assert!(!world.path(MARK).exists());
    world.write("/run/systemd/timesync/synchronized", "");
    daemon.until("the days begin", |status| status["state"] == "starter");
}

fn a_licence_takes_precedence_over_the_starter_period() {
    let world = granting(30);
    let daemon = world.start();
    daemon.until("the days begin", |status| status["state"] == "starter");
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    let status = daemon.status();
    assert_eq!(status["state"], "valid");
    assert_eq!(service(&status)["expires"], "2099-12-31");
    // During the period, removing the licence restores the starter features.
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    daemon.until("they go on", |status| status["state"] == "starter");
}
