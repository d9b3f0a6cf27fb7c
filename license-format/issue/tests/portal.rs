//! The portal's verbs on pack files: changes, reports and errors.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod folder;

use std::fs;

use folder::Folder;
use license_format::Serial;
use serde_json::Value;

/// The time for the rules in these tests.
const NOW: &str = "--issued=2026-11-22T12:00:00Z";

/// A pack file.
fn file(id: &str, changes: &[(&str, &str)]) -> String {
    let mut lines = vec![
        ("pack", format!("\"{id}\"")),
        ("product", String::from("\"WE\"")),
        ("term", String::from("\"subscription\"")),
        ("category", String::from("\"subscription\"")),
        ("subscription-key", String::from("\"ERP-9QK2M\"")),
        ("services", String::from("[\"SUB_SERVICE_SET_WORKSPACE_EDITION\"]")),
        ("starts", String::from("\"2026-01-01\"")),
        ("expires", String::from("\"2026-12-31\"")),
        ("seats", String::from("3")),
        ("units", String::from("[\"00E0C5000001\", \"00E0C5000002\"]")),
    ];
    for (key, value) in changes {
        lines.retain(|(known, _)| known != key);
        lines.push((key, String::from(*value)));
    }
    lines.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
}

/// A folder with packs WE-AAAAA in `a.toml`, WE-BBBBB in `b.toml`.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("a.toml", file("WE-AAAAA", &[]));
    folder.write("b.toml", file("WE-BBBBB", &[("units", "[\"00E0C5000002\", \"00E0C5000003\"]")]));
    folder
}

/// All files of the folder, for comparison.
fn everything(folder: &Folder) -> Vec<(String, String)> {
    folder.names().into_iter().map(|name| (name.clone(), folder.read(&name))).collect()
}

#[test]
fn a_unit_over_the_seats_is_refused() {
    let folder = folder();
    let issue = ["issue", "a.toml", "--sign=issuer.key", "-oa.lic", NOW];
    let said = folder.run(&[&issue[..], &["--unit=00E0C5000003"]].concat()).ok();
    let wanted = "WE-AAAAA: units added: 1; 3 of 3 seats used\n\
                  WE-AAAAA serial 1, units: 3: written to a.lic\n";
    assert_eq!(said, wanted);
    let before = everything(&folder);
    let message = folder.run(&[&issue[..], &["--unit=00E0C5000004"]].concat()).failed(1);
    assert!(message.contains("WE-AAAAA: has 3 seats, and 4 units need one each"), "{message}");
    assert_eq!(everything(&folder), before);
    assert_eq!(folder.inspect("a.lic")["unit_count"], 3);
}

#[test]
fn a_gateway_pack_is_split_in_tens() {
    let folder = Folder::new();
    let units: Vec<String> = (0..90).map(|n| format!("\"00E0C50000{n:02}\"")).collect();
    let units = format!("[{}]", units.join(", "));
    let icg = [
        ("product", "\"ICG\""),
        ("services", "[\"SUB_SERVICE_SET_ICG\"]"),
        ("seats", "90"),
        ("units", &units),
    ];
    folder.write("i.toml", file("ICG-AAAAA", &icg));
    let split = ["split", "i.toml", "ICG-BBBBB.toml", "--sign=issuer.key", NOW];
    let message = folder.run(&[&split[..], &["--seats=45", "-o."]].concat()).failed(1);
    assert!(message.contains("ICG packs are split in tens"), "{message}");
    let message = folder.run(&[&split[..], &["--seats=40"]].concat()).failed(2);
    assert!(message.contains("2 licences come of this; name a folder"), "{message}");
    assert_eq!(folder.pack("i.toml").seats, Some(90));
    let said = folder.run(&[&split[..], &["--seats=40", "-o."]].concat()).ok();
    let wanted = "ICG-AAAAA: split; 50 of 50 seats used; ICG-BBBBB: 40 of 40 seats used\n\
                  ICG-AAAAA serial 1, units: 50: written to ./ICG-AAAAA-1.lic\n\
                  ICG-BBBBB serial 1, units: 40: written to ./ICG-BBBBB-1.lic\n";
    assert_eq!(said, wanted);
    for (name, units) in [("ICG-AAAAA-1.lic", 50), ("ICG-BBBBB-1.lic", 40)] {
        assert_eq!(folder.inspect(name)["unit_count"], units);
    }
    let new = folder.pack("ICG-BBBBB.toml");
    assert_eq!(new.source.unwrap().as_str(), "ICG-AAAAA");
    // A second split never overwrites the new pack.
    let again = folder.run(&[&split[..], &["--seats=40", "-o."]].concat()).failed(1);
    assert!(again.contains("ICG-BBBBB.toml: exists"), "{again}");
}

#[test]
fn a_new_pack_gets_the_requested_or_a_random_id() {
    let folder = folder();
    folder.run(&["split", "a.toml", "--seats=1", "--pack=WE-NEW01", NOW]).ok();
    assert_eq!(folder.pack("WE-NEW01.toml").id.as_str(), "WE-NEW01");
    let report = folder.run(&["split", "a.toml", "--seats=1", "--count=1", "--json", NOW]).json();
    let new = &report["packs"][1];
    let (id, file) = (new["pack"].as_str().unwrap(), new["file"].as_str().unwrap());
    assert!(id.starts_with("WE-") && id.len() == 8, "{id}");
    assert_eq!(folder.pack(file).id.as_str(), id);
}

#[test]
fn a_merge_closes_and_supersedes_the_others() {
    let folder = folder();
    let merge = ["merge", "a.toml", "b.toml", NOW];
    let said = folder.run(&[&merge[..], &["--sign=issuer.key", "-om.lic"]].concat()).ok();
    let wanted = "WE-BBBBB: MERGED, replaced by WE-AAAAA\n\
                  WE-AAAAA: 3 of 6 seats used; ends on 2026-12-31\n\
                  WE-AAAAA serial 1, units: 3: written to m.lic\n";
    assert_eq!(said, wanted);
    assert_eq!(folder.inspect("m.lic")["supersedes"], Value::from(vec!["WE-BBBBB"]));
    assert!(folder.read("b.toml").contains("status = \"MERGED\"\n"));
    let message = folder.run(&merge).failed(1);
    assert!(message.contains("WE-BBBBB: is MERGED and was replaced by WE-AAAAA"), "{message}");
    let message = folder.run(&["merge", "a.toml", "a.toml", NOW]).failed(2);
    assert!(message.contains("a.toml: holds pack WE-AAAAA, as another of the files"), "{message}");
    folder.run(&["merge", "a.toml"]).failed(2);
}

#[test]
fn chosen_packs_are_renewed_with_their_next_serial() {
    let folder = folder();
    folder.run(&["issue", "a.toml", "--sign=issuer.key", "-oa.lic", NOW]).ok();
    let renew = ["renew", "a.toml", "b.toml", "--expires=2027-12-31", "--choose=WE-AAAAA", NOW];
    let said =
        folder.run(&[&renew[..], &["--order=77", "--sign=issuer.key", "-or.lic"]].concat()).ok();
    let wanted = "WE-AAAAA: ends on 2027-12-31 under Subscription Key ERP-9QK2M\n\
                  WE-BBBBB: not renewed; has lost its Subscription Key, ends on 2026-12-31\n\
                  WE-AAAAA serial 2, units: 2: written to r.lic\n";
    assert_eq!(said, wanted);
    let report = folder.inspect("r.lic");
    assert_eq!((&report["serial"], &report["order"]), (&2.into(), &"77".into()));
    assert_eq!(report["subscription_key"], "ERP-9QK2M");
    let left = folder.pack("b.toml");
    assert_eq!((left.subscription_key, left.order), (None, None));
    folder.run(&["issue", "b.toml", "--sign=issuer.key", "-ob.lic", NOW]).ok();
    let message = folder.run(&["merge", "a.toml", "b.toml", NOW]).failed(1);
    assert!(message.contains("WE-BBBBB: has no Subscription Key"), "{message}");
}

#[test]
fn co_terming_takes_the_latest_date() {
    let folder = folder();
    let other = [("subscription-key", "\"ERP-BBBBB\""), ("expires", "\"2028-01-15\"")];
    folder.write("c.toml", file("WE-CCCCC", &other));
    let said = folder.run(&["coterm", "a.toml", "c.toml", NOW]).ok();
    let wanted = "WE-AAAAA: ends on 2028-01-15 under Subscription Key ERP-BBBBB\n\
                  a new licence is due: WE-AAAAA\n";
    assert_eq!(said, wanted);
    let report = folder.run(&["issue", "a.toml", "--sign=issuer.key", "--json", NOW]).json();
    assert_eq!(report["effects"], Value::from(Vec::<Value>::new()));
    assert!(report["text"].as_str().unwrap().contains("\nexpires 2028-01-15\n"));
}

#[test]
fn units_are_added_removed_moved_and_deduplicated() {
    let folder = folder();
    let said = folder.run(&["add", "a.toml", "--unit=#85641000D308482019", NOW]).ok();
    assert!(said.starts_with("WE-AAAAA: units added: 1; 3 of 3 seats used\n"), "{said}");
    let said = folder.run(&["remove", "a.toml", "--unit=00e0c5000001", NOW]).ok();
    assert!(said.starts_with("WE-AAAAA: units removed: 1; 2 of 3 seats used\n"), "{said}");
    let late = "--issued=2027-02-01T00:00:00Z";
    let message = folder.run(&["remove", "a.toml", "--unit=00E0C5000002", late]).failed(1);
    assert!(message.contains("WE-AAAAA: is EXPIRED, and units leave a pack only"), "{message}");
    let said = folder.run(&["cleanup", "a.toml", "b.toml", NOW]).ok();
    assert!(said.starts_with("WE-BBBBB: units removed: 1; 1 of 3 seats used\n"), "{said}");
    let pocket = "--unit=#85641000D308482019";
    let said = folder.run(&["move", "a.toml", "b.toml", pocket, NOW]).ok();
    let wanted = "WE-AAAAA: units removed: 1; 1 of 3 seats used\n\
                  WE-BBBBB: units added: 1; 2 of 3 seats used\n\
                  a new licence is due: WE-AAAAA, WE-BBBBB\n";
    assert_eq!(said, wanted);
    let said = folder.run(&["cleanup", "a.toml", "b.toml", NOW]).ok();
    assert_eq!(said, "no unit is in two packs of one product in force\n");
    folder.run(&["add", "a.toml", NOW]).failed(2);
    folder.write("none.csv", "Unit ID\nnothing\n");
    let message = folder.run(&["add", "a.toml", "--csv=none.csv", NOW]).failed(1);
    let named = "none.csv: names no unit (1 read, 0 valid, 1 invalid; line 2: “nothing”";
    assert!(message.contains(named), "{message}");
}

#[test]
fn conversion_and_create_emp_make_new_packs() {
    let folder = folder();
    let udp = [("product", "\"UDP\""), ("services", "[\"UDP_OS10\"]"), ("term", "\"perpetual\"")];
    folder.write("u.toml", file("UDP-AAAAA", &udp));
    let said = folder.run(&["convert", "u.toml", "--pack=WE-NEW01", NOW]).ok();
    let wanted = "WE-NEW01: made from UDP-AAAAA; 2 of 3 seats used\n\
                  UDP-AAAAA: TRADED_IN, replaced by WE-NEW01\n\
                  a new licence is due: WE-NEW01\n";
    assert_eq!(said, wanted);
    assert!(folder.read("u.toml").contains("status = \"TRADED_IN\"\n"));
    assert!(folder.read("WE-NEW01.toml").contains("source-pack = \"UDP-AAAAA\"\n"));
    let message = folder.run(&["convert", "WE-NEW01.toml", "--pack=UDP-NEW01", NOW]).failed(1);
    assert!(message.contains("WE-NEW01: is WE, what others are converted into"), "{message}");
    let zero = [("product", "\"IZUPGR\""), ("services", "[\"IZ\"]"), ("term", "\"perpetual\"")];
    folder.write("z.toml", file("IZ-AAAAA", &zero));
    let message = folder.run(&["convert", "z.toml", NOW]).failed(1);
    assert!(message.contains("trade-up only"), "{message}");
    folder.run(&["convert", "z.toml", "--trade-up", NOW]).ok();

    for (product, to) in [("UDP", "WE-NEW02"), ("IZUPGR", "WE-NEW03")] {
        // A pack of OS 10 unlocks nothing on these devices, so its file may name no service.
        let bare = file("OLD-AAAAA", &[("product", &format!("\"{product}\"")), ("services", "[]")]);
        folder.write("o.toml", bare);
        let message = folder.run(&["issue", "o.toml", "--sign=issuer.key", NOW]).failed(1);
        assert!(message.contains("has no services"), "{message}");
        folder.run(&["convert", "o.toml", "--pack", to, "--trade-up", NOW]).ok();
        let made = folder.read(&format!("{to}.toml"));
        assert!(made.contains("services = [\"SUB_SERVICE_SET_WORKSPACE_EDITION\"]\n"), "{made}");
    }

    let emp = ["create-emp", "a.toml", "EMP-NEW01.toml", "--unit=00E0C5000001", NOW];
    let said = folder.run(&[&emp[..], &["--sign=issuer.key", "-oe.lic"]].concat()).ok();
    let wanted = "EMP-NEW01: made from WE-AAAAA; 1 of 3 seats used\n\
                  EMP-NEW01 serial 1, units: 1: written to e.lic\n";
    assert_eq!(said, wanted);
    assert_eq!(folder.inspect("e.lic")["product"], "EMP");
    let message = folder.run(&["create-emp", "a.toml", NOW]).failed(1);
    assert!(message.contains("has its Enterprise Management Pack, EMP-NEW01"), "{message}");
}

#[test]
fn bundled_licences_are_redeemed_by_serial_number() {
    let bundled =
        [("latest-activation", "\"2027-03-01\""), ("expires", "\"2028-02-29\""), ("units", "[]")];
    let folder = Folder::new();
    let bundled = [&bundled[..], &[("starts", "\"2027-03-01\"")]].concat();
    folder.write("h.toml", file("WE-AAAAA", &bundled));
    folder.write("l.toml", file("WE-AAAAA", &bundled));
    folder.write("serials.csv", "Serial Number\nA1\nB2\n");
    folder.write("hardware.csv", "Serial Number,Unit ID\nA1,00E0C5000001\nB2,00E0C5000002\nC3,x\n");
    let redeem = ["redeem", "h.toml", "--csv=serials.csv", "--hardware=hardware.csv"];
    let said = folder.run(&[&redeem[..], &["--sign=issuer.key", "-oh.lic", NOW]].concat()).ok();
    let wanted = "serials.csv: 2 read, 2 valid, 0 invalid\n\
                  hardware.csv: 3 read, 2 valid, 1 invalid\n\
                  hardware.csv: line 4: “x” is not a unit ID\n\
                  WE-AAAAA: redeemed; starts on 2026-11-22, ends on 2027-11-21\n\
                  WE-AAAAA: units added: 2; 2 of 3 seats used\n\
                  WE-AAAAA serial 1, units: 2: written to h.lic\n";
    assert_eq!(said, wanted);
    assert_eq!(folder.inspect("h.lic")["expires"], "2027-11-21");
    let late = ["redeem", "l.toml", "--serial=a1", "--hardware=hardware.csv"];
    let after = "--issued=2027-07-01T00:00:00Z";
    let said = folder.run(&[&late[..], &[after]].concat()).ok();
    assert!(said.contains("redeemed; starts on 2027-03-01, ends on 2028-02-29"), "{said}");
    let unknown = ["redeem", "h.toml", "--serial=Z9", "--hardware=hardware.csv", NOW];
    assert!(folder.run(&unknown).failed(1).contains("no unit is known for serial number Z9"));
    folder.run(&["redeem", "h.toml", "--hardware=hardware.csv", NOW]).failed(2);
}

#[test]
fn a_dry_run_reports_and_changes_nothing() {
    let folder = folder();
    folder.write("u.csv", "00E0C5000009\n");
    folder.write("udp.toml", file("UDP-AAAAA", &[("product", "\"UDP\""), ("services", "[\"X\"]")]));
    let bundled = [("latest-activation", "\"2027-03-01\""), ("units", "[]")];
    folder.write("h.toml", file("WE-HHHHH", &bundled));
    let key = [("subscription-key", "\"ERP-CCCCC\""), ("expires", "\"2027-12-31\"")];
    folder.write("c.toml", file("WE-CCCCC", &key));
    folder.write("hardware.csv", "A1,00E0C5000001\n");
    let before = everything(&folder);
    for verb in [
        &["issue", "a.toml", "--csv=u.csv"][..],
        &["add", "a.toml", "--csv=u.csv"],
        &["remove", "a.toml", "--unit=00E0C5000001"],
        &["move", "a.toml", "b.toml", "--unit=00E0C5000001"],
        &["split", "a.toml", "--seats=1"],
        &["merge", "a.toml", "b.toml"],
        &["coterm", "a.toml", "c.toml"],
        &["renew", "a.toml", "b.toml", "--expires=2028-01-01"],
        &["convert", "udp.toml"],
        &["create-emp", "a.toml", "--csv=u.csv"],
        &["cleanup", "a.toml", "b.toml"],
        &["redeem", "h.toml", "--serial=A1", "--hardware=hardware.csv"],
    ] {
        let said = folder.run(&[verb, &["--dry-run", NOW]].concat()).ok();
        assert!(said.ends_with("nothing was changed (--dry-run)\n"), "{said}");
        let signed = [verb, &["--dry-run", "--sign=issuer.key", "-o.", "--json", NOW]].concat();
        let report = folder.run(&signed).json();
        assert_eq!((&report["dry_run"], &report["verb"]), (&true.into(), &verb[0].into()));
        assert_eq!(everything(&folder), before, "{verb:?}");
    }
    let message = folder.run(&["issue", "a.toml", "--dry-run", "--issued=2025-01-01T00:00:00Z"]);
    assert!(message.failed(1).contains("is NOT_ACTIVATED_YET and starts on 2026-01-01"));
}

#[test]
fn a_pack_not_in_force_is_not_issued() {
    let folder = folder();
    let before = "--issued=2025-12-31T12:00:00Z";
    let issue = ["issue", "a.toml", "--sign=issuer.key", "-oa.lic"];
    let message = folder.run(&[&issue[..], &[before]].concat()).failed(1);
    assert!(message.contains("WE-AAAAA: is NOT_ACTIVATED_YET and starts on"), "{message}");
    folder.run(&[&issue[..], &[before, "--early"]].concat()).ok();
    assert!(folder.read("a.toml").contains("status = \"NOT_ACTIVATED_YET\"\n"));
    let message = folder.run(&[&issue[..], &["--issued=2027-01-01T00:00:00Z"]].concat()).failed(1);
    assert!(message.contains("WE-AAAAA: ended on 2026-12-31"), "{message}");
    for status in ["MERGED", "STOPPED", "TRADED_IN"] {
        folder.write("a.toml", file("WE-AAAAA", &[("status", &format!("\"{status}\""))]));
        let message = folder.run(&[&issue[..], &[NOW, "--early"]].concat()).failed(1);
        assert!(message.contains(&format!("WE-AAAAA: is {status}; ")), "{message}");
    }
}

#[test]
fn an_interrupted_run_is_completed_first() {
    let folder = folder();
    let merged = folder.read("b.toml");
    folder.run(&["merge", "a.toml", "b.toml", NOW]).ok();
    let (a, b) = (folder.read("a.toml"), folder.read("b.toml"));
    // The state after a power failure between the two renames.
    folder.write("b.toml", merged);
    folder.write(".b.toml.1.tmp", &b);
    folder.write(".licissue.commit", ".a.toml.1.tmp\0a.toml\0.b.toml.1.tmp\0b.toml\0");
    folder.run(&["add", "a.toml", "--unit=00E0C5000001", "--dry-run", NOW]).ok();
    assert_eq!((folder.read("a.toml"), folder.read("b.toml")), (a, b));
    assert!(folder.names().iter().all(|name| !name.starts_with('.')));
}

#[test]
fn packs_in_several_folders_are_refused() {
    let folder = folder();
    fs::create_dir(folder.path().join("sub")).unwrap();
    folder.write("sub/c.toml", file("WE-CCCCC", &[]));
    let message = folder.run(&["merge", "a.toml", "sub/c.toml", NOW]).failed(1);
    assert!(message.contains("is not in the folder of a.toml; put the packs"), "{message}");
    let message = folder.run(&["split", "a.toml", "sub/WE-NEW01.toml", "--seats=1", NOW]).failed(1);
    assert!(message.contains("sub/WE-NEW01.toml: is not in the folder"), "{message}");
    folder.run(&["add", "sub/c.toml", "--unit=00E0C5000003", NOW]).ok();
}

#[test]
fn a_symlinked_pack_file_stays_a_symlink() {
    let folder = folder();
    fs::create_dir(folder.path().join("sub")).unwrap();
    for name in ["a", "b"] {
        let link = folder.path().join(format!("sub/{name}.toml"));
        std::os::unix::fs::symlink(format!("../{name}.toml"), &link).unwrap();
    }
    folder.run(&["merge", "sub/a.toml", "sub/b.toml", NOW]).ok();
    assert!(folder.read("b.toml").contains("status = \"MERGED\"\n"));
    assert!(folder.path().join("sub/a.toml").is_symlink());
}

#[test]
fn a_pack_file_of_an_earlier_version_still_works() {
    let folder = Folder::new();
    let old = file("WE-AAAAA", &[("seats", "3")]).replace("seats = 3\n", "serial = 7\n");
    folder.write("old.toml", old);
    let issue = ["issue", "--pack-file=old.toml", "--sign=issuer.key", "-oa.lic", NOW];
    folder.run(&issue).ok();
    assert_eq!(folder.pack("old.toml").serial, Serial::new(8));
}

#[test]
fn many_superseded_packs_are_issued_in_several_licences() {
    let folder = folder();
    let many: Vec<String> = (0..20).map(|n| format!("\"WE-S{n:04}\"")).collect();
    folder.write("m.toml", file("WE-MMMMM", &[("supersedes", &format!("[{}]", many.join(",")))]));
    let issue = ["issue", "m.toml", "--sign=issuer.key", NOW];
    folder.run(&issue).failed(2);
    assert_eq!(folder.pack("m.toml").serial, None);
    let said = folder.run(&[&issue[..], &["-o."]].concat()).ok();
    assert_eq!(said.lines().count(), 2, "{said}");
    let named = |file: &str| folder.inspect(file)["supersedes"].as_array().unwrap().len();
    assert_eq!((named("WE-MMMMM-1.lic"), named("WE-MMMMM-2.lic")), (16, 4));
}
