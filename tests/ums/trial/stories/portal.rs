//! Distribution: conditions, exchange, hardware-bundled packs, evaluations, keys, and the page.

use acceptance::harness::Story;
use acceptance::{maker, story};
use ums_trial::{Agent, PackFile, Service, device, device_with};

pub(crate) const STORIES: &[Story] = &[
    story!(conditions_by_folder_and_view_choose_the_devices),
    story!(a_pack_that_ends_later_takes_over),
    story!(a_bundled_pack_goes_to_the_hardware_it_was_sold_with),
    story!(an_activation_request_gets_one_evaluation_of_90_days),
    story!(licences_outlive_the_revocation_of_their_key),
    story!(the_page_shows_devices_packs_and_licences),
    story!(an_order_about_nothing_is_refused_and_changes_nothing),
    story!(settings_without_room_for_the_links_are_refused),
];

fn conditions_by_folder_and_view_choose_the_devices() {
    let service = Service::start();
    service.order("token", &[("token", "ald-1")]);
    service.order("view", &[("name", "spare"), ("field", "serial"), ("prefix", "SN00003")]);
    service.add(&PackFile::new("WE-AAAA1", 3), &[("folders", "/Berlin"), ("views", "spare")]);
    let worlds = [1, 2, 3].map(|number| device(&service, number));
    let _daemons = [0, 1, 2].map(|index| worlds[index].0.start());
    let _agents = [0, 1, 2].map(|index| Agent::start(&worlds[index].0, &service));
    let [a, b, c] = [0, 1, 2].map(|index| worlds[index].1.as_str());
    service.until(c, "in the view", |device| device["state"] == "valid");
    for unit in [a, b] {
        service.until(unit, "registered", |device| device["state"] == "none");
    }
    service.order("folder", &[("unit", a), ("folder", "/Berlin/Office 4")]);
    // With a token UMS looks every five minutes, 0.6 s here.
    service.until(a, "in the folder", |device| device["state"] == "valid");
    assert_eq!(service.device(b)["packs"], serde_json::json!([]));
    assert_eq!(service.list("devices?view=unlicensed").len(), 1);
    assert_eq!(service.pack("WE-AAAA1")["used"], 2);
}

fn a_pack_that_ends_later_takes_over() {
    let service = Service::start();
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let _agent = Agent::start(&world, &service);
    service.add(&PackFile::new("WE-AAAA1", 1).ends_in(20), &[]);
    service.until(&unit, "registered", |device| device["device"].is_string());
    service.order("deploy", &[("unit", &unit)]);
    service.until(&unit, "licensed", |device| device["state"] == "valid");
    service.add(&PackFile::new("WE-BBBB1", 1).ends_in(400), &[("exchange", "1")]);
    service.order("deploy", &[("unit", &unit)]);
    let later = maker::today_plus(400).to_string();
    service.until(&unit, "exchanged", |device| device["services"][1]["expires"] == later.as_str());
    daemon.until("one counts", |status| {
        let all = status["licenses"].as_array().unwrap();
        all.iter().filter(|licence| licence["state"] == "valid").count() == 1
    });
    let used = |pack| service.pack(pack)["used"].clone();
    assert_eq!((used("WE-AAAA1"), used("WE-BBBB1")), (0.into(), 1.into()));
}

fn a_bundled_pack_goes_to_the_hardware_it_was_sold_with() {
    let service = Service::start();
    let latest = format!("latest-activation = \"{}\"", maker::today_plus(200));
    service.add(&PackFile::new("WE-AAAA1", 2).line(&latest), &[]);
    let mac = "02:00:00:00:00:01";
    service.order("sold", &[("pack", "WE-AAAA1"), ("serial", "SN-SOLD"), ("mac", mac)]);
    service.order("sold", &[("pack", "WE-AAAA1"), ("serial", "SN-MINE"), ("mac", mac)]);
    let (world, unit) = device_with(&service, mac, "sn-sold");
    let (thief, other) = device_with(&service, "02:00:00:00:00:02", "SN-MINE");
    let _daemons = [&world, &thief].map(|world| world.start());
    let _agents = [&world, &thief].map(|world| Agent::start(world, &service));
    let shown = service.until(&unit, "licensed", |device| device["state"] == "valid");
    let last = maker::today_plus(366).to_string();
    assert_eq!(shown["services"][1]["expires"], last.as_str(), "the term begins today");
    service.until(&other, "registered", |device| device["is_current"] == true);
    service.order("deploy", &[("unit", &other)]);
    assert_eq!(service.device(&other)["packs"], serde_json::json!([]));
}

fn an_activation_request_gets_one_evaluation_of_90_days() {
    let service = Service::start();
    let (world, unit) = device(&service, 1);
    let url = format!("{}/activation", service.base());
    let config = std::fs::read_to_string(world.path("/etc/licd/licd.toml")).unwrap();
    world.write("/etc/licd/licd.toml", format!("{config}[activation]\nurl = \"{url}\"\n"));
    let person = ["--name", "Ada Lovelace", "--company", "Engines Ltd", "--email", "a@b.example"];
    let mut activate = vec!["activate", "--accept-terms"];
    activate.extend(person);
    let _ = world.licctl(activate).with_code(0);
    let report = world.status();
    assert_eq!(report["state"], "valid");
    assert_eq!(report["services"][1]["expires"], maker::today_plus(89).to_string());
    // The same answer to the same device; no answer without one.
    let request = world.licctl(["request", "-o", "-"]).with_code(0).out;
    let (first, again) =
        (service.post("/activation", &request), service.post("/activation", &request));
    assert_eq!((first.0, &first.1), (200, &again.1));
    assert_eq!(service.list(&format!("licences?unit={unit}")).len(), 1);
    let (status, refusal) = service.post("/activation", "{\"unit_id\":\"ff:ff:ff:ff:ff:ff\"}");
    assert_eq!(status, 400, "{refusal}");
}

fn licences_outlive_the_revocation_of_their_key() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 1), &[]);
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let _agent = Agent::start(&world, &service);
    service.until(&unit, "licensed", |device| device["state"] == "valid");
    assert_eq!(service.try_order("revoke-key", &[("key", "ums-issuer-1")]).0, 409);
    service.order("rotate-key", &[]);
    service.order("revoke-key", &[("key", "ums-issuer-1")]);
    daemon.until("a licence of the new key", |status| {
        status["state"] == "valid" && status["licenses"][0]["serial"] == 2
    });
    service.until(&unit, "settled", |device| {
        device["state"] == "valid" && device["is_current"] == true
    });
}

fn the_page_shows_devices_packs_and_licences() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 2), &[]);
    let (world, unit) = device(&service, 1);
    let _daemon = world.start();
    let _agent = Agent::start(&world, &service);
    service.until(&unit, "licensed", |device| device["state"] == "valid");
    let page = service.get("");
    for text in [
        unit.as_str(),
        "02:00:00:00:00:01",
        "SN00001",
        "WORKSPACE_EDITION: ",
        "1 of 2",
        "Remove all Teradici licenses",
        "Refresh licence information",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(page.matches("<form").count(), page.matches("<button").count());
    let rows = |query: &str| service.get(query).matches("Refresh licence information").count();
    assert_eq!((rows("?view=unlicensed"), rows("?view=expired"), rows("?view=endless")), (0, 0, 0));
    let (from, to) = (maker::today_plus(300), maker::today_plus(400));
    assert_eq!(rows(&format!("?view=expires&from={from}&to={to}")), 1);
    assert_eq!(rows(&format!("?view=expires&from={to}&to={to}")), 0);
}

fn an_order_about_nothing_is_refused_and_changes_nothing() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 1), &[]);
    let day = maker::today_plus(700).to_string();
    let refused = |name, fields: &[(&str, &str)]| service.try_order(name, fields).0;
    // A renewal takes the Subscription Key from packs that are not chosen, for good.
    assert_eq!(refused("renew", &[("key", "ERP-9QK2M"), ("expires", &day)]), 400);
    let other = [("key", "ERP-AAAAA"), ("packs", "WE-AAAA1"), ("expires", &day)];
    assert_eq!(refused("renew", &other), 409);
    assert_eq!(refused("delete", &[("device", "9f86d081884c7d659a2feaa0c55ad015")]), 404);
    assert_eq!(service.list("packs")[0]["key"], "ERP-9QK2M");
}

fn settings_without_room_for_the_links_are_refused() {
    let service = Service::start();
    for text in ["system = 1", "[system]\nremotemanager = 1", "licensing = 1", "[licensing"] {
        let (status, answer) = service.try_order("settings", &[("settings", text)]);
        assert_eq!(status, 400, "{text}: {answer}");
    }
    service.order("settings", &[("settings", "[system.remotemanager]\nlicense_poll_hours = 12")]);
}
