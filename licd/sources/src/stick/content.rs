//! Reads the top directory of a stick.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use licd_fs::names::{DirEntry, FileType, Listed, each};
use licd_fs::printable::reason;
use licd_rules::{names, sort_by};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};

use super::error::StickError;
use crate::intake::{Kind, OpenError};

/// Limit of entries in the top directory: more than a stick for licences has, and read in no time.
pub const ENTRIES: usize = 256;
/// Limit of near misses, and of documents in folders, which a message names.
const MAX_NAMED: usize = 4;
/// Limit of folders that are looked into, on a stick without a document in its top directory.
const FOLDERS: usize = 32;

/// The top directory of a stick. Dropping this and every open file ends the mount.
#[derive(Debug)]
pub struct Content {
    /// Keeps the detached mount alive.
    directory: OwnedFd,
    names: Names,
    below: Vec<PathBuf>,
    incomplete: Option<Incomplete>,
}

/// Names in the top directory, in byte order.
#[derive(Debug, Default)]
struct Names {
    documents: Vec<OsString>,
    near_misses: Vec<OsString>,
    folders: Vec<OsString>,
}

/// Why the list of a directory is incomplete. The text follows the stick's name.
#[derive(Debug)]
pub enum Incomplete {
    /// The directory has more than [`ENTRIES`] entries.
    TooMany,
    /// Listing the directory failed.
    Unreadable(io::Error),
}

impl Content {
    /// Lists the top directory of a mount.
    pub(super) fn list(mount: OwnedFd) -> Result<Self, StickError> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let open = || {
            open_noatime(flags, |flags| openat(&mount, c".", flags, Mode::empty()))
                .map_err(unreadable)
        };
        let (names, incomplete) = entries(open()?);
        let directory = open()?;
        let below = match names.documents.as_slice() {
            [] => documents_below(&directory, &names.folders),
            _ => Vec::new(),
        };
        Ok(Self { directory, names, below, incomplete })
    }

    /// The names of documents, in byte order: of licences, and of a trust document in any letter case,
    /// since FAT may store capitals only.
    #[must_use]
    pub fn names(&self) -> &[OsString] {
        &self.names.documents
    }

    /// The first few near misses, in byte order.
    #[must_use]
    pub fn near_misses(&self) -> &[OsString] {
        &self.names.near_misses
    }

    /// The paths of the first few documents one folder deeper, if the top directory has none.
    #[must_use]
    pub fn below(&self) -> &[PathBuf] {
        &self.below
    }

    /// Why there may be more names.
    #[must_use]
    pub fn incomplete(&self) -> Option<&Incomplete> {
        self.incomplete.as_ref()
    }

    /// The size of all documents in bytes, as far as it is known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let found = self.names.documents.iter().filter_map(|name| self.stat(name).ok());
        let sizes = found.filter(|found| kind(found) == SFlag::S_IFREG);
        sizes.map(|found| u64::try_from(found.st_size).unwrap_or_default()).sum()
    }

    /// Opens a regular file of the top directory, without following a link.
    ///
    /// # Errors
    /// [`OpenError::NotAFile`], [`OpenError::Unreadable`].
    pub fn open(&self, name: &OsStr) -> Result<File, OpenError> {
        let unreadable = |error: Errno| OpenError::Unreadable(error.into());
        match kind(&self.stat(name).map_err(unreadable)?) {
            SFlag::S_IFREG => {}
            SFlag::S_IFDIR => return Err(OpenError::NotAFile(Kind::Directory)),
            SFlag::S_IFLNK => return Err(OpenError::NotAFile(Kind::Link)),
            SFlag::S_IFIFO => return Err(OpenError::NotAFile(Kind::Pipe)),
            SFlag::S_IFSOCK => return Err(OpenError::NotAFile(Kind::Socket)),
            _ => return Err(OpenError::NotAFile(Kind::Device)),
        }
        let flags = OFlag::O_RDONLY
            | OFlag::O_CLOEXEC
            | OFlag::O_NOCTTY
            | OFlag::O_NOFOLLOW
            | OFlag::O_NONBLOCK;
        let how = OpenHow::new().resolve(
            ResolveFlag::RESOLVE_BENEATH
                | ResolveFlag::RESOLVE_NO_SYMLINKS
                | ResolveFlag::RESOLVE_NO_XDEV,
        );
        open_noatime(flags, |flags| match openat2(&self.directory, name, how.flags(flags)) {
            // RestrictSUIDSGID= (systemd.exec(5)) blocks openat2(2), since a seccomp filter cannot see
            // its mode. A name without a slash stays in the directory if links are not followed.
            Err(Errno::ENOSYS) if Path::new(name).file_name() == Some(name) => {
                openat(&self.directory, name, flags, Mode::empty())
            }
            done => done,
        })
        .map(File::from)
        .map_err(unreadable)
    }

    fn stat(&self, name: &OsStr) -> Result<FileStat, Errno> {
        fstatat(&self.directory, name, AtFlags::AT_SYMLINK_NOFOLLOW)
    }
}

/// Opens a file without updating its access time. A read-only mount ensures that; on a shared mount,
/// only the owner of a file may request it.
fn open_noatime(
    flags: OFlag,
    open: impl Fn(OFlag) -> Result<OwnedFd, Errno>,
) -> Result<OwnedFd, Errno> {
    match open(flags | OFlag::O_NOATIME) {
        Err(Errno::EPERM) => open(flags),
        opened => opened,
    }
}

fn kind(found: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT
}

/// The names of documents and near misses among the first entries.
fn entries(directory: OwnedFd) -> (Names, Option<Incomplete>) {
    let mut names = Names::default();
    let listed = each(directory, ENTRIES, &mut |entry| {
        names.add(entry);
        Ok(())
    });
    let incomplete = match listed {
        Ok(Listed::All) => None,
        Ok(Listed::First) => Some(Incomplete::TooMany),
        Err(error) => Some(Incomplete::Unreadable(error.into())),
    };
    sort_by(&mut names.documents, Ord::cmp);
    sort_by(&mut names.near_misses, Ord::cmp);
    sort_by(&mut names.folders, Ord::cmp);
    names.near_misses.truncate(MAX_NAMED);
    (names, incomplete)
}

/// The paths of the first few documents in these folders, as far as they can be read.
fn documents_below(directory: &OwnedFd, folders: &[OsString]) -> Vec<PathBuf> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let documents = folders.iter().take(FOLDERS).flat_map(|folder| {
        let open = |flags| openat(directory, folder.as_os_str(), flags, Mode::empty());
        let (names, _) = open_noatime(flags, open).map(entries).unwrap_or_default();
        names.documents.into_iter().map(|name| Path::new(folder).join(name))
    });
    documents.take(MAX_NAMED).collect()
}

impl Names {
    fn add(&mut self, DirEntry { name, kind, .. }: DirEntry<'_>) {
        let bytes = name.as_bytes();
        if names::is_license(bytes) || names::is_trust(bytes) {
            self.documents.push(name.to_owned());
        } else if names::is_near_miss(bytes) {
            self.near_misses.push(name.to_owned());
        } else if kind == FileType::Directory && !bytes.starts_with(b".") {
            self.folders.push(name.to_owned());
        }
    }
}

fn unreadable(error: Errno) -> StickError {
    StickError::Unreadable(error.into())
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(
                f,
                "has more than {ENTRIES} entries in its top directory, and the others were not looked at; \
                 use an emptier stick"
            ),
            Self::Unreadable(error) => {
                write!(f, "cannot be read to the end of its top directory: {}", reason(error))
            }
        }
    }
}

impl std::error::Error for Incomplete {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooMany => None,
            Self::Unreadable(error) => Some(error),
        }
    }
}
