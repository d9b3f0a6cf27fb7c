//! The ways of a licence from the packs of the licensing service to a device, and back.

use acceptance::clock::Clock;
use acceptance::harness::Story;
use acceptance::{maker, story, wait};
use ums_trial::{Agent, PackFile, Service, device, reboot};

pub(crate) const STORIES: &[Story] = &[
    story!(a_registered_device_gets_a_licence_by_itself),
    story!(a_licence_moves_to_another_device),
    story!(the_last_unit_of_a_pack_loses_its_licence_too),
    story!(a_removal_profile_takes_licences_until_it_is_off),
    story!(a_new_device_takes_settings_once_it_is_licensed),
    story!(frozen_settings_stay_and_licences_still_arrive),
];

fn a_registered_device_gets_a_licence_by_itself() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 2), &[]);
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let _agent = Agent::start(&world, &service);
    let status = daemon.until("licensed", |status| status["state"] == "valid");
    assert_eq!(status["licenses"][0]["pack"], "WE-AAAA1");
    let shown = service.until(&unit, "shown", |device| device["state"] == "valid");
    assert_eq!(shown["services"][1]["status"], "LICENSED", "{shown:#}");
    assert_eq!(shown["serial"], "SN00001");
    service.until(&unit, "settled", |device| device["is_current"] == true);
    assert_eq!(service.pack("WE-AAAA1")["used"], 1);
    assert_eq!(service.list("licences?order=69-345&unit=02:00:00:00:00:01").len(), 1);
}

fn a_licence_moves_to_another_device() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 2), &[("manual", "1")]);
    let (first, a) = device(&service, 1);
    let (second, b) = device(&service, 2);
    let (third, c) = device(&service, 3);
    let daemons = [&first, &second, &third].map(|world| world.start());
    let _agents = [&first, &second, &third].map(|world| Agent::start(world, &service));
    for unit in [&a, &b, &c] {
        service.until(unit, "registered", |device| device["state"] == "none");
    }
    for unit in [&a, &b] {
        service.order("deploy", &[("unit", unit), ("pack", "WE-AAAA1")]);
        service.until(unit, "licensed", |device| device["state"] == "valid");
    }
    let (status, full) = service.try_order("deploy", &[("unit", &c), ("pack", "WE-AAAA1")]);
    assert_eq!(status, 409, "{full}");
    service.order("transfer", &[("unit", &a), ("to", &c), ("pack", "WE-AAAA1")]);
    daemons[0].until("withdrawn", |status| status["services"][1]["state"] == "withdrawn");
    daemons[2].until("licensed", |status| status["state"] == "valid");
    let gone = service.until(&a, "settled", |device| {
        device["state"] == "withdrawn" && device["is_current"] == true
    });
    assert_eq!(gone["packs"], serde_json::json!([]));
    assert_eq!(daemons[1].status()["state"], "valid");
    assert_eq!(service.pack("WE-AAAA1")["used"], 2);
}

fn the_last_unit_of_a_pack_loses_its_licence_too() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 1), &[("manual", "1")]);
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let _agent = Agent::start(&world, &service);
    service.until(&unit, "registered", |device| device["state"] == "none");
    service.order("deploy", &[("unit", &unit), ("pack", "WE-AAAA1")]);
    service.until(&unit, "licensed", |device| device["state"] == "valid");
    service.order("remove", &[("unit", &unit), ("pack", "WE-AAAA1")]);
    daemon.until("withdrawn", |status| status["services"][1]["state"] == "withdrawn");
}

fn a_removal_profile_takes_licences_until_it_is_off() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 1), &[]);
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let agent = Agent::start(&world, &service);
    service.until(&unit, "licensed", |device| device["state"] == "valid");
    service.order("profile", &[("unit", &unit), ("profile", "workspace-edition")]);
    service
        .until(&unit, "has it", |d| d["removal"] == "workspace-edition" && d["is_current"] == true);
    drop(agent);
    let daemon = reboot(&world, daemon);
    let _agent = Agent::start(&world, &service);
    service.until(&unit, "removed", |device| device["state"] == "none");
    service.order("profile", &[("unit", &unit), ("profile", "none")]);
    daemon.until("licensed again", |status| status["state"] == "valid");
    service.until(&unit, "shown", |device| device["state"] == "valid");
    assert_eq!(service.pack("WE-AAAA1")["used"], 1);
}

/// A setting of no licence.
fn timeout(minutes: u8) -> String {
    format!("[userinterface.screensaver]\ntimeout = {minutes}\n")
}

fn a_new_device_takes_settings_once_it_is_licensed() {
    let service = Service::start();
    service.order("settings", &[("settings", &timeout(5))]);
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let _agent = Agent::start(&world, &service);
    let shown = service.until(&unit, "registered", |device| device["is_current"] == true);
    assert_eq!(shown["is_frozen"], true);
    let settings =
        || std::fs::read_to_string(world.path("/etc/licd/settings.toml")).unwrap_or_default();
    assert!(!settings().contains("timeout"), "{}", settings());
    service.add(&PackFile::new("WE-AAAA1", 1), &[]);
    service.order("deploy", &[("unit", &unit)]);
    daemon.until("licensed", |status| status["state"] == "valid");
    wait::until("thawed", || settings().contains("timeout = 5").then_some(()));
    service.until(&unit, "shown", |device| device["is_frozen"] == false);
    assert_eq!(maker::today_plus(365).to_string(), service.pack("WE-AAAA1")["expires"]);
}

fn frozen_settings_stay_and_licences_still_arrive() {
    let service = Service::start();
    service.order("settings", &[("settings", &timeout(5))]);
    service.add(&PackFile::new("WE-AAAA1", 1).ends_in(30), &[]);
    let (world, unit) = device(&service, 1);
    let clock = Clock::at(&format!("{} 09:00:00", maker::today_plus(0)));
    let daemon = world.start_with(|command| clock.shown_to(command));
    let _agent = Agent::start(&world, &service);
    service.until(&unit, "licensed", |device| {
        device["state"] == "valid" && device["is_current"] == true && device["is_frozen"] == false
    });
    let settings = || std::fs::read_to_string(world.path("/etc/licd/settings.toml")).unwrap();
    assert!(settings().contains("timeout = 5"), "{}", settings());
    clock.set(&format!("{} 09:00:00", maker::today_plus(40)));
    service.order("refresh", &[("unit", &unit)]);
    service.until(&unit, "frozen", |device| device["is_frozen"] == true);
    service.order("settings", &[("settings", &timeout(9))]);
    service.until(&unit, "sent", |device| device["is_current"] == true);
    assert!(settings().contains("timeout = 5"), "{}", settings());
    service.add(&PackFile::new("WE-BBBB1", 1), &[("manual", "1")]);
    service.order("deploy", &[("unit", &unit), ("pack", "WE-BBBB1")]);
    daemon.until("licensed", |status| status["state"] == "valid");
    wait::until("thawed", || settings().contains("timeout = 9").then_some(()));
    service.until(&unit, "shown", |device| device["is_frozen"] == false);
}
