//! Finds files that resemble licences and that licd does not read.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use licd_fs::look::{Looked, look_errno};
use licd_fs::names::{FileType, each};
use licd_rules::{names, sort_by};
use nix::errno::Errno;

use crate::View;
use crate::listing::{DSA, LICENSE_DIR, open_dir};

/// Limit of directories that are searched: many times as many as a device has.
const MAX_DIRS: usize = 64;
/// Limit of entries in each of them; that of the licences has its own.
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

/// What a search for strays has found.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// The strays, sorted by path.
    pub(crate) strays: Vec<Stray>,
    /// The directories that were searched, without those that licd reads, by their paths on the partition.
    pub(crate) directories: Vec<PathBuf>,
}

/// Searches the partition. Links are not followed, and directories that this user may not read are skipped.
/// What the licences are and what is misplaced comes from one listing, and each directory of a view is read
/// once, because its descriptor is then at its end.
pub(crate) fn search(view: &View<'_>, place: &Path) -> Looked<Search> {
    let Search { mut strays, mut directories } = Search::default();
    let mut dirs = VecDeque::from([Directory { path: PathBuf::new(), parent: None }]);
    let mut seen = 0;
    while let Some(dir) = dirs.pop_front() {
        let Ok((open, entries)) = look_errno(&place.join(&dir.path), dir.entries(view))? else {
            continue;
        };
        if !is_read(&dir.path) {
            directories.push(dir.path.clone());
        }
        for (name, kind) in entries {
            let path = dir.path.join(&name);
            if kind == FileType::Directory
                && seen < MAX_DIRS
                && path.components().count() <= MAX_DEPTH
            {
                seen += 1;
                dirs.push_back(Directory { path, parent: Some(open.clone()) });
            } else if kind == FileType::RegularFile {
                strays.extend(classify(&dir.path, &name, path));
            }
        }
        if strays.len() > MAX_STRAYS {
            break;
        }
    }
    sort_by(&mut strays, Ord::cmp);
    strays.truncate(MAX_STRAYS);
    Ok(Search { strays, directories })
}

/// Whether licd reads this directory.
fn is_read(dir: &Path) -> bool {
    dir == Path::new("") || dir == Path::new(DSA) || dir == Path::new(LICENSE_DIR)
}

/// The stray that a file is, if it is one.
fn classify(dir: &Path, name: &OsStr, path: PathBuf) -> Option<Stray> {
    let bytes = name.as_bytes();
    if names::is_near_miss(bytes) {
        return Some(Stray::Misnamed(path));
    }
    let is_in_place = (names::is_license(bytes) && dir == Path::new(LICENSE_DIR))
        || (name == names::TRUST && dir == Path::new(DSA));
    if is_in_place || !(names::is_license(bytes) || names::is_trust(bytes)) {
        return None;
    }
    Some(match dir == Path::new(DSA) && names::is_trust(bytes) {
        true => Stray::Misnamed(path),
        false => Stray::Misplaced(path),
    })
}

/// Whether an entry of the licence directory matters to the search.
pub(crate) fn matters(name: &OsStr, kind: FileType) -> bool {
    match kind {
        FileType::Directory => true,
        FileType::RegularFile => classify(Path::new(LICENSE_DIR), name, PathBuf::new()).is_some(),
        _ => false,
    }
}

/// A directory that is to be searched. Its parent stays open, so that no link on the way is followed.
struct Directory<'v> {
    path: PathBuf,
    parent: Option<Open<'v>>,
}

/// An open directory.
#[derive(Clone)]
enum Open<'v> {
    OfView(&'v OwnedFd),
    Own(Rc<OwnedFd>),
}

impl AsFd for Open<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::OfView(dir) => dir.as_fd(),
            Self::Own(dir) => dir.as_fd(),
        }
    }
}

/// Entries of a directory, with their types.
type Entries = Vec<(OsString, FileType)>;

impl<'v> Directory<'v> {
    /// Opens it, unless the view has it open, and lists it.
    fn entries(&self, view: &'v View<'_>) -> Result<(Open<'v>, Entries), Errno> {
        if self.path == Path::new(LICENSE_DIR) {
            let listing = view.listed()?;
            let dir = listing.dir.as_ref().ok_or(Errno::ENOENT)?;
            return Ok((Open::OfView(dir), listing.others.clone()));
        }
        let open = match (&self.parent, self.path.file_name()) {
            (Some(_), _) if self.path == Path::new(DSA) => Open::OfView(view.dsa()?),
            (Some(parent), Some(name)) => Open::Own(Rc::new(open_dir(parent, name)?)),
            _ => Open::OfView(view.top()?),
        };
        let entries = list(&open)?;
        Ok((open, entries))
    }
}

fn list(open: &Open<'_>) -> Result<Entries, Errno> {
    let mut entries = Vec::new();
    let _ = each(open, MAX_ENTRIES, &mut |entry| {
        entries.push((entry.name.to_owned(), entry.kind));
        Ok(())
    })?;
    Ok(entries)
}
