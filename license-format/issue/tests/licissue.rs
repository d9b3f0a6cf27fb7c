//! The vendor's tool from the outside: what it writes, says and exits with.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use license_format::{Serial, VerifierKey};
use license_issue::{Pack, SigningKey};
use serde_json::Value;

/// A folder with keys in it, in which the tool is run.
struct Desk(tempfile::TempDir);

/// What a run of the tool came to.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    /// Standard output of a run that went well.
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    /// The message of a run that failed with this code.
    #[track_caller]
    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(self.err.starts_with("licissue: ") && self.out.is_empty(), "{}", self.err);
        self.err
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// Arguments that make a new pack.
const NEW: &[&str] = &[
    "--pack=WE-7Q2KD",
    "--product=WE",
    "--term=subscription",
    "--category=subscription",
    "--service=SUB_SERVICE_SET_WORKSPACE_EDITION",
    "--starts=2026-11-22",
    "--expires=2027-11-21",
    "--grace-days=28",
    "--subscription-key=ERP-9QK2M",
    "--order=69-3456677",
];
const ISSUE: &[&str] = &["issue", "--pack-file=p.toml", "--sign=issuer.key"];

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for name in ["issuer", "root-a", "root-b"] {
            desk.run(&["keygen", name]).ok();
        }
        desk
    }

    /// A desk with a pack of two units whose first licence is in `a.lic`.
    fn with_pack() -> Self {
        let desk = Self::new();
        let units = ["--unit=00E0C51C5087", "--unit=#85641000D308482019", "-oa.lic"];
        desk.run(&[ISSUE, NEW, &units].concat()).ok();
        desk
    }

    fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, b"")
    }

    fn run_with(&self, args: &[&str], input: &[u8]) -> Run {
        let mut child = Command::new(env!("CARGO_BIN_EXE_licissue"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A run that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn pack(&self, name: &str) -> Pack {
        Pack::parse(&self.read(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What `inspect` says of a file that `issuer` has signed.
    fn inspect(&self, file: &str) -> Value {
        let run = self.run(&["inspect", file, "--vkey=issuer.vkey", "--json"]);
        assert_eq!(run.code, 0, "{}", run.err);
        run.json()
    }
}

#[test]
fn a_private_key_is_its_owners_alone_and_never_overwritten() {
    let desk = Desk::new();
    let private = desk.read("issuer.key");
    let key = SigningKey::parse(private.trim()).unwrap();
    assert_eq!(VerifierKey::parse(desk.read("issuer.vkey").trim()).as_ref(), Some(key.verifier()));
    let mode = |name| fs::metadata(desk.0.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("issuer.key"), mode("issuer.vkey") & 0o444), (0o600, 0o444));

    let message = desk.run(&["keygen", "issuer"]).failed(1);
    assert!(message.contains("issuer.vkey: is there already"), "{message}");
    fs::remove_file(desk.0.path().join("issuer.vkey")).unwrap();
    let message = desk.run(&["keygen", "issuer"]).failed(1);
    assert!(message.contains("issuer.key: is there already"), "{message}");
    assert_eq!(desk.read("issuer.key"), private);
    assert!(!desk.names().contains(&String::from("issuer.vkey")));
}

#[test]
fn two_keys_of_one_name_are_two_keys() {
    let (one, two) = (Desk::new(), Desk::new());
    assert_ne!(one.read("issuer.key"), two.read("issuer.key"));
    for name in ["a/b", ".a", "a+b", "a b", ""] {
        one.run(&["keygen", name]).failed(2);
    }
}

#[test]
fn a_pack_is_made_once_and_then_counts_its_serials() {
    let desk = Desk::with_pack();
    assert_eq!(desk.inspect("a.lic")["serial"], 1);
    for serial in 2..5 {
        let licence = desk.run(ISSUE).ok();
        assert!(licence.contains(&format!("\nserial {serial}\n")), "{licence}");
        assert_eq!(desk.pack("p.toml").serial, Serial::new(serial));
    }
    let message = desk.run(&[ISSUE, NEW].concat()).failed(2);
    assert!(message.contains("p.toml: exists"), "{message}");
    let message = desk.run(&[ISSUE, &["--roster-complete"]].concat()).failed(2);
    assert!(message.contains("p.toml: exists"), "{message}");
    assert_eq!(desk.pack("p.toml").serial, Serial::new(4));
}

#[test]
fn a_new_pack_must_be_described() {
    let desk = Desk::new();
    for left_out in 0..5 {
        let mut new = NEW.to_vec();
        let flag = new.remove(left_out);
        let run = desk.run(&[ISSUE, &new, &["--unit=00E0C51C5087"]].concat());
        assert!(run.failed(2).contains(flag.split('=').next().unwrap()), "{flag}");
    }
    let evaluation: Vec<&str> = NEW
        .iter()
        .map(|flag| if flag.starts_with("--term") { "--term=evaluation" } else { flag })
        .collect();
    let run = desk.run(&[ISSUE, &evaluation, &["--unit=00E0C51C5087"]].concat());
    assert!(run.failed(1).contains("grace-days: is not allowed for an evaluation"));
    let run = desk.run(&[ISSUE, NEW].concat());
    assert!(run.failed(1).contains("units: there are 0"));
    assert!(!desk.names().contains(&String::from("p.toml")));
}

#[test]
fn the_same_command_with_the_same_time_writes_the_same_bytes() {
    let (desk, unit) = (Desk::new(), ["--unit=00E0C51C5087", "--issued=2026-11-22T16:48:10Z"]);
    let command = [ISSUE, NEW, &unit].concat();
    let first = desk.run(&command).ok();
    fs::remove_file(desk.0.path().join("p.toml")).unwrap();
    assert_eq!(desk.run(&command).ok(), first);
    assert!(first.contains("\nissued 2026-11-22T16:48:10Z\n"));
}

#[test]
fn units_come_by_argument_by_file_and_by_standard_input_and_go() {
    let desk = Desk::with_pack();
    desk.write("u.csv", "\u{feff}Unit ID\r\n00:e0:c5:00:00:01;00E0C5000002\r\n00E0C51C5087\r\n");
    let more = ["--csv=u.csv", "--csv=-", "--unit=00e0c5000004", "--remove=#85641000D308482019"];
    desk.run_with(&[ISSUE, &more, &["-ob.lic"]].concat(), b"00E0C5000003,").ok();
    let units = desk.inspect("b.lic")["units"].clone();
    let expected = ["00E0C5000001", "00E0C5000002", "00E0C5000003", "00E0C5000004", "00E0C51C5087"];
    assert_eq!(units, Value::from(expected.to_vec()));
}

#[test]
fn a_bad_unit_is_named_and_nothing_is_issued() {
    let desk = Desk::with_pack();
    let before = desk.read("p.toml");
    desk.write("u.csv", "00E0C5000001\n00E0C5000002;00E0C500000\x1b\n");
    let message = desk.run(&[ISSUE, &["--csv=u.csv", "-ob.lic"]].concat()).failed(1);
    let wanted = "licissue: u.csv: line 2: “00E0C500000\\u{1b}” is not a unit ID; write a MAC";
    assert!(message.starts_with(wanted), "{message}");
    desk.run(&[ISSUE, &["--unit=00E0C500000", "-ob.lic"]].concat()).failed(2);
    let message = desk.run(&[ISSUE, &["--remove=00E0C5000001", "-ob.lic"]].concat()).failed(1);
    assert!(message.contains("00E0C5000001: is not in the pack"), "{message}");
    assert_eq!(desk.read("p.toml"), before);
    assert!(!desk.names().contains(&String::from("b.lic")));
}

#[test]
fn a_serial_is_spent_even_if_its_licence_cannot_be_delivered() {
    let desk = Desk::with_pack();
    let message = desk.run(&[ISSUE, &["-omissing/b.lic"]].concat()).failed(1);
    assert!(message.contains("missing/b.lic: cannot be written"), "{message}");
    assert_eq!(desk.pack("p.toml").serial, Serial::new(2));
    assert!(desk.run(ISSUE).ok().contains("\nserial 3\n"));
    let leftovers: Vec<_> = desk.names().into_iter().filter(|name| name.contains("tmp")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn runs_at_the_same_time_use_different_serials() {
    let desk = Desk::with_pack();
    let mut serials: Vec<u64> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..8).map(|_| scope.spawn(|| desk.run(&[ISSUE, &["--json"]].concat()))).collect();
        let reports = runs.into_iter().map(|run| run.join().unwrap().json());
        reports.map(|report| report["serial"].as_u64().unwrap()).collect()
    });
    serials.sort_unstable();
    assert_eq!(serials, (2..10).collect::<Vec<u64>>());
    assert_eq!(desk.pack("p.toml").serial, Serial::new(9));
}

#[test]
fn more_than_sixteen_units_or_the_wish_make_a_mass_licence_that_slices_without_a_key() {
    let desk = Desk::with_pack();
    desk.run(&[ISSUE, &["--mass", "-osmall.lic"]].concat()).ok();
    let list: String = (0..40).map(|n| format!("00E0C50000{n:02};")).collect();
    desk.write("u.csv", list);
    desk.run(&[ISSUE, &["--csv=u.csv", "-olarge.lic"]].concat()).ok();
    fs::remove_file(desk.0.path().join("issuer.key")).unwrap();
    for (mass, count) in [("small.lic", 2), ("large.lic", 42)] {
        let report = desk.inspect(mass);
        assert_eq!(
            (&report["kind"], &report["unit_count"]),
            (&"mass-license".into(), &count.into())
        );
        desk.run(&["slice", mass, "00:e0:c5:1c:50:87", "-os.lic"]).ok();
        let report = desk.inspect("s.lic");
        assert_eq!(report["kind"], "slice");
        assert_eq!(report["units"], Value::from(vec!["00E0C51C5087"]));
        let message = desk.run(&["slice", mass, "00E0C5FFFFFF"]).failed(1);
        assert!(message.contains("00E0C5FFFFFF: is not named in"), "{message}");
    }
    let message = desk.run(&["slice", "u.csv", "00E0C51C5087"]).failed(3);
    assert!(message.contains("u.csv: line 1: is not the first line of a licence"), "{message}");
}

#[test]
fn without_keys_inspect_vouches_for_nothing() {
    let desk = Desk::with_pack();
    let text = desk.run(&["inspect", "a.lic"]).ok();
    assert!(text.lines().all(|line| line.starts_with("not verified: ")), "{text}");
    assert!(text.contains("not verified: pack WE-7Q2KD\n"), "{text}");
    assert!(text.contains("not verified: signed by issuer+"), "{text}");
    let report = desk.run(&["inspect", "a.lic", "--json"]).json();
    assert_eq!((&report["verified"], &report["pack"]), (&false.into(), &Value::Null));
    let forged = desk.read("a.lic").replace("2027-11-21", "2099-11-21");
    desk.write("forged.lic", forged);
    desk.run(&["inspect", "forged.lic"]).ok();
    let message = desk.run(&["inspect", "forged.lic", "--vkey=issuer.vkey"]).failed(3);
    assert!(message.contains("the signature of issuer does not fit"), "{message}");
    let run = desk.run(&["inspect", "forged.lic", "--vkey=issuer.vkey", "--json"]);
    assert_eq!((run.code, &run.json()["code"]), (3, &"bad-signature".into()));
    let message = desk.run(&["inspect", "a.lic", "--vkey=root-a.vkey"]).failed(3);
    assert!(message.contains("signed by issuer, a key that this device does not know"));
}

#[test]
fn inspect_verifies_as_a_device_with_this_trust_would() {
    let desk = Desk::with_pack();
    let trust = ["trust", "--version=7", "--sign=root-a.key", "--sign=root-b.key"];
    desk.run(&[&trust[..], &["--key=issuer.vkey=WE,WE-E", "-ot.note"]].concat()).ok();
    desk.run(&[&trust[..], &["--key=issuer.vkey=EMP", "-oemp.note"]].concat()).ok();
    let roots = ["--root-key=root-a.vkey", "--root-key=root-b.vkey"];
    let text = desk.run(&[&["inspect", "a.lic", "--trust=t.note"][..], &roots].concat()).ok();
    assert!(text.contains("\npack              WE-7Q2KD\n"), "{text}");
    assert!(text.contains(" (good)\n") && !text.contains("not verified"), "{text}");
    let run = desk.run(&[&["inspect", "a.lic", "--trust=emp.note"][..], &roots].concat());
    assert!(run.failed(3).contains("may not sign licences of product WE"));
    let one = ["inspect", "a.lic", "--trust=t.note", "--root-key=root-a.vkey"];
    assert!(desk.run(&one).failed(3).contains("1 of the root keys"));
    desk.run(&[&one[..], &["--threshold=1"]].concat()).ok();
    desk.run(&["inspect", "a.lic", "--root-key=root-a.vkey"]).failed(2);
    desk.run(&["inspect", "a.lic", "--trust=t.note"]).failed(2);

    let text = desk.run(&[&["inspect", "t.note"][..], &roots].concat()).ok();
    assert!(text.contains("version           7\n") && text.contains(" WE,WE-E\n"), "{text}");
    assert_eq!(text.matches("(good)").count(), 2, "{text}");

    // The same from the image of a device.
    let roots_dir = desk.0.path().join("image/usr/lib/licd/roots.d");
    fs::create_dir_all(&roots_dir).unwrap();
    for name in ["root-a.vkey", "root-b.vkey"] {
        fs::copy(desk.0.path().join(name), roots_dir.join(name)).unwrap();
    }
    desk.write("image/usr/lib/licd/trust.note", desk.read("t.note"));
    let run = desk.run(&["--root=image", "inspect", "a.lic", "--json"]);
    assert_eq!(run.json()["verified"], true);
    let message = desk.run(&["--root=elsewhere", "inspect", "a.lic"]).failed(1);
    assert!(message.contains("elsewhere/usr/lib/licd/roots.d: cannot be read"), "{message}");
}

#[test]
fn a_trust_document_that_devices_would_refuse_is_not_written() {
    let desk = Desk::new();
    let trust = ["trust", "--version=7", "-ot.note", "--sign=root-a.key"];
    for (more, code, message) in [
        (&["--key=issuer.vkey", "--sign=root-a.key"][..], 1, "signed by 1 of the root keys"),
        (&["--key=issuer.vkey", "--key=issuer.vkey"], 1, "names a key for the second time"),
        (&["--key=issuer.vkey=we"], 2, "does not end in product codes"),
        (&["--key=issuer.key"], 1, "issuer.key: is not a verifier key"),
        (&["--key=issuer.vkey", "--withdraw=WE-7Q2KD"], 2, "PACK:SERIAL"),
        (&[], 2, "--key"),
    ] {
        let found = desk.run(&[&trust[..], more].concat()).failed(code);
        assert!(found.contains(message), "{found}");
    }
    assert!(!desk.names().contains(&String::from("t.note")));
    let text =
        desk.run(&[&trust[..], &["--key=issuer.vkey=*", "--withdraw=WE-7Q2KD:182"]].concat());
    assert_eq!(text.ok(), "trust document version 7: written to t.note\n");
    let text = desk.read("t.note");
    assert!(text.contains(" *\nwithdraw WE-7Q2KD 182\n\n"), "{text}");
}

#[test]
fn a_renewal_of_all_keeps_the_pack_and_lengthens_it() {
    let desk = Desk::with_pack();
    let renew = ["renew", "--pack-file=p.toml", "--sign=issuer.key", "-or.lic"];
    let message = desk.run(&[&renew[..], &["--expires=2026-12-31"]].concat()).failed(1);
    assert!(message.contains("lies before 2027-11-21"), "{message}");
    desk.run(&[&renew[..], &["--expires=2028-11-21", "--starts=2027-11-22"]].concat()).ok();
    let report = desk.inspect("r.lic");
    assert_eq!((&report["pack"], &report["serial"]), (&"WE-7Q2KD".into(), &2.into()));
    assert_eq!(
        (&report["starts"], &report["expires"]),
        (&"2027-11-22".into(), &"2028-11-21".into())
    );
    assert_eq!(report["subscription_key"], "ERP-9QK2M");
    assert_eq!(report["unit_count"], 2);
}

#[test]
fn a_partial_renewal_moves_its_units_to_a_decoupled_pack() {
    let desk = Desk::with_pack();
    let renew = ["renew", "--pack-file=p.toml", "--sign=issuer.key", "--expires=2028-11-21"];
    let some = ["--unit=00E0C51C5087", "--new-pack=WE-NEW01", "-or.lic"];
    desk.run(&[&renew[..], &["--unit=00E0C51C5087"]].concat()).failed(2);
    desk.run(&[&renew[..], &["--new-pack=WE-NEW01"]].concat()).failed(2);
    let stranger = ["--unit=00E0C5000001", "--new-pack=WE-NEW01"];
    assert!(desk.run(&[&renew[..], &stranger].concat()).failed(1).contains("is not in the pack"));
    let same = ["--unit=00E0C51C5087", "--new-pack=WE-7Q2KD"];
    assert!(desk.run(&[&renew[..], &same].concat()).failed(1).contains("was used before"));
    desk.run(&[&renew[..], &some].concat()).ok();
    let report = desk.inspect("r.lic");
    assert_eq!((&report["pack"], &report["serial"]), (&"WE-NEW01".into(), &1.into()));
    assert_eq!(report["subscription_key"], Value::Null);
    assert_eq!(report["supersedes"], Value::from(vec!["WE-7Q2KD"]));
    assert_eq!(report["units"], Value::from(vec!["00E0C51C5087"]));
    let old = desk.pack("p.toml");
    assert_eq!((old.serial, old.units.len()), (Serial::new(1), 1));
    assert_eq!(old.expires.to_string(), "2027-11-21");
    // Neither the units nor the new file can be taken a second time.
    assert!(desk.run(&[&renew[..], &some].concat()).failed(1).contains("is not in the pack"));
    let other = ["--unit=#85641000D308482019", "--new-pack=WE-NEW01"];
    assert!(desk.run(&[&renew[..], &other].concat()).failed(1).contains("WE-NEW01.toml: exists"));
}

#[test]
fn a_merge_takes_everything_in_and_ends_the_others() {
    let desk = Desk::with_pack();
    let emp: Vec<&str> = NEW
        .iter()
        .map(|flag| match *flag {
            "--pack=WE-7Q2KD" => "--pack=EMP-R9HXH",
            flag if flag.starts_with("--service") => "--service=SUB_SERVICE_SET_ICG",
            flag => flag,
        })
        .collect();
    let issue = ["issue", "--pack-file=e.toml", "--sign=issuer.key", "--unit=00E0C5000001"];
    desk.run(&[&issue[..], &emp].concat()).ok();
    let merge = ["merge", "--into=p.toml", "--sign=issuer.key", "e.toml"];
    let terms = ["--expires=2029-01-01", "--order=77", "-om.lic"];
    desk.run(&[&merge[..], &terms].concat()).ok();
    let report = desk.inspect("m.lic");
    assert_eq!((&report["pack"], &report["serial"]), (&"WE-7Q2KD".into(), &2.into()));
    assert_eq!(report["supersedes"], Value::from(vec!["EMP-R9HXH"]));
    assert_eq!(report["services"].as_array().unwrap().len(), 2);
    assert_eq!((&report["unit_count"], &report["expires"]), (&3.into(), &"2029-01-01".into()));
    assert_eq!(report["order"], "77");

    let message = desk.run(&issue[..3]).failed(1);
    assert!(message.contains("the pack was merged into WE-7Q2KD"), "{message}");
    // The same merge again, as after a crash.
    assert!(desk.run(&merge).ok().contains("\nserial 3\n"));
    desk.run(&["merge", "--into=p.toml", "--sign=issuer.key", "p.toml"]).failed(2);
    let message = desk.run(&["merge", "--into=e.toml", "--sign=issuer.key", "p.toml"]).failed(1);
    assert!(message.contains("merged into WE-7Q2KD"), "{message}");
}

#[test]
fn wrong_usage_is_2_a_missing_file_is_1_and_help_is_0() {
    let desk = Desk::new();
    for args in [&[][..], &["fly"], &["issue"], &["slice", "a.lic", "x"], &["inspect"]] {
        let run = desk.run(args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(!run.err.is_empty() && run.out.is_empty(), "{args:?}");
    }
    assert!(desk.run(&["inspect", "no.lic"]).failed(1).contains("no.lic: cannot be read"));
    assert!(desk.run(&["--help"]).ok().contains("Usage: licissue"));
    assert!(desk.run(&["--version"]).ok().starts_with("licissue "));
    let message = desk.run(&["issue", "--pack-file=p.toml", "--sign=issuer.vkey"]).failed(1);
    assert!(message.contains("issuer.vkey: is not a private key"), "{message}");
}

#[test]
fn json_reports_carry_the_document_or_the_name_of_its_file() {
    let desk = Desk::with_pack();
    let report = desk.run(&[ISSUE, &["--json"]].concat()).json();
    assert_eq!((&report["schema"], &report["pack"]), (&1.into(), &"WE-7Q2KD".into()));
    desk.write("b.lic", report["text"].as_str().unwrap());
    assert_eq!(desk.inspect("b.lic")["serial"], report["serial"]);
    let report = desk.run(&[ISSUE, &["--json", "-oc.lic"]].concat()).json();
    assert_eq!((&report["file"], &report["text"]), (&"c.lic".into(), &Value::Null));
    let report = desk.run(&["keygen", "new", "--json"]).json();
    assert_eq!(report["verifier"].as_str().unwrap(), desk.read("new.vkey").trim());
    assert!(!report.to_string().contains("PRIVATE"), "{report}");
    let report = desk.run(&["slice", "c.lic", "00E0C51C5087", "--json"]).json();
    assert_eq!(report["kind"], "slice");
}
