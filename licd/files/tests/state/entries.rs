//! Entries of the memory, and the records next to it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use licd_files::state::{self, Removing};
use licd_fs::stamp::Stamp;
use licd_rules::{Past, REMEMBERED, Roster, Taken};
use license_format::{Date, UnitId, UnixSeconds};

use super::world::*;

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
