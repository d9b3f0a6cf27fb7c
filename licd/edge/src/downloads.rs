//! What is remembered of the download links, in `/var/lib/licd/downloads.toml`, so that what is here
//! already is not brought again:
//!
//! ```toml
//! schema = 1
//!
//! [[download]]
//! link = "9F86D081884C7D65"   # which link: half of its SHA-256, since it may hold a password
//! etag = "\"5f-61\""          # what its server called the version that was fetched …
//! last_modified = "Sun, 22 Nov 2026 17:00:00 GMT"
//! file = "….lic"              # … and what became of it: this file of the store,
//! unit = "00E0C51C5087"       # or a licence that was not for this unit
//! ```
//!
//! How it is read and written is told at [`statefile`](crate::statefile).

use serde::{Deserialize, Serialize};

use crate::look::Looked;
use crate::root::Root;
use crate::settings::LICENSE_URLS;
use crate::statefile::{Notice, Remembered, SaveError, StateFile};

/// What is remembered of the download links.
#[derive(Debug, Clone, Default)]
pub struct Downloads(StateFile<Known>);

/// The keys that this version knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    download: Vec<Download>,
}

/// What a link brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Download {
    /// Which link it was; any text that tells one from another.
    pub link: String,
    /// The entity tag (RFC 9110 §8.8.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The date of change (RFC 9110 §8.8.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The file of the store that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The unit that it was not for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/downloads.toml";
    const SCHEMA: i64 = 1;
    /// As many links as there can be, with tags of two kilobytes and all, twice over.
    const FILE_BYTES: u64 = 512 * 1024;
    const WITHOUT: &str = "what the download links lead to is fetched once more";
}

impl Downloads {
    /// Reads them below this root.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Option<Notice>)> {
        let (file, notice) = StateFile::load(root)?;
        Ok((Self(file), notice))
    }

    /// Writes them below this root. Nothing is written if the file already says so.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn save(&self, root: &Root) -> Result<(), SaveError> {
        self.0.save(root)
    }

    /// What is remembered of a link.
    #[must_use]
    pub fn of(&self, link: &str) -> Option<&Download> {
        self.0.known.download.iter().find(|download| download.link == link)
    }

    /// Remembers this of its link, and nothing of links that are not among `links`.
    pub fn remember(&mut self, download: Download, links: &[String]) {
        let downloads = &mut self.0.known.download;
        downloads.retain(|old| old.link != download.link && links.contains(&old.link));
        downloads.push(download);
        downloads.truncate(LICENSE_URLS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn download(link: &str, etag: &str) -> Download {
        Download { link: link.into(), etag: Some(etag.into()), ..Download::default() }
    }

    #[test]
    fn of_a_link_the_last_is_remembered_and_of_others_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path());
        let links = ["a".to_owned(), "b".to_owned()];
        let (mut downloads, _) = Downloads::load(&root).unwrap();
        for (link, etag) in [("a", "1"), ("b", "2"), ("a", "3")] {
            downloads.remember(download(link, etag), &links);
        }
        downloads.save(&root).unwrap();
        let (mut downloads, notice) = Downloads::load(&root).unwrap();
        assert!(notice.is_none());
        assert_eq!(downloads.of("a"), Some(&download("a", "3")));
        assert_eq!(downloads.of("b"), Some(&download("b", "2")));
        downloads.remember(download("b", "4"), &["b".to_owned()]);
        assert_eq!(downloads.of("a"), None);
    }

    #[test]
    fn as_many_are_kept_as_there_are_links() {
        let links: Vec<String> = (0..LICENSE_URLS).map(|n| format!("{n:016X}")).collect();
        let mut downloads = Downloads::default();
        for link in &links {
            downloads.remember(download(link, &"x".repeat(1024)), &links);
        }
        assert!(links.iter().all(|link| downloads.of(link).is_some()));
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path());
        downloads.save(&root).unwrap();
        assert!(Downloads::load(&root).unwrap().1.is_none());
    }
}
