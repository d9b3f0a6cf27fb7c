//! What a survey has learned, written beforehand or not.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use licd_files::state::{self, Removing};
use licd_fs::stamp::Stamp;
use licd_rules::Past;

use super::world::*;

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
fn names(file: &Path) -> Vec<String> {
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
