//! The top directory of a stick.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use licd_fs::textfile::reason;
use licd_rules::names;
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};

use super::Error;

/// Entries of the top directory that are looked at: more than anybody has licences, and no time at
/// all. A stick with more than that was not made for this.
pub const ENTRIES: usize = 256;
/// Names of other files that are remembered, for a message.
const NEAR_MISSES: usize = 4;

/// What was found in the top directory of a stick. It can be read until this is dropped, and each
/// open file until it is closed.
#[derive(Debug)]
pub struct Content {
    /// Keeps the mount: it is gone with the last descriptor in it.
    directory: OwnedFd,
    names: Names,
    rest: Option<Rest>,
}

/// Names of the top directory, in byte order.
#[derive(Debug, Default)]
struct Names {
    documents: Vec<OsString>,
    near_misses: Vec<OsString>,
}

/// Why not all of a directory was looked at. The text is what comes after the stick's name.
#[derive(Debug)]
pub enum Rest {
    /// It has more than [`ENTRIES`].
    TooMany,
    /// The system fails to list it.
    Unreadable(io::Error),
}

/// Why a file is not read. The text is what comes after its name.
#[derive(Debug)]
pub enum Fault {
    /// It is something else than a file.
    NotAFile(
        /// What it is, with its article.
        &'static str,
    ),
    /// It cannot be opened.
    Unreadable(io::Error),
}

impl Content {
    pub(super) fn list(mount: OwnedFd) -> Result<Self, Error> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let open = || {
            untouched(flags, |flags| openat(&mount, c".", flags, Mode::empty())).map_err(unreadable)
        };
        let (names, rest) = entries(open()?)?;
        Ok(Self { directory: open()?, names, rest })
    }

    /// The names of what may be documents, in byte order: those of licences, and that of a trust
    /// document in any letter case, since FAT may have only capitals.
    #[must_use]
    pub fn names(&self) -> &[OsString] {
        &self.names.documents
    }

    /// The first few names that look like those and are not, in byte order.
    #[must_use]
    pub fn near_misses(&self) -> &[OsString] {
        &self.names.near_misses
    }

    /// Why there may be more than these, if so.
    #[must_use]
    pub fn rest(&self) -> Option<&Rest> {
        self.rest.as_ref()
    }

    /// The bytes that its files have, as far as the system tells.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let found = self.names.documents.iter().filter_map(|name| self.look(name).ok());
        let sizes = found.filter(|found| kind(found) == SFlag::S_IFREG);
        sizes.map(|found| u64::try_from(found.st_size).unwrap_or_default()).sum()
    }

    /// Opens a file of the top directory.
    ///
    /// # Errors
    /// [`Fault`]; only regular files are opened, by no link.
    pub fn open(&self, name: &OsStr) -> Result<File, Fault> {
        let unreadable = |error: Errno| Fault::Unreadable(error.into());
        match kind(&self.look(name).map_err(unreadable)?) {
            SFlag::S_IFREG => {}
            SFlag::S_IFDIR => return Err(Fault::NotAFile("a directory")),
            SFlag::S_IFLNK => return Err(Fault::NotAFile("a link")),
            SFlag::S_IFIFO => return Err(Fault::NotAFile("a pipe")),
            SFlag::S_IFSOCK => return Err(Fault::NotAFile("a socket")),
            _ => return Err(Fault::NotAFile("a device")),
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
        untouched(flags, |flags| match openat2(&self.directory, name, how.flags(flags)) {
            // What a sandbox makes of it that forbids setting bits of rights, since a filter cannot
            // see whether this call would (systemd.exec(5), RestrictSUIDSGID). A name without a
            // slash leads nowhere else, either, if links are not followed.
            Err(Errno::ENOSYS) if Path::new(name).file_name() == Some(name) => {
                openat(&self.directory, name, flags, Mode::empty())
            }
            done => done,
        })
        .map(File::from)
        .map_err(unreadable)
    }

    fn look(&self, name: &OsStr) -> Result<FileStat, Errno> {
        fstatat(&self.directory, name, AtFlags::AT_SYMLINK_NOFOLLOW)
    }
}

/// Opens something so that not even the time of reading is written. The kernel sees to that if the
/// mount is our own; if it is shared, only the owner of a file and who has his rights may ask for it.
fn untouched(
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

/// The names that count among the first entries.
fn entries(directory: OwnedFd) -> Result<(Names, Option<Rest>), Error> {
    let mut names = Names::default();
    let mut rest = None;
    let mut seen = 0;
    for entry in Dir::from_fd(directory).map_err(unreadable)?.iter() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                rest = Some(Rest::Unreadable(error.into()));
                break;
            }
        };
        if [c".", c".."].contains(&entry.file_name()) {
            continue;
        }
        if seen == ENTRIES {
            rest = Some(Rest::TooMany);
            break;
        }
        seen += 1;
        names.note(OsStr::from_bytes(entry.file_name().to_bytes()));
    }
    names.documents.sort();
    names.near_misses.sort();
    names.near_misses.truncate(NEAR_MISSES);
    Ok((names, rest))
}

impl Names {
    fn note(&mut self, name: &OsStr) {
        let bytes = name.as_bytes();
        if names::is_license(bytes) || names::is_trust(bytes) {
            self.documents.push(name.to_owned());
        } else if names::is_near_miss(bytes) {
            self.near_misses.push(name.to_owned());
        }
    }
}

fn unreadable(error: Errno) -> Error {
    Error::Unreadable(error.into())
}

impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(
                f,
                "has more than {ENTRIES} entries in its top directory, of which only so many were \
                 looked at; bring the licences on an emptier stick"
            ),
            Self::Unreadable(error) => {
                write!(f, "cannot be read to the end of its top directory: {}", reason(error))
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile(what) => write!(f, "is {what}, not a file"),
            Self::Unreadable(error) => write!(f, "cannot be opened: {}", reason(error)),
        }
    }
}

impl std::error::Error for Rest {}
impl std::error::Error for Fault {}
