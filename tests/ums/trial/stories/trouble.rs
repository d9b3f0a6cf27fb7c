//! Faults: kills at any moment, twins, wild clocks, files that go astray. The loop heals, nothing is
//! licensed twice, and UMS shows what is.

use std::thread;
use std::time::Duration;

use acceptance::clock::Clock;
use acceptance::harness::Story;
use acceptance::{maker, story};
use ums_trial::{Agent, PackFile, Service, device, device_with};

pub(crate) const STORIES: &[Story] = &[
    story!(kills_of_agent_and_service_lose_nothing_and_license_nothing_twice),
    story!(a_reinstalled_device_keeps_its_seat),
    story!(the_second_device_with_a_unit_id_gets_no_licence),
    story!(a_device_whose_clock_is_a_year_slow_waits_and_takes_one_seat),
    story!(a_pack_emptied_under_way_leaves_no_licence),
    story!(a_file_for_another_device_is_replaced),
];

const PACK: &str = "WE-AAAA1";

fn kills_of_agent_and_service_lose_nothing_and_license_nothing_twice() {
    let service = Service::start();
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    service.add(&PackFile::new(PACK, 2), &[("manual", "1")]);
    // Each pause ends another step of registration, deployment or settings.
    for pause in [0, 2, 5, 10, 20, 40, 80, 160, 320] {
        let agent = Agent::start(&world, &service);
        thread::sleep(Duration::from_millis(pause));
        // The device may not have registered yet, or may have its seat.
        let _ = service.try_order("deploy", &[("unit", &unit), ("pack", PACK)]);
        thread::sleep(Duration::from_millis(pause));
        service.kill();
        service.restart();
        thread::sleep(Duration::from_millis(pause));
        agent.kill();
    }
    let _agent = Agent::start(&world, &service);
    service.until(&unit, "registered", |device| device["device"].is_string());
    service.order("deploy", &[("unit", &unit), ("pack", PACK)]);
    let status = daemon.until("licensed", |status| status["state"] == "valid");
    assert_eq!(status["licenses"].as_array().unwrap().len(), 1, "{status:#}");
    service
        .until(&unit, "shown", |device| device["state"] == "valid" && device["is_current"] == true);
    assert_eq!(service.pack(PACK)["used"], 1);
    assert_eq!(service.list("devices").len(), 1);
}

fn a_reinstalled_device_keeps_its_seat() {
    let service = Service::start();
    service.add(&PackFile::new(PACK, 1), &[]);
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let agent = Agent::start(&world, &service);
    let first = service.until(&unit, "licensed", |device| device["state"] == "valid");
    agent.kill();
    std::fs::remove_dir_all(world.path("/var/lib/ums-agent")).unwrap();
    let _agent = Agent::start(&world, &service);
    let again = service.until(&unit, "registered again", |device| {
        device["device"] != first["device"] && device["is_current"] == true
    });
    assert_eq!((&again["is_refused"], &again["state"]), (&false.into(), &"valid".into()));
    assert_eq!(service.list("devices").len(), 1);
    assert_eq!(service.pack(PACK)["used"], 1);
    assert_eq!(daemon.status()["state"], "valid");
}

fn the_second_device_with_a_unit_id_gets_no_licence() {
    let service = Service::start();
    service.add(&PackFile::new(PACK, 2), &[]);
    let (first, unit) = device_with(&service, "02:00:00:00:00:01", "SN-A");
    let (second, _) = device_with(&service, "02:00:00:00:00:01", "SN-B");
    let daemons = [&first, &second].map(|world| world.start());
    let _first = Agent::start(&first, &service);
    service.until(&unit, "licensed", |device| device["state"] == "valid");
    let _second = Agent::start(&second, &service);
    acceptance::wait::until("both are shown", || {
        let devices = service.list("devices");
        let is_settled = |serial, refused, state| {
            devices.iter().any(|device| {
                (&device["serial"], &device["is_refused"]) == (&serial, &refused)
                    && device["state"] == state
                    && device["is_current"] == true
            })
        };
        let settled = is_settled("SN-A".into(), false.into(), "valid")
            && is_settled("SN-B".into(), true.into(), "none");
        (devices.len() == 2 && settled).then_some(())
    });
    assert_eq!(daemons[1].status()["state"], "none");
    assert_eq!(service.pack(PACK)["used"], 1);
}

fn a_device_whose_clock_is_a_year_slow_waits_and_takes_one_seat() {
    let service = Service::start();
    service.add(&PackFile::new(PACK, 2), &[]);
    let (world, unit) = device(&service, 1);
    let clock = Clock::at(&format!("{} 09:00:00", maker::today_plus(-365)));
    let daemon = world.start_with(|command| clock.shown_to(command));
    let _agent = Agent::start_with(&world, &service, 1, |command| clock.shown_to(command));
    let shown = service.until(&unit, "shown", |device| device["state"] == "pending");
    assert_eq!(shown["services"][1]["status"], "UNLICENSED", "{shown:#}");
    service.order("deploy", &[("unit", &unit)]);
    assert_eq!(service.pack(PACK)["used"], 1);
    clock.set(&format!("{} 09:00:00", maker::today_plus(0)));
    service.order("refresh", &[("unit", &unit)]);
    daemon.until("licensed", |status| status["state"] == "valid");
    service.until(&unit, "shown", |device| device["state"] == "valid");
}

fn a_pack_emptied_under_way_leaves_no_licence() {
    let service = Service::start();
    service.add(&PackFile::new(PACK, 1), &[("manual", "1")]);
    let (world, unit) = device(&service, 1);
    let daemon = world.start();
    let agent = Agent::start(&world, &service);
    service.until(&unit, "registered", |device| device["is_current"] == true);
    agent.kill();
    service.order("deploy", &[("unit", &unit), ("pack", PACK)]);
    service.order("remove", &[("unit", &unit), ("pack", PACK)]);
    let _agent = Agent::start(&world, &service);
    let shown = service.until(&unit, "settled", |device| device["is_current"] == true);
    assert_eq!(shown["state"], "none");
    assert_eq!(service.pack(PACK)["used"], 0);
    assert_eq!(daemon.status()["licenses"], serde_json::json!([]));
}

fn a_file_for_another_device_is_replaced() {
    let service = Service::start();
    service.add(&PackFile::new(PACK, 1), &[("manual", "1")]);
    service.add(&PackFile::new("WE-BBBB1", 1), &[("manual", "1")]);
    let (world, unit) = device(&service, 1);
    let (other, other_unit) = device(&service, 2);
    let daemons = [&world, &other].map(|world| world.start());
    let _agents = [&world, &other].map(|world| Agent::start(world, &service));
    for unit in [&unit, &other_unit] {
        service.until(unit, "registered", |device| device["is_current"] == true);
    }
    service.order("deploy", &[("unit", &other_unit), ("pack", "WE-BBBB1")]);
    daemons[1].until("licensed", |status| status["state"] == "valid");
    // A file of the other device lies in the place of this device's file, as in a confused cache.
    service.order("deploy", &[("unit", &unit), ("pack", PACK)]);
    let database = rusqlite::Connection::open(service.database()).unwrap();
    let swap = |text: &str| {
        let set = "UPDATE licence SET text = ?1 WHERE pack = ?2";
        assert_eq!(database.execute(set, [text, PACK]).unwrap(), 1);
    };
    let read = |pack: &str| -> String {
        let get = "SELECT text FROM licence WHERE pack = ?1";
        database.query_row(get, [pack], |row| row.get(0)).unwrap()
    };
    let (right, wrong) = (read(PACK), read("WE-BBBB1"));
    swap(&wrong);
    daemons[0].until("the wrong file has arrived", |status| {
        status["state"] == "valid" || status["links"][0]["code"] == "wrong-device"
    });
    swap(&right);
    daemons[0].until("licensed", |status| status["state"] == "valid");
    service.until(&unit, "shown", |device| device["state"] == "valid");
    assert_eq!(daemons[1].status()["state"], "valid");
}
