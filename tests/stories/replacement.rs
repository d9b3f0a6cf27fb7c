//! Replacement of licences: by which document, and from which day.

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::{World, story};
use license_issue as issue;
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(a_reissue_supersedes_lower_serials_of_its_pack),
    story!(a_licence_supersedes_the_packs_that_it_names),
    story!(nothing_is_superseded_before_its_successor_has_started),
    story!(a_licence_stays_superseded_after_its_successor_ends),
    story!(a_roster_without_this_device_withdraws_its_licence),
    story!(a_roster_that_starts_later_withdraws_later),
    story!(a_reissue_that_names_the_device_again_counts_after_a_roster),
    story!(a_file_for_another_device_changes_nothing),
    story!(a_trust_document_withdraws_licences),
    story!(a_trust_document_replaces_older_ones_only),
    story!(adding_a_licence_never_removes_a_feature),
];

/// The states of the licences, by pack and serial.
fn states(status: &Value) -> Vec<String> {
    let licenses = status["licenses"].as_array().unwrap();
    let word = |license: &Value, key: &str| license[key].to_string().replace('"', "");
    let mut states: Vec<_> = licenses
        .iter()
        .map(|license| ["pack", "serial", "state"].map(|key| word(license, key)).join(" "))
        .collect();
    states.sort();
    states
}

/// Imports into one device with the daemon and one without, asserts equal results, and returns exit
/// code, verdict, message and the status afterwards.
fn outcome(first: &[&str], last: &str) -> (i32, String, String, Value) {
    let mut outcomes = [false, true].map(|with_daemon| {
        let world = World::new();
        for file in first {
            let _ = world.import(file).with_code(0);
        }
        if !with_daemon {
            let answer = world.import(last);
            return (answer.code, answer.verdict(), answer.message(), world.report());
        }
        let daemon = world.start();
        let answer = daemon.import(last);
        let outcome = (answer.code, answer.verdict(), answer.message(), daemon.report());
        // A restart and licctl without the daemon report the same.
        assert!(daemon.stop().success());
        assert_eq!(world.report(), outcome.3);
        assert_eq!(world.start().report(), outcome.3);
        outcome
    });
    let [direct, through] = &mut outcomes;
    assert_eq!(direct, through);
    std::mem::take(direct)
}

fn a_reissue_supersedes_lower_serials_of_its_pack() {
    let old = maker::licence().serial(5).sign();
    let new = maker::licence().serial(6).sign();
    let (code, verdict, _, status) = outcome(&[&old], &new);
    assert_eq!((code, &*verdict), (0, "valid"));
    let licenses = states(&status);
    assert!(licenses.contains(&"WE-7Q2KD 6 valid".to_owned()), "{licenses:?}");
    assert!(!licenses.contains(&"WE-7Q2KD 5 valid".to_owned()), "{licenses:?}");
    // In the opposite order the old licence is refused.
    let (code, verdict, message, status) = outcome(&[&new], &old);
    assert_eq!((code, &*verdict), (5, "superseded"));
    assert!(message.contains("replaced by a later licence of this device"), "{message}");
    assert_eq!(states(&status), ["WE-7Q2KD 6 valid"]);
}

fn a_licence_supersedes_the_packs_that_it_names() {
    let old = maker::licence().pack("WE-OLD01").sign();
    let older = maker::licence().pack("WE-OLD02").issued("2026-01-02T00:00:00Z").sign();
    let merged = maker::licence().supersedes(&["WE-OLD01", "WE-OLD02"]);
    let merged = merged.issued("2026-01-01T00:00:00Z").sign();
    let (code, _, _, status) = outcome(&[&old, &older], &merged);
    assert_eq!(code, 0);
    let licenses = states(&status);
    // Only licences issued earlier are superseded.
    assert!(licenses.contains(&"WE-OLD02 183 valid".to_owned()), "{licenses:?}");
    assert!(!licenses.contains(&"WE-OLD01 183 valid".to_owned()), "{licenses:?}");
    assert!(licenses.contains(&"WE-7Q2KD 183 valid".to_owned()), "{licenses:?}");
}

fn nothing_is_superseded_before_its_successor_has_started() {
    let old = maker::licence().serial(5).sign();
    let new = maker::licence().serial(6).starts("2098-01-01").sign();
    let (code, verdict, _, status) = outcome(&[&old], &new);
    assert_eq!((code, &*verdict), (0, "pending"));
    assert_eq!(states(&status), ["WE-7Q2KD 5 valid", "WE-7Q2KD 6 pending"]);
    assert_eq!(status["state"], "valid");
}

fn a_licence_stays_superseded_after_its_successor_ends() {
    let old = maker::licence().serial(5).sign();
    let new = maker::licence().serial(6).expires("2021-12-31").grace(0).sign();
    let (code, verdict, _, status) = outcome(&[&old], &new);
    assert_eq!((code, &*verdict), (5, "expired"));
    assert_eq!(status["state"], "expired");
    let licenses = states(&status);
    assert!(!licenses.contains(&"WE-7Q2KD 5 valid".to_owned()), "{licenses:?}");
}

fn a_roster_without_this_device_withdraws_its_licence() {
    for mass in [false, true] {
        let own = maker::licence().serial(182).sign();
        let roster = maker::licence().serial(183).roster().units(&[OTHER]);
        let roster = if mass { roster.mass(40) } else { roster };
        let (code, verdict, message, status) = outcome(&[&own], &roster.sign());
        assert_eq!((code, &*verdict), (4, "wrong-device"));
        assert!(
            message.contains("it withdraws pack WE-7Q2KD serial 182 from this device"),
            "{message}"
        );
        assert_eq!(states(&status), ["WE-7Q2KD 182 withdrawn"]);
        assert_eq!(status["state"], "withdrawn");
        assert_eq!(status["features"]["custom-partition"]["allowed"], false);
    }
    // Other packs and later serials are unaffected.
    let other = maker::licence().pack("WE-OTHER").sign();
    let later = maker::licence().serial(190).sign();
    let roster = maker::licence().serial(183).roster().units(&[OTHER]).sign();
    let (_, _, message, status) = outcome(&[&other, &later], &roster);
    assert!(!message.contains("withdraws"), "{message}");
    assert_eq!(states(&status), ["WE-7Q2KD 190 valid", "WE-OTHER 183 valid"]);
    // A roster copied by hand counts like an imported one.
    let world = World::new();
    world.copy_by_hand("own.lic", maker::licence().serial(182).sign());
    world.copy_by_hand("roster.lic", roster);
    assert_eq!(states(&world.status()), ["WE-7Q2KD 182 withdrawn"]);
}

fn a_roster_that_starts_later_withdraws_later() {
    let own = maker::licence().serial(182).sign();
    let roster = maker::licence().serial(183).roster().units(&[OTHER]).starts("2098-01-01");
    let (code, _, message, status) = outcome(&[&own], &roster.sign());
    assert_eq!(code, 4);
    assert!(message.contains("from 2098-01-01 it withdraws pack WE-7Q2KD"), "{message}");
    assert_eq!(states(&status), ["WE-7Q2KD 182 valid"]);
}

fn a_reissue_that_names_the_device_again_counts_after_a_roster() {
    let world = World::new();
    let _ = world.import(maker::licence().serial(1).sign()).with_code(0);
    let _ = world.import(maker::licence().serial(2).roster().units(&[OTHER]).sign()).with_code(4);
    // The withdrawn licence cannot be restored.
    let _ = world.licctl(["remove", "all"]).with_code(0);
    let again = world.import(maker::licence().serial(1).sign()).with_code(5);
    assert_eq!(again.verdict(), "withdrawn");
    let both = maker::licence().serial(3).roster().units(&[UNIT, OTHER]).sign();
    assert_eq!(world.import(both).with_code(0).verdict(), "valid");
    assert_eq!(world.status()["state"], "valid");
}

fn a_file_for_another_device_changes_nothing() {
    let own = maker::licence().serial(182).sign();
    let other = maker::licence().serial(183).units(&[OTHER]).sign();
    let (code, verdict, message, status) = outcome(&[&own], &other);
    assert_eq!((code, &*verdict), (4, "wrong-device"));
    assert!(!message.contains("withdraws"), "{message}");
    assert_eq!(states(&status), ["WE-7Q2KD 182 valid"]);
    // A slice of a complete roster shows one unit and withdraws nothing.
    let mass = maker::licence().serial(183).roster().units(&[OTHER]).mass(40).sign();
    let (_, _, _, status) =
        outcome(&[&maker::licence().serial(182).sign()], &maker::slice(&mass, OTHER));
    assert_eq!(states(&status), ["WE-7Q2KD 182 valid"]);
}

fn a_trust_document_withdraws_licences() {
    let own = maker::licence().serial(182).sign();
    let trust = maker::trust(2, &[("WE-7Q2KD", 182)]);
    let (code, verdict, _, status) = outcome(&[&own], &trust);
    assert_eq!((code, &*verdict), (0, "valid"));
    assert_eq!(states(&status), ["WE-7Q2KD 182 withdrawn"]);
    assert_eq!(status["state"], "withdrawn");
    let (code, verdict, message, _) = outcome(&[&trust], &own);
    assert_eq!((code, &*verdict), (5, "withdrawn"));
    assert!(message.contains("serial 182 of pack WE-7Q2KD was withdrawn"), "{message}");
    let (code, ..) = outcome(&[&trust], &maker::licence().serial(183).sign());
    assert_eq!(code, 0);
}

fn a_trust_document_replaces_older_ones_only() {
    let world = World::new();
    let _ = world.import(maker::licence().sign()).with_code(0);
    // Version 2 names another issuer only.
    let [a, b, _] = maker::roots();
    let newer = maker::trust(2, &[]);
    let (head, _) = newer.split_once("key ").unwrap();
    let key = maker::key("igel-issuer-2027", 11);
    let text = format!("{head}key {} *\n", key.verifier());
    let _ = world.import(issue::sign(&text, &[&a, &b])).with_code(0);
    let status = world.status();
    assert_eq!(status["state"], "none");
    assert_eq!(status["rejected"][0]["code"], "unknown-key");
    assert_eq!(world.import(maker::trust(1, &[])).with_code(5).verdict(), "superseded");
    // An image with an older trust document does not replace it.
    world.write("/usr/lib/licd/trust.note", maker::trust(1, &[]));
    assert_eq!(world.status()["state"], "none");
    // An image with a newer trust document does.
    world.write("/usr/lib/licd/trust.note", maker::trust(3, &[]));
    assert_eq!(world.status()["state"], "valid");
}

fn adding_a_licence_never_removes_a_feature() {
    let allowed = |status: &Value| -> Vec<String> {
        let features = status["features"].as_object().unwrap();
        let allowed = features.iter().filter(|(_, feature)| feature["allowed"] == true);
        allowed.map(|(name, _)| name.clone()).collect()
    };
    let own = maker::licence().pack("WE-FIRST").sign();
    let others = [
        maker::licence().pack("WE-E-000").term("evaluation").expires("2021-01-01"),
        maker::licence().pack("WE-ENDED").expires("2021-01-01").grace(0),
        maker::licence().pack("WE-LATER").starts("2098-01-01"),
        maker::licence().pack("WE-EVER").term("perpetual").endless(),
        maker::licence().pack("PAS-ALL").services(&[maker::WE, maker::EMP]),
    ];
    let world = World::new();
    let _ = world.import(own).with_code(0);
    let mut before = allowed(&world.status());
    for (n, other) in others.iter().enumerate() {
        world.copy_by_hand(&format!("{n}.lic"), other.sign());
        let now = allowed(&world.status());
        let lost: Vec<_> = before.iter().filter(|name| !now.contains(name)).collect();
        assert!(lost.is_empty(), "licence {n} takes {lost:?} away");
        before = now;
    }
}
