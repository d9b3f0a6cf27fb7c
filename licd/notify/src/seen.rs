//! The notices that this user has seen: the last day on which each service was shown.
//!
//! In `$XDG_STATE_HOME/licd/notices.json` (`~/.local/state` without the variable), so that logging
//! in again shows nothing twice. If that file cannot be written, in `$XDG_RUNTIME_DIR`, which lasts
//! until the user logs out; otherwise in memory.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::published::read_json;

/// The file in either directory.
const FILE: &str = "licd/notices.json";
/// Limit of the file in bytes: many times what all services need.
const FILE_BYTES: u64 = 64 * 1024;

/// The notices that this user has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The files to write, best first.
    files: Vec<PathBuf>,
    /// By service.
    days: BTreeMap<String, String>,
}

impl Seen {
    /// Reads those of the user of this process.
    pub(crate) fn of_user() -> Self {
        // Relative paths are to be ignored (XDG Base Directory Specification).
        let dir = |name| env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
        let state = dir("XDG_STATE_HOME").or_else(|| Some(dir("HOME")?.join(".local/state")));
        Self::in_dirs([state, dir("XDG_RUNTIME_DIR")].into_iter().flatten())
    }

    fn in_dirs(dirs: impl Iterator<Item = PathBuf>) -> Self {
        let files: Vec<_> = dirs.map(|dir| dir.join(FILE)).collect();
        // The best file comes last, and overrides the other.
        let read = |file: &PathBuf| read_json::<BTreeMap<_, _>>(file, FILE_BYTES);
        let days = files.iter().rev().filter_map(read).flatten().collect();
        Self { files, days }
    }

    /// Whether a service was shown on this day.
    pub(crate) fn contains(&self, service: &str, day: &str) -> bool {
        self.days.get(service).is_some_and(|shown| shown == day)
    }

    /// Records that a service was shown on this day.
    pub(crate) fn insert(&mut self, service: &str, day: &str) {
        self.days.insert(service.to_owned(), day.to_owned());
        let Ok(text) = serde_json::to_string(&self.days) else { return };
        let _ = self.files.iter().find(|file| write(file, &text).is_ok());
    }
}

/// Replaces a file: a reader sees the old content or the new one.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    let new = file.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2026-11-22";

    #[test]
    fn a_notice_that_was_shown_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let seen = || Seen::in_dirs([dir.path().join("state")].into_iter());
        assert!(!seen().contains("A", DAY));
        seen().insert("A", DAY);
        seen().insert("B", DAY);
        assert!(seen().contains("A", DAY) && seen().contains("B", DAY));
        assert!(!seen().contains("A", "2026-11-23"));
        seen().insert("A", "2026-11-23");
        assert!(!seen().contains("A", DAY));
        assert_eq!(fs::read_dir(dir.path().join("state/licd")).unwrap().count(), 1);
    }

    #[test]
    fn without_a_writable_home_the_runtime_directory_and_then_memory_serve() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("home"), "a file").unwrap();
        let seen = || Seen::in_dirs(["home", "run"].map(|name| dir.path().join(name)).into_iter());
        seen().insert("A", DAY);
        assert!(seen().contains("A", DAY));
        let mut nowhere = Seen::in_dirs(std::iter::empty());
        nowhere.insert("A", DAY);
        assert!(nowhere.contains("A", DAY));
    }

    #[test]
    fn a_damaged_file_counts_as_empty_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let seen = || Seen::in_dirs([dir.path().to_owned()].into_iter());
        fs::create_dir(dir.path().join("licd")).unwrap();
        fs::write(dir.path().join(FILE), "nonsense").unwrap();
        assert!(!seen().contains("A", DAY));
        seen().insert("A", DAY);
        assert!(seen().contains("A", DAY));
    }
}
