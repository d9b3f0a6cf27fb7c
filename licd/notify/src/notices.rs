//! The notices that licd publishes in `/run/licd/notices.json`.

use std::path::Path;

use serde::Deserialize;

use crate::json;
use crate::language::Language;

/// The path under the root.
const FILE: &str = "run/licd/notices.json";
/// The schema of this version.
const SCHEMA: u32 = 1;
/// Limit of the file in bytes: ten times its size with all services.
const FILE_BYTES: u64 = 256 * 1024;

/// The notices of a day.
#[derive(Debug, Deserialize)]
pub(crate) struct Notices {
    schema: u32,
    /// The day, by licd's clock.
    pub(crate) day: String,
    /// The notices.
    pub(crate) notices: Vec<Notice>,
}

/// The notice about one service.
#[derive(Debug, Deserialize)]
pub(crate) struct Notice {
    /// The service.
    pub(crate) service: String,
    /// Whether a function stops working.
    pub(crate) stops: bool,
    en: Text,
    de: Text,
}

/// The text in one language.
#[derive(Debug, Deserialize)]
pub(crate) struct Text {
    /// One line.
    pub(crate) title: String,
    /// Plain text.
    pub(crate) body: String,
}

impl Notices {
    /// Reads the notices under this root; `None` if licd of this version has not published any.
    pub(crate) fn read(root: &Path) -> Option<Self> {
        let notices: Self = json::read(&root.join(FILE), FILE_BYTES)?;
        (notices.schema == SCHEMA).then_some(notices)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(text: &str) -> Option<Notices> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("run/licd")).unwrap();
        fs::write(dir.path().join(FILE), text).unwrap();
        Notices::read(dir.path())
    }

    #[test]
    fn an_invalid_file_has_no_notices() {
        let empty = r#"{"schema":1,"day":"2026-11-22","notices":[],"later":7}"#;
        assert_eq!(read(empty).unwrap().day, "2026-11-22");
        for text in ["", "{", "[]", r#"{"schema":2,"day":"2026-11-22","notices":[]}"#] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&" ".repeat(300_000)).is_none());
        assert!(Notices::read(Path::new("/nonexistent")).is_none());
    }
}
