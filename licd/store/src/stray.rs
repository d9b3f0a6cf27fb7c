//! What lies around: files that look like licences and are not looked at.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use licd_fs::look::{Looked, look_errno};
use licd_rules::names;
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::listing::{DSA, ENTRIES, LICENSES};

/// Folders of the partition that are looked into: many times what a device has.
const FOLDERS: usize = 64;
/// Entries of each of them: what is beyond is not for this device.
const IN_A_FOLDER: usize = 256;
/// Folders below one another.
const DEPTH: usize = 4;
/// Strays that are noted.
const STRAYS: usize = 256;

/// A file that looks like a licence or a trust document and is not looked at, by its path below the
/// partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stray {
    /// Its name is right, and it lies in another place.
    Misplaced(PathBuf),
    /// Its name is not that of a licence or a trust document.
    Misnamed(PathBuf),
}

/// The strays below `top`, by path. Links are not followed, and folders that this user may not read
/// are passed over.
pub(super) fn find(top: &OwnedFd, place: &Path) -> Looked<Vec<Stray>> {
    let mut strays = Vec::new();
    let mut folders = VecDeque::from([PathBuf::new()]);
    let mut seen = 0;
    while let Some(folder) = folders.pop_front() {
        let entries = look_errno(&place.join(&folder), entries(top, &folder))?;
        for (name, kind) in entries.unwrap_or_default() {
            let path = folder.join(&name);
            if kind == Type::Directory && seen < FOLDERS && path.components().count() <= DEPTH {
                seen += 1;
                folders.push_back(path);
            } else if kind == Type::File {
                strays.extend(judge(&folder, &name, path));
            }
        }
        if strays.len() > STRAYS {
            break;
        }
    }
    strays.sort();
    strays.truncate(STRAYS);
    Ok(strays)
}

/// What a file is if it is a stray.
fn judge(folder: &Path, name: &OsStr, path: PathBuf) -> Option<Stray> {
    let bytes = name.as_bytes();
    if names::is_near_miss(bytes) {
        return Some(Stray::Misnamed(path));
    }
    let at_home = (names::is_license(bytes) && folder == home())
        || (name == names::TRUST && folder == Path::new(DSA));
    if at_home || !(names::is_license(bytes) || names::is_trust(bytes)) {
        return None;
    }
    Some(match folder == Path::new(DSA) && names::is_trust(bytes) {
        true => Stray::Misnamed(path),
        false => Stray::Misplaced(path),
    })
}

fn home() -> PathBuf {
    Path::new(DSA).join(LICENSES)
}

/// The entries of a folder below `top`, with their kinds.
fn entries(top: &OwnedFd, folder: &Path) -> Result<Vec<(OsString, Type)>, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut dir = openat(top, c".", flags, Mode::empty())?;
    for name in folder {
        dir = openat(&dir, name, flags, Mode::empty())?;
    }
    let limit = if folder == home() { ENTRIES } else { IN_A_FOLDER };
    let mut entries = Vec::new();
    // Two more for the directory itself and its parent.
    for found in Dir::from_fd(dir)?.into_iter().take(limit + 2) {
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
