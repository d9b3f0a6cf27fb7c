//! What other programs read: `/run/licd/status.json`, `/run/licd/notices.json`,
//! `/run/licd/restart.json` and `/run/licd/features/`.
//!
//! The files remain when the daemon stops: no licence state may end a running program, and boot
//! scripts continue to read them.

mod features;

use std::cell::{Cell, OnceCell};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use licd_fs::atomic::{self, Durability};
use licd_fs::look::Looked;
use licd_fs::printable::reason;
use licd_fs::root::Root;
use licd_fs::textfile;

use features::{FEATURES, Features, is_feature, open_features, publish_features};

const DIR: &str = "/run/licd";
const STATUS: &str = "status.json";
/// Limit of the report in bytes: the report on a store with twice the maximum of licences.
const STATUS_BYTES: u64 = 16 << 20;
const NOTICES: &str = "notices.json";
const RESTART: &str = "restart.json";
/// Bytes of it that are read: ten times what it holds.
const RESTART_BYTES: u64 = 64 * 1024;

/// The directory of what licd publishes, opened, and made if it is missing, when it is first needed.
pub struct Directory {
    path: PathBuf,
    open: OnceCell<File>,
    /// Whether it holds nothing but the features of this publisher, as after a boot.
    is_new: Cell<bool>,
}

impl Directory {
    /// The directory under this root.
    #[must_use]
    pub fn new(root: &Root) -> Self {
        Self { path: root.path(DIR), open: OnceCell::new(), is_new: Cell::new(false) }
    }

    /// Publishes the status report and the allowed features, world-readable regardless of the umask. Only
    /// changes are written. The features are updated before the report.
    ///
    /// # Errors
    /// The first error, with the name of the file; the other files are still written. For a feature name
    /// that is not `[a-z0-9-]+`, [`io::ErrorKind::InvalidInput`], and no file is written.
    pub fn publish(&self, status_json: &str, allowed: &[&str]) -> io::Result<()> {
        if let Some(name) = allowed.iter().find(|name| !is_feature(name)) {
            let message = format!("“{}” is not a feature name", name.escape_debug());
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        let dir = self.open()?;
        let path = self.path.join(FEATURES);
        let features = open_features(dir).map_err(|reason| named(&path, reason.into()));
        self.is_new.set(matches!(features, Ok(Features::Made(_))));
        let features = features.and_then(|found| publish_features(found, &path, allowed));
        let status = self.replace(STATUS, status_json);
        features.and(status)
    }

    /// Publishes the notices of expiry for users. Only a change is written.
    ///
    /// # Errors
    /// The kernel's error, with the name of the file.
    pub fn publish_notices(&self, json: &str) -> io::Result<()> {
        self.replace(NOTICES, json)
    }

    /// Publishes what is planned for the restart that a deployment wants, and what users are to see of
    /// it; writes only what changed.
    ///
    /// # Errors
    /// The kernel's, naming the file.
    pub fn publish_restart(&self, json: &str) -> io::Result<()> {
        self.replace(RESTART, json)
    }

    fn open(&self) -> io::Result<&File> {
        if let Some(open) = self.open.get() {
            return Ok(open);
        }
        let opened = atomic::open_dir(&self.path).or_else(|_| {
            atomic::create_dir(&self.path)?;
            atomic::open_dir(&self.path)
        });
        let opened = opened.map_err(|error| named(&self.path, error))?;
        Ok(self.open.get_or_init(|| opened))
    }

    fn replace(&self, name: &str, json: &str) -> io::Result<()> {
        let (dir, file, bytes) = (self.open()?, OsStr::new(name), json.as_bytes());
        // What is new holds nothing to compare with.
        if !self.is_new.get() && atomic::holds(dir, file, bytes) {
            return Ok(());
        }
        let replaced = atomic::replace_at(dir, file, bytes, atomic::PUBLIC, Durability::Volatile);
        replaced.map(drop).map_err(|error| named(&self.path.join(name), error.errno().into()))
    }
}

/// The last status report of this boot; `None` if it does not exist or cannot be read.
#[must_use]
pub fn published(root: &Root) -> Option<String> {
    let file = root.path(DIR).join(STATUS);
    textfile::read_text(&file, STATUS_BYTES).ok()?.ok()?
}

/// The restart that was published last; `None` without a readable file.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn published_restart(root: &Root) -> Looked<Option<String>> {
    Ok(textfile::read_text(&root.path(DIR).join(RESTART), RESTART_BYTES)?.ok().flatten())
}

/// Adds the path to an error.
fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {}", path.display(), reason(&error)))
}
