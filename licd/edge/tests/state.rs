//! What the device remembers.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use licd_edge::root::Root;
use licd_edge::state::{ROSTERS, State};
use licd_edge::statefile::Notice;
use licd_rules::Roster;
use license_format::{Date, PackId, Serial};
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
    Roster {
        pack: PackId::parse(pack).unwrap(),
        serial: Serial::new(serial).unwrap(),
        starts: Date::parse(starts).unwrap(),
    }
}

fn loaded(root: &Root) -> State {
    let (state, notice) = State::load(root);
    assert!(notice.is_none(), "{}", notice.unwrap());
    state
}

#[test]
fn a_device_without_a_file_remembers_nothing_and_has_nothing_to_say() {
    let (_dir, root, file) = device();
    assert_eq!(loaded(&root).rosters(), []);
    assert!(!file.exists());
}

#[test]
fn what_is_saved_is_loaded_and_reads_as_documented() {
    let (_dir, root, file) = device();
    let mut state = State::default();
    state.remember(roster("WE-7Q2KD", 190, "2026-11-22"));
    state.save(&root).unwrap();
    assert_eq!(loaded(&root).rosters(), state.rosters());
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "schema = 1\n\n[[roster]]\npack = \"WE-7Q2KD\"\nserial = 190\nstarts = \"2026-11-22\"\n"
    );
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o644, 0o755));
    let highest = roster("WE-7Q2KD", i64::MAX.unsigned_abs(), "9999-12-31");
    state.remember(highest.clone());
    state.save(&root).unwrap();
    assert_eq!(loaded(&root).rosters()[0], highest);
}

#[test]
fn saving_what_is_there_already_writes_nothing() {
    let (_dir, root, file) = device();
    let mut state = State::default();
    state.remember(roster("WE-7Q2KD", 190, "2026-11-22"));
    state.save(&root).unwrap();
    let before = fs::metadata(&file).unwrap().ino();
    loaded(&root).save(&root).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().ino(), before);
}

#[test]
fn of_a_pack_only_what_makes_a_difference_is_kept() {
    let mut state = State::default();
    for (serial, starts) in [
        (190, "2026-11-22"),
        (190, "2026-11-22"), // the same
        (180, "2026-11-23"), // fewer and later
        (190, "2026-12-01"), // as many and later
        (170, "2026-01-01"), // fewer but earlier
        (200, "2027-01-01"), // more but later
    ] {
        state.remember(roster("WE-7Q2KD", serial, starts));
    }
    state.remember(roster("EMP-R9HXH", 5, "2028-01-01"));
    let expected = [
        roster("EMP-R9HXH", 5, "2028-01-01"),
        roster("WE-7Q2KD", 200, "2027-01-01"),
        roster("WE-7Q2KD", 190, "2026-11-22"),
        roster("WE-7Q2KD", 170, "2026-01-01"),
    ];
    assert_eq!(state.rosters(), expected);
    state.remember(roster("WE-7Q2KD", 200, "2025-01-01"));
    assert_eq!(state.rosters(), [expected[0].clone(), roster("WE-7Q2KD", 200, "2025-01-01")]);
}

#[test]
fn beyond_the_bound_the_oldest_start_goes_first_also_when_loading() {
    let first = Date::parse("2020-01-01").unwrap();
    let mut text = "schema = 1\n".to_owned();
    for n in 0..i32::try_from(ROSTERS).unwrap() + 10 {
        let starts = first.plus_days(n);
        text += &format!("[[roster]]\npack = \"WE-{n:05}\"\nserial = 1\nstarts = \"{starts}\"\n");
    }
    let (_dir, root, _) = with(text);
    let mut state = loaded(&root);
    assert_eq!(state.rosters().len(), ROSTERS);
    assert_eq!(state.rosters()[0].pack.as_str(), "WE-00010");
    state.remember(roster("WE-AAAAA", 1, "2030-01-01"));
    assert_eq!(state.rosters().len(), ROSTERS);
    assert_eq!(state.rosters()[0].pack.as_str(), "WE-00011");
}

#[test]
fn keys_of_a_newer_version_are_kept() {
    let newer = "schema = 1\nfloor = 2026-11-22T17:00:00Z\nlevel = 3\n\n[clock]\nmark = 1.5\n\n\
        [[tombstone]]\npack = \"WE-7Q2KD\"\n";
    let (_dir, root, file) = with(newer);
    let mut state = loaded(&root);
    state.remember(roster("WE-7Q2KD", 190, "2026-11-22"));
    state.save(&root).unwrap();
    let mut table: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
    assert!(table.remove("roster").is_some());
    assert_eq!(table, newer.parse().unwrap());
    assert_eq!(loaded(&root).rosters(), state.rosters());
}

#[test]
fn a_file_that_cannot_be_understood_is_set_aside_and_the_device_starts() {
    let roster = "schema = 1\n[[roster]]\n";
    for (text, complaint) in [
        (b"schema = \xff".to_vec(), "not UTF-8"),
        (b"schema = 1\nfloor".to_vec(), ""),
        (b"\0".repeat(4096), ""),
        (b"".to_vec(), "schema"),
        (b"schema = 0".to_vec(), "has schema 0"),
        (b"schema = \"1\"".to_vec(), "line 1, column 10: invalid type: string"),
        (b"schema = 7".to_vec(), "has schema 7, which needs another licd; this one knows 1"),
        (b"schema = 1\nroster = 5".to_vec(), "line 2, column 10: invalid type: integer"),
        (format!("{roster}pack = \"x\"\nserial = 1\nstarts = \"2026-11-22\"").into(), "pack"),
        (format!("{roster}pack = \"A-BC\"\nserial = 0\nstarts = \"2026-11-22\"").into(), "serial"),
        (format!("{roster}pack = \"A-BC\"\nserial = -1\nstarts = \"2026-11-22\"").into(), "line 4"),
        (format!("{roster}pack = \"A-BC\"\nserial = 1\nstarts = \"2026-11-31\"").into(), "starts"),
        (format!("{roster}pack = \"A-BC\"\nserial = 1").into(), "starts"),
        (format!("schema = 1\nx = \"{}\"", "x".repeat(1 << 20)).into(), "larger than 1048576"),
        (format!("schema = 1\nx = {}", "[".repeat(100_000)).into(), ""),
    ] {
        let (_dir, root, file) = with(&text);
        let (state, notice) = State::load(&root);
        assert_eq!(state.rosters(), []);
        let notice = notice.unwrap().to_string();
        let aside = file.with_extension("toml.damaged");
        let kept = format!("it is kept as {}", aside.display());
        assert!(notice.starts_with(&file.display().to_string()), "{notice}");
        assert!(notice.contains(complaint) && notice.contains(&kept), "{complaint}: {notice}");
        assert_eq!(fs::read(&aside).unwrap(), text);
        assert!(!file.exists());
        state.save(&root).unwrap();
        assert_eq!(loaded(&root).rosters(), state.rosters());
    }
}

#[test]
fn what_is_no_file_is_set_aside_in_place_of_what_was_there_before() {
    let (_dir, root, file) = with("damaged once");
    let aside = file.with_extension("toml.damaged");
    let set_aside = || {
        let (state, notice) = State::load(&root);
        assert_eq!(state.rosters(), []);
        assert!(matches!(notice, Some(Notice::SetAside { kept: Ok(_), .. })));
        assert!(!file.exists());
    };
    set_aside();
    fs::create_dir(&file).unwrap();
    set_aside();
    assert!(aside.is_dir());
    nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    set_aside();
    fs::write(&file, "damaged again").unwrap();
    set_aside();
    assert_eq!(fs::read_to_string(&aside).unwrap(), "damaged again");
}

#[test]
fn a_leftover_of_a_crash_goes_with_the_next_save() {
    let (_dir, root, file) = with("schema = 1\n");
    let leftover = file.with_file_name(".licd-1-0.tmp");
    fs::write(&leftover, "half").unwrap();
    let mut state = loaded(&root);
    state.remember(roster("WE-7Q2KD", 190, "2026-11-22"));
    state.save(&root).unwrap();
    assert!(!leftover.exists());
}

#[test]
fn a_place_that_takes_no_file_is_named() {
    let (dir, root, file) = device();
    fs::write(dir.path().join("var"), "").unwrap();
    let error = State::default().save(&root).unwrap_err().to_string();
    assert_eq!(error, format!("{}: cannot be written: Not a directory", file.display()));
}
