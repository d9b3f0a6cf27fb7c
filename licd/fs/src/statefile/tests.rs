use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::{geteuid, mkfifo};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::*;
use crate::names;

mod prepared;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Visits {
    count: u32,
}

impl Remembered for Visits {
    const FILE: &str = "/var/lib/licd/visits.toml";
    const SCHEMA: i64 = 2;
    const FILE_BYTES: u64 = 4096;
    const KEYS: &[&str] = &["count"];
    const WITHOUT: &str = "the count starts again";
    const COPY: Option<&str> = Some("/var/lib/licd/visits.copy.toml");
}

type File = StateFile<Visits>;

fn device() -> (TempDir, Root, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root::new(dir.path()).unwrap();
    let file = root.path(Visits::FILE);
    (dir, root, file)
}

/// A device with this state file.
fn with(text: impl AsRef<[u8]>) -> (TempDir, Root, PathBuf) {
    let (dir, root, file) = device();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    (dir, root, file)
}

/// What is loaded without a warning.
fn loaded(root: &Root) -> u32 {
    let (found, warning) = File::load(root).unwrap();
    assert!(warning.is_none(), "{}", warning.unwrap());
    found.known.count
}

fn set(count: u32) -> impl Fn(&mut Visits) {
    move |visits| visits.count = count
}

/// The names of all files next to the state file.
fn names(file: &Path) -> Vec<String> {
    let names = names::names(file.parent().unwrap()).unwrap();
    names.into_iter().map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn what_needs_no_repair_is_read_without_the_lock() {
    for ((_dir, root, _), count) in [(device(), 0), (with("schema = 2\ncount = 3\n"), 3)] {
        assert_eq!(loaded(&root), count);
        assert!(!root.path(LOCK).exists());
    }
}

#[test]
fn a_change_is_written_for_all_to_read_and_returns_its_result() {
    let (_dir, root, file) = device();
    assert_eq!(loaded(&root), 0);
    assert!(!file.exists());
    let before = File::update(&root, |visits| std::mem::replace(&mut visits.count, 3)).unwrap();
    assert_eq!((before, loaded(&root)), (0, 3));
    assert_eq!(fs::read_to_string(&file).unwrap(), "count = 3\nschema = 2\n");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o644, 0o755));
}

#[test]
fn concurrent_changes_are_all_kept() {
    let (_dir, root, _) = device();
    // On a busy machine others may hold the lock for longer than a change waits; it has then changed nothing.
    let add = || loop {
        match File::update(&root, |visits| visits.count += 1) {
            Err(SaveError::Unwritable { why: Errno::EBUSY, .. }) => {}
            done => return done.unwrap(),
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..8).for_each(|_| add()));
        }
    });
    assert_eq!(loaded(&root), 64);
}

#[test]
fn keys_of_a_newer_version_are_kept() {
    let newer = "schema = 2\ncount = 1\nlater = true\n\n[[more]]\npart = 1.5\n";
    let (_dir, root, file) = with(newer);
    assert!(!File::load(&root).unwrap().0.is_known());
    File::update(&root, set(2)).unwrap();
    let written: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
    assert_eq!(written, newer.replace("count = 1", "count = 2").parse().unwrap());
    fs::write(&file, "schema = 2\ncount = 1\n").unwrap();
    assert!(File::load(&root).unwrap().0.is_known());
}

#[test]
fn a_damaged_file_is_set_aside_with_a_warning() {
    let too_large = format!("schema = 2\nx = \"{}\"", "x".repeat(4096));
    for (text, message) in [
        (&b"schema = \xff"[..], "line 1, column 10: not UTF-8 text"),
        (b"schema = 2\ncount", ""),
        (&[0; 100], ""),
        (b"", "missing field `schema`"),
        (b"schema = 1", "has schema 1, which needs another licd; this one knows 2"),
        (b"schema = \"2\"", "line 1, column 10: invalid type: string, expected i64"),
        (b"schema = 2\ncount = -1", "line 2, column 9: invalid value: integer, expected u32"),
        (too_large.as_bytes(), "is larger than 4096 bytes"),
    ] {
        let (_dir, root, file) = with(text);
        assert_eq!(File::peek(&root).unwrap().known, Visits::default());
        assert_eq!(fs::read(&file).unwrap(), text);
        let (found, warning) = File::load(&root).unwrap();
        assert_eq!(found.known, Visits::default());
        let (warning, aside) = (warning.unwrap().to_string(), file.with_extension("toml.damaged"));
        let kept = format!("; it is kept as {}, and the count starts again", aside.display());
        assert!(warning.starts_with(&format!("{}: {message}", file.display())), "{warning}");
        assert!(warning.ends_with(&kept), "{warning}");
        assert_eq!(fs::read(&aside).unwrap(), text);
        assert!(!file.exists());
        File::update(&root, set(1)).unwrap();
        assert_eq!(loaded(&root), 1);
    }
}

#[test]
fn a_file_set_aside_replaces_the_previous_one() {
    let (_dir, root, file) = with("damaged once");
    let aside = file.with_extension("toml.damaged");
    let set_aside = || {
        let (found, warning) = File::load(&root).unwrap();
        assert_eq!(found.known, Visits::default());
        assert!(matches!(warning, Some(Warning::SetAside { kept: Ok(_), .. })));
        assert!(fs::symlink_metadata(&file).is_err());
    };
    set_aside();
    fs::create_dir(&file).unwrap();
    set_aside();
    assert!(aside.is_dir());
    mkfifo(&file, Mode::S_IRWXU).unwrap();
    set_aside();
    symlink("visits.toml", &file).unwrap();
    set_aside();
    assert!(aside.is_symlink());
    fs::write(&file, "damaged again").unwrap();
    set_aside();
    assert_eq!(fs::read_to_string(&aside).unwrap(), "damaged again");
}

#[test]
fn a_file_that_this_user_may_not_read_is_passed_over_and_kept() {
    const TEST: &str =
        "statefile::tests::a_file_that_this_user_may_not_read_is_passed_over_and_kept";
    const AGAIN: &str = "LICD_TEST_AGAIN";
    let look = |root: &Root| {
        let (found, warning) = File::load(root).unwrap();
        assert_eq!(found.known, Visits::default());
        let expected = "may not be read by this user; it is passed over";
        assert!(warning.unwrap().to_string().ends_with(expected));
        assert!(root.path(Visits::FILE).exists());
    };
    if let Some(dir) = std::env::var_os(AGAIN) {
        return look(&Root::new(dir).unwrap());
    }
    let (dir, root, file) = with("schema = 2");
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    if geteuid().is_root() {
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", TEST]).env(AGAIN, dir.path()).uid(65_534);
        assert!(again.status().unwrap().success());
    } else {
        look(&root);
    }
}

#[test]
fn a_file_that_cannot_be_read_now_is_left_alone() {
    // Reading a page that is not mapped fails with EIO.
    let unreadable = |file: &Path| {
        let _ = fs::remove_file(file);
        symlink("/proc/self/mem", file).unwrap();
    };
    let (_dir, root, file) = with("");
    unreadable(&file);
    let why = File::load(&root).unwrap_err();
    assert!(File::peek(&root).is_err());
    assert_eq!(File::update(&root, set(1)).unwrap_err(), SaveError::Unread(why));
    assert!(file.is_symlink());
    // Nor is a damaged file set aside whose copy cannot be read now.
    fs::remove_file(&file).unwrap();
    fs::write(&file, "damaged").unwrap();
    unreadable(&root.path(Visits::COPY.unwrap()));
    assert!(File::load(&root).is_err());
    assert_eq!(fs::read(&file).unwrap(), b"damaged");
}

#[test]
fn a_file_that_is_damaged_or_gone_is_replaced_by_its_copy() {
    let (_dir, root, file) = device();
    File::update(&root, set(7)).unwrap();
    for damage in [Some("nonsense"), None] {
        match damage {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        assert_eq!(File::peek(&root).unwrap().known.count, 7);
        let (found, warning) = File::load(&root).unwrap();
        assert_eq!(found.known.count, 7);
        let warning = warning.map(|warning| warning.to_string());
        assert_eq!(warning.is_some(), damage.is_some());
        assert!(warning.is_none_or(|warning| warning.ends_with(", and its copy counts")));
        assert_eq!(loaded(&root), 7);
    }
}

#[test]
fn a_damaged_file_that_stays_for_want_of_the_lock_is_reported_with_what_counts() {
    let (_dir, root, file) = device();
    File::update(&root, set(7)).unwrap();
    fs::write(&file, "nonsense").unwrap();
    fs::remove_dir_all(root.path("/run")).unwrap();
    fs::write(root.path("/run"), "in the way").unwrap();
    let reported = |count, what: &str| {
        let (found, warning) = File::load(&root).unwrap();
        let warning = warning.unwrap().to_string();
        let expected = format!("it could not be set aside (Not a directory), and {what}");
        assert!(found.known.count == count && warning.ends_with(&expected), "{warning}");
        assert_eq!(fs::read(&file).unwrap(), b"nonsense");
    };
    reported(7, "its copy counts");
    fs::remove_file(root.path(Visits::COPY.unwrap())).unwrap();
    reported(0, Visits::WITHOUT);
}

#[test]
fn the_next_change_removes_the_leftover_of_a_crash() {
    let (_dir, root, file) = with("schema = 2\n");
    fs::write(file.with_file_name(".licd-1-0.tmp"), "half").unwrap();
    File::update(&root, set(1)).unwrap();
    assert_eq!(names(&file), ["visits.copy.toml", "visits.toml"]);
}

#[test]
fn a_directory_at_the_path_of_a_file_is_set_aside_on_writing() {
    let (_dir, _root, file) = device();
    fs::create_dir_all(file.join("full")).unwrap();
    write(&file, b"text").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"text");
    assert!(file.with_extension("toml.damaged").join("full").is_dir());
}

#[test]
fn a_file_that_cannot_be_written_is_reported() {
    let (dir, root, file) = device();
    fs::write(dir.path().join("var"), "").unwrap();
    let error = File::update(&root, set(1)).unwrap_err();
    let expected = format!("{}: cannot be written: Not a directory", file.display());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn only_what_stays_as_it_is_keeps_a_file_from_being_written_for_good() {
    let unread = SaveError::Unread(crate::look::Unavailable::new("/x", Errno::EROFS));
    assert!(!unread.is_lasting());
    let writing = |why| SaveError::writing(Path::new("/x"), why).is_lasting();
    assert!([Errno::EROFS, Errno::ENOENT, Errno::ENOTDIR].into_iter().all(writing));
    assert!(![Errno::ENOSPC, Errno::EIO, Errno::EBUSY].into_iter().any(writing));
}
