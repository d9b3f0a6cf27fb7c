//! The facts that a device remembers after their documents are deleted, and clean-up.

use std::collections::HashMap;
use std::fs;

use acceptance::client::Refusal;
use acceptance::daemon::with_and_without_daemon;
use acceptance::harness::Story;
use acceptance::maker::{self, EMP, OTHER, UNIT};
use acceptance::program::Answer;
use acceptance::{World, story, wait};
use nix::sys::signal::Signal;
use serde_json::Value;
use zbus::{OwnedObjectPath, Variant};

pub(crate) const STORIES: &[Story] = &[
    story!(a_file_stays_superseded_after_its_successor_is_deleted),
    story!(a_pack_stays_superseded_after_the_licence_that_named_it_is_deleted),
    story!(a_successor_copied_by_hand_is_remembered_too),
    story!(a_successor_that_never_started_is_not_remembered),
    story!(the_newest_trust_document_outlives_its_file),
    story!(an_automatic_import_does_not_restore_a_removed_licence),
    story!(a_removal_profile_blocks_automatic_imports_while_it_is_set),
    story!(deleting_or_copying_a_file_is_not_a_removal),
    story!(a_removal_reports_that_it_cannot_be_recorded),
    story!(an_option_marks_an_import_as_automatic),
    story!(clean_up_deletes_only_superseded_files),
    story!(clean_up_respects_the_settings),
    story!(clean_up_cuts_a_mass_licence_copied_by_hand_to_its_slice),
    story!(a_store_that_cannot_be_cleaned_up_is_reported_once, needs root),
    story!(a_damaged_state_file_is_set_aside_and_changes_no_verdict),
    story!(imports_work_when_the_state_file_cannot_be_written, needs root),
];

const STATE: &str = "/var/lib/licd/state.toml";
const SETTINGS: &str = "/etc/licd/settings.toml";
const KEEP_ALL: &str = "[system.remotemanager]\nlicense_cleanup = false\n";

fn import(run: &dyn Fn(&[&str]) -> Answer, file: &str) -> (i32, String) {
    let answer = run(&["import", "--json", file]);
    (answer.code, answer.verdict())
}

fn found(run: &dyn Fn(&[&str]) -> Answer, file: &str) -> (i32, String) {
    let answer = run(&["import", "--json", "--automatic", file]);
    (answer.code, answer.verdict())
}

fn is(code: i32, verdict: &str) -> (i32, String) {
    (code, verdict.to_owned())
}

fn a_file_stays_superseded_after_its_successor_is_deleted() {
    with_and_without_daemon(|world, run| {
        let old = world.file("old.lic", maker::licence().serial(5).sign());
        let new = world.file("new.lic", maker::licence().serial(6).sign());
        assert_eq!(import(run, &new), is(0, "valid"));
        let _ = run(&["remove", "all"]).with_code(0);
        assert_eq!(import(run, &old), is(5, "superseded"));
        // Copying it by hand does not help.
        world.copy_by_hand("drawer.lic", maker::licence().serial(5).sign());
        assert_eq!(run(&["status", "--json"]).json()["state"], "none");
        // Other packs and later serials are unaffected.
        let other = world.file("other.lic", maker::licence().pack("WE-OTHER").serial(1).sign());
        assert_eq!(import(run, &other), is(0, "valid"));
        let later = world.file("later.lic", maker::licence().serial(7).sign());
        assert_eq!(import(run, &later), is(0, "valid"));
    });
}

fn a_pack_stays_superseded_after_the_licence_that_named_it_is_deleted() {
    with_and_without_daemon(|world, run| {
        let merged = maker::licence().pack("WE-MERGE").supersedes(&["WE-OLD01"]);
        let merged = world.file("merged.lic", merged.issued("2020-06-01T00:00:00Z").sign());
        let old = world.file("old.lic", maker::licence().pack("WE-OLD01").sign());
        let renewed = maker::licence().pack("WE-OLD01").issued("2020-06-01T00:00:00Z");
        let renewed = world.file("renewed.lic", renewed.serial(200).sign());
        assert_eq!(import(run, &merged), is(0, "valid"));
        let _ = run(&["remove", "all"]).with_code(0);
        assert_eq!(import(run, &old), is(5, "superseded"));
        assert_eq!(import(run, &renewed), is(0, "valid"));
    });
}

fn a_successor_copied_by_hand_is_remembered_too() {
    let world = World::new();
    let daemon = world.start();
    world.copy_by_hand("new.lic", maker::licence().serial(6).sign());
    daemon.until("it counts", |status| status["state"] == "valid");
    wait::until("it is remembered", || {
        fs::read_to_string(world.path(STATE))
            .is_ok_and(|text| text.contains("below = 6"))
            .then_some(())
    });
    world.by_hand(|licenses| fs::remove_file(licenses.join("new.lic")).unwrap());
    daemon.until("it is gone", |status| status["state"] == "none");
    assert_eq!(daemon.import(maker::licence().serial(5).sign()).verdict(), "superseded");
    assert!(daemon.stop().success());
    assert_eq!(world.import(maker::licence().serial(5).sign()).verdict(), "superseded");
}

fn a_successor_that_never_started_is_not_remembered() {
    with_and_without_daemon(|world, run| {
        let old = world.file("old.lic", maker::licence().serial(5).sign());
        let new = maker::licence().serial(6).starts("2098-01-01").sign();
        let new = world.file("new.lic", new);
        assert_eq!(import(run, &new), is(0, "pending"));
        assert_eq!(import(run, &old), is(0, "valid"));
        assert_eq!(world.stored().len(), 2);
        let _ = run(&["remove", "all"]).with_code(0);
        assert_eq!(import(run, &old), is(0, "valid"));
    });
}

fn the_newest_trust_document_outlives_its_file() {
    with_and_without_daemon(|world, run| {
        let own = world.file("own.lic", maker::licence().serial(182).sign());
        let trust = world.file("trust", maker::trust(2, &[("WE-7Q2KD", 182)]));
        assert_eq!(import(run, &own), is(0, "valid"));
        assert_eq!(import(run, &trust), is(0, "valid"));
        assert_eq!(run(&["status", "--json"]).json()["state"], "withdrawn");
        let stored = world.path("/license/dsa/trust.note");
        fs::remove_file(&stored).unwrap();
        assert_eq!(run(&["status", "--json"]).json()["state"], "withdrawn");
        assert_eq!(import(run, &own), is(5, "withdrawn"));
        // An older copy does not roll it back.
        fs::write(&stored, maker::trust(1, &[])).unwrap();
        assert_eq!(import(run, &own), is(5, "withdrawn"));
        let first = world.file("first", maker::trust(1, &[]));
        assert_eq!(import(run, &first), is(5, "superseded"));
        // A damaged copy is ignored, and the next trust document replaces it.
        fs::write(world.path("/var/lib/licd/trust.note"), "nonsense").unwrap();
        assert_eq!(run(&["status", "--json"]).json()["state"], "valid");
        assert_eq!(import(run, &trust), is(0, "valid"));
        assert_eq!(
            fs::read_to_string(world.path("/var/lib/licd/trust.note")).unwrap(),
            maker::trust(2, &[("WE-7Q2KD", 182)])
        );
    });
}

fn an_automatic_import_does_not_restore_a_removed_licence() {
    with_and_without_daemon(|world, run| {
        let own = world.file("own.lic", maker::licence().serial(5).sign());
        let later = world.file("later.lic", maker::licence().serial(6).sign());
        assert_eq!(found(run, &own), is(0, "valid"));
        assert_eq!(found(run, &own), is(0, "valid"));
        let _ = run(&["remove", "pack:WE-7Q2KD"]).with_code(0);
        for _ in 0..2 {
            let refused = run(&["import", "--json", "--automatic", &own]).with_code(5);
            assert_eq!(refused.verdict(), "removed");
            let message = refused.message();
            assert!(message.contains("was removed on purpose"), "{message}");
            assert_eq!(world.stored(), Vec::<String>::new());
        }
        // An explicit import restores it.
        assert_eq!(import(run, &own), is(0, "valid"));
        assert_eq!(world.stored().len(), 1);
        world.by_hand(|licenses| fs::remove_dir_all(licenses).unwrap());
        assert_eq!(found(run, &own), is(0, "valid"));
        // A newly issued licence is not the removed one.
        let _ = run(&["remove", "all"]).with_code(0);
        assert_eq!(found(run, &later), is(0, "valid"));
        assert_eq!(run(&["status", "--json"]).json()["licenses"][0]["serial"], 6);
    });
}

fn a_removal_profile_blocks_automatic_imports_while_it_is_set() {
    let world = World::new();
    let own = world.file("own.lic", maker::licence().sign());
    let _ = world.licctl(["import", &own]).with_code(0);
    world.write(SETTINGS, "[licensing]\nremove = \"workspace-edition\"\n");
    let daemon = world.start();
    assert_eq!(daemon.status()["state"], "none");
    let refused = daemon.licctl(["import", "--automatic", "--json", &own]).with_code(5);
    assert_eq!(refused.verdict(), "removed");
    let message = refused.message();
    assert!(message.contains("profile “workspace-edition”"), "{message}");
    assert!(message.ends_with("to get it back, set licensing.remove to “none”"), "{message}");
    assert_eq!(import(&|args| daemon.licctl(args), &own), is(0, "valid"));
    assert!(daemon.stop().success());
    let daemon = world.start();
    assert_eq!(found(&|args| daemon.licctl(args), &own), is(5, "removed"));
    assert!(daemon.stop().success());
    // Without the profile, automatic imports accept it again.
    fs::remove_file(world.path(SETTINGS)).unwrap();
    let daemon = world.start();
    assert_eq!(found(&|args| daemon.licctl(args), &own), is(0, "valid"));
}

fn deleting_or_copying_a_file_is_not_a_removal() {
    let world = World::new();
    let own = world.file("own.lic", maker::licence().sign());
    let daemon = world.start();
    let run = |args: &[&str]| daemon.licctl(args);
    assert_eq!(found(&run, &own), is(0, "valid"));
    world.by_hand(|licenses| fs::remove_dir_all(licenses).unwrap());
    daemon.until("it is gone", |status| status["state"] == "none");
    assert_eq!(found(&run, &own), is(0, "valid"));
    // Copying a removed file by hand restores it.
    let _ = run(&["remove", "all"]).with_code(0);
    world.copy_by_hand("again.lic", maker::licence().sign());
    daemon.until("it counts", |status| status["state"] == "valid");
    wait::until("the removal is forgotten", || {
        fs::read_to_string(world.path(STATE)).unwrap().contains("removed = []").then_some(())
    });
    world.by_hand(|licenses| fs::remove_file(licenses.join("again.lic")).unwrap());
    daemon.until("it is gone", |status| status["state"] == "none");
    assert_eq!(found(&run, &own), is(0, "valid"));
}

fn an_option_marks_an_import_as_automatic() {
    let world = World::new();
    let daemon = world.start();
    let own = world.file("own.lic", maker::licence().sign());
    let _ = daemon.licctl(["import", &own]).with_code(0);
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    let client = daemon.client();
    let signals = client.listen();
    let import = |options: &[(&str, Variant<'_>)]| {
        let options: HashMap<_, _> = options.iter().map(|(k, v)| (*k, v)).collect();
        client.manager::<OwnedObjectPath>("Import", &(own.as_str(), options))
    };
    let verdict = || {
        let finished = wait::until("the end", || signals.named("Finished").pop());
        signals.forget();
        finished.body().deserialize::<(String, String)>().unwrap().0
    };
    import(&[("automatic", true.into())]).unwrap();
    assert_eq!(verdict(), "removed");
    import(&[("automatic", false.into())]).unwrap();
    assert_eq!(verdict(), "valid");
    for (name, value) in [("automatic", Variant::from("yes")), ("sudden", Variant::from(true))] {
        let Err(Refusal { name: error, message }) = import(&[(name, value)]) else {
            panic!("{name} is taken")
        };
        assert_eq!(error, "org.freedesktop.DBus.Error.InvalidArgs");
        assert!(message.contains(name), "{message}");
    }
}

/// Fills a store with every kind of file; returns the names of the superseded ones.
fn full(world: &World) -> Vec<&'static str> {
    let emp = || maker::licence().pack("EMP-R9HXH").services(&[EMP]);
    let files = [
        ("5.lic", maker::licence().serial(5).sign()),
        ("6.lic", maker::licence().serial(6).sign()),
        ("7.lic", maker::licence().serial(7).starts("2098-01-01").sign()),
        ("ended.lic", emp().expires("2021-01-01").grace(0).sign()),
        ("merged.lic", maker::licence().pack("WE-OLD01").issued("2019-01-01T00:00:00Z").sign()),
        ("merging.lic", maker::licence().pack("WE-NEW01").supersedes(&["WE-OLD01"]).sign()),
        ("withdrawn.lic", maker::licence().pack("WE-GONE1").serial(3).sign()),
        ("foreign.lic", maker::licence().serial(1).units(&[OTHER]).sign()),
        ("stranger.lic", maker::licence().serial(1).signed_by(&[&maker::stranger()])),
        ("nonsense.lic", "nonsense".to_owned()),
        ("newer.lic", maker::sign("igel.com/license/v9\n")),
    ];
    world.write("/license/dsa/trust.note", maker::trust(2, &[("WE-GONE1", 3)]));
    for (name, content) in files {
        world.copy_by_hand(name, content);
    }
    vec!["5.lic", "merged.lic"]
}

fn clean_up_deletes_only_superseded_files() {
    let world = World::new();
    let superseded = full(&world);
    let before = world.stored();
    let status = world.report();
    let daemon = world.start();
    let left: Vec<_> = before.iter().filter(|name| !superseded.contains(&name.as_str())).collect();
    wait::until("they are cleared away", || (world.stored().len() == left.len()).then_some(()));
    assert!(world.stored().iter().eq(left.iter().copied()), "{:?}", world.stored());
    let cleared = daemon.until("the problem is reported", |status| {
        status["licenses"].as_array().unwrap().iter().all(|own| own["state"] != "superseded")
    });
    for word in ["features", "services", "rejected", "problems"] {
        assert_eq!(cleared[word], status[word], "{word}");
    }
    for name in &superseded {
        let line = format!("{name}: removed, since a later licence has replaced it");
        assert_eq!(daemon.log().matches(&line).count(), 1, "{}", daemon.log());
    }
    // An import cleans up too, with and without the daemon.
    let _ = daemon.import(maker::licence().serial(8).sign()).with_code(0);
    assert!(!world.stored().contains(&"6.lic".to_owned()), "{:?}", world.stored());
    assert!(daemon.stop().success());
    let _ = world.import(maker::licence().serial(9).sign()).with_code(0);
    let serials = |status: &Value| -> Vec<i64> {
        let own = status["licenses"].as_array().unwrap().iter();
        let pack = own.filter(|license| license["pack"] == "WE-7Q2KD");
        pack.map(|license| license["serial"].as_i64().unwrap()).collect()
    };
    assert_eq!(serials(&world.status()), [9]);
}

fn clean_up_respects_the_settings() {
    let world = World::new();
    world.write(SETTINGS, KEEP_ALL);
    let superseded = full(&world);
    world.copy_by_hand("mass.lic", maker::licence().pack("WE-MASS1").mass(40).sign());
    let before = world.stored();
    let daemon = world.start();
    daemon.signal(Signal::SIGHUP);
    let _ = daemon.import(maker::licence().pack("WE-OTHER").sign()).with_code(0);
    let _ = daemon.licctl(["remove", "pack:WE-OTHER"]).with_code(0);
    let _ = world.import(maker::licence().pack("WE-OTHER").sign()).with_code(0);
    let _ = world.licctl(["remove", "pack:WE-OTHER"]).with_code(0);
    assert_eq!(world.stored(), before);
    // Clean-up runs as soon as the settings allow it.
    let on = KEEP_ALL.replace("false", "true");
    let () = daemon.client().manager("ApplySettings", &on.as_str()).unwrap();
    wait::until("they are cleared away", || {
        let stored = world.stored();
        let gone = |name: &&str| !stored.contains(&(*name).to_owned());
        superseded.iter().chain(&["mass.lic"]).all(gone).then_some(())
    });
}

fn clean_up_cuts_a_mass_licence_copied_by_hand_to_its_slice() {
    let world = World::new();
    let mass = maker::licence().mass(200).sign();
    world.copy_by_hand("mass.lic", &mass);
    let foreign = maker::licence().pack("WE-OTHER").units(&[OTHER]).mass(20).sign();
    world.copy_by_hand("foreign.lic", &foreign);
    let daemon = world.start();
    assert_eq!(daemon.status()["state"], "valid");
    daemon.until("the slice is there", |status| status["licenses"][0]["file"] != "mass.lic");
    assert_eq!(daemon.status()["state"], "valid");
    let [slice, other] = &world.stored()[..] else { panic!("{:?}", world.stored()) };
    assert_eq!(other, "foreign.lic");
    let stored = fs::read_to_string(world.licenses().join(slice)).unwrap();
    assert_eq!(stored, maker::slice(&mass, UNIT));
    assert_eq!(fs::read_to_string(world.licenses().join(other)).unwrap(), foreign);
    // The slice has the name that an import gives it.
    let again = daemon.import(&mass).with_code(0);
    assert!(again.message().contains("already in the store"), "{}", again.message());
    // A mass licence whose slice exists is deleted too.
    world.copy_by_hand("mass.lic", &mass);
    wait::until("it is gone", || (world.stored().len() == 2).then_some(()));
    assert!(daemon.stop().success());
}

fn a_store_that_cannot_be_cleaned_up_is_reported_once() {
    let world = World::mounted();
    world.copy_by_hand("5.lic", maker::licence().serial(5).sign());
    world.copy_by_hand("6.lic", maker::licence().serial(6).sign());
    let protection = world.partition().write_protect();
    let daemon = world.start();
    let complaint = "its device is read-only";
    wait::until("the complaint is logged", || daemon.log().contains(complaint).then_some(()));
    for _ in 0..5 {
        daemon.refresh();
    }
    assert_eq!(daemon.log().matches(complaint).count(), 1, "{}", daemon.log());
    assert_eq!(world.stored(), ["5.lic", "6.lic"]);
    let status = daemon.status();
    assert_eq!(
        (&status["state"], &status["store"]["state"]),
        (&"valid".into(), &"read-only".into())
    );
    assert!(daemon.stop().success());
    drop(protection);
    let _daemon = world.start();
    wait::until("it is cleared", || (world.stored() == ["6.lic"]).then_some(()));
}

fn a_damaged_state_file_is_set_aside_and_changes_no_verdict() {
    let world = World::new();
    let _ = world.import(maker::licence().sign()).with_code(0);
    let ended = maker::licence().pack("EMP-R9HXH").services(&[EMP]).expires("2021-01-01").grace(0);
    let _ = world.import(ended.sign()).with_code(5);
    let before = world.report();
    for damaged in ["", "schema = 7\n", "\0\0\0", "schema = 1\nroster = 5\n"] {
        let file = world.write(STATE, damaged);
        let daemon = world.start();
        let mut status = daemon.report();
        let problem = status["problems"][0]["message"].as_str().unwrap().to_owned();
        let copy = format!("it is kept as {}.damaged", file.display());
        assert!(problem.contains(&copy), "{problem}");
        assert!(daemon.log().contains(&copy), "{}", daemon.log());
        assert_eq!(fs::read_to_string(file.with_extension("toml.damaged")).unwrap(), damaged);
        status["problems"] = before["problems"].clone();
        assert_eq!(status, before);
        // The daemon rebuilds its memory from the store.
        wait::until("there is a memory again", || {
            fs::read_to_string(&file).is_ok_and(|text| text.contains("WE-7Q2KD")).then_some(())
        });
        assert!(daemon.stop().success());
        assert_eq!(world.report(), before);
    }
}

fn imports_work_when_the_state_file_cannot_be_written() {
    let world = World::new();
    let _ = world.import(maker::licence().sign()).with_code(0);
    let mut status = world.licctl_command();
    let status = status.args(["status", "--json"]);
    assert_eq!(world.as_nobody(status).with_code(0).json()["state"], "valid");
    let file = world.write(STATE, "damaged");
    let status = world.as_nobody(status).with_code(0).json();
    assert_eq!(status["state"], "valid");
    let problem = status["problems"][0]["message"].as_str().unwrap();
    assert!(problem.contains("could not be set aside (Permission denied)"), "{problem}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "damaged");
}

fn a_removal_reports_that_it_cannot_be_recorded() {
    let world = World::new();
    // A file blocks the state directory.
    world.write("/var/lib/licd", "");
    let _ = world.licctl(["import", &world.file("a.lic", maker::licence().sign())]);
    let answer = world.licctl(["remove", "all"]).with_code(0);
    assert_eq!(answer.out.trim(), "all: 1 licence removed");
    let expected =
        "state.toml: cannot be written: Not a directory; the removed licences may come back\n";
    assert!(answer.err.starts_with("licctl: ") && answer.err.ends_with(expected), "{answer:?}");
}
