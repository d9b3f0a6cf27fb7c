//! The device's memory.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use licd_files::state::{self, Removing};
use licd_fs::root::Root;
use licd_fs::stamp::Stamp;
use licd_rules::{Past, REMEMBERED, Remover, Roster, Taken, Tombstone};
use license_format::{Date, PackId, PublicKey, Serial, UnitId, UnixSeconds};
use tempfile::TempDir;

fn device() -> (TempDir, Root, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root::new(dir.path());
    let file = root.path("/var/lib/licd/state.toml");
    (dir, root, file)
}

/// A device with this state file.
fn with(text: impl AsRef<[u8]>) -> (TempDir, Root, PathBuf) {
    let (dir, root, file) = device();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    (dir, root, file)
}

fn roster(pack: &str, serial: u64, starts: &str) -> Roster {
    Taken {
        unit: UnitId::parse("mac:00E0C51C5087").unwrap(),
        pack: PackId::parse(pack).unwrap(),
        below: Serial::new(serial).unwrap(),
        starts: Date::parse(starts).unwrap(),
        signer: Some(key('A')),
    }
}

/// A public key of one repeated letter.
fn key(letter: char) -> PublicKey {
    PublicKey::parse(&format!("{}E=", letter.to_string().repeat(42))).unwrap()
}

fn tombstone(pack: &str, serial: u64) -> Tombstone {
    Tombstone {
        pack: PackId::parse(pack).unwrap(),
        serial: Serial::new(serial).unwrap(),
        by: Remover::Person,
    }
}

fn loaded(root: &Root) -> Past {
    let (memory, warning) = state::load(root).unwrap();
    assert!(warning.is_none(), "{}", warning.unwrap());
    memory.past
}

fn remember(root: &Root, roster: Roster) {
    state::update(root, |memory| memory.past.rosters.push(roster)).unwrap();
}

#[test]
fn a_device_without_a_file_has_an_empty_memory_and_no_warning() {
    let (_dir, root, file) = device();
    assert_eq!(loaded(&root), Past::default());
    assert!(!file.exists());
}

#[test]
fn the_memory_is_loaded_and_written_as_documented() {
    let (_dir, root, file) = device();
    let issued = roster("WE-OLD01", 1, "2026-11-22");
    let past = Past {
        rosters: vec![roster("WE-7Q2KD", 190, "2026-11-22")],
        reissued: vec![roster("WE-7Q2KD", 191, "2026-11-23")],
        converted: vec![Taken {
            unit: issued.unit,
            pack: issued.pack,
            below: UnixSeconds::parse("2026-11-22T16:48:10Z").unwrap(),
            starts: issued.starts,
            signer: issued.signer,
        }],
        removed: vec![tombstone("WE-7Q2KD", 188), tombstone("EMP-R9HXH", 1)],
    };
    state::update(&root, |memory| memory.past = past.clone()).unwrap();
    assert_eq!(loaded(&root), past);
    let signed = format!("signer = \"{}\"\n", key('A'));
    assert_eq!(
        fs::read_to_string(&file).unwrap().replace(&signed, ""),
        "schema = 1\n\n\
         [[converted]]\nbelow = \"2026-11-22T16:48:10Z\"\npack = \"WE-OLD01\"\n\
         starts = \"2026-11-22\"\nunit = \"mac:00E0C51C5087\"\n\n\
         [[reissued]]\nbelow = 191\npack = \"WE-7Q2KD\"\nstarts = \"2026-11-23\"\n\
         unit = \"mac:00E0C51C5087\"\n\n\
         [[removed]]\npack = \"WE-7Q2KD\"\nserial = 188\n\n\
         [[removed]]\npack = \"EMP-R9HXH\"\nserial = 1\n\n\
         [[roster]]\nbelow = 190\npack = \"WE-7Q2KD\"\nstarts = \"2026-11-22\"\n\
         unit = \"mac:00E0C51C5087\"\n"
    );
    assert_eq!(fs::read_to_string(&file).unwrap().matches(&signed).count(), 3);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o644, 0o755));
    let highest = roster("WE-7Q2KD", i64::MAX.unsigned_abs(), "9999-12-31");
    remember(&root, highest.clone());
    assert_eq!(loaded(&root).rosters[0], highest);
}

#[test]
fn an_update_without_a_change_writes_nothing() {
    let (_dir, root, file) = device();
    remember(&root, roster("WE-7Q2KD", 190, "2026-11-22"));
    let before = fs::metadata(&file).unwrap().ino();
    remember(&root, roster("WE-7Q2KD", 190, "2026-11-22"));
    assert_eq!(fs::metadata(&file).unwrap().ino(), before);
}

#[test]
fn redundant_entries_of_a_pack_are_dropped() {
    let (_dir, root, _) = device();
    for (serial, starts) in [
        (190, "2026-11-22"),
        (190, "2026-11-22"), // the same
        (180, "2026-11-23"), // fewer and later
        (190, "2026-12-01"), // as many and later
        (170, "2026-01-01"), // fewer but earlier
        (200, "2027-01-01"), // more but later
    ] {
        remember(&root, roster("WE-7Q2KD", serial, starts));
    }
    remember(&root, roster("EMP-R9HXH", 5, "2028-01-01"));
    let expected = [
        roster("EMP-R9HXH", 5, "2028-01-01"),
        roster("WE-7Q2KD", 200, "2027-01-01"),
        roster("WE-7Q2KD", 190, "2026-11-22"),
        roster("WE-7Q2KD", 170, "2026-01-01"),
    ];
    assert_eq!(loaded(&root).rosters, expected);
    remember(&root, roster("WE-7Q2KD", 200, "2025-01-01"));
    let expected = [expected[0].clone(), roster("WE-7Q2KD", 200, "2025-01-01")];
    assert_eq!(loaded(&root).rosters, expected);
}

#[test]
fn entries_beyond_the_limit_are_dropped_by_their_start() {
    let first = Date::parse("2020-01-01").unwrap();
    let mut text = "schema = 1\n".to_owned();
    for n in 0..i32::try_from(REMEMBERED).unwrap() + 10 {
        let starts = first.plus_days(n);
        text += &format!(
            "[[roster]]\nunit = \"udp:12345678\"\npack = \"WE-{n:05}\"\nbelow = 1\n\
             starts = \"{starts}\"\n[[removed]]\npack = \"WE-{n:05}\"\nserial = 1\n"
        );
    }
    let (_dir, root, _) = with(text);
    let past = loaded(&root);
    assert_eq!((past.rosters.len(), past.removed.len()), (REMEMBERED, REMEMBERED));
    assert_eq!(past.rosters[0].pack.as_str(), "WE-00010");
    assert_eq!(past.removed[0], tombstone("WE-00010", 1));
    remember(&root, roster("WE-AAAAA", 1, "2030-01-01"));
    let rosters = loaded(&root).rosters;
    assert_eq!(rosters.len(), REMEMBERED);
    assert!(rosters.iter().all(|roster| roster.pack.as_str() != "WE-00010"));
}

#[test]
fn entries_without_a_signer_are_kept_apart() {
    let (_dir, root, file) = with(
        "schema = 1\n[[roster]]\nunit = \"mac:00E0C51C5087\"\npack = \"WE-7Q2KD\"\nbelow = 190\n\
         starts = \"2026-11-22\"\n",
    );
    let before = Roster { signer: None, ..roster("WE-7Q2KD", 190, "2026-11-22") };
    assert_eq!(loaded(&root).rosters, std::slice::from_ref(&before));
    // An entry with a signer must not replace it: revoking the key would bring the licence back.
    let signed = roster("WE-7Q2KD", 200, "2026-11-22");
    remember(&root, signed.clone());
    assert_eq!(loaded(&root).rosters, [before, signed]);
    assert_eq!(fs::read_to_string(file).unwrap().matches("signer").count(), 1);
}

#[test]
fn a_signer_with_many_entries_does_not_displace_the_others() {
    let (_dir, root, _) = device();
    let of = |letter, n: usize| {
        let starts = Date::parse("2020-01-01").unwrap().plus_days(i32::try_from(n).unwrap());
        let pack = format!("{letter}-{n:05}");
        Roster { signer: Some(key(letter)), ..roster(&pack, 1, &starts.to_string()) }
    };
    let of_signer = |letter| {
        let rosters = loaded(&root).rosters;
        rosters.into_iter().filter(|roster| roster.signer == Some(key(letter))).collect::<Vec<_>>()
    };
    state::update(&root, |memory| {
        let past = &mut memory.past;
        past.rosters.extend((0..50).map(|n| of('A', n)));
        past.rosters.extend((1000..1400).map(|n| of('B', n)));
    })
    .unwrap();
    // These start later than all others.
    state::update(&root, |memory| memory.past.rosters.extend((5000..9000).map(|n| of('C', n))))
        .unwrap();
    assert_eq!((of_signer('A').len(), of_signer('B').len()), (50, 400));
    assert_eq!(of_signer('C').len(), REMEMBERED - 450);
    assert_eq!(of_signer('C').last(), Some(&of('C', 8999)));
    // Two signers beyond their share have the same number.
    state::update(&root, |memory| memory.past.rosters.extend((1400..3000).map(|n| of('B', n))))
        .unwrap();
    assert_eq!(of_signer('A').len(), 50);
    assert_eq!((of_signer('B').len(), of_signer('C').len()), (487, 487));
}

#[test]
fn a_full_memory_can_be_read_again() {
    let (_dir, root, file) = device();
    let longest = UnitId::from_usb_serial(&"Z".repeat(24)).unwrap();
    state::update(&root, |memory| {
        let past = &mut memory.past;
        for n in 0..REMEMBERED {
            let pack = format!("ABCDEFGH-IJKLMNOP-Q{n:05}");
            let serials =
                Taken { unit: longest.clone(), ..roster(&pack, i64::MAX as u64, "9999-12-31") };
            past.converted.push(Taken {
                unit: longest.clone(),
                pack: serials.pack.clone(),
                below: UnixSeconds::parse("9999-12-31T23:59:59Z").unwrap(),
                starts: serials.starts,
                signer: serials.signer,
            });
            past.rosters.push(serials.clone());
            past.reissued.push(serials);
            past.removed.push(tombstone(&pack, i64::MAX as u64));
        }
    })
    .unwrap();
    assert_eq!(loaded(&root).converted.len(), REMEMBERED);
    let bytes = fs::metadata(&file).unwrap().len();
    assert!(bytes < 672 * 1024, "{bytes}");
}

#[test]
fn the_newest_trust_document_is_stored_unchanged() {
    let (_dir, root, file) = device();
    assert_eq!(state::trust(&root).unwrap().unwrap(), None);
    for document in [&b"first\n"[..], b"second\n\n"] {
        state::keep_trust(&root, document).unwrap();
        assert_eq!(state::trust(&root).unwrap().unwrap().as_deref(), Some(document));
    }
    let file = file.with_file_name("trust.note");
    fs::write(&file, "x".repeat(1 << 20)).unwrap();
    let error = state::trust(&root).unwrap().unwrap_err().to_string();
    assert!(error.contains("larger than"), "{error}");
}

#[test]
fn the_record_of_a_removal_ends_with_it() {
    let (_dir, root, _) =
        with("schema = 1\n[[removing]]\nfile = \"a.lic\"\ninode = 7\nchanged = 9\n");
    assert_eq!(state::unfinished(&root).unwrap().len(), 1);
    state::update(&root, |memory| memory.removing.clear()).unwrap();
    assert!(state::unfinished(&root).unwrap().is_empty());
}

#[test]
fn a_file_is_the_one_of_a_removal_by_name_inode_and_time_of_change() {
    let dir = tempfile::tempdir().unwrap();
    let stamp = |name: &str| Stamp::at(&dir.path().join(name)).unwrap().unwrap();
    for name in ["a.lic", "b.lic"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    let removing = Removing::new(OsStr::new("a.lic"), stamp("a.lic")).unwrap();
    assert!(removing.is(OsStr::new("a.lic"), stamp("a.lic")));
    assert!(!removing.is(OsStr::new("b.lic"), stamp("a.lic")));
    assert!(!removing.is(OsStr::new("a.lic"), stamp("b.lic")));
    assert_eq!(Removing::new(OsStr::from_bytes(b"\xff.lic"), stamp("a.lic")), None);
}

#[test]
fn a_memory_that_cannot_be_flushed_is_an_error_and_a_missing_one_is_not() {
    let (_dir, root, file) = device();
    state::flush(&root).unwrap();
    fs::create_dir_all(root.path("/var")).unwrap();
    fs::write(root.path("/var/lib"), "in the way").unwrap();
    let error = state::flush(&root).unwrap_err();
    assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
}

#[test]
fn keys_of_a_newer_version_are_kept() {
    let newer = "schema = 1\nfloor = 2026-11-22T17:00:00Z\nlevel = 3\n\n[clock]\nmark = 1.5\n\n\
        [[graves]]\npack = \"WE-7Q2KD\"\n";
    let (_dir, root, file) = with(newer);
    remember(&root, roster("WE-7Q2KD", 190, "2026-11-22"));
    let mut table: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
    for known in ["roster", "reissued", "converted", "removed"] {
        assert!(table.remove(known).is_some());
    }
    assert_eq!(table, newer.parse().unwrap());
    assert_eq!(loaded(&root).rosters, [roster("WE-7Q2KD", 190, "2026-11-22")]);
}

#[test]
fn a_damaged_file_is_set_aside() {
    let roster = |keys: &str| format!("schema = 1\n[[roster]]\n{keys}").into_bytes();
    for (text, message) in [
        (b"schema = 7".to_vec(), "has schema 7, which needs another licd; this one knows 1"),
        (b"schema = 1\nroster = 5".to_vec(), "line 2, column 10: invalid type: integer"),
        (roster("unit = \"x\"\npack = \"A-BC\"\nbelow = 1\nstarts = \"2026-11-22\""), "unit"),
        (
            roster("unit = \"udp:12345678\"\npack = \"x\"\nbelow = 1\nstarts = \"2026-11-22\""),
            "pack",
        ),
        (
            roster("unit = \"udp:12345678\"\npack = \"A-BC\"\nbelow = 0\nstarts = \"2026-11-22\""),
            "serial",
        ),
        (
            roster("unit = \"udp:12345678\"\npack = \"A-BC\"\nbelow = -1\nstarts = \"2026-11-22\""),
            "line 5",
        ),
        (
            roster("unit = \"udp:12345678\"\npack = \"A-BC\"\nbelow = 1\nstarts = \"2026-11-31\""),
            "starts",
        ),
        (roster("unit = \"udp:12345678\"\npack = \"A-BC\"\nbelow = 1"), "starts"),
        (
            roster(
                "unit = \"udp:12345678\"\npack = \"A-BC\"\nbelow = 1\nstarts = \"2026-11-22\"\n\
                 signer = \"a person\"",
            ),
            "“signer” is not a public key",
        ),
        (b"schema = 1\n[[removed]]\npack = \"A-BC\"".to_vec(), "serial"),
        (format!("schema = 1\nx = \"{}\"", "x".repeat(4 << 20)).into(), "larger than 4194304"),
        (format!("schema = 1\nx = {}", "[".repeat(100_000)).into(), ""),
    ] {
        let (_dir, root, file) = with(&text);
        let (memory, warning) = state::load(&root).unwrap();
        assert_eq!(memory.past, Past::default());
        let warning = warning.unwrap().to_string();
        let aside = file.with_extension("toml.damaged");
        let kept = format!("it is kept as {}", aside.display());
        assert!(warning.starts_with(&file.display().to_string()), "{warning}");
        assert!(warning.contains(message) && warning.contains(&kept), "{message}: {warning}");
        assert_eq!(fs::read(&aside).unwrap(), text);
        assert!(!file.exists());
        state::update(&root, |memory| memory.past.removed.push(tombstone("A-BC", 1))).unwrap();
        assert_eq!(loaded(&root).removed, [tombstone("A-BC", 1)]);
    }
}

#[test]
fn a_file_that_is_damaged_or_gone_is_replaced_by_its_copy() {
    use licd_rules::Tombstone;
    use license_format::{PackId, Serial};
    let dir = tempfile::tempdir().unwrap();
    let root = licd_fs::root::Root::new(dir.path());
    let tombstone = Tombstone {
        pack: PackId::parse("WE-7Q2KD").unwrap(),
        serial: Serial::new(7).unwrap(),
        by: Remover::Profile,
    };
    licd_files::state::update(&root, |memory| memory.past.removed.push(tombstone.clone())).unwrap();
    let file = root.path("/var/lib/licd/state.toml");
    for damage in [Some("nonsense"), Some(""), None] {
        match damage {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let (memory, warning) = licd_files::state::load(&root).unwrap();
        assert_eq!(memory.past.removed, std::slice::from_ref(&tombstone), "{damage:?}");
        let warning = warning.map(|warning| warning.to_string());
        assert_eq!(warning.is_some(), damage.is_some());
        assert!(warning.is_none_or(|warning| warning.contains("its copy has taken its place")));
        assert!(file.is_file(), "the file was not restored");
    }
}

#[test]
fn the_copy_waits_for_a_change_that_the_store_does_not_prove_again() {
    let (_dir, root, file) = device();
    let copy = file.with_file_name("state.copy.toml");
    state::learn(&root, None, None, past("WE-AAAAA")).unwrap();
    assert!(file.exists() && !copy.exists());
    state::update(&root, |memory| memory.past = past("WE-BBBBB")).unwrap();
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&file).unwrap());
}

/// A memory of one withdrawal.
fn past(pack: &str) -> Past {
    Past { rosters: vec![roster(pack, 190, "2026-11-22")], ..Past::default() }
}

#[test]
fn what_is_learned_leaves_keys_and_removals_of_others_alone() {
    let (_dir, root, file) = with("schema = 1\nlater = true\n");
    assert!(!state::load(&root).unwrap().0.is_known);
    let before = state::stamp(&root).unwrap();
    // Another program has written since.
    let removing = Removing::new(OsStr::new("A.lic"), Stamp::default()).unwrap();
    state::update(&root, |memory| memory.removing.push(removing.clone())).unwrap();
    for read in [before, None] {
        state::learn(&root, None, read, past("WE-AAAAA")).unwrap();
        let (memory, _) = state::load(&root).unwrap();
        assert_eq!((&memory.past, &*memory.removing), (&past("WE-AAAAA"), &[removing.clone()][..]));
        assert!(fs::read_to_string(&file).unwrap().contains("later = true"));
    }
}

#[test]
fn what_is_learned_needs_no_file_that_was_read_already() {
    let (_dir, root, file) = device();
    state::learn(&root, None, None, past("WE-AAAAA")).unwrap();
    assert!(state::load(&root).unwrap().0.is_known);
    // The caller answers for the stamp.
    fs::write(&file, "later = true").unwrap();
    state::learn(&root, None, state::stamp(&root).unwrap(), past("WE-BBBBB")).unwrap();
    assert_eq!(loaded(&root), past("WE-BBBBB"));
    assert!(!fs::read_to_string(&file).unwrap().contains("later"));
}

#[test]
fn a_device_without_a_memory_knows_all_of_it() {
    let (_dir, root, _) = device();
    assert!(state::load(&root).unwrap().0.is_known);
}

/// The names of all files next to the state file.
fn names(file: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(file.parent().unwrap()).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
    let mut names: Vec<_> = entries.map(|entry| name(entry).unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_prepared_memory_is_learned_as_it_was_written_and_leaves_no_other_file() {
    for before in [None, Some("WE-AAAAA")] {
        let (_dir, root, file) = device();
        if let Some(before) = before {
            state::learn(&root, None, None, past(before)).unwrap();
        }
        let read = state::stamp(&root).unwrap();
        for read in [None, read] {
            let prepared = state::prepare(&root, read, past("WE-BBBBB")).unwrap();
            assert_eq!(loaded(&root), before.map_or_else(Past::default, past));
            drop(prepared);
        }
        let prepared = state::prepare(&root, read, past("WE-BBBBB")).unwrap();
        // What is prepared is in place, and not written once more.
        state::learn(&root, Some(prepared), None, past("WE-CCCCC")).unwrap();
        assert_eq!(loaded(&root), past("WE-BBBBB"));
        assert_eq!(names(&file), ["state.toml"]);
    }
}

#[test]
fn a_memory_that_was_prepared_from_another_file_is_written_anew() {
    let (_dir, root, file) = device();
    let removing = Removing::new(OsStr::new("A.lic"), Stamp::default()).unwrap();
    for pack in ["WE-AAAAA", "WE-BBBBB"] {
        let prepared = state::prepare(&root, None, past(pack)).unwrap();
        state::update(&root, |memory| memory.removing.push(removing.clone())).unwrap();
        let written = state::load(&root).unwrap().0.removing;
        state::learn(&root, Some(prepared), None, past(pack)).unwrap();
        let (memory, _) = state::load(&root).unwrap();
        assert_eq!((memory.past, memory.removing), (past(pack), written));
    }
    let prepared = state::prepare(&root, None, past("WE-AAAAA")).unwrap();
    fs::remove_file(&file).unwrap();
    fs::remove_file(file.with_file_name("state.copy.toml")).unwrap();
    state::learn(&root, Some(prepared), None, past("WE-CCCCC")).unwrap();
    assert_eq!(loaded(&root), past("WE-CCCCC"));
    assert_eq!(names(&file), ["state.toml"]);
}
