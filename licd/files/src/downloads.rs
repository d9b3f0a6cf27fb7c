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
//! new = true                  # it was written since a removal, and has brought nothing yet
//! code = "valid"              # the verdict when it was asked last …
//! message = "in force until 2027-11-21"
//! asked = "2026-11-22T16:59:00Z"
//! ```
//!
//! Earlier versions wrote none of the last four, and no link that had brought nothing.
//!
//! How it is read and written is told at [`statefile`](licd_fs::statefile).

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile::{Notice, Remembered, SaveError, StateFile};
use serde::{Deserialize, Serialize};

use crate::settings::LICENSE_URLS;

/// What is remembered of the download links.
#[derive(Debug, Clone, Default)]
pub struct Downloads(Known);

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
    /// Whether it was written to the settings after licences were removed by hand, and has brought
    /// nothing yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
    /// The verdict's word when it was asked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The verdict, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When that was, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

impl Remembered for Known {
    const FILE: &str = "/var/lib/licd/downloads.toml";
    const SCHEMA: i64 = 1;
    /// As many links as there can be, with tags and messages of two kilobytes each, twice over.
    const FILE_BYTES: u64 = 1024 * 1024;
    const WITHOUT: &str = "what the download links lead to is fetched once more";
}

impl Downloads {
    /// Reads them below this root.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Option<Notice>)> {
        let (file, notice) = StateFile::load(root)?;
        Ok((Self(file.known), notice))
    }

    /// Changes them below this root, one process after the other. Nothing is written if the file
    /// already says so.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn update(root: &Root, change: impl FnOnce(&mut Self)) -> Result<(), SaveError> {
        StateFile::<Known>::update(root, |known| {
            let mut downloads = Self(std::mem::take(known));
            change(&mut downloads);
            *known = downloads.0;
        })
    }

    /// What is remembered of a link.
    #[must_use]
    pub fn of(&self, link: &str) -> Option<&Download> {
        self.0.download.iter().find(|download| download.link == link)
    }

    /// Forgets all links that are not among these; whether there were any.
    pub fn keep_only(&mut self, links: &[String]) -> bool {
        let downloads = &mut self.0.download;
        let before = downloads.len();
        downloads.retain(|old| links.contains(&old.link));
        downloads.len() != before
    }

    /// Notes that these links are there, and that no licence is wanted back for their sake.
    pub fn settle(&mut self, links: &[String]) {
        for link in links {
            let known = self.of(link).cloned().unwrap_or_default();
            self.remember(Download { link: link.clone(), new: false, ..known }, links);
        }
    }

    /// Remembers this of its link, and nothing of links that are not among `links`.
    pub fn remember(&mut self, download: Download, links: &[String]) {
        let downloads = &mut self.0.download;
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
        Downloads::update(&root, |downloads| {
            for (link, etag) in [("a", "1"), ("b", "2"), ("a", "3")] {
                downloads.remember(download(link, etag), &links);
            }
        })
        .unwrap();
        let (mut downloads, notice) = Downloads::load(&root).unwrap();
        assert!(notice.is_none());
        assert_eq!(downloads.of("a"), Some(&download("a", "3")));
        assert_eq!(downloads.of("b"), Some(&download("b", "2")));
        downloads.remember(download("b", "4"), &["b".to_owned()]);
        assert_eq!(downloads.of("a"), None);
    }

    #[test]
    fn links_that_were_there_already_are_not_new_after_a_removal() {
        let links = ["a".to_owned(), "b".to_owned()];
        let mut downloads = Downloads::default();
        downloads.remember(Download { new: true, ..download("a", "1") }, &links);
        downloads.settle(&links);
        assert_eq!(downloads.of("a"), Some(&download("a", "1")));
        assert!(!downloads.of("b").unwrap().new);
        assert!(downloads.keep_only(&links[..1]) && !downloads.keep_only(&links[..1]));
        assert_eq!(downloads.of("b"), None);
    }

    #[test]
    fn as_many_are_kept_as_there_are_links() {
        let links: Vec<String> = (0..LICENSE_URLS).map(|n| format!("{n:016X}")).collect();
        let mut downloads = Downloads::default();
        for link in &links {
            let message = Some("x".repeat(2048));
            let long = Download { message, ..download(link, &"x".repeat(1024)) };
            downloads.remember(long, &links);
        }
        assert!(links.iter().all(|link| downloads.of(link).is_some()));
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path());
        Downloads::update(&root, |file| *file = downloads).unwrap();
        assert!(Downloads::load(&root).unwrap().1.is_none());
    }
}
