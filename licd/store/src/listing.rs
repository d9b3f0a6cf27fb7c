//! Reads the store.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use licd_fs::names::{DirEntry, FileType, Listed, each};
use licd_fs::stamp::Stamp;
use licd_rules::names;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use crate::error::StoreError;
use crate::name::FileName;
use crate::stray;

/// Limit of entries in the licence directory: the 10,000 licences that a device must support, and
/// other files.
pub const ENTRIES: usize = 16_384;

/// Paths of the licences and the trust document on the partition.
pub(crate) const DSA: &str = "dsa";
pub(crate) const LICENSES: &str = "licenses";
pub(crate) const LICENSE_DIR: &str = "dsa/licenses";
pub(crate) const TRUST: &str = names::TRUST;
/// The request for a licence that licd writes, and the prefix of all requests.
pub(crate) const REQUEST: &str = "fetch.json";
/// The request of an activation, which holds a person's data.
pub(crate) const ACTIVATION: &str = "fetch-activation.json";
const REQUESTS: &[u8] = b"fetch";
/// Limit of requests that one call removes; there is hardly ever more than one.
pub(crate) const MAX_REQUESTS: usize = 64;

/// The licence files, sorted by name.
#[derive(Debug)]
pub struct Listing {
    /// The files.
    pub entries: Vec<Entry>,
    /// Whether the directory has more than [`ENTRIES`] entries; the rest is not listed.
    pub truncated: bool,
    place: PathBuf,
    pub(crate) dir: Option<OwnedFd>,
    /// Other entries that matter to a search for strays.
    pub(crate) others: Vec<(OsString, FileType)>,
}

/// A directory entry with the name of a licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: FileName,
    /// Whether it is a regular file. A link, directory, FIFO, socket or device is never opened.
    pub regular: bool,
}

/// The result of opening a file of the store.
#[derive(Debug)]
pub enum Opened {
    /// A regular file.
    File {
        /// The open file.
        file: File,
        /// Its stamp.
        stamp: Stamp,
    },
    /// Not a regular file.
    NotRegular,
    /// The file does not exist, or no longer.
    Gone,
}

impl Listing {
    /// Lists the licences in the directory of the partition at `place`.
    pub(crate) fn of(dir: OwnedFd, place: &Path) -> Result<Self, Errno> {
        let mut listing = Self::empty(&place.join(LICENSE_DIR));
        let listed = each(&dir, ENTRIES, &mut |entry| listing.add(&dir, entry))?;
        listing.truncated = listed == Listed::First;
        listing.entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { dir: Some(dir), ..listing })
    }

    /// Adds an entry of the directory `dir`.
    fn add(
        &mut self,
        dir: &OwnedFd,
        DirEntry { name, kind, .. }: DirEntry<'_>,
    ) -> Result<(), Errno> {
        if stray::matters(name, kind) {
            self.others.push((name.to_owned(), kind));
        }
        let Some(name) = FileName::new(name) else { return Ok(()) };
        let regular = match kind {
            // Some file systems do not store the type in the directory.
            FileType::Unknown => match fstatat(dir, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW)
            {
                Ok(stat) => is_regular(&stat),
                Err(Errno::ENOENT) => return Ok(()),
                Err(why) => return Err(why),
            },
            kind => kind == FileType::RegularFile,
        };
        self.entries.push(Entry { name, regular });
        Ok(())
    }

    /// An empty listing.
    pub(crate) fn empty(place: &Path) -> Self {
        let (entries, others) = (Vec::new(), Vec::new());
        Self { entries, truncated: false, place: place.to_owned(), dir: None, others }
    }

    /// The names and stamps of all entries, sorted by name, to detect a change later.
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

    /// Opens an entry for reading if it is a regular file.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if the file exists and cannot be opened; [`StoreError::Unavailable`].
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
pub(crate) fn open_top(place: &Path) -> Result<OwnedFd, Errno> {
    open(place, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
}

/// Opens a directory of the store without following a link.
pub(crate) fn open_dir(parent: impl AsFd, name: impl AsRef<OsStr>) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(parent, name.as_ref(), flags, Mode::empty())
}

/// The names of the requests for a licence; none if the directory cannot be read.
pub(crate) fn requests(top: &OwnedFd) -> Vec<OsString> {
    // The descriptor of the window would begin where the last reading has ended.
    let Ok(dir) = open_dir(top, ".") else { return Vec::new() };
    let mut requests = Vec::new();
    let _ = each(&dir, usize::MAX, &mut |DirEntry { name, .. }| {
        if name.as_bytes().starts_with(REQUESTS) && requests.len() < MAX_REQUESTS {
            requests.push(name.to_owned());
        }
        Ok(())
    });
    requests
}

/// Opens a file of an open directory for reading.
pub(crate) fn open_file(dir: impl AsFd, name: &OsStr) -> Result<Opened, Errno> {
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
