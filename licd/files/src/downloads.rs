//! The state of the download links, in `/var/lib/licd/downloads.toml`, so that a file is not
//! downloaded again while it is unchanged:
//!
//! ```toml
//! schema = 1
//!
//! [[download]]
//! link = "9F86D081884C7D65"   # half of the link's SHA-256, since a link may hold a password
//! etag = "\"5f-61\""          # the server's identification of the downloaded version
//! last_modified = "Sun, 22 Nov 2026 17:00:00 GMT"
//! file = "….lic"              # the file of the store to which it led,
//! unit = "00E0C51C5087"       # or the unit for which it was not valid
//! new = true                  # the link was set after a removal and has not led to a licence yet
//! code = "valid"              # the last verdict
//! message = "in force until 2027-11-21"
//! asked = "2026-11-22T16:59:00Z"
//! ```
//!
//! Earlier versions wrote none of the last four keys, and no link without a result.

use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile::{Remembered, SaveError, StateFile, Warning};
use serde::{Deserialize, Serialize};

use crate::settings::LICENSE_URLS;

/// The state of the download links.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Downloads {
    download: Vec<Download>,
}

/// The state of one link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Download {
    /// The identification of the link.
    pub link: String,
    /// The entity tag (RFC 9110 §8.8.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The modification date (RFC 9110 §8.8.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The file of the store to which the link led.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The unit for which the licence was not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether the link was set after a removal by hand and has not led to a licence yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
    /// The code of the last verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The message of the last verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The time of the last verdict, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

impl Remembered for Downloads {
    const FILE: &str = "/var/lib/licd/downloads.toml";
    const SCHEMA: i64 = 1;
    /// Twice the size of the maximum of links with tags and messages of two kilobytes each.
    const FILE_BYTES: u64 = 1024 * 1024;
    const KEYS: &[&str] = &["download"];
    const WITHOUT: &str = "the files of the download links are fetched once more";
}

impl Downloads {
    /// Reads the state under this root. A damaged file comes with a warning.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Option<Warning>)> {
        let (file, warning) = StateFile::load(root)?;
        Ok((file.known, warning))
    }

    /// Changes the state under this root while holding the lock.
    ///
    /// # Errors
    /// [`SaveError`].
    pub fn update(root: &Root, change: impl FnOnce(&mut Self)) -> Result<(), SaveError> {
        StateFile::update(root, change)
    }

    /// The state of a link.
    #[must_use]
    pub fn of(&self, link: &str) -> Option<&Download> {
        self.download.iter().find(|download| download.link == link)
    }

    /// Removes all links but these, and returns whether there were any.
    pub fn keep_only(&mut self, links: &[String]) -> bool {
        let downloads = &mut self.download;
        let before = downloads.len();
        downloads.retain(|old| links.contains(&old.link));
        downloads.len() != before
    }

    /// Records that these links are not new: they must not bring a removed licence back.
    pub fn settle(&mut self, links: &[String]) {
        for link in links {
            let old = self.of(link).cloned().unwrap_or_default();
            self.remember(Download { link: link.clone(), new: false, ..old }, links);
        }
    }

    /// Replaces the state of a link, and removes all links but `links`.
    pub fn remember(&mut self, download: Download, links: &[String]) {
        let downloads = &mut self.download;
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
    fn the_last_state_of_each_current_link_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path()).unwrap();
        let links = ["a".to_owned(), "b".to_owned()];
        Downloads::update(&root, |downloads| {
            for (link, etag) in [("a", "1"), ("b", "2"), ("a", "3")] {
                downloads.remember(download(link, etag), &links);
            }
        })
        .unwrap();
        let (mut downloads, warning) = Downloads::load(&root).unwrap();
        assert!(warning.is_none());
        assert_eq!(downloads.of("a"), Some(&download("a", "3")));
        assert_eq!(downloads.of("b"), Some(&download("b", "2")));
        downloads.remember(download("b", "4"), &["b".to_owned()]);
        assert_eq!(downloads.of("a"), None);
    }

    #[test]
    fn earlier_links_are_not_new_after_a_removal() {
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
    fn the_maximum_of_links_fits_into_the_file() {
        let links: Vec<String> = (0..LICENSE_URLS).map(|n| format!("{n:016X}")).collect();
        let mut downloads = Downloads::default();
        for link in &links {
            let message = Some("x".repeat(2048));
            let long = Download { message, ..download(link, &"x".repeat(1024)) };
            downloads.remember(long, &links);
        }
        assert!(links.iter().all(|link| downloads.of(link).is_some()));
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path()).unwrap();
        Downloads::update(&root, |file| *file = downloads).unwrap();
        assert!(Downloads::load(&root).unwrap().1.is_none());
    }
}
