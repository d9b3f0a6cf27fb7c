//! A device and entries of its memory.

use std::fs;
use std::path::PathBuf;

use licd_files::state;
use licd_fs::root::Root;
use licd_rules::{Past, Remover, Roster, Taken, Tombstone};
use license_format::{Date, PackId, PublicKey, Serial, UnitId};
use tempfile::TempDir;

/// A device, and the path of its state file.
pub(crate) fn device() -> (TempDir, Root, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root::new(dir.path()).unwrap();
    let file = root.path("/var/lib/licd/state.toml");
    (dir, root, file)
}

/// A device with this state file.
pub(crate) fn with(text: impl AsRef<[u8]>) -> (TempDir, Root, PathBuf) {
    let (dir, root, file) = device();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    (dir, root, file)
}

/// A roster that does not list the unit.
pub(crate) fn roster(pack: &str, serial: u64, starts: &str) -> Roster {
    Taken {
        unit: UnitId::parse("mac:00E0C51C5087").unwrap(),
        pack: PackId::parse(pack).unwrap(),
        below: Serial::new(serial).unwrap(),
        starts: Date::parse(starts).unwrap(),
        signer: Some(key('A')),
    }
}

/// A public key of one repeated letter.
pub(crate) fn key(letter: char) -> PublicKey {
    PublicKey::parse(&format!("{}E=", letter.to_string().repeat(42))).unwrap()
}

/// A licence that a person removed.
pub(crate) fn tombstone(pack: &str, serial: u64) -> Tombstone {
    Tombstone {
        pack: PackId::parse(pack).unwrap(),
        serial: Serial::new(serial).unwrap(),
        by: Remover::Person,
    }
}

/// The memory of a device whose file is sound.
pub(crate) fn loaded(root: &Root) -> Past {
    let (memory, warning) = state::load(root).unwrap();
    assert!(warning.is_none(), "{}", warning.unwrap());
    memory.past
}

/// Adds a roster to the memory.
pub(crate) fn remember(root: &Root, roster: Roster) {
    state::update(root, |memory| memory.past.rosters.push(roster)).unwrap();
}

/// A memory of one withdrawal.
pub(crate) fn past(pack: &str) -> Past {
    Past { rosters: vec![roster(pack, 190, "2026-11-22")], ..Past::default() }
}
