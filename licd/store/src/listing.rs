//! Reading the store.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use licd_fs::stamp::Stamp;
use licd_rules::names;
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use super::{FileName, StoreError};

/// Entries of the licence directory that are looked at: the 10,000 licences that a device has to
/// bear, and room for what else lies there.
pub const ENTRIES: usize = 16_384;

/// Where licences and the trust document are, below the partition.
pub(super) const DSA: &str = "dsa";
pub(super) const LICENSES: &str = "licenses";
pub(super) const TRUST: &str = names::TRUST;
/// The request for a licence that this project writes; others' names begin alike.
pub(super) const REQUEST: &str = "fetch.json";
const REQUESTS: &[u8] = b"fetch";
/// Requests that are removed at once; there is hardly ever more than one.
const REQUESTS_REMOVED: usize = 64;

/// The licence files, in the order of their names.
#[derive(Debug)]
pub struct Listing {
    /// The files.
    pub entries: Vec<Entry>,
    /// Whether the directory has more than [`ENTRIES`] entries, of which the rest was not looked
    /// at.
    pub truncated: bool,
    place: PathBuf,
    dir: Option<OwnedFd>,
}

/// Something that has the name of a licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: FileName,
    /// Whether it is a regular file. A link, directory, FIFO, socket or device is no licence and
    /// is never opened.
    pub regular: bool,
}

/// A file of the store as it was found when it was opened.
#[derive(Debug)]
pub enum Opened {
    /// A regular file.
    File {
        /// The open file.
        file: File,
        /// By what it is known again.
        stamp: Stamp,
    },
    /// Not a regular file; it was not opened, or not read.
    NotRegular,
    /// There is no such file, any more.
    Gone,
}

impl Listing {
    /// The listing of the licences below `top`.
    pub(super) fn read(top: &OwnedFd, place: &Path) -> Result<Self, StoreError> {
        let place = place.join(DSA).join(LICENSES);
        let failed = |reason| StoreError::reading(&place, reason);
        let dir = licenses(top).map_err(failed)?;
        let (entries, truncated) = match &dir {
            Some(dir) => entries(dir).map_err(failed)?,
            None => (Vec::new(), false),
        };
        Ok(Self { entries, truncated, place, dir })
    }

    /// A listing without anything.
    pub(super) fn empty(place: &Path) -> Self {
        Self { entries: Vec::new(), truncated: false, place: place.to_owned(), dir: None }
    }

    /// By what a later look tells whether these are the same files: names and stamps, in the order
    /// of the names.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Unreadable`].
    pub fn stamps(&self) -> Result<Vec<(FileName, Stamp)>, StoreError> {
        let stamps = self.entries.iter().map(|entry| Ok((entry, self.stamp(entry)?)));
        let there = |(entry, stamp): (&Entry, Option<Stamp>)| Some((entry.name.clone(), stamp?));
        stamps.filter_map(|stamp| stamp.map(there).transpose()).collect()
    }

    /// The stamp of an entry; `None` if it is gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Unreadable`].
    pub fn stamp(&self, entry: &Entry) -> Result<Option<Stamp>, StoreError> {
        let Some(dir) = &self.dir else { return Ok(None) };
        let name = entry.name.as_os_str();
        match fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Stamp::of(&stat))),
            Err(Errno::ENOENT) => Ok(None),
            Err(why) => Err(StoreError::reading(&self.place.join(name), why)),
        }
    }

    /// Opens an entry for reading, and never anything but a regular file.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if the file is there and cannot be opened;
    /// [`StoreError::Unavailable`].
    pub fn open(&self, entry: &Entry) -> Result<Opened, StoreError> {
        match &self.dir {
            None => Ok(Opened::Gone),
            Some(_) if !entry.regular => Ok(Opened::NotRegular),
            Some(dir) => open_file(dir, entry.name.as_os_str())
                .map_err(|why| StoreError::reading(&self.place.join(entry.name.as_os_str()), why)),
        }
    }
}

/// Opens the partition's top directory.
pub(super) fn open_top(place: &Path) -> Result<OwnedFd, Errno> {
    open(place, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
}

/// Opens a directory inside the store; links are not followed out of it.
pub(super) fn open_dir(parent: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

/// The licence directory, if there is one yet.
pub(super) fn licenses(top: impl AsFd) -> Result<Option<OwnedFd>, Errno> {
    match open_dir(top, DSA).and_then(|dsa| open_dir(dsa, LICENSES)) {
        Ok(dir) => Ok(Some(dir)),
        Err(Errno::ENOENT) => Ok(None),
        Err(reason) => Err(reason),
    }
}

fn entries(dir: &OwnedFd) -> Result<(Vec<Entry>, bool), Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut entries = Vec::new();
    let mut all = Dir::openat(dir, ".", flags, Mode::empty())?.into_iter();
    // Two more for the directory itself and its parent.
    for found in all.by_ref().take(ENTRIES + 2) {
        let found = found?;
        let name = OsStr::from_bytes(found.file_name().to_bytes());
        if let Some(name) = FileName::new(name) {
            let regular = match found.file_type() {
                Some(kind) => kind == Type::File,
                // A file system that does not tell with the name, or a file that is gone by now.
                None => match fstatat(dir, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
                    Ok(stat) => is_regular(&stat),
                    Err(Errno::ENOENT) => continue,
                    Err(why) => return Err(why),
                },
            };
            entries.push(Entry { name, regular });
        }
    }
    let truncated = all.next().transpose()?.is_some();
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok((entries, truncated))
}

/// The names of requests for a licence; none if the directory cannot be read.
pub(super) fn requests(top: &OwnedFd) -> Vec<OsString> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Ok(dir) = Dir::openat(top, ".", flags, Mode::empty()) else { return Vec::new() };
    dir.into_iter()
        .map_while(Result::ok)
        .map(|found| OsStr::from_bytes(found.file_name().to_bytes()).to_owned())
        .filter(|name| name.as_bytes().starts_with(REQUESTS))
        .take(REQUESTS_REMOVED)
        .collect()
}

/// Opens a file of an open directory for reading.
pub(super) fn open_file(dir: impl AsFd, name: &OsStr) -> Result<Opened, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = match openat(dir, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::ENOENT) => return Ok(Opened::Gone),
        // open(2): a link, a socket or a device without a driver.
        Err(Errno::ELOOP | Errno::ENXIO) => return Ok(Opened::NotRegular),
        Err(reason) => return Err(reason),
    };
    let stat = fstat(&file)?;
    if !is_regular(&stat) {
        return Ok(Opened::NotRegular);
    }
    Ok(Opened::File { file: file.into(), stamp: Stamp::of(&stat) })
}

fn is_regular(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG
}
