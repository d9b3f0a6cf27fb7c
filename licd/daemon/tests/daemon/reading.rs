//! Questions, and news of what changes.

use std::collections::HashMap;
use std::fs;

use nix::sys::signal::Signal;
use zbus::{OwnedObjectPath, OwnedVariant};

use crate::bus::{Caller, MANAGER, PATH};
use crate::world::{STORE, UNIT, World};

type Interfaces = HashMap<String, HashMap<String, OwnedVariant>>;
type Changes = (String, HashMap<String, OwnedVariant>, Vec<String>);

const INVALID: &str = "org.freedesktop.DBus.Error.InvalidArgs";

fn property(caller: &Caller, path: &str, interface: &str, name: &str) -> OwnedVariant {
    let properties = "org.freedesktop.DBus.Properties";
    caller.call_at(path, properties, "Get", &(interface, name)).unwrap()
}

fn text(value: &OwnedVariant) -> String {
    String::try_from(value.try_clone().unwrap()).unwrap()
}

fn objects(caller: &Caller) -> HashMap<OwnedObjectPath, Interfaces> {
    let manager = "org.freedesktop.DBus.ObjectManager";
    let objects: HashMap<OwnedObjectPath, Interfaces> =
        caller.call_at(PATH, manager, "GetManagedObjects", &()).unwrap();
    objects.into_iter().filter(|(_, interfaces)| !interfaces.is_empty()).collect()
}

#[test]
fn the_status_is_the_report_as_of_the_moment_of_the_question() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let status: String = caller.call("GetStatus", &()).unwrap();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["schema"], 1);
    assert_eq!(status["unit_id"], UNIT);
    assert!(status["clock"]["now"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn properties_say_what_the_status_says() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let get = |name| property(&caller, PATH, MANAGER, name);
    assert_eq!(text(&get("Version")), env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&get("State")), "none");
    assert_eq!(text(&get("UnitId")), UNIT);
    assert_eq!(text(&get("ClockState")), "unsynchronized");
    assert_eq!(text(&get("StoreState")), "writable");
    assert_eq!(bool::try_from(get("RestartPending")), Ok(false));
}

#[test]
fn methods_without_parameters_take_no_arguments() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    for member in ["GetStatus", "ListServices", "Refresh", "Poll"] {
        let answer = caller.answer(PATH, MANAGER, member, &"argument").unwrap_err();
        assert_eq!(answer.0, "org.freedesktop.DBus.Error.InvalidArgs", "{member}");
    }
}

#[test]
fn features_updates_and_services_are_answered() {
    let world = World::new();
    world.write(&format!("{STORE}/a.lic"), &world.license("WE-7Q2KD", 1, UNIT));
    let (_daemon, caller) = world.start();
    type Feature = (bool, String, String);
    let feature = |name: &str| caller.call::<_, Feature>("CheckFeature", &name);
    assert_eq!(feature("apps").unwrap(), (true, "licensed".into(), "never".into()));
    assert_eq!(feature("powerterm").unwrap(), (false, "unlicensed".into(), String::new()));
    assert_eq!(feature("tea").unwrap_err().0, INVALID);
    let update: (bool, String) = caller.call("CheckUpdate", &"2026-01-15").unwrap();
    assert_eq!(update, (true, "licensed".into()));
    let wrong = caller.call::<_, (bool, String)>("CheckUpdate", &"15.1.2026").unwrap_err();
    assert_eq!(wrong.0, INVALID);
    let services: Vec<(String, String, String, String)> = caller.call("ListServices", &()).unwrap();
    let base = "SUB_SERVICE_SET_WORKSPACE_EDITION".to_owned();
    assert!(services.contains(&(base, "LICENSED".into(), "valid".into(), "never".into())));
}

#[test]
fn every_licence_is_an_object_with_typed_properties() {
    let world = World::new();
    let license = world.license("WE-7Q2KD", 183, UNIT);
    world.write(&format!("{STORE}/a.lic"), &license);
    world.write(&format!("{STORE}/b.lic"), &license);
    world.write(&format!("{STORE}/foreign.lic"), &world.license("WE-OTHER", 1, "00E0C5000000"));
    let (_daemon, caller) = world.start();
    let objects = objects(&caller);
    let paths: std::collections::BTreeSet<_> = objects.keys().map(|path| path.as_str()).collect();
    let [first, second] = ["WE_7Q2KD_183", "WE_7Q2KD_183_2"].map(|n| format!("{PATH}/license/{n}"));
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), [first.as_str(), second.as_str()]);
    let license = "com.igel.License1.License";
    let get = |name| property(&caller, &first, license, name);
    for (name, value) in [
        ("Pack", "WE-7Q2KD"),
        ("Product", "WE"),
        ("Category", "subscription"),
        ("Order", "69-3456677"),
        ("Term", "subscription"),
        ("Issued", "2024-01-01T00:00:00Z"),
        ("Starts", "2024-01-01"),
        ("Expires", "never"),
        ("State", "valid"),
        ("File", "a.lic"),
    ] {
        assert_eq!(text(&get(name)), value, "{name}");
    }
    assert_eq!(u64::try_from(get("Serial")), Ok(183));
    assert_eq!(text(&property(&caller, &second, license, "File")), "b.lic");
}

#[test]
fn a_licence_copied_by_hand_takes_effect_and_is_announced() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let mut signals = caller.listen();
    let file = world.write(&format!("{STORE}/by hand.lic"), &world.license("WE-7Q2KD", 1, UNIT));
    let path = signals.wait_for("InterfacesAdded", |message| {
        let body = message.body();
        let (path, interfaces): (OwnedObjectPath, Interfaces) = body.deserialize().ok()?;
        interfaces.contains_key("com.igel.License1.License").then_some(path)
    });
    assert_eq!(path.as_str(), format!("{PATH}/license/WE_7Q2KD_1"));
    let changes = signals.wait_for("PropertiesChanged", |message| {
        message.body().deserialize::<Changes>().ok().filter(|(name, _, _)| name == MANAGER)
    });
    assert_eq!(changes.1.keys().collect::<Vec<_>>(), ["State"]);
    assert_eq!(text(&changes.1["State"]), "valid");
    signals.wait_for_member("Changed");
    assert!(world.path("run/licd/features/apps").exists());
    assert!(world.read("run/licd/status.json").contains("\"state\":\"valid\""));
    assert_eq!(bool::try_from(property(&caller, PATH, MANAGER, "RestartPending")), Ok(false));

    fs::remove_file(file).unwrap();
    signals.wait_for_member("InterfacesRemoved");
    signals.wait_for_member("Changed");
    assert!(!world.path("run/licd/features/apps").exists());
    assert!(objects(&caller).is_empty());
}

#[test]
fn a_store_that_is_made_later_is_noticed() {
    let world = World::new();
    fs::remove_dir_all(world.path("license")).unwrap();
    let (_daemon, caller) = world.start();
    assert_eq!(text(&property(&caller, PATH, MANAGER, "StoreState")), "missing");
    let mut signals = caller.listen();
    world.write(&format!("{STORE}/a.lic"), &world.license("WE-7Q2KD", 1, UNIT));
    signals.wait_for("State", |message| {
        let changes: Changes = message.body().deserialize().ok()?;
        changes.1.get("State").filter(|state| text(state) == "valid").map(drop)
    });
}

#[test]
fn configuration_takes_effect_when_it_is_written() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let mut signals = caller.listen();
    world.write("etc/licd/licd.toml.d/50-os.toml", "[system]\ngeneration = 11\n");
    signals.wait_for_member("Changed");
    let status: String = caller.call("GetStatus", &()).unwrap();
    assert!(status.contains("\"generation\":11"), "{status}");
}

#[test]
fn a_refresh_is_over_when_everything_is_as_new() {
    let world = World::new();
    let (daemon, caller) = world.start();
    // The daemon does not watch the hardware and the image.
    fs::remove_dir_all(world.path("sys/class/net/eth0")).unwrap();
    world.plug_in("eth1", "00:e0:c5:1c:50:88");
    let () = caller.call("Refresh", &()).unwrap();
    assert_eq!(text(&property(&caller, PATH, MANAGER, "UnitId")), "00E0C51C5088");
    let mut signals = caller.listen();
    world.plug_in("eth0", "00:e0:c5:1c:50:87");
    daemon.signal(Signal::SIGHUP);
    signals.wait_for_member("Changed");
    assert_eq!(text(&property(&caller, PATH, MANAGER, "UnitId")), UNIT);
}

#[test]
fn an_interface_that_turns_up_late_is_found() {
    let world = World::new();
    fs::remove_dir_all(world.path("sys/class/net/eth0")).unwrap();
    let (_daemon, caller) = world.start();
    assert_eq!(text(&property(&caller, PATH, MANAGER, "UnitId")), "");
    let mut signals = caller.listen();
    world.plug_in("eth0", "00:e0:c5:1c:50:87");
    signals.wait_for_member("Changed");
    assert_eq!(text(&property(&caller, PATH, MANAGER, "UnitId")), UNIT);
}

#[test]
fn a_foreign_licence_is_logged_once() {
    let world = World::new();
    world.write(&format!("{STORE}/foreign.lic"), &world.license("WE-OTHER", 1, "00E0C5000000"));
    let (daemon, caller) = world.start();
    for _ in 0..3 {
        let () = caller.call("Refresh", &()).unwrap();
    }
    assert_eq!(daemon.log().matches("foreign.lic: for unit").count(), 1, "{}", daemon.log());
}
