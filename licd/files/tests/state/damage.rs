//! Files that are damaged, missing, of a newer version or cannot be written.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use licd_files::state;
use licd_fs::lock;
use licd_rules::Past;

use super::world::*;

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
fn a_file_that_another_program_repairs_is_not_set_aside() {
    let (_dir, root, file) = device();
    state::update(&root, |memory| memory.past = past("WE-AAAAA")).unwrap();
    let sound = fs::read(&file).unwrap();
    fs::write(&file, "damaged").unwrap();
    let other = lock::take(&root.path("/run/licd/state.lock"), Duration::ZERO).unwrap();
    let (done, loading) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| done.send(state::load(&root).unwrap()));
        let early = loading.recv_timeout(Duration::from_millis(300)).map(drop);
        assert_eq!(
            early,
            Err(RecvTimeoutError::Timeout),
            "the file was set aside without the lock"
        );
        fs::write(&file, &sound).unwrap();
        drop(other);
        let (memory, warning) = loading.recv().unwrap();
        assert!(memory.past == past("WE-AAAAA") && warning.is_none());
    });
    assert_eq!(fs::read(&file).unwrap(), sound);
    assert!(!file.with_extension("toml.damaged").exists());
}

#[test]
fn a_damaged_file_stays_if_the_lock_cannot_be_taken() {
    let (_dir, root, file) = with("damaged");
    fs::write(root.path("/run"), "in the way").unwrap();
    let (memory, warning) = state::load(&root).unwrap();
    assert_eq!(memory.past, Past::default());
    let warning = warning.unwrap().to_string();
    assert!(
        warning.contains("it could not be set aside (Not a directory), and the device starts"),
        "{warning}"
    );
    assert_eq!(fs::read(&file).unwrap(), b"damaged");
}

#[test]
fn a_file_that_is_damaged_or_gone_is_replaced_by_its_copy() {
    let (_dir, root, file) = device();
    let removed = tombstone("WE-7Q2KD", 7);
    state::update(&root, |memory| memory.past.removed.push(removed.clone())).unwrap();
    for damage in [Some("nonsense"), Some(""), None] {
        match damage {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let (memory, warning) = state::load(&root).unwrap();
        assert_eq!(memory.past.removed, std::slice::from_ref(&removed), "{damage:?}");
        let warning = warning.map(|warning| warning.to_string());
        assert_eq!(warning.is_some(), damage.is_some());
        assert!(warning.is_none_or(|warning| warning.ends_with(", and its copy counts")));
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
