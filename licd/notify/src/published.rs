//! The notices that licd publishes for users, `/run/licd/notices.json`, and the reader of its files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use licd_rules::Language;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The file, below the root.
const FILE: &str = "run/licd/notices.json";
/// The schema that this version reads.
const SCHEMA: u32 = 1;
/// Limit of the file in bytes: ten times what all services need.
const FILE_BYTES: u64 = 256 * 1024;

/// The notices of a day.
#[derive(Debug, Deserialize)]
pub(crate) struct PublishedNotices {
    schema: u32,
    /// The day, as licd counts days.
    pub(crate) day: String,
    /// The notices.
    pub(crate) notices: Vec<Notice>,
}

/// The notice for one service.
#[derive(Debug, Deserialize)]
pub(crate) struct Notice {
    /// The service.
    pub(crate) service: String,
    /// Whether a function stops.
    pub(crate) stops: bool,
    en: Text,
    de: Text,
}

/// A notice in one language.
#[derive(Debug, Deserialize)]
pub(crate) struct Text {
    /// One line.
    pub(crate) title: String,
    /// Plain text.
    pub(crate) body: String,
}

impl PublishedNotices {
    /// Reads the file below this root. `None` without a file that this version understands: licd has
    /// not started yet or has another version.
    pub(crate) fn read(root: &Path) -> Option<Self> {
        let published: Self = read_json(&root.join(FILE), FILE_BYTES)?;
        (published.schema == SCHEMA).then_some(published)
    }
}

impl Notice {
    /// The text in a language.
    pub(crate) fn text(&self, language: Language) -> &Text {
        match language {
            Language::English => &self.en,
            Language::German => &self.de,
        }
    }
}

/// The content of a JSON file of at most `limit` bytes; `None` if it has another form.
pub(crate) fn read_json<T: DeserializeOwned>(file: &Path, limit: u64) -> Option<T> {
    let mut text = String::new();
    File::open(file).ok()?.take(limit).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(text: &str) -> Option<PublishedNotices> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("run/licd")).unwrap();
        fs::write(dir.path().join(FILE), text).unwrap();
        PublishedNotices::read(dir.path())
    }

    #[test]
    fn a_file_of_another_form_counts_as_absent() {
        let empty = r#"{"schema":1,"day":"2026-11-22","notices":[],"later":7}"#;
        assert_eq!(read(empty).unwrap().day, "2026-11-22");
        for text in ["", "{", "[]", r#"{"schema":2,"day":"2026-11-22","notices":[]}"#] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&" ".repeat(300_000)).is_none());
        assert!(PublishedNotices::read(Path::new("/nonexistent")).is_none());
    }
}
