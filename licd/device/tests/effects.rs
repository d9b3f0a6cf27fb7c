//! What an import leaves alone, and what it finishes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap fails the test")]

mod world;
use world::{Licence, World};

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use licd_device::Intent;
use licd_rules::Code;
use license_format::UnitId;
use license_issue as issue;

const fn licence(pack: &'static str, serial: u64, expires: i32) -> Licence {
    Licence { pack, serial, starts: -100, expires, supersedes: None }
}

#[test]
fn a_request_stays_until_a_licence_that_counts_is_stored() {
    let world = World::new();
    let request = world.path("license/fetch.json");
    let import = |files: &[&str]| -> Vec<Code> {
        let verdicts = world.import_all(files, Intent::Explicit);
        verdicts.into_iter().map(|verdict| verdict.code).collect()
    };
    let others = [UnitId::from_mac([0, 0xE0, 0xC5, 0x1C, 0x50, 0x88])].into();
    let foreign = licence("WE-FFFFF", 1, 100).terms();
    let foreign = issue::license(&foreign, &others, &[&world::key("issuer", 2)]);
    let expired = licence("WE-EEEEE", 1, -5).sign();
    let [first, second] = ["WE-AAAAA", "WE-BBBBB"].map(|pack| licence(pack, 1, 100).sign());
    let trust = [2, 3].map(|version| world::trust(version, &[]));
    for (files, codes, stays) in [
        (&[&*foreign, &expired][..], &[Code::WrongDevice, Code::Expired][..], true),
        (&[&*trust[0]], &[Code::Valid], true),
        (&[&*first], &[Code::Valid], false),
        // A person has copied it into the store, and imports it, too.
        (&[&*first, &foreign], &[Code::Valid, Code::WrongDevice], false),
        // A trust document has its licences stored one by one.
        (&[&*trust[1], &second], &[Code::Valid, Code::Valid], false),
    ] {
        fs::write(&request, "{}").unwrap();
        assert_eq!(import(files), codes);
        assert_eq!(request.exists(), stays, "{codes:?}");
    }
    // Links and sticks bring the same licence again and again.
    fs::write(&request, "{}").unwrap();
    for intent in [Intent::Automatic, Intent::Check] {
        assert_eq!(world.import(&first, intent), Code::Valid);
        assert!(request.exists(), "{intent:?}");
    }
}

#[test]
fn a_roster_is_recorded_where_nothing_can_be_stored() {
    let world = World::new();
    fs::remove_dir_all(world.path("license")).unwrap();
    let terms =
        license_format::Terms { roster_complete: true, ..licence("WE-AAAAA", 8, 100).terms() };
    let others = [UnitId::from_mac([0, 0xE0, 0xC5, 0x1C, 0x50, 0x88])].into();
    let roster = issue::license(&terms, &others, &[&world::key("issuer", 2)]);
    assert_eq!(world.import(&roster, Intent::Explicit), Code::WrongDevice);
    let state = fs::read_to_string(world.path("var/lib/licd/state.toml")).unwrap();
    assert!(state.contains("WE-AAAAA"), "{state}");
}

#[test]
fn an_import_finishes_an_interrupted_removal() {
    let world = World::new();
    world.copy_by_hand("taken.lic", &licence("WE-AAAAA", 1, 100).sign());
    let found = fs::metadata(world.licenses().join("taken.lic")).unwrap();
    let changed = found.ctime() * 1_000_000_000 + found.ctime_nsec();
    let intended = format!(
        "schema = 1\n[[removed]]\npack = \"WE-AAAAA\"\nserial = 1\n[[removing]]\n\
         file = \"taken.lic\"\ninode = {}\nchanged = {changed}\n",
        found.ino()
    );
    let state = world.path("var/lib/licd/state.toml");
    fs::create_dir_all(state.parent().unwrap()).unwrap();
    fs::write(&state, intended).unwrap();
    let other = licence("WE-BBBBB", 1, 100).sign();
    assert_eq!(world.import(&other, Intent::Explicit), Code::Valid);
    assert!(!world.licenses().join("taken.lic").exists());
    let state = fs::read_to_string(&state).unwrap();
    assert!(state.contains("WE-AAAAA") && !state.contains("taken.lic"), "{state}");
}
