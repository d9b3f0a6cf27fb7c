//! What other programs read: `/run/licd/status.json`, `/run/licd/notices.json`,
//! `/run/licd/restart.json` and `/run/licd/features/`.
//!
//! There is no taking back: when the daemon stops, what it published last stays, since no licence
//! state may end what is running, and boot scripts go on asking.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File};
use std::io;
use std::path::Path;

use licd_fs::atomic::{self, Durability};
use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::textfile::{self, reason};

const DIR: &str = "/run/licd";
const FEATURES: &str = "/run/licd/features";
const STATUS: &str = "status.json";
/// Bytes of it that are read: those of the report on a store of twice as many licences as are looked
/// at.
const STATUS_BYTES: u64 = 16 << 20;
const NOTICES: &str = "notices.json";
const RESTART: &str = "restart.json";
/// Bytes of it that are read: ten times what it holds.
const RESTART_BYTES: u64 = 64 * 1024;

/// Publishes the status report and the features it allows, for everyone to read whatever the umask;
/// writes only what changed. When the new report can be read, the features are already those it
/// speaks of: exactly `allowed`.
///
/// # Errors
/// The first that came up, naming the file; everything else was done all the same. A feature's name
/// that is not `[a-z0-9-]+` is [`io::ErrorKind::InvalidInput`], and nothing is done.
pub fn publish(root: &Root, status_json: &str, allowed: &[&str]) -> io::Result<()> {
    if let Some(name) = allowed.iter().find(|name| !is_feature(name)) {
        let message = format!("“{}” is no name of a feature", name.escape_debug());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let features = publish_features(&root.path(FEATURES), allowed);
    let status = publish_file(&root.path(DIR), STATUS, status_json);
    features.and(status)
}

/// The status report that was published last since the start of the system; `None` if there is none,
/// or it cannot be read now.
#[must_use]
pub fn published(root: &Root) -> Option<String> {
    let file = root.path(DIR).join(STATUS);
    textfile::read_text(&file, STATUS_BYTES).ok()?.ok()?
}

/// Publishes the notices of expiry that users are to see, ready to be shown; writes only what
/// changed.
///
/// # Errors
/// The kernel's, naming the file.
pub fn publish_notices(root: &Root, json: &str) -> io::Result<()> {
    publish_file(&root.path(DIR), NOTICES, json)
}

/// Publishes what is planned for the restart that a deployment wants, and what users are to see of
/// it; writes only what changed.
///
/// # Errors
/// The kernel's, naming the file.
pub fn publish_restart(root: &Root, json: &str) -> io::Result<()> {
    publish_file(&root.path(DIR), RESTART, json)
}

/// What was published last of that restart; `None` if there is none that can be read.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn published_restart(root: &Root) -> Looked<Option<String>> {
    Ok(textfile::read_text(&root.path(DIR).join(RESTART), RESTART_BYTES)?.ok().flatten())
}

fn is_feature(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.bytes().all(fits)
}

fn publish_file(path: &Path, name: &str, json: &str) -> io::Result<()> {
    let dir = open_dir(path)?;
    replace(&dir, path, name, json.as_bytes())
}

/// Takes away and adds single files; the directory itself stays for those who look into it.
fn publish_features(path: &Path, allowed: &[&str]) -> io::Result<()> {
    let dir = open_dir(path)?;
    let entries = fs::read_dir(path).map_err(|error| named(path, error))?;
    let mut outcome = Ok(());
    for entry in entries {
        let removed = entry.and_then(|entry| remove_unless_allowed(&entry, allowed));
        outcome = outcome.and(removed.map_err(|error| named(path, error)));
    }
    for name in allowed {
        outcome = outcome.and(replace(&dir, path, name, b""));
    }
    outcome
}

/// A directory is no feature whatever its name.
fn remove_unless_allowed(entry: &DirEntry, allowed: &[&str]) -> io::Result<()> {
    if entry.file_type()?.is_dir() {
        return fs::remove_dir_all(entry.path());
    }
    let name = entry.file_name();
    let is_allowed = allowed.iter().any(|feature| OsStr::new(feature) == name);
    if is_allowed { Ok(()) } else { fs::remove_file(entry.path()) }
}

/// The directory, created if it is missing.
fn open_dir(path: &Path) -> io::Result<File> {
    atomic::create_dir(path).map_err(|reason| named(path, reason.into()))?;
    File::open(path).map_err(|error| named(path, error))
}

fn replace(dir: &File, path: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let name = OsStr::new(name);
    if atomic::holds(dir, name, bytes) {
        return Ok(());
    }
    let replaced = atomic::replace_at(dir, name, bytes, atomic::PUBLIC, Durability::Volatile);
    replaced.map(drop).map_err(|error| named(&path.join(name), error.errno().into()))
}

/// The error, with the name of what it is about.
fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {}", path.display(), reason(&error)))
}
