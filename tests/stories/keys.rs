//! The effects of an issuing key on other issuers' licences, and of its revocation by a newer trust
//! document (LF §4.5).

use std::fs;

use acceptance::clock::Clock;
use acceptance::daemon::with_and_without_daemon;
use acceptance::harness::Story;
use acceptance::maker::{self, Draft, OTHER, UNIT, licence};
use acceptance::program::{self, Answer};
use acceptance::{World, story};

pub(crate) const STORIES: &[Story] = &[
    story!(an_evaluation_key_cannot_affect_a_genuine_pack),
    story!(an_evaluation_key_issues_nothing_permanent),
    story!(revoking_a_key_restores_what_it_replaced_and_withdrew),
    story!(revoking_a_key_discards_its_dates_across_restarts),
    story!(doctor_says_what_to_do_with_a_licence_of_a_revoked_key),
];

/// A key that version 2 of the trust document accepts for every product, and version 3 omits.
fn second() -> license_issue::SigningKey {
    maker::key("second", 55)
}

/// Licences that would supersede or withdraw the pack of [`licence`] if its issuer had signed them.
fn attacks() -> [Draft; 3] {
    let later = || licence().issued("2021-01-01T00:00:00Z").expires("2021-06-30");
    [
        later().serial(9_000),
        later().pack("WE-OTHER").supersedes(&["WE-7Q2KD"]),
        later().serial(9_000).roster().units(&[OTHER]),
    ]
}

fn state(run: &dyn Fn(&[&str]) -> Answer) -> String {
    run(&["status", "--json"]).json()["state"].as_str().unwrap().to_owned()
}

fn an_evaluation_key_cannot_affect_a_genuine_pack() {
    with_and_without_daemon(|world, run| {
        let genuine = world.file("genuine.lic", licence().sign());
        let _ = run(&["import", &genuine]).with_code(0);
        for (number, attack) in attacks().into_iter().enumerate() {
            let attack = attack.term("evaluation").signed_by(&[&maker::demo_issuer()]);
            let file = world.file(&format!("{number}.lic"), attack);
            let imported = run(&["import", "--json", &file]);
            assert!(imported.code == 4 || imported.code == 5, "{imported:?}");
            assert!(!imported.message().contains("withdraws"), "{}", imported.message());
            assert_eq!(state(run), "valid");
            // The genuine licence is accepted again.
            assert_eq!(run(&["import", "--json", &genuine]).with_code(0).verdict(), "valid");
        }
        let report = run(&["status", "--json"]).json();
        let own = &report["licenses"].as_array().unwrap()[0];
        assert_eq!((&own["pack"], &own["state"]), (&"WE-7Q2KD".into(), &"valid".into()));
    });
}

fn an_evaluation_key_issues_nothing_permanent() {
    let world = World::new();
    let refused = |draft: Draft, says: &str| {
        let file = world.file("a.lic", draft.signed_by(&[&maker::demo_issuer()]));
        let answer = world.licctl(["import", "--json", &file]).with_code(3);
        assert_eq!(answer.verdict(), "untrusted-product");
        assert!(answer.message().contains(says), "{}", answer.message());
    };
    refused(licence().term("perpetual").endless().product("WE-E"), "“term perpetual”");
    refused(licence().product("WE-E"), "“term subscription”");
    refused(licence(), "may not sign licences of product WE");
    assert_eq!(world.report()["state"], "none");
}

fn revoking_a_key_restores_what_it_replaced_and_withdrew() {
    for (number, attack) in attacks().into_iter().enumerate() {
        with_and_without_daemon(|world, run| {
            let import = |name: &str, content: String| {
                run(&["import", "--json", &world.file(name, content)])
            };
            let genuine = licence().sign();
            let _ = import("2.note", maker::trust_in(&second())).with_code(0);
            let _ = import("genuine.lic", genuine.clone()).with_code(0);
            let _ = import("attack.lic", attack.signed_by(&[&second()]));
            assert_ne!(state(run), "valid", "attack {number}");
            assert_eq!(import("again.lic", genuine.clone()).code, 5);
            // Clean-up keeps licences that may count again.
            assert_ne!(state(run), "valid");
            let _ = import("3.note", maker::trust(3, &[])).with_code(0);
            assert_eq!(state(run), "valid", "attack {number}");
            assert_eq!(import("again.lic", genuine.clone()).with_code(0).verdict(), "valid");
            let reissue = licence().serial(184).sign();
            assert_eq!(import("reissue.lic", reissue).with_code(0).verdict(), "valid");
        });
    }
}

fn doctor_says_what_to_do_with_a_licence_of_a_revoked_key() {
    let world = World::new();
    let import = |content: String| world.import(content).with_code(0);
    let _ = import(maker::trust_in(&second()));
    let old = world.copy_by_hand("old.lic", licence().signed_by(&[&second()]));
    let _ = world.licctl(["doctor"]).with_code(0);
    let _ = import(maker::trust(3, &[]));
    let finding = |level: &str, code: i32| {
        let found = world.licctl(["doctor"]).with_code(code).flowed();
        assert!(found.contains(&format!("{level} file old.lic: unknown-key: ")), "{found}");
        let cure = "if that is in force already, ask the vendor for a licence signed anew, and \
                    delete this file";
        assert!(found.contains(cure), "{found}");
    };
    finding("WRONG", 1);
    // The device is licensed again, and the file is a leftover.
    let _ = import(licence().sign());
    finding("note", 0);
    fs::remove_file(old).unwrap();
    let found = world.licctl(["doctor"]).with_code(0);
    assert!(found.out.ends_with("Nothing is wrong.\n"), "{found:?}");
}

fn revoking_a_key_discards_its_dates_across_restarts() {
    let world = World::new();
    fs::remove_file(world.path("/run/systemd/timesync/synchronized")).unwrap();
    let clock = Clock::at("2026-12-01 09:00:00");
    let look = || {
        let daemon = world.start_with(|command| clock.shown_to(command));
        let report: serde_json::Value = serde_json::from_str(&daemon.client().status()).unwrap();
        assert!(daemon.stop().success());
        (report["state"].clone(), report["clock"]["state"].clone())
    };
    let import = |name: &str, content: String| {
        let file = world.file(name, content);
        program::run(clock.shown_to(world.licctl_command().args(["import", &file]))).with_code(0)
    };
    let in_force = (serde_json::Value::from("valid"), serde_json::Value::from("unsynchronized"));
    let _ = import("2.note", maker::trust_in(&second()));
    let _ = import("a.lic", licence().expires("2027-08-01").sign());
    assert_eq!(look(), in_force);
    let far = licence().pack("EMP-R9HXH").services(&[maker::EMP]).units(&[UNIT]);
    let far = far.issued("9999-12-30T00:00:00Z").starts("9999-12-30").expires("9999-12-31");
    let _ = import("far.lic", far.signed_by(&[&second()]));
    for _ in 0..2 {
        assert_eq!(look(), ("expired".into(), "behind".into()));
    }
    let _ = import("3.note", maker::trust(3, &[]));
    for _ in 0..2 {
        assert_eq!(look(), in_force);
    }
}
