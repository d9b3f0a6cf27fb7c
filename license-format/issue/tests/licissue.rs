//! The command line of `licissue`: files, messages and exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod folder;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use folder::{Folder, ISSUE, NEW};
use license_format::{Serial, VerifierKey};
use license_issue::SigningKey;
use serde_json::Value;

#[test]
fn private_keys_are_owner_only_and_never_overwritten() {
    let folder = Folder::new();
    let private = folder.read("issuer.key");
    let key = SigningKey::parse(private.trim()).unwrap();
    assert_eq!(
        VerifierKey::parse(folder.read("issuer.vkey").trim()).as_ref(),
        Some(key.verifier())
    );
    let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("issuer.key"), mode("issuer.vkey") & 0o444), (0o600, 0o444));

    let message = folder.run(&["keygen", "issuer"]).failed(1);
    assert!(message.contains("issuer.vkey: is there already"), "{message}");
    fs::remove_file(folder.path().join("issuer.vkey")).unwrap();
    let message = folder.run(&["keygen", "issuer"]).failed(1);
    assert!(message.contains("issuer.key: is there already"), "{message}");
    assert_eq!(folder.read("issuer.key"), private);
    assert!(!folder.names().contains(&String::from("issuer.vkey")));
}

#[test]
fn two_keys_of_one_name_are_two_keys() {
    let (one, two) = (Folder::new(), Folder::new());
    assert_ne!(one.read("issuer.key"), two.read("issuer.key"));
    for name in ["a/b", ".a", "a+b", "a b", ""] {
        one.run(&["keygen", name]).failed(2);
    }
}

#[test]
fn issue_creates_the_pack_once_and_then_counts_serials() {
    let folder = Folder::with_pack();
    assert_eq!(folder.inspect("a.lic")["serial"], 1);
    for serial in 2..5 {
        let licence = folder.run(ISSUE).ok();
        assert!(licence.contains(&format!("\nserial {serial}\n")), "{licence}");
        assert_eq!(folder.pack("p.toml").serial, Serial::new(serial));
    }
    let message = folder.run(&[ISSUE, NEW].concat()).failed(2);
    assert!(message.contains("p.toml: exists"), "{message}");
    let message = folder.run(&[ISSUE, &["--roster-complete"]].concat()).failed(2);
    assert!(message.contains("p.toml: exists"), "{message}");
    assert_eq!(folder.pack("p.toml").serial, Serial::new(4));
}

#[test]
fn a_new_pack_needs_its_terms() {
    let folder = Folder::new();
    for left_out in 0..5 {
        let mut new = NEW.to_vec();
        let flag = new.remove(left_out);
        let run = folder.run(&[ISSUE, &new, &["--unit=00E0C51C5087"]].concat());
        assert!(run.failed(2).contains(flag.split('=').next().unwrap()), "{flag}");
    }
    let evaluation: Vec<&str> = NEW
        .iter()
        .map(|flag| if flag.starts_with("--term") { "--term=evaluation" } else { flag })
        .collect();
    let run = folder.run(&[ISSUE, &evaluation, &["--unit=00E0C51C5087"]].concat());
    assert!(run.failed(1).contains("grace-days: is not allowed for an evaluation"));
    let run = folder.run(&[ISSUE, NEW].concat());
    assert!(run.failed(1).contains("WE-7Q2KD: has no units"));
    assert!(!folder.names().contains(&String::from("p.toml")));
}

#[test]
fn the_same_command_with_the_same_time_writes_the_same_bytes() {
    let (folder, unit) = (Folder::new(), ["--unit=00E0C51C5087", "--issued=2026-11-22T16:48:10Z"]);
    let command = [ISSUE, NEW, &unit].concat();
    let first = folder.run(&command).ok();
    fs::remove_file(folder.path().join("p.toml")).unwrap();
    assert_eq!(folder.run(&command).ok(), first);
    assert!(first.contains("\nissued 2026-11-22T16:48:10Z\n"));
}

#[test]
fn units_are_added_from_every_source_and_removed() {
    let folder = Folder::with_pack();
    folder.write("u.csv", "\u{feff}Unit ID\r\n00:e0:c5:00:00:01;00E0C5000002\r\n00E0C51C5087\r\n");
    let more = ["--csv=u.csv", "--csv=-", "--unit=00e0c5000004", "--remove=#85641000D308482019"];
    folder.run_with(&[ISSUE, &more, &["-ob.lic"]].concat(), b"00E0C5000003,").ok();
    let units = folder.inspect("b.lic")["units"].clone();
    let expected = ["00E0C5000001", "00E0C5000002", "00E0C5000003", "00E0C5000004", "00E0C51C5087"];
    assert_eq!(units, Value::from(expected.to_vec()));
}

#[test]
fn invalid_entries_are_reported_and_refused_only_with_strict() {
    let folder = Folder::with_pack();
    let before = folder.read("p.toml");
    folder.write("u.csv", "00E0C5000001\n00E0C5000002;00E0C500000\x1b\nff:ff:ff:ff:ff:ff\n");
    let strict = [ISSUE, &["--csv=u.csv", "--strict", "-ob.lic"]].concat();
    let message = folder.run(&strict).failed(1);
    let wanted = "u.csv: 4 read, 2 valid, 2 invalid: line 2: “00E0C500000\\u{1b}” is not a unit ID";
    assert!(message.contains(wanted), "{message}");
    for unit in ["00E0C500000", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"] {
        let message = folder.run(&[ISSUE, &["--unit", unit, "-ob.lic"]].concat()).failed(2);
        assert!(message.contains("it must be the MAC address of a device"), "{message}");
    }
    let message = folder.run(&[ISSUE, &["--remove=00E0C5000001", "-ob.lic"]].concat()).failed(1);
    assert!(message.contains("00E0C5000001 is not in the pack"), "{message}");
    assert_eq!(folder.read("p.toml"), before);
    assert!(!folder.names().contains(&String::from("b.lic")));

    let said = folder.run(&[ISSUE, &["--csv=u.csv", "-ob.lic"]].concat()).ok();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "u.csv: 4 read, 2 valid, 2 invalid");
    assert_eq!(lines[2], "u.csv: line 3: “ff:ff:ff:ff:ff:ff” is the address of no device");
    assert_eq!(lines[3], "WE-7Q2KD: units added: 2; units: 4");
    assert_eq!(folder.pack("p.toml").units.len(), 4);
}

#[test]
fn a_refusal_reports_what_the_lists_held() {
    let folder = Folder::with_pack();
    folder.write("bad.csv", "hello\n00E0C5000001\n");
    let taken = ["--csv=bad.csv", "--remove=00E0C5000009", "-ob.lic"];
    let run = folder.run(&[ISSUE, &taken, &["--json"]].concat());
    let held = run.json()["lists"][0].clone();
    assert_eq!((&held["read"], &held["valid"]), (&Value::from(2), &Value::from(1)), "{held}");
    let message = folder.run(&[ISSUE, &taken].concat()).failed(1);
    let wanted = "is not in the pack; check the unit ID\n\
                  bad.csv: 2 read, 1 valid, 1 invalid\n\
                  bad.csv: line 1: “hello” is not a unit ID\n";
    assert!(message.ends_with(wanted), "{message}");
    // A new pack without a single valid unit is refused when its licence is made.
    folder.write("none.csv", "hello\n");
    let new = [&["issue", "n.toml", "--sign=issuer.key"], NEW, &["--csv=none.csv"]].concat();
    let message = folder.run(&new).failed(1);
    let wanted = "add units first\nnone.csv: 1 read, 0 valid, 1 invalid\n";
    assert!(message.contains(wanted), "{message}");
}

#[test]
fn an_undelivered_licence_uses_up_its_serial() {
    let folder = Folder::with_pack();
    let message = folder.run(&[ISSUE, &["-omissing/b.lic"]].concat()).failed(1);
    assert!(message.contains("missing/b.lic: cannot be written"), "{message}");
    assert_eq!(folder.pack("p.toml").serial, Serial::new(2));
    assert!(folder.run(ISSUE).ok().contains("\nserial 3\n"));
    let leftovers: Vec<_> =
        folder.names().into_iter().filter(|name| name.contains("tmp")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn concurrent_runs_use_different_serials() {
    let folder = Folder::with_pack();
    let mut serials: Vec<u64> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..8).map(|_| scope.spawn(|| folder.run(&[ISSUE, &["--json"]].concat()))).collect();
        let reports = runs.into_iter().map(|run| run.join().unwrap().json());
        reports.map(|report| report["serial"].as_u64().unwrap()).collect()
    });
    serials.sort_unstable();
    assert_eq!(serials, (2..10).collect::<Vec<u64>>());
    assert_eq!(folder.pack("p.toml").serial, Serial::new(9));
}

#[test]
fn a_mass_licence_slices_without_a_key() {
    let folder = Folder::with_pack();
    folder.run(&[ISSUE, &["--mass", "-osmall.lic"]].concat()).ok();
    let list: String = (0..40).map(|n| format!("00E0C50000{n:02};")).collect();
    folder.write("u.csv", list);
    folder.run(&[ISSUE, &["--csv=u.csv", "-olarge.lic"]].concat()).ok();
    fs::remove_file(folder.path().join("issuer.key")).unwrap();
    for (mass, count) in [("small.lic", 2), ("large.lic", 42)] {
        let report = folder.inspect(mass);
        assert_eq!(
            (&report["kind"], &report["unit_count"]),
            (&"mass-license".into(), &count.into())
        );
        folder.run(&["slice", mass, "00:e0:c5:1c:50:87", "-os.lic"]).ok();
        folder.run(&["slice", mass, "--unit=00E0C51C5087", "-of.lic"]).ok();
        assert_eq!(folder.read("f.lic"), folder.read("s.lic"));
        for units in [&[][..], &["00E0C51C5087", "--unit=00E0C51C5087"]] {
            folder.run(&[&["slice", mass], units].concat()).failed(2);
        }
        let report = folder.inspect("s.lic");
        assert_eq!(report["kind"], "slice");
        assert_eq!(report["units"], Value::from(vec!["00E0C51C5087"]));
        let message = folder.run(&["slice", mass, "00E0C5FFFFFF"]).failed(1);
        assert!(message.contains("00E0C5FFFFFF: is not named in"), "{message}");
    }
    let message = folder.run(&["slice", "u.csv", "00E0C51C5087"]).failed(3);
    assert!(message.contains("u.csv: line 1: is not the first line of a licence"), "{message}");
}

#[test]
fn inspect_without_keys_verifies_nothing() {
    let folder = Folder::with_pack();
    let text = folder.run(&["inspect", "a.lic"]).ok();
    assert!(text.lines().all(|line| line.starts_with("not verified: ")), "{text}");
    assert!(text.contains("not verified: pack WE-7Q2KD\n"), "{text}");
    assert!(text.contains("not verified: signed by issuer+"), "{text}");
    let report = folder.run(&["inspect", "a.lic", "--json"]).json();
    assert_eq!((&report["verified"], &report["pack"]), (&false.into(), &Value::Null));
    let forged = folder.read("a.lic").replace("2097-11-21", "2099-11-21");
    folder.write("forged.lic", forged);
    folder.run(&["inspect", "forged.lic"]).ok();
    let message = folder.run(&["inspect", "forged.lic", "--vkey=issuer.vkey"]).failed(3);
    assert!(message.contains("the signature of issuer does not fit"), "{message}");
    let run = folder.run(&["inspect", "forged.lic", "--vkey=issuer.vkey", "--json"]);
    assert_eq!((run.code, &run.json()["code"]), (3, &"bad-signature".into()));
    let message = folder.run(&["inspect", "a.lic", "--vkey=root-a.vkey"]).failed(3);
    assert!(message.contains("signed by issuer, a key that this device does not know"));
}

#[test]
fn inspect_verifies_like_a_device() {
    let folder = Folder::with_pack();
    let trust = ["trust", "--version=7", "--sign=root-a.key", "--sign=root-b.key"];
    folder.run(&[&trust[..], &["--key=issuer.vkey=WE,WE-E", "-ot.note"]].concat()).ok();
    folder.run(&[&trust[..], &["--key=issuer.vkey=EMP", "-oemp.note"]].concat()).ok();
    let roots = ["--root-key=root-a.vkey", "--root-key=root-b.vkey"];
    let text = folder.run(&[&["inspect", "a.lic", "--trust=t.note"][..], &roots].concat()).ok();
    assert!(text.contains("\npack              WE-7Q2KD\n"), "{text}");
    assert!(text.contains(" (good)\n") && !text.contains("not verified"), "{text}");
    let run = folder.run(&[&["inspect", "a.lic", "--trust=emp.note"][..], &roots].concat());
    assert!(run.failed(3).contains("may not sign licences of product WE"));
    let one = ["inspect", "a.lic", "--trust=t.note", "--root-key=root-a.vkey"];
    assert!(folder.run(&one).failed(3).contains("1 of the root keys"));
    folder.run(&[&one[..], &["--threshold=1"]].concat()).ok();
    folder.run(&["inspect", "a.lic", "--root-key=root-a.vkey"]).failed(2);
    folder.run(&["inspect", "a.lic", "--trust=t.note"]).failed(2);

    let text = folder.run(&[&["inspect", "t.note"][..], &roots].concat()).ok();
    assert!(text.contains("version           7\n") && text.contains(" WE,WE-E\n"), "{text}");
    assert_eq!(text.matches("(good)").count(), 2, "{text}");

    // The same from the image of a device.
    let roots_dir = folder.path().join("image/usr/lib/licd/roots.d");
    fs::create_dir_all(&roots_dir).unwrap();
    for name in ["root-a.vkey", "root-b.vkey"] {
        fs::copy(folder.path().join(name), roots_dir.join(name)).unwrap();
    }
    folder.write("image/usr/lib/licd/trust.note", folder.read("t.note"));
    let run = folder.run(&["--root=image", "inspect", "a.lic", "--json"]);
    assert_eq!(run.json()["verified"], true);
    let message = folder.run(&["--root=elsewhere", "inspect", "a.lic"]).failed(1);
    assert!(message.contains("elsewhere/usr/lib/licd/roots.d: cannot be read"), "{message}");
}

#[test]
fn an_unacceptable_trust_document_is_not_written() {
    let folder = Folder::new();
    let trust = ["trust", "--version=7", "-ot.note", "--sign=root-a.key"];
    for (more, code, message) in [
        (&["--key=issuer.vkey", "--sign=root-a.key"][..], 1, "signed by 1 of the root keys"),
        (&["--key=issuer.vkey", "--key=issuer.vkey"], 1, "names a key for the second time"),
        (&["--key=issuer.vkey=we"], 2, "does not end in product codes"),
        (&["--key=issuer.key"], 1, "issuer.key: is not a verifier key"),
        (&["--key=issuer.vkey", "--withdraw=WE-7Q2KD"], 2, "PACK:SERIAL"),
        (&[], 2, "--key"),
    ] {
        let found = folder.run(&[&trust[..], more].concat()).failed(code);
        assert!(found.contains(message), "{found}");
    }
    assert!(!folder.names().contains(&String::from("t.note")));
    let text =
        folder.run(&[&trust[..], &["--key=issuer.vkey=*", "--withdraw=WE-7Q2KD:182"]].concat());
    assert_eq!(text.ok(), "trust document version 7: written to t.note\n");
    let text = folder.read("t.note");
    assert!(text.contains(" *\nwithdraw WE-7Q2KD 182\n\n"), "{text}");
}

#[test]
fn exit_codes_distinguish_usage_failure_and_help() {
    let folder = Folder::new();
    let unsigned = &["issue", "p.toml"];
    for args in [&[][..], &["fly"], &["issue"], unsigned, &["slice", "a.lic", "x"], &["inspect"]] {
        let run = folder.run(args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(!run.err.is_empty() && run.out.is_empty(), "{args:?}");
    }
    assert!(folder.run(&["inspect", "no.lic"]).failed(1).contains("no.lic: cannot be read"));
    assert!(folder.run(&["--help"]).ok().contains("Usage: licissue"));
    assert!(folder.run(&["--version"]).ok().starts_with("licissue "));
    let message = folder.run(&["issue", "p.toml", "--sign=issuer.vkey"]).failed(1);
    assert!(message.contains("issuer.vkey: is not a private key"), "{message}");
}

#[test]
fn json_reports_hold_the_document_or_its_file_name() {
    let folder = Folder::with_pack();
    let report = folder.run(&[ISSUE, &["--json"]].concat()).json();
    assert_eq!((&report["schema"], &report["pack"]), (&1.into(), &"WE-7Q2KD".into()));
    folder.write("b.lic", report["text"].as_str().unwrap());
    assert_eq!(folder.inspect("b.lic")["serial"], report["serial"]);
    let report = folder.run(&[ISSUE, &["--json", "-oc.lic"]].concat()).json();
    assert_eq!((&report["file"], &report["text"]), (&"c.lic".into(), &Value::Null));
    let report = folder.run(&["keygen", "new", "--json"]).json();
    assert_eq!(report["verifier"].as_str().unwrap(), folder.read("new.vkey").trim());
    assert!(!report.to_string().contains("PRIVATE"), "{report}");
    let report = folder.run(&["slice", "c.lic", "00E0C51C5087", "--json"]).json();
    assert_eq!(report["kind"], "slice");
}

#[test]
fn a_licence_is_issued_to_the_device_of_a_request() {
    let folder = Folder::with_pack();
    let request = r#"{"schema":1,"unit_id":"00E0C51C5089","type":"MAC","value":"00E0C51C5089"}"#;
    folder.write("request.json", request.as_bytes());
    let licence = folder.run(&[ISSUE, &["--request=request.json"]].concat()).ok();
    assert!(licence.contains("\nunit mac:00E0C51C5089\n"), "{licence}");
    assert_eq!(folder.pack("p.toml").units.len(), 3);
    // Twice is as good as once, by file or by argument.
    let again = ["--request=request.json", "--request=request.json", "--unit=00E0C51C5089"];
    folder.run(&[ISSUE, &again].concat()).ok();
    assert_eq!(folder.pack("p.toml").units.len(), 3);
}

#[test]
fn a_request_is_refused_by_its_fault_or_by_the_rule_that_forbids_it() {
    let folder = Folder::with_pack();
    let run = |request: &[u8]| {
        folder.write("request.json", request);
        folder.run(&[ISSUE, &["--request=request.json"]].concat()).failed(1)
    };
    assert!(run(b"{}").contains("request.json: is no licence request; name the file that"));
    assert!(run(&[b' '; 20_000]).contains("is longer than 16384 bytes"));
    let request = r#"{"schema":1,"unit_id":"00E0C51C5089","type":"MAC","value":"00E0C51C5089"}"#;
    let other = request.replacen("89", "90", 1);
    assert!(run(other.as_bytes()).contains("names one unit by unit_id and another by"));
    let pack = folder.read("p.toml");
    folder.write("p.toml", pack.clone() + "seats = 2\n");
    let message = run(request.as_bytes());
    assert!(message.contains("WE-7Q2KD: ") && message.contains("seats"), "{message}");
    folder.write("p.toml", pack.replace("\"ACTIVE\"", "\"STOPPED\""));
    let message = run(request.as_bytes());
    assert!(message.contains("STOPPED"), "{message}");
}
