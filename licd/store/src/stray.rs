//! Finds files that resemble licences and that licd does not read.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use licd_fs::look::{Looked, look_errno};
use licd_rules::{names, sort_by};
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use crate::listing::{DSA, ENTRIES, LICENSES};

/// Limit of directories that are searched: many times as many as a device has.
const MAX_DIRS: usize = 64;
/// Limit of entries in each of them.
const MAX_ENTRIES: usize = 256;
/// Limit of nested directories.
const MAX_DEPTH: usize = 4;
/// Limit of strays that are reported.
const MAX_STRAYS: usize = 256;

/// A file that resembles a licence or a trust document and that licd does not read, by its path on the
/// partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stray {
    /// The name is right and the directory is wrong.
    Misplaced(PathBuf),
    /// The name is not that of a licence or a trust document.
    Misnamed(PathBuf),
}

/// The strays on the partition `top`, sorted by path. Links are not followed, and directories that
/// this user may not read are skipped.
pub(crate) fn find(top: &OwnedFd, place: &Path) -> Looked<Vec<Stray>> {
    let mut strays = Vec::new();
    let mut dirs = VecDeque::from([PathBuf::new()]);
    let mut seen = 0;
    while let Some(dir) = dirs.pop_front() {
        let entries = look_errno(&place.join(&dir), entries(top, &dir))?;
        for (name, kind) in entries.unwrap_or_default() {
            let path = dir.join(&name);
            if kind == Type::Directory && seen < MAX_DIRS && path.components().count() <= MAX_DEPTH
            {
                seen += 1;
                dirs.push_back(path);
            } else if kind == Type::File {
                strays.extend(classify(&dir, &name, path));
            }
        }
        if strays.len() > MAX_STRAYS {
            break;
        }
    }
    sort_by(&mut strays, Ord::cmp);
    strays.truncate(MAX_STRAYS);
    Ok(strays)
}

/// The stray that a file is, if it is one.
fn classify(dir: &Path, name: &OsStr, path: PathBuf) -> Option<Stray> {
    let bytes = name.as_bytes();
    if names::is_near_miss(bytes) {
        return Some(Stray::Misnamed(path));
    }
    let is_in_place = (names::is_license(bytes) && dir == license_dir())
        || (name == names::TRUST && dir == Path::new(DSA));
    if is_in_place || !(names::is_license(bytes) || names::is_trust(bytes)) {
        return None;
    }
    Some(match dir == Path::new(DSA) && names::is_trust(bytes) {
        true => Stray::Misnamed(path),
        false => Stray::Misplaced(path),
    })
}

fn license_dir() -> PathBuf {
    Path::new(DSA).join(LICENSES)
}

/// The entries of a directory on the partition `top`, with their types.
fn entries(top: &OwnedFd, dir: &Path) -> Result<Vec<(OsString, Type)>, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut open = openat(top, c".", flags, Mode::empty())?;
    for name in dir {
        open = openat(&open, name, flags, Mode::empty())?;
    }
    let limit = if dir == license_dir() { ENTRIES } else { MAX_ENTRIES };
    let mut entries = Vec::new();
    // Plus `.` and `..`.
    for found in Dir::from_fd(open)?.into_iter().take(limit + 2) {
        let found = found?;
        let name = OsStr::from_bytes(found.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        if let Some(kind) = found.file_type() {
            entries.push((name.to_owned(), kind));
        }
    }
    Ok(entries)
}
