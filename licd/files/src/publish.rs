//! What other programs read: `/run/licd/status.json`, `/run/licd/notices.json`,
//! `/run/licd/restart.json` and `/run/licd/features/`.
//!
//! The files remain when the daemon stops: no licence state may end a running program, and boot
//! scripts continue to read them.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _};
use std::path::Path;

use licd_fs::atomic::{self, Durability};
use licd_fs::look::Looked;
use licd_fs::printable::reason;
use licd_fs::root::Root;
use licd_fs::textfile;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::linkat;

const DIR: &str = "/run/licd";
const FEATURES: &str = "features";
/// Flags for opening a directory.
const DIRECTORY: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);
const STATUS: &str = "status.json";
/// Limit of the report in bytes: the report on a store with twice the maximum of licences.
const STATUS_BYTES: u64 = 16 << 20;
const NOTICES: &str = "notices.json";
const RESTART: &str = "restart.json";
/// Bytes of it that are read: ten times what it holds.
const RESTART_BYTES: u64 = 64 * 1024;

/// Publishes the status report and the allowed features, world-readable regardless of the umask. Only
/// changes are written. The features are updated before the report.
///
/// # Errors
/// The first error, with the name of the file; the other files are still written. For a feature name
/// that is not `[a-z0-9-]+`, [`io::ErrorKind::InvalidInput`], and no file is written.
pub fn publish(root: &Root, status_json: &str, allowed: &[&str]) -> io::Result<()> {
    if let Some(name) = allowed.iter().find(|name| !is_feature(name)) {
        let message = format!("“{}” is not a feature name", name.escape_debug());
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    let path = root.path(DIR);
    let dir = open_dir(&path)?;
    let features = publish_features(&dir, &path.join(FEATURES), allowed);
    let status = replace(&dir, &path, STATUS, status_json.as_bytes());
    features.and(status)
}

/// The last status report of this boot; `None` if it does not exist or cannot be read.
#[must_use]
pub fn published(root: &Root) -> Option<String> {
    let file = root.path(DIR).join(STATUS);
    textfile::read_text(&file, STATUS_BYTES).ok()?.ok()?
}

/// Publishes the notices of expiry for users. Only a change is written.
///
/// # Errors
/// The kernel's error, with the name of the file.
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

/// The restart that was published last; `None` without a readable file.
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

/// Removes and adds single files, so that readers always see the directory.
fn publish_features(run: &File, path: &Path, allowed: &[&str]) -> io::Result<()> {
    let opened = open_features(run).map_err(|reason| named(path, reason.into()));
    let (mut missing, mut outcome) = (allowed.to_vec(), Ok(()));
    let dir = match opened? {
        Features::Made(dir) => dir,
        Features::Found(dir) => {
            let mut whole = None;
            for entry in fs::read_dir(path).map_err(|error| named(path, error))? {
                let checked = entry.and_then(|entry| check_entry(&entry, &mut missing, &mut whole));
                outcome = outcome.and(checked.map_err(|error| named(path, error)));
            }
            dir
        }
    };
    let mut made = None;
    for name in missing {
        let added = add_feature(&dir, made, name);
        made = made.or(added.ok().map(|()| name));
        outcome = outcome.and(added.map_err(|reason| named(&path.join(name), reason.into())));
    }
    outcome
}

/// The directory of the features.
enum Features {
    /// It was there.
    Found(OwnedFd),
    /// It was made just now, and is empty.
    Made(OwnedFd),
}

/// Opens the directory of the features in `/run/licd`; makes it if it is missing.
fn open_features(run: &File) -> Result<Features, Errno> {
    let open = || openat(run, FEATURES, DIRECTORY, Mode::empty());
    match open() {
        Err(Errno::ENOENT) => {
            mkdirat(run, FEATURES, atomic::PUBLIC_DIR)?;
            let made = open()?;
            // The umask does not count.
            fchmod(&made, atomic::PUBLIC_DIR)?;
            Ok(Features::Made(made))
        }
        found => found.map(Features::Found),
    }
}

/// Takes the file of a feature out of those that are missing, and removes any other entry. `whole` is the inode
/// of a file that is in order; [`add_feature`] gives one to many features.
fn check_entry(
    entry: &DirEntry,
    missing: &mut Vec<&str>,
    whole: &mut Option<u64>,
) -> io::Result<()> {
    let name = entry.file_name();
    let place = missing.iter().position(|feature| OsStr::new(feature) == name);
    if let Some(place) = place.filter(|_| *whole == Some(entry.ino())) {
        missing.swap_remove(place);
        return Ok(());
    }
    let found = match entry.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if found.is_dir() {
        return fs::remove_dir_all(entry.path());
    }
    let is_whole = found.is_file() && found.len() == 0 && found.mode() & 0o444 == 0o444;
    match place {
        Some(place) if is_whole => {
            *whole = Some(found.ino());
            missing.swap_remove(place);
            Ok(())
        }
        _ => fs::remove_file(entry.path()),
    }
}

/// Adds the file of a feature, as a further name of the one that was `made` for another, which takes one
/// system call instead of three; on a file system without such links it makes a file. It is empty, so that it
/// is whole as soon as it is there.
fn add_feature(dir: impl AsFd, made: Option<&str>, name: &str) -> Result<(), Errno> {
    let dir = dir.as_fd();
    let linked = made.map(|made| linkat(dir, made, dir, name, AtFlags::empty()));
    if linked.is_some_and(|linked| linked.is_ok()) {
        return Ok(());
    }
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let file = openat(dir, name, flags, atomic::PUBLIC)?;
    // The umask does not count.
    fchmod(&file, atomic::PUBLIC)
}

/// The directory, created if it is missing.
fn open_dir(path: &Path) -> io::Result<File> {
    let open = File::open(path).or_else(|_| {
        atomic::create_dir(path)?;
        File::open(path)
    });
    open.map_err(|error| named(path, error))
}

fn replace(dir: &File, path: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let name = OsStr::new(name);
    if atomic::holds(dir, name, bytes) {
        return Ok(());
    }
    let replaced = atomic::replace_at(dir, name, bytes, atomic::PUBLIC, Durability::Volatile);
    replaced.map(drop).map_err(|error| named(&path.join(name), error.errno().into()))
}

/// Adds the path to an error.
fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {}", path.display(), reason(&error)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use nix::unistd::{Uid, setfsuid};

    use super::*;

    /// The only entry of a directory.
    fn entry(dir: &Path) -> DirEntry {
        fs::read_dir(dir).unwrap().next().unwrap().unwrap()
    }

    #[test]
    fn a_file_that_disappears_meanwhile_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("os");
        fs::write(&file, "").unwrap();
        let entry = entry(dir.path());
        fs::remove_file(file).unwrap();
        let mut missing = vec!["os"];
        check_entry(&entry, &mut missing, &mut None).unwrap();
        assert_eq!(missing, ["os"]);
    }

    #[test]
    fn a_file_whose_state_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("os"), "").unwrap();
        let entry = entry(dir.path());
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o444)).unwrap();
        // This thread only; another user stays the one it is.
        let root = setfsuid(Uid::from_raw(65534));
        let checked = check_entry(&entry, &mut vec!["os"], &mut None);
        setfsuid(root);
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(checked.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_file_of_a_feature_is_not_made_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("features");
        fs::create_dir(&path).unwrap();
        symlink("../outside", path.join("os")).unwrap();
        let added = add_feature(File::open(&path).unwrap(), None, "os");
        assert_eq!(added, Err(Errno::EEXIST));
        assert!(!dir.path().join("outside").exists());
    }

    #[test]
    fn without_a_file_to_link_the_file_of_a_feature_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let open = File::open(dir.path()).unwrap();
        for (made, name) in [(None, "os"), (Some("gone"), "apps")] {
            add_feature(&open, made, name).unwrap();
            let file = dir.path().join(name).metadata().unwrap();
            assert_eq!((file.nlink(), file.mode() & 0o7777), (1, 0o644), "{name}");
        }
        add_feature(&open, Some("os"), "uma").unwrap();
        assert_eq!(dir.path().join("os").metadata().unwrap().nlink(), 2);
    }
}
