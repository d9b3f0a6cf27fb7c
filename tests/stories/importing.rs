//! The effects of an import; a file copied by hand counts the same.

use std::fs;
use std::io::Write as _;

use acceptance::harness::Story;
use acceptance::maker::{self, EMP, OTHER, UNIT, WE};
use acceptance::{World, program, story, wait};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const STORIES: &[Story] = &[
    story!(an_import_licenses_the_device),
    story!(a_file_copied_by_hand_counts_like_an_imported_one),
    story!(the_store_keeps_the_signed_bytes_under_their_hash),
    story!(a_second_import_of_the_same_file_changes_nothing),
    story!(a_licence_can_be_imported_from_standard_input),
    story!(several_files_are_judged_separately_and_the_good_ones_count),
    story!(the_order_of_licence_and_trust_document_does_not_change_the_result),
    story!(checking_changes_nothing),
    story!(a_check_of_several_files_says_what_their_import_says),
    story!(an_import_deletes_the_licence_request),
    story!(the_store_keeps_only_this_devices_slice_of_a_mass_licence),
    story!(a_device_without_unit_id_gets_a_verdict_that_says_so),
    story!(a_licence_copied_by_hand_answers_the_request),
    story!(an_ended_licence_of_one_interface_does_not_block_one_of_another),
    story!(a_licence_in_force_keeps_its_interface_as_the_unit_id),
    story!(the_first_of_two_trust_documents_with_one_version_counts),
];

/// The state of a service.
fn service<'a>(status: &'a Value, name: &str) -> &'a Value {
    let services = status["services"].as_array().unwrap();
    services.iter().find(|service| service["service"] == name).unwrap()
}

fn an_import_licenses_the_device() {
    for with_daemon in [false, true] {
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let status = || daemon.as_ref().map_or_else(|| world.status(), |daemon| daemon.status());
        let before = status();
        assert_eq!(before["state"], "none");
        assert_eq!(before["store"], json!({"state": "writable", "licenses": 0}));
        assert_eq!(service(&before, WE)["status"], "UNLICENSED");
        assert_eq!(before["features"]["custom-partition"]["allowed"], false);
        assert_eq!(before["features"]["ums"]["allowed"], true);

        let file = maker::licence().sign();
        let answer = match &daemon {
            Some(daemon) => daemon.import(file),
            None => world.import(file),
        };
        assert_eq!(answer.with_code(0).verdict(), "valid");
        let after = status();
        assert_eq!(after["state"], "valid");
        assert_eq!(after["store"]["licenses"], 1);
        let we = service(&after, WE);
        assert_eq!((&we["status"], &we["state"]), (&json!("LICENSED"), &json!("valid")));
        assert_eq!((&we["expires"], &we["pack"]), (&json!("2099-12-31"), &json!("WE-7Q2KD")));
        assert_eq!(service(&after, EMP)["status"], "UNLICENSED");
        let feature = json!({"allowed": true, "reason": "licensed", "until": "2099-12-31"});
        assert_eq!(after["features"]["custom-partition"], feature);
        assert_eq!(after["licenses"][0]["file"], world.stored()[0]);
    }
}

fn a_file_copied_by_hand_counts_like_an_imported_one() {
    let file = maker::licence().sign();
    let imported = World::new();
    let _ = imported.import(&file).with_code(0);
    let copied = World::new();
    copied.copy_by_hand("licence from portal (1).lic", &file);
    let without_names = |world: &World| {
        let mut report = world.report();
        report["licenses"][0]["file"].take();
        report
    };
    assert_eq!(without_names(&copied), without_names(&imported));
    // Copying by hand accepts every form that an import accepts.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(file.replace('\n', "\r\n").as_bytes()).unwrap();
    let packed = World::new();
    packed.copy_by_hand("x.lic", gzip.finish().unwrap());
    assert_eq!(without_names(&packed), without_names(&imported));
    // Names on FAT may be upper case.
    let capitals = World::new();
    capitals.copy_by_hand("WE.LIC", &file);
    assert_eq!(without_names(&capitals), without_names(&imported));
    // Only names that end in .lic and do not begin with a dot count.
    let other = World::new();
    for name in ["._a.lic", ".lic", "a.lic.bak", "a.txt", "lic"] {
        other.copy_by_hand(name, &file);
    }
    assert_eq!(other.status()["state"], "none");
}

fn the_store_keeps_the_signed_bytes_under_their_hash() {
    let file = maker::licence().sign();
    let world = World::new();
    let _ = world.import(format!("\u{feff}{}", file.replace('\n', "\r\n"))).with_code(0);
    let digest = Sha256::digest(&file);
    let name: String = digest[..16].iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(world.stored(), [format!("{name}.lic")]);
    assert_eq!(fs::read_to_string(world.licenses().join(format!("{name}.lic"))).unwrap(), file);
}

fn a_second_import_of_the_same_file_changes_nothing() {
    let world = World::new();
    let file = maker::licence().sign();
    let _ = world.import(&file).with_code(0);
    let name = &world.stored()[0];
    let inode = |world: &World| {
        std::os::unix::fs::MetadataExt::ino(&fs::metadata(world.licenses().join(name)).unwrap())
    };
    let before = inode(&world);
    let again = world.import(&file).with_code(0);
    assert!(again.message().ends_with("already in the store"), "{again:?}");
    assert_eq!((world.stored().len(), inode(&world)), (1, before));
}

fn a_licence_can_be_imported_from_standard_input() {
    let world = World::new();
    let file = maker::licence().sign();
    let with = |verb: &str, input: &str| {
        program::run_with_input(
            world.licctl_command().args([verb, "--json", "-"]),
            input.as_bytes(),
        )
    };
    assert_eq!(with("verify", &file).with_code(0).verdict(), "valid");
    assert!(world.stored().is_empty());
    assert_eq!(with("import", "nonsense").with_code(3).verdict(), "malformed");
    assert_eq!(with("import", &file).with_code(0).verdict(), "valid");
    assert_eq!(world.stored().len(), 1);
}

fn several_files_are_judged_separately_and_the_good_ones_count() {
    let world = World::new();
    let good = world.file("good.lic", maker::licence().sign());
    let bad = world.file("bad.lic", "nonsense");
    let foreign = world.file("foreign.lic", maker::licence().units(&[OTHER]).sign());
    let gone = world.file("gone.lic", "") + "x";
    let codes = |answer: &program::Answer| {
        answer.verdicts().into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    let answer = world.licctl(["import", "--json", &bad, &gone, &foreign, &good]).with_code(6);
    assert_eq!(codes(&answer), ["malformed", "source-unreachable", "wrong-device", "valid"]);
    assert_eq!(world.status()["state"], "valid");
    // Files for other devices do not fail an import that also accepts one; alone they do.
    let answer = world.licctl(["import", "--json", &foreign, &good]).with_code(0);
    assert_eq!(codes(&answer), ["wrong-device", "valid"]);
    let _ = world.licctl(["import", "--json", &foreign, &foreign]).with_code(4);
    let units = answer.json()["files"][0]["units"].take();
    assert_eq!(units, json!([OTHER]));
}

fn the_order_of_licence_and_trust_document_does_not_change_the_result() {
    let key = maker::key("igel-issuer-2027", 11);
    let trust = maker::trust_in(&key);
    let licence = maker::licence().signed_by(&[&key]);

    for order in [[0, 1], [1, 0]] {
        let world = World::new();
        let files = [world.file("trust.note", &trust), world.file("a.lic", &licence)];
        let [first, second] = order.map(|n| files[n].as_str());
        let _ = world.licctl(["import", first, second]).with_code(0);
        assert_eq!(world.status()["state"], "valid");
        // Copied by hand, the trust document may have any accepted name.
        let by_hand = World::new();
        by_hand.copy_by_hand("a.lic", &licence);
        by_hand.copy_by_hand("b.lic", &trust);
        assert_eq!(by_hand.status()["state"], "valid");
    }
}

fn checking_changes_nothing() {
    let world = World::new();
    let file = world.file("a.lic", maker::licence().sign());
    let checked = world.licctl(["import", "-n", "--json", &file]).with_code(0);
    assert_eq!(checked.verdict(), "valid");
    assert!(world.stored().is_empty());
    assert!(!world.path("/run/licd").exists() && !world.path("/var/lib/licd").exists());
    assert_eq!(world.licctl(["verify", "--json", &file]).out, checked.out);
    assert_eq!(world.licctl(["import", "--json", &file]).out, checked.out);
}

fn a_check_of_several_files_says_what_their_import_says() {
    let key = maker::key("igel-issuer-2027", 11);
    let (own, renewed) = (maker::licence().sign(), maker::licence().serial(190).sign());
    let of_new_key = maker::licence().pack("WE-OTHER").signed_by(&[&key]);
    let moved_away = maker::licence().serial(200).roster().units(&[OTHER]).sign();
    let converted = maker::licence().pack("WE-NEW01").supersedes(&["WE-7Q2KD"]);
    let converted = converted.issued("2026-11-23T00:00:00Z").sign();
    for files in [
        [&renewed, &own],
        [&own, &renewed],
        [&own, &own],
        [&of_new_key, &maker::trust_in(&key)],
        [&own, &maker::trust(2, &[("WE-7Q2KD", 183)])],
        [&moved_away, &own],
        [&converted, &own],
    ] {
        let world = World::new();
        let paths = [world.file("1.lic", files[0]), world.file("2.lic", files[1])];
        let checked = world.licctl(["import", "-n", "--json", &paths[0], &paths[1]]);
        assert!(world.stored().is_empty() && !world.path("/var/lib/licd").exists());
        let imported = world.licctl(["import", "--json", &paths[0], &paths[1]]);
        assert_eq!(checked.out, imported.out);
    }
}

fn an_import_deletes_the_licence_request() {
    let world = World::new();
    let _ = world.licctl(["request"]).with_code(0);
    world.write("/license/fetch.old", "an older system's");
    world.write("/license/notes", "a user's");
    let names = || {
        let entries = fs::read_dir(world.path("/license")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert!(names().iter().filter(|name| name.to_string_lossy().starts_with("fetch")).count() == 2);
    // A licence for another device leaves the request.
    let _ = world.import(maker::licence().units(&[OTHER]).sign()).with_code(4);
    assert_eq!(names().len(), 3);
    let _ = world.import(maker::licence().sign()).with_code(0);
    assert_eq!(names(), ["dsa", "notes"]);
}

fn the_store_keeps_only_this_devices_slice_of_a_mass_licence() {
    let world = World::new();
    let mass = maker::licence().mass(5000).sign();
    let file = world.file("mass.lic", &mass);
    let _ = world.licctl(["import", &file]).with_code(0);
    let stored = fs::read_to_string(world.licenses().join(&world.stored()[0])).unwrap();
    assert_eq!(stored, maker::slice(&mass, UNIT));
    assert!(stored.len() < 2000);
    assert_eq!(world.licctl(["slice", &file]).with_code(0).out, stored);
    let foreign = world.file("foreign.lic", maker::licence().units(&[OTHER]).mass(50).sign());
    assert_eq!(world.licctl(["slice", &foreign]).code, 4);
}

fn a_device_without_unit_id_gets_a_verdict_that_says_so() {
    let world = World::new();
    world.machine().remove_interface("eth0");
    let status = world.status();
    assert_eq!(status["unit_id"], Value::Null);
    let hardware = json!({"kind": "none", "mac": null, "serial": "14D3F8B00B"});
    assert_eq!(status["hardware"], hardware);
    let answer = world.licctl(["unit-id"]).with_code(1);
    assert_eq!(answer.out, "");
    assert!(answer.err.starts_with("licctl: there is no unit ID: "), "{answer:?}");
    let answer = world.licctl(["unit-id", "--json"]).with_code(1);
    assert_eq!(answer.json(), json!({"schema": 1, "unit_id": null}));
    assert!(answer.err.starts_with("licctl: there is no unit ID: "), "{answer:?}");
    let answer = world.import(maker::licence().sign()).with_code(4);
    assert!(answer.message().contains("this device has no unit ID"), "{answer:?}");
}

fn a_licence_copied_by_hand_answers_the_request() {
    let world = World::new();
    let request = world.path("/license/fetch.json");
    let licence = maker::licence().sign();
    let daemon = world.start();
    let _ = daemon.licctl(["request"]).with_code(0);
    assert!(request.exists());
    world.copy_by_hand("WE.lic", &licence);
    wait::until("the request is gone", || (!request.exists()).then_some(()));
    assert!(daemon.stop().success());
    // Without the daemon, the import of the same licence ends it.
    let _ = world.licctl(["request"]).with_code(0);
    assert!(request.exists());
    let _ = world.import(&licence).with_code(0);
    assert!(!request.exists());
}

/// A device with two interfaces; that of [`UNIT`] comes first.
fn with_two_interfaces() -> World {
    let world = World::new();
    world.machine().pci_interface("eth1", "00:e0:c5:1c:50:88");
    world
}

fn an_ended_licence_of_one_interface_does_not_block_one_of_another() {
    let world = with_two_interfaces();
    let ended = maker::licence().expires("2021-01-01").grace(0);
    let _ = world.import(ended.sign()).with_code(5);
    assert_eq!(world.status()["unit_id"], UNIT);
    let other = maker::licence().pack("WE-OTHER").units(&[OTHER]);
    let answer = world.import(other.sign()).with_code(0);
    assert_eq!(answer.verdict(), "valid");
    let status = world.status();
    assert_eq!((&status["unit_id"], &status["state"]), (&OTHER.into(), &"valid".into()));
}

fn a_licence_in_force_keeps_its_interface_as_the_unit_id() {
    let world = with_two_interfaces();
    let other = maker::licence().pack("WE-OTHER").units(&[OTHER]);
    let _ = world.import(other.sign()).with_code(0);
    let _ = world.import(maker::licence().sign()).with_code(4);
    assert_eq!(world.status()["unit_id"], OTHER);
    // A licence that has not started keeps the unit ID too.
    let world = with_two_interfaces();
    let later = maker::licence().pack("WE-OTHER").units(&[OTHER]).starts(maker::today_plus(30));
    let _ = world.import(later.sign()).with_code(0);
    let _ = world.import(maker::licence().sign()).with_code(4);
}

fn the_first_of_two_trust_documents_with_one_version_counts() {
    let world = World::new();
    let first = world.file("first.note", maker::trust(2, &[]));
    let second = world.file("second.note", maker::trust(2, &[("WE-7Q2KD", 183)]));
    let _ = world.licctl(["import", &first]).with_code(0);
    let answer = world.licctl(["import", "--json", &second]).with_code(5);
    assert_eq!(answer.verdict(), "superseded");
    assert_eq!(world.import(maker::licence().sign()).with_code(0).verdict(), "valid");
    fs::copy(&second, world.licenses().join("second.lic")).unwrap();
    let problems = world.status()["problems"].to_string();
    assert!(problems.contains("two of version 2"), "{problems}");
}
