//! `/run/licd/notices.json`: what users are to see, as licd has put it into words.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use licd_rules::Language;
use serde::Deserialize;

/// Where it is, below the root.
const FILE: &str = "run/licd/notices.json";
/// What this version reads.
const SCHEMA: u32 = 1;
/// Bytes of the file: ten times what the services that there are take.
const FILE_BYTES: u64 = 256 * 1024;

/// Everything that users are to see today.
#[derive(Debug, Deserialize)]
pub(crate) struct Sheet {
    schema: u32,
    /// The day, as licd counts days.
    pub(crate) day: String,
    /// The notices.
    pub(crate) notices: Vec<Notice>,
}

/// What there is to say of one service.
#[derive(Debug, Deserialize)]
pub(crate) struct Notice {
    /// The service.
    pub(crate) service: String,
    /// Whether anything stops.
    pub(crate) stops: bool,
    en: Words,
    de: Words,
}

/// The same in one language.
#[derive(Debug, Deserialize)]
pub(crate) struct Words {
    /// One line.
    pub(crate) title: String,
    /// Plain text.
    pub(crate) body: String,
}

impl Sheet {
    /// Reads it below this root. `None` if there is none that can be understood: then licd was not
    /// there yet or is another one, and there is nothing to show.
    pub(crate) fn read(root: &Path) -> Option<Self> {
        let mut text = String::new();
        let file = File::open(root.join(FILE)).ok()?;
        file.take(FILE_BYTES).read_to_string(&mut text).ok()?;
        let sheet: Self = serde_json::from_str(&text).ok()?;
        (sheet.schema == SCHEMA).then_some(sheet)
    }
}

impl Notice {
    /// The words in a language.
    pub(crate) fn words(&self, language: Language) -> &Words {
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

    fn read(text: &str) -> Option<Sheet> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("run/licd")).unwrap();
        fs::write(dir.path().join(FILE), text).unwrap();
        Sheet::read(dir.path())
    }

    #[test]
    fn what_cannot_be_understood_is_nothing() {
        let empty = r#"{"schema":1,"day":"2026-11-22","notices":[],"later":7}"#;
        assert_eq!(read(empty).unwrap().day, "2026-11-22");
        for text in ["", "{", "[]", r#"{"schema":2,"day":"2026-11-22","notices":[]}"#] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&" ".repeat(300_000)).is_none());
        assert!(Sheet::read(Path::new("/nonexistent")).is_none());
    }
}
