//! The status report (docs/ums-administrator.md, section 6): its schema, and its hardware, system and time.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use acceptance::harness::Story;
use acceptance::maker::{self, EMP, OTHER, POWERTERM, UNIT, WE, today_plus};
use acceptance::{World, schema, story};
use serde_json::{Value, json};

pub(crate) const STORIES: &[Story] = &[
    story!(the_report_conforms_to_its_schema),
    story!(the_schema_check_detects_errors),
    story!(the_unit_id_is_the_first_interface_by_bus_cable_and_name),
    story!(an_interface_named_by_a_licence_is_the_unit_id),
    story!(only_a_permanent_address_of_hardware_is_a_unit_id),
    story!(a_system_on_a_usb_drive_has_the_drives_serial_as_its_unit_id),
    story!(a_system_that_may_run_from_a_usb_drive_reports_the_drive),
    story!(placeholder_serial_numbers_are_not_reported),
    story!(the_system_comes_from_os_release_or_the_configuration),
    story!(the_clock_is_trusted_after_synchronisation),
    story!(a_clock_before_a_certain_time_is_behind_and_ignored),
    story!(states_follow_the_calendar),
    story!(the_best_licence_determines_the_services_end),
    story!(after_its_end_a_licence_allows_what_its_generation_and_term_allow),
    story!(a_release_is_allowed_by_its_date),
    story!(an_update_to_a_newer_generation_needs_a_licence_in_force),
    story!(an_add_on_has_no_effect_on_versions_before_it),
    story!(a_system_older_than_11_is_judged_as_11_and_reported),
];

fn the_schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/status.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Devices that cover every value of the report.
fn devices() -> Vec<World> {
    let empty = World::new();
    let bare = World::new();
    bare.machine().remove_interface("eth0");
    fs::remove_dir(bare.path("/license")).unwrap();
    fs::remove_file(bare.path("/etc/os-release")).unwrap();
    fs::remove_file(bare.path("/usr/lib/licd/trust.note")).unwrap();
    fs::remove_dir_all(bare.path("/sys/class/dmi")).unwrap();
    fs::create_dir_all(bare.path("/run/systemd/timesync")).unwrap();

    let full = World::new();
    full.write("/etc/os-release", "VERSION_ID=11.09.310\n");
    full.write("/usr/lib/licd/trust.note", maker::trust(2, &[("WE-GONE1", 200)]));
    let licence = maker::licence;
    let add_on = || licence().product("PWT").services(&[POWERTERM, "SUB_SERVICE_FUTURE"]);
    for (name, draft) in [
        ("valid", licence()),
        ("pending", licence().pack("WE-00001").starts("2098-01-01")),
        ("warning", licence().pack("WE-00002").expires(today_plus(3))),
        ("grace", licence().pack("WE-00003").expires(today_plus(-3))),
        ("expired", licence().pack("WE-00004").expires("2021-01-01")),
        ("superseded", licence().serial(2)),
        ("withdrawn", licence().pack("WE-GONE1")),
        ("endless", add_on().pack("PWT-00001").term("perpetual").endless()),
        ("evaluation", licence().pack("WE-E-001").product("WE-E").term("evaluation")),
        ("foreign", licence().units(&[OTHER])),
    ] {
        full.copy_by_hand(&format!("{name}.lic"), draft.sign());
    }
    full.copy_by_hand("damaged.lic", "nonsense");
    let drive = World::new();
    drive.machine().boots_from_usb("85641000D308482019");
    let new = World::new();
    new.write("/usr/lib/licd/licd.toml", "[starter]\ndays = 65535\n");
    new.write("/license/dsa/starter", "began 2020-01-01\n");
    assert_eq!(new.status()["state"], "starter");
    vec![empty, bare, full, drive, new]
}

fn the_report_conforms_to_its_schema() {
    let schema = the_schema();
    for world in devices() {
        let status = world.status();
        assert_eq!(schema::faults(&schema, &status), Vec::<String>::new(), "{status}");
        let daemon = world.start();
        let through = serde_json::from_str(&daemon.client().status()).unwrap();
        assert_eq!(schema::faults(&schema, &through), Vec::<String>::new());
    }
}

fn the_schema_check_detects_errors() {
    let schema = the_schema();
    let good = World::new().status();
    let with = |pointer: &str, value: Value| {
        let mut report = good.clone();
        *report.pointer_mut(pointer).unwrap() = value;
        schema::faults(&schema, &report)
    };
    for (pointer, wrong) in [
        ("/schema", json!(2)),
        ("/state", json!("fine")),
        ("/unit_id", json!("00:e0:c5:1c:50:87")),
        ("/hardware/kind", json!("other")),
        ("/os/generation", json!("12")),
        ("/clock/now", json!("today")),
        ("/store/licenses", json!(-1)),
        ("/services/0/status", json!("licensed")),
        ("/features/ums/allowed", json!("yes")),
        ("/problems", json!(null)),
    ] {
        assert!(!with(pointer, wrong).is_empty(), "{pointer}");
    }
    let mut report = good.clone();
    report["colour"] = json!("blue");
    assert_eq!(schema::faults(&schema, &report), ["report.colour: is not in the schema"]);
    for member in good.as_object().unwrap().keys() {
        let mut report = good.clone();
        report.as_object_mut().unwrap().remove(member);
        assert_eq!(schema::faults(&schema, &report), [format!("report: has no {member}")]);
    }
}

fn unit_id(world: &World) -> String {
    let answer = world.licctl(["unit-id"]).with_code(0);
    let status = world.status();
    assert_eq!(status["unit_id"], answer.out.trim());
    answer.out.trim().to_owned()
}

fn the_unit_id_is_the_first_interface_by_bus_cable_and_name() {
    let world = World::new();
    let machine = world.machine();
    assert_eq!(unit_id(&world), UNIT);
    // A dock comes later although its name sorts first.
    machine.usb_interface("aaa0", "02:00:00:00:00:01");
    assert_eq!(unit_id(&world), UNIT);
    machine.pci_interface("eth1", "00:00:00:00:00:02");
    assert_eq!(unit_id(&world), UNIT);
    machine.pci_interface("eno1", "00:00:00:00:00:03");
    assert_eq!(unit_id(&world), "000000000003");
    // Wi-Fi follows wired interfaces on the same bus and precedes a dock.
    fs::create_dir(world.path("/sys/class/net/eno1/phy80211")).unwrap();
    assert_eq!(unit_id(&world), UNIT);
    machine.remove_interface("eth0").remove_interface("eth1");
    assert_eq!(unit_id(&world), "000000000003");
    machine.remove_interface("eno1");
    assert_eq!(unit_id(&world), "020000000001");
    assert_eq!(world.status()["hardware"]["mac"], "02:00:00:00:00:01");
}

fn an_interface_named_by_a_licence_is_the_unit_id() {
    let world = World::new();
    world.machine().usb_interface("dock0", "02:00:00:00:00:01");
    let for_dock = maker::licence().units(&["020000000001"]).sign();
    // An import considers the licence that it brings.
    assert_eq!(world.import(&for_dock).with_code(0).verdict(), "valid");
    assert_eq!(unit_id(&world), "020000000001");
    assert_eq!(world.status()["state"], "valid");
    let daemon = world.start();
    assert_eq!(daemon.client().property::<String>("UnitId"), "020000000001");
    // A licence for another interface does not change the unit ID of installed licences.
    let other = maker::licence().pack("WE-OTHER").sign();
    assert_eq!(daemon.import(&other).with_code(4).verdict(), "wrong-device");
    assert_eq!(daemon.status()["unit_id"], "020000000001");
    assert_eq!(daemon.status()["state"], "valid");
    // Licences copied by hand count; between two named units, the better licence decides.
    world.copy_by_hand("other.lic", &other);
    daemon.until("the daemon notices", |status| status["unit_id"] == UNIT);
    let _ = daemon.licctl(["remove", "pack:WE-OTHER"]).with_code(0);
    assert_eq!(daemon.status()["unit_id"], "020000000001");
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    assert_eq!(daemon.status()["unit_id"], UNIT);
    // A file that is not genuine does not affect the unit ID.
    world.copy_by_hand("forged.lic", for_dock.replace("183", "184"));
    assert_eq!(unit_id(&world), UNIT);
}

fn only_a_permanent_address_of_hardware_is_a_unit_id() {
    let world = World::new();
    let machine = world.machine();
    machine.pci_interface("eno1", "00:00:00:00:00:01");
    for (attribute, value) in [
        ("addr_assign_type", "1"),
        ("addr_assign_type", "2"),
        ("address", "00:00:00:00:00:00"),
        ("address", "01:00:5e:00:00:01"),
        ("address", "ff:ff:ff:ff:ff:ff"),
        ("address", "nonsense"),
        ("type", "32"),
    ] {
        machine.pci_interface("eno1", "00:00:00:00:00:01");
        assert_eq!(unit_id(&world), "000000000001");
        machine.set("eno1", attribute, value);
        assert_eq!(unit_id(&world), UNIT, "{attribute} {value}");
    }
    // A bridge, a bond or a container's interface has no hardware.
    machine.pci_interface("eno1", "00:00:00:00:00:01");
    fs::remove_file(world.path("/sys/class/net/eno1/device")).unwrap();
    assert_eq!(unit_id(&world), UNIT);
}

fn a_system_on_a_usb_drive_has_the_drives_serial_as_its_unit_id() {
    let world = World::new();
    world.machine().boots_from_usb("85641000d308482019");
    assert_eq!(unit_id(&world), "#85641000D308482019");
    let hardware = json!({"kind": "udp", "mac": "00:E0:C5:1C:50:87", "serial": "14D3F8B00B"});
    assert_eq!(world.status()["hardware"], hardware);
    let own = maker::licence().units(&["#85641000D308482019"]).sign();
    assert_eq!(world.import(own).with_code(0).verdict(), "valid");
    // The interface does not count if the system runs from a drive.
    let answer = world.import(maker::licence().sign()).with_code(4);
    assert!(answer.message().contains("not this device (#85641000D308482019)"), "{answer:?}");
    // A drive with an unusable serial number does not count.
    let unfit = World::new();
    unfit.machine().boots_from_usb("123");
    assert_eq!(unit_id(&unfit), UNIT);
    assert!(unfit.status()["problems"].to_string().contains("“123”"), "{}", unfit.status());
}

fn a_system_that_may_run_from_a_usb_drive_reports_the_drive() {
    let world = World::new();
    world.machine().boots_from_usb("85641000D308482019");
    let root = "25 1 0:30 / / rw - overlay overlay rw,lowerdir=/lower,upperdir=/upper\n";
    let drive = "26 25 8:1 / /rofs ro - ext4 /dev/sda1 ro\n";
    world.write("/proc/self/mountinfo", format!("{root}{drive}"));
    let report = world.status();
    assert_eq!(report["hardware"]["kind"], "mac");
    let problem = &report["problems"][0];
    assert_eq!(problem["subject"], "USB drive");
    assert!(problem["message"].as_str().unwrap().contains("mounted at /rofs"), "{problem}");
    assert_eq!(world.licctl(["doctor"]).code, 1);

    fs::create_dir_all(world.path("/run/systemd")).unwrap();
    symlink("/dev/block/8:1", world.path("/run/systemd/volatile-root")).unwrap();
    let report = world.status();
    assert_eq!(report["unit_id"], "#85641000D308482019");
    assert_eq!(report["problems"], json!([]));
}

fn placeholder_serial_numbers_are_not_reported() {
    let world = World::new();
    let serial = || world.status()["hardware"]["serial"].take();
    assert_eq!(serial(), "14D3F8B00B");
    world.machine().dmi("product_serial", "To Be Filled By O.E.M.");
    assert_eq!(serial(), Value::Null);
    world.machine().dmi("chassis_serial", "CH4551S");
    assert_eq!(serial(), "CH4551S");
    world.machine().dmi("chassis_serial", "0123456789");
    assert_eq!(serial(), Value::Null);
}

fn the_system_comes_from_os_release_or_the_configuration() {
    let world = World::new();
    let os = || world.status()["os"].take();
    assert_eq!(os(), json!({"generation": 12, "version": "12.4.0", "released": "2026-01-15"}));
    world.write("/etc/os-release", "NAME=\"IGEL OS\"\nVERSION_ID=\"11.09.310\"\n");
    assert_eq!(os(), json!({"generation": 11, "version": "11.09.310", "released": null}));
    world.write("/usr/lib/licd/licd.toml", "[system]\ngeneration = 12\nversion = \"12.1\"\n");
    world.write("/etc/licd/licd.toml.d/10.toml", "[system]\nreleased = \"2026-02-01\"\n");
    assert_eq!(os(), json!({"generation": 12, "version": "12.1", "released": "2026-02-01"}));
    // The report names a broken layer with line and column; other layers count.
    let broken = world.write("/etc/licd/licd.toml", "[system]\nversion = \"12.2\"\nwersion = 1\n");
    assert_eq!(os()["version"], "12.1");
    let problem = &world.status()["problems"][0];
    assert_eq!(problem["subject"], broken.to_str().unwrap());
    assert!(problem["message"].as_str().unwrap().starts_with("line 3, column 1: "), "{problem}");
}

/// The state of a service.
fn service(world: &World, name: &str) -> Value {
    let status = world.status();
    let services = status["services"].as_array().unwrap();
    services.iter().find(|service| service["service"] == name).unwrap().clone()
}

fn the_clock_is_trusted_after_synchronisation() {
    let world = World::new();
    let state = || world.status()["clock"]["state"].take();
    assert_eq!(state(), "ok");
    fs::remove_file(world.path("/run/systemd/timesync/synchronized")).unwrap();
    assert_eq!(state(), "unsynchronized");
    let daemon = world.start();
    assert_eq!(daemon.status()["clock"]["state"], "unsynchronized");
    world.write("/run/systemd/timesync/synchronized", "");
    assert_eq!(state(), "ok");
    daemon.until("the daemon notices", |status| status["clock"]["state"] == "ok");
}

fn a_clock_before_a_certain_time_is_behind_and_ignored() {
    let world = World::new();
    world.copy_by_hand("later.lic", maker::licence().starts("2097-06-01").sign());
    // The image was not built in the future, so the clock must be wrong.
    world.write("/etc/os-release", "VERSION_ID=12.4.0\nBUILD_DATE=2098-01-15\n");
    assert_eq!(world.status()["clock"]["state"], "ok", "a time server knows better");
    fs::remove_file(world.path("/run/systemd/timesync/synchronized")).unwrap();
    let daemon = world.start();
    for status in [world.status(), daemon.status()] {
        assert_eq!(status["clock"]["state"], "behind");
        assert_eq!(status["state"], "valid");
    }
    let words = "behind a time that has passed for certain; licences are judged as of 2098-01-15 \
                 instead; let a time server set it";
    for verb in ["status", "doctor"] {
        for output in [world.licctl([verb]).flowed(), daemon.licctl([verb]).flowed()] {
            assert!(output.contains(words), "{output}");
        }
    }
}

fn states_follow_the_calendar() {
    let licence = || maker::licence().grace(5);
    for (draft, state, status) in [
        (licence().starts(today_plus(2)), "pending", "UNLICENSED"),
        (licence().starts(today_plus(0)), "valid", "LICENSED"),
        (licence().expires(today_plus(12)), "valid", "LICENSED"),
        (licence().expires(today_plus(10)), "warning", "LICENSED"),
        (licence().expires(today_plus(0)), "warning", "LICENSED"),
        (licence().expires(today_plus(-2)), "grace", "LICENSED"),
        (licence().expires(today_plus(-4)), "grace", "LICENSED"),
        (licence().expires(today_plus(-7)), "expired", "EXPIRED"),
        (licence().expires(today_plus(-2)).grace(0), "expired", "EXPIRED"),
        (licence().expires(today_plus(-2)).term("evaluation"), "expired", "EXPIRED"),
        (licence().endless(), "valid", "LICENSED"),
    ] {
        let world = World::new();
        world.copy_by_hand("a.lic", draft.sign());
        let we = service(&world, WE);
        assert_eq!((&we["state"], &we["status"]), (&json!(state), &json!(status)), "{draft:?}");
        assert_eq!(world.status()["state"], state);
    }
    let world = World::new();
    world.copy_by_hand("a.lic", licence().expires(today_plus(3)).sign());
    // Midnight may have passed meanwhile.
    let days = service(&world, WE)["days_left"].as_i64().unwrap();
    assert!((2..=3).contains(&days), "{days}");
}

fn the_best_licence_determines_the_services_end() {
    let world = World::new();
    let licence = |pack: &str| maker::licence().pack(pack);
    // Each licence takes precedence over the previous ones.
    for (n, (draft, expires, pack)) in [
        (licence("WE-E-000").term("evaluation").expires("2021-01-01"), "2021-01-01", "WE-E-000"),
        (licence("WE-ENDED").expires("2022-01-01").grace(0), "2022-01-01", "WE-ENDED"),
        (licence("WE-E-001").term("evaluation"), "2099-12-31", "WE-E-001"),
        (licence("WE-SHORT").expires("2098-01-01"), "2098-01-01", "WE-SHORT"),
        (licence("WE-LONG1").expires("2099-01-01"), "2099-01-01", "WE-LONG1"),
        (licence("WE-EVER1").term("perpetual").endless(), "never", "WE-EVER1"),
    ]
    .into_iter()
    .enumerate()
    {
        world.copy_by_hand(&format!("{n}.lic"), draft.sign());
        let we = service(&world, WE);
        assert_eq!((&we["expires"], &we["pack"]), (&json!(expires), &json!(pack)));
    }
    // The report also lists services without a licence.
    let names: Vec<String> = world.status()["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| service["service"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, [EMP, WE]);
    world.copy_by_hand("x.lic", licence("X-00001").services(&["AAA", "ZZZ"]).sign());
    let status = world.status();
    let names: Vec<&str> = status["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["service"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["AAA", EMP, WE, "ZZZ"]);
}

/// Whether a device of this version with this licence allows these features.
fn allowed(version: &str, draft: &maker::Draft, features: [&str; 8]) -> String {
    let world = World::new();
    world.write("/etc/os-release", format!("VERSION_ID={version}\n"));
    world.copy_by_hand("a.lic", draft.sign());
    let status = world.status();
    let words = features.map(|name| match &status["features"][name]["allowed"] {
        Value::Bool(true) => "yes",
        Value::Bool(false) => "no",
        other => panic!("{name}: {other}"),
    });
    words.join(" ")
}

fn after_its_end_a_licence_allows_what_its_generation_and_term_allow() {
    let features = [
        "ums",
        "os",
        "app-install",
        "auto-update",
        "config-change",
        "custom-partition",
        "icg",
        "powerterm",
    ];
    let all = [POWERTERM, EMP, WE];
    let active = maker::licence().services(&all);
    let ended = active.clone().expires("2021-01-01").grace(0);
    for (version, draft, expected) in [
        ("11.09.310", active.clone(), "yes yes yes yes yes yes yes yes"),
        ("12.4.0", active.clone(), "yes yes yes yes yes yes yes yes"),
        ("11.09.310", ended.clone(), "yes yes no no yes no no no"),
        ("12.4.0", ended.clone(), "yes yes no no no no no no"),
        ("11.09.310", ended.clone().term("perpetual"), "yes yes no no yes no no yes"),
        ("12.4.0", ended.clone().term("perpetual"), "yes yes no no no no no yes"),
        ("11.09.310", ended.clone().term("evaluation"), "yes no no no no no no no"),
        ("12.4.0", ended.clone().term("evaluation"), "yes no no no no no no no"),
        // On OS 12 the base licence includes the features of the Enterprise Management Pack.
        ("11.09.310", maker::licence(), "yes yes yes yes yes yes no no"),
        ("12.4.0", maker::licence(), "yes yes yes yes yes yes yes no"),
        ("11.09.310", maker::licence().services(&[EMP]), "yes no no no no no yes no"),
        ("12.4.0", maker::licence().services(&[EMP]), "yes no no no no no no no"),
    ] {
        assert_eq!(allowed(version, &draft, features), expected, "{version} {draft:?}");
    }
}

fn a_release_is_allowed_by_its_date() {
    // The example of the vendor's manual.
    let ended = maker::licence().term("perpetual").expires("2022-08-01").grace(0).sign();
    let world = World::new();
    world.write("/etc/os-release", "VERSION_ID=11.07.170\n");
    world.copy_by_hand("a.lic", &ended);
    let daemon = world.start();
    for (released, code) in
        [("2022-03-29", 0), ("2022-07-31", 0), ("2022-08-01", 1), ("2022-08-19", 1)]
    {
        let direct = world.licctl(["update-allowed", released, "--json"]).with_code(code);
        assert_eq!(direct.json()["allowed"], code == 0, "{released}");
        assert!(direct.json()["reason"].is_string());
        assert_eq!(daemon.licctl(["update-allowed", released, "--json"]).out, direct.out);
    }
    let modern = World::new();
    modern.copy_by_hand("a.lic", &ended);
    assert_eq!(modern.licctl(["update-allowed", "2022-03-29"]).code, 1);
    modern.copy_by_hand("b.lic", maker::licence().pack("WE-OTHER").sign());
    assert_eq!(modern.licctl(["update-allowed", "2026-03-29"]).code, 0);
}

fn an_update_to_a_newer_generation_needs_a_licence_in_force() {
    let ended = maker::licence().term("perpetual").expires("2022-08-01").grace(0).sign();
    let world = World::new();
    world.write("/etc/os-release", "VERSION_ID=11.07.170\n");
    world.copy_by_hand("a.lic", &ended);
    let daemon = world.start();
    for (version, code, reason) in
        [("11.09.310", 0, "older-releases-only"), ("12.01.100", 1, "expired")]
    {
        let ask = ["update-allowed", "2022-03-29", "--version", version, "--json"];
        let direct = world.licctl(ask).with_code(code);
        assert_eq!(direct.json()["reason"], reason);
        assert_eq!(direct.json()["version"], version);
        assert_eq!(daemon.licctl(ask).out, direct.out);
    }
    world.copy_by_hand("b.lic", maker::licence().pack("WE-OTHER").sign());
    let ask = ["update-allowed", "2022-03-29", "--version", "12.01.100", "--direct"];
    assert_eq!(world.licctl(ask).code, 0);
}

fn an_add_on_has_no_effect_on_versions_before_it() {
    let powerterm = "SUB_SERVICE_SET_ADDON_POWERTERM";
    for (version, allowed, reason) in
        [("11.01.110", false, "not-for-this-version"), ("11.02.100", true, "licensed")]
    {
        let world = World::new();
        world.write("/etc/os-release", format!("VERSION_ID={version}\n"));
        world.copy_by_hand("a.lic", maker::licence().services(&[powerterm]).sign());
        let status = world.licctl(["status", "--json"]).json();
        let feature = &status["features"]["powerterm"];
        assert_eq!((&feature["allowed"], &feature["reason"]), (&allowed.into(), &reason.into()));
    }
}

fn a_system_older_than_11_is_judged_as_11_and_reported() {
    let world = World::new();
    world.write("/etc/os-release", "VERSION_ID=10.06.190\n");
    world.copy_by_hand("a.lic", maker::licence().sign());
    let status = world.licctl(["status", "--json"]).json();
    assert_eq!(status["os"]["generation"], 10);
    assert_eq!(status["features"]["custom-partition"]["allowed"], true);
    assert_eq!(status["features"]["icg"]["allowed"], false);
    let problems = status["problems"].to_string();
    assert!(problems.contains("OS 10") && problems.contains("OS 11"), "{problems}");
}
