//! What this user has seen: of each service the day on which it was shown last.
//!
//! In `$XDG_STATE_HOME/licd/notices.json` (`~/.local/state` without the variable), so that logging
//! in again shows nothing twice; if that cannot be written, in `$XDG_RUNTIME_DIR`, which lasts as
//! long as the user is logged in. If neither can, for as long as the program runs.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The file in either directory.
const FILE: &str = "licd/notices.json";
/// Bytes of the file that are looked at: many times what the services that there are take.
const FILE_BYTES: u64 = 64 * 1024;

/// What this user has seen.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Where it is written, best first.
    files: Vec<PathBuf>,
    /// By service.
    days: BTreeMap<String, String>,
}

impl Marks {
    /// Those of the user of this process.
    pub(crate) fn of_user() -> Self {
        // Relative paths are to be ignored (XDG Base Directory Specification).
        let dir = |name| env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
        let state = dir("XDG_STATE_HOME").or_else(|| Some(dir("HOME")?.join(".local/state")));
        Self::in_dirs([state, dir("XDG_RUNTIME_DIR")].into_iter().flatten())
    }

    fn in_dirs(dirs: impl Iterator<Item = PathBuf>) -> Self {
        let files: Vec<_> = dirs.map(|dir| dir.join(FILE)).collect();
        // The best one last, so that it counts.
        let days = files.iter().rev().filter_map(|file| read(file)).flatten().collect();
        Self { files, days }
    }

    /// Whether a service was shown on this day.
    pub(crate) fn has(&self, service: &str, day: &str) -> bool {
        self.days.get(service).is_some_and(|shown| shown == day)
    }

    /// Remembers that it was.
    pub(crate) fn set(&mut self, service: &str, day: &str) {
        self.days.insert(service.to_owned(), day.to_owned());
        let Ok(text) = serde_json::to_string(&self.days) else { return };
        let _ = self.files.iter().find(|file| write(file, &text).is_ok());
    }
}

/// What a file says; nothing if it is damaged.
fn read(file: &Path) -> Option<BTreeMap<String, String>> {
    let mut text = String::new();
    File::open(file).ok()?.take(FILE_BYTES).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Replaces a file; whoever reads it sees the old or the new one.
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
    fn what_was_shown_is_known_the_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let marks = || Marks::in_dirs([dir.path().join("state")].into_iter());
        assert!(!marks().has("A", DAY));
        marks().set("A", DAY);
        marks().set("B", DAY);
        assert!(marks().has("A", DAY) && marks().has("B", DAY));
        assert!(!marks().has("A", "2026-11-23"));
        marks().set("A", "2026-11-23");
        assert!(!marks().has("A", DAY));
        assert_eq!(fs::read_dir(dir.path().join("state/licd")).unwrap().count(), 1);
    }

    #[test]
    fn a_home_that_cannot_be_written_is_no_reason_to_show_twice() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("home"), "a file").unwrap();
        let marks =
            || Marks::in_dirs(["home", "run"].map(|name| dir.path().join(name)).into_iter());
        marks().set("A", DAY);
        assert!(marks().has("A", DAY));
        let mut nowhere = Marks::in_dirs(std::iter::empty());
        nowhere.set("A", DAY);
        assert!(nowhere.has("A", DAY));
    }

    #[test]
    fn a_damaged_file_has_seen_nothing_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let marks = || Marks::in_dirs([dir.path().to_owned()].into_iter());
        fs::create_dir(dir.path().join("licd")).unwrap();
        fs::write(dir.path().join(FILE), "nonsense").unwrap();
        assert!(!marks().has("A", DAY));
        marks().set("A", DAY);
        assert!(marks().has("A", DAY));
    }
}
