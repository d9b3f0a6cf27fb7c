//! From the vendor's keys to a licensed device, using only the programs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::maker::{OTHER, UNIT, WE};
use acceptance::program::{self, Answer};
use acceptance::{World, story};

pub(crate) const STORIES: &[Story] = &[
    story!(a_device_accepts_what_licissue_issues),
    story!(a_request_that_waits_is_answered_by_licissue_on_another_machine),
    story!(a_pack_lives_from_issue_to_renewal),
    story!(a_pack_is_split_merged_and_renewed_in_part),
    story!(packs_superseded_in_steps_no_longer_count),
];

/// A vendor, and a device whose image contains the vendor's root keys and trust document.
struct Vendor {
    world: World,
    dir: PathBuf,
}

impl Vendor {
    fn new() -> Self {
        let world = World::new();
        let dir = world.root().join("vendor");
        fs::create_dir(&dir).unwrap();
        let vendor = Self { world, dir };
        for name in ["root-a", "root-b", "issuer"] {
            let _ = vendor.issue(&["keygen", name]).with_code(0);
        }
        vendor.trust(1, &[]);
        let image = vendor.world.path("/usr/lib/licd");
        fs::remove_dir_all(image.join("roots.d")).unwrap();
        fs::create_dir(image.join("roots.d")).unwrap();
        for root in ["root-a.vkey", "root-b.vkey"] {
            fs::copy(vendor.dir.join(root), image.join("roots.d").join(root)).unwrap();
        }
        fs::copy(vendor.dir.join("trust-1.note"), image.join("trust.note")).unwrap();
        vendor
    }

    fn issue(&self, args: &[&str]) -> Answer {
        let mut licissue = Command::new(program::path("licissue"));
        program::run(licissue.current_dir(&self.dir).args(args))
    }

    fn trust(&self, version: u32, more: &[&str]) {
        let (number, file) = (version.to_string(), format!("trust-{version}.note"));
        let args = ["trust", "--version", &number, "--key", "issuer.vkey", "-o", &file];
        let signers = ["--sign", "root-a.key", "--sign", "root-b.key"];
        let _ = self.issue(&[&args[..], &signers, more].concat()).with_code(0);
    }

    fn licence(&self, name: &str, args: &[&str]) {
        let common = ["issue", "WE-7Q2KD.toml", "--sign", "issuer.key", "-o", name];
        let _ = self.issue(&[&common, args].concat()).with_code(0);
    }

    /// Imports a file on the device.
    fn import(&self, name: &str) -> Answer {
        let path = self.dir.join(name);
        self.world.licctl(["import", "--json", path.to_str().unwrap()])
    }
}

/// The options of a new pack.
const PACK: [&str; 18] = [
    "--pack",
    "WE-7Q2KD",
    "--product",
    "WE",
    "--term",
    "subscription",
    "--category",
    "subscription",
    "--service",
    WE,
    "--starts",
    "2020-01-01",
    "--expires",
    "2098-12-31",
    "--subscription-key",
    "ERP-9QK2M",
    "--seats",
    "3",
];

fn a_device_accepts_what_licissue_issues() {
    let vendor = Vendor::new();
    vendor.licence("1.lic", &[&PACK[..], &["--unit", UNIT]].concat());
    assert_eq!(vendor.import("1.lic").with_code(0).verdict(), "valid");
    assert_eq!(vendor.world.status()["state"], "valid");
    // A unit list from the portal becomes a mass licence, cut for one device.
    let csv = format!("Unit ID\n{OTHER};#85641000D308482019,\n00:e0:c5:1c:50:87\n");
    fs::write(vendor.dir.join("units.csv"), csv).unwrap();
    vendor.licence("2.lic", &["--csv", "units.csv", "--mass"]);
    let slice = ["slice", "2.lic", UNIT, "-o", "slice.lic"];
    let _ = vendor.issue(&slice).with_code(0);
    assert_eq!(vendor.import("slice.lic").with_code(0).verdict(), "valid");
    let stored = |world: &World| {
        world
            .stored()
            .iter()
            .map(|name| fs::read(world.licenses().join(name)).unwrap())
            .collect::<Vec<_>>()
    };
    assert!(stored(&vendor.world).contains(&fs::read(vendor.dir.join("slice.lic")).unwrap()));
    assert!(vendor.import("2.lic").with_code(0).message().contains("already in the store"));
    // licissue reads its files, and the device's keys verify them.
    let root = ["--root", vendor.world.root().to_str().unwrap()];
    for file in ["1.lic", "2.lic", "slice.lic", "trust-1.note"] {
        let seen = vendor.issue(&[&["inspect", file][..], &root].concat()).with_code(0);
        assert!(!seen.out.is_empty());
    }
    fs::write(vendor.dir.join("forged.lic"), {
        fs::read_to_string(vendor.dir.join("1.lic")).unwrap().replace("2098", "2099")
    })
    .unwrap();
    assert_eq!(vendor.issue(&[&["inspect", "forged.lic"][..], &root].concat()).code, 3);
    assert_eq!(vendor.import("forged.lic").with_code(3).verdict(), "bad-signature");
}

fn a_request_that_waits_is_answered_by_licissue_on_another_machine() {
    let vendor = Vendor::new();
    let nowhere = ["--url", "http://127.0.0.1:1/", "--email", "ada@engines.example"];
    let activate = [&["activate", "--accept-terms"][..], &nowhere].concat();
    let _ = vendor.world.licctl(activate).with_code(6);
    let stick = vendor.dir.join("request.json");
    let _ = vendor.world.licctl(["request", "-o", stick.to_str().unwrap()]).with_code(0);
    assert!(fs::read_to_string(&stick).unwrap().contains("ada@engines.example"));
    vendor.licence("1.lic", &[&PACK[..], &["--request", "request.json"]].concat());
    assert_eq!(vendor.import("1.lic").with_code(0).verdict(), "valid");
    assert!(!vendor.world.path("/license/fetch-activation.json").exists());
}

fn a_pack_lives_from_issue_to_renewal() {
    let vendor = Vendor::new();
    let expires = || vendor.world.status()["services"][1]["expires"].take();
    vendor.licence("1.lic", &[&PACK[..], &["--unit", UNIT, "--roster-complete"]].concat());
    let _ = vendor.import("1.lic").with_code(0);
    assert_eq!(expires(), "2098-12-31");
    let renew = ["renew", "WE-7Q2KD.toml", "--expires", "2099-06-30"];
    let _ =
        vendor.issue(&[&renew[..], &["--sign", "issuer.key", "-o", "2.lic"]].concat()).with_code(0);
    let _ = vendor.import("2.lic").with_code(0);
    assert_eq!(expires(), "2099-06-30");
    assert_eq!(vendor.import("1.lic").with_code(5).verdict(), "superseded");
    // The licence moves to another device.
    vendor.licence("3.lic", &["--unit", OTHER, "--remove", UNIT]);
    let moved = vendor.import("3.lic").with_code(4);
    assert!(moved.message().contains("it withdraws pack WE-7Q2KD serial"), "{moved:?}");
    assert_eq!(vendor.world.status()["state"], "withdrawn");
    // The licence moves back, and is then withdrawn permanently.
    vendor.licence("4.lic", &["--unit", UNIT]);
    assert_eq!(vendor.import("4.lic").with_code(0).verdict(), "valid");
    vendor.trust(2, &["--withdraw", "WE-7Q2KD:4"]);
    let _ = vendor.import("trust-2.note").with_code(0);
    assert_eq!(vendor.import("4.lic").with_code(5).verdict(), "withdrawn");
    vendor.licence("5.lic", &[]);
    assert_eq!(vendor.import("5.lic").with_code(0).verdict(), "valid");
}

fn a_pack_is_split_merged_and_renewed_in_part() {
    let vendor = Vendor::new();
    let run = |args: &[&str]| vendor.issue(&[args, &["--sign", "issuer.key", "-o", "."]].concat());
    let units = ["--unit", UNIT, "--unit", OTHER];
    let _ = run(&[&["issue", "WE-7Q2KD.toml"], &PACK[..], &units].concat()).with_code(0);
    assert_eq!(vendor.import("WE-7Q2KD-1.lic").with_code(0).verdict(), "valid");
    // This device moves to its own pack; only that pack is renewed.
    let split = ["split", "WE-7Q2KD.toml", "WE-NEW01.toml", "--seats", "1", "--unit", UNIT];
    let _ = run(&split).with_code(0);
    let both = ["WE-7Q2KD.toml", "WE-NEW01.toml", "--expires", "2099-06-30"];
    let _ = run(&[&["renew"], &both[..], &["--choose", "WE-NEW01"]].concat()).with_code(0);
    assert_eq!(vendor.import("WE-NEW01-2.lic").with_code(0).verdict(), "valid");
    assert_eq!(vendor.world.status()["services"][1]["pack"], "WE-NEW01");
    // The remainder has a different subscription key, so the two cannot be merged.
    let refused = run(&["merge", "WE-NEW01.toml", "WE-7Q2KD.toml"]).with_code(1);
    assert!(refused.err.contains("WE-7Q2KD: has no Subscription Key"), "{}", refused.err);
    // Another pack with the same key absorbs the renewed one and supersedes it on the device.
    fs::write(vendor.dir.join("WE-NEW02.toml"), {
        let text = fs::read_to_string(vendor.dir.join("WE-NEW01.toml")).unwrap();
        text.replace("WE-NEW01", "WE-NEW02").replace("serial = 2", "serial = 0")
    })
    .unwrap();
    let _ = run(&["merge", "WE-NEW02.toml", "WE-NEW01.toml"]).with_code(0);
    assert_eq!(vendor.import("WE-NEW02-1.lic").with_code(0).verdict(), "valid");
    assert_eq!(vendor.world.status()["services"][1]["pack"], "WE-NEW02");
    assert_eq!(vendor.import("WE-NEW01-2.lic").with_code(5).verdict(), "superseded");
}

fn packs_superseded_in_steps_no_longer_count() {
    let vendor = Vendor::new();
    vendor.licence("old.lic", &[&PACK[..], &["--unit", UNIT]].concat());
    let _ = vendor.import("old.lic").with_code(0);
    // The pack names twenty superseded packs, this one not among the last.
    let text = fs::read_to_string(vendor.dir.join("WE-7Q2KD.toml")).unwrap();
    let others: Vec<String> = (0..19).map(|n| format!("\"WE-Z{n:04}\"")).collect();
    let superseded = format!("supersedes = [\"WE-7Q2KD\", {}]\n", others.join(", "));
    let text = text.replace("pack = \"WE-7Q2KD\"\n", "pack = \"WE-NEW01\"\n");
    fs::write(vendor.dir.join("new.toml"), superseded + &text).unwrap();
    let issue = ["issue", "new.toml", "--sign", "issuer.key", "-o", "."];
    let _ = vendor.issue(&issue).with_code(0);
    for licence in ["WE-NEW01-2.lic", "WE-NEW01-3.lic"] {
        assert_eq!(vendor.import(licence).with_code(0).verdict(), "valid");
    }
    assert_eq!(vendor.import("old.lic").with_code(5).verdict(), "superseded");
    assert_eq!(vendor.world.status()["services"][1]["pack"], "WE-NEW01");
}
