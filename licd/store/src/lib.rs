//! The licence partition, `/license`: `dsa/licenses/*.lic`, the newest trust document,
//! `dsa/trust.note`, and the mark of the starter period, `dsa/starter`.
//!
//! On a device it is a mount point and read-only except while something is written; in a container
//! or a test it may be a plain directory. Everybody may read it at any time. Whoever writes takes a
//! lock, `/run/licd/store.lock`, and opens a [`Window`], which closes on every way out.
//!
//! Nothing about the store is remembered between two calls: it may be unmounted, remounted by hand
//! or switched to read-only by the kernel at any moment. Only that there was a partition is noted
//! until the next start of the system, in `/run/licd/store.partition`: the empty mount point that a
//! partition leaves behind must not be taken for a store.

mod error;
mod holders;
mod listing;
mod lock;
mod mount;
mod name;
mod room;
mod starter;
mod stray;
mod window;

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use licd_fs::atomic;
use licd_fs::look::{self, Looked, look_errno};
use licd_fs::root::Root;
use licd_fs::stamp::Stamp;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::fstat;

pub use error::{Obstacle, StoreError};
pub use holders::Holder;
pub use listing::{ENTRIES, Entry, Listing, Opened};
pub use name::FileName;
pub use room::RESERVE;
pub use stray::Stray;
pub use window::{Change, Closed, Window};

use listing::{DSA, REQUEST, TRUST};
use lock::Lock;
use mount::Mount;

/// How long a writer waits for another: many times what a window takes, and less than the 25 s
/// after which a caller on the bus gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The licence partition of a root.
#[derive(Debug, Clone)]
pub struct Store {
    place: PathBuf,
    lock: PathBuf,
    partition_note: PathBuf,
    patience: Duration,
}

/// The stamps of everything that a judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamps {
    licenses: Vec<(FileName, Stamp)>,
    trust: Option<Stamp>,
}

/// In what state the store is, the word of the status report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreState {
    /// Nothing can be written, as it should be.
    ReadOnly,
    /// A plain directory, or a partition that somebody left or keeps writable.
    Writable,
    /// It is there and cannot be read.
    Damaged,
    /// It is not there.
    Missing,
}

impl Stamps {
    /// The stamp of a licence; `None` if it was not there.
    #[must_use]
    pub fn of(&self, name: &FileName) -> Option<Stamp> {
        let found = self.licenses.binary_search_by(|(other, _)| other.cmp(name)).ok()?;
        self.licenses.get(found).map(|(_, stamp)| *stamp)
    }
}

licd_rules::words!(StoreState {
    ReadOnly = "read-only",
    Writable = "writable",
    Damaged = "damaged",
    Missing = "missing",
});

impl Store {
    /// The store below this root.
    #[must_use]
    pub fn new(root: &Root) -> Self {
        Self {
            place: root.path("/license"),
            lock: root.path("/run/licd/store.lock"),
            partition_note: root.path("/run/licd/store.partition"),
            patience: PATIENCE,
        }
    }

    /// The same, but waiting for another writer at most this long.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The licence files, in the order of their names. None if there is no store.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn licenses(&self) -> Result<Listing, StoreError> {
        match listing::open_top(&self.place) {
            Ok(top) if self.is_left_behind(&top)? => Ok(Listing::empty(&self.place)),
            Ok(top) => Listing::read(&top, &self.place),
            Err(Errno::ENOENT) => Ok(Listing::empty(&self.place)),
            Err(why) => Err(StoreError::reading(&self.place, why)),
        }
    }

    /// What looks like a licence or a trust document on the partition and is not looked at. Not more
    /// is looked for than a device can have.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn strays(&self) -> Looked<Vec<Stray>> {
        let Ok(top) = look_errno(&self.place, listing::open_top(&self.place))? else {
            return Ok(Vec::new());
        };
        match self.is_left_behind(&top)? {
            true => Ok(Vec::new()),
            false => stray::find(&top, &self.place),
        }
    }

    /// The newest trust document received.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn trust(&self) -> Result<Opened, StoreError> {
        let opened = listing::open_top(&self.place)
            .and_then(|top| listing::open_dir(top, DSA))
            .and_then(|dir| listing::open_file(dir, TRUST.as_ref()));
        match opened {
            Err(Errno::ENOENT) => Ok(Opened::Gone),
            other => {
                other.map_err(|why| StoreError::reading(&self.place.join(DSA).join(TRUST), why))
            }
        }
    }

    /// By what a later look tells whether licences and trust document are as they were.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn stamps(&self) -> Result<Stamps, StoreError> {
        let licenses = self.licenses()?.stamps()?;
        let trust = Stamp::at(&self.place.join(DSA).join(TRUST))?;
        Ok(Stamps { licenses, trust })
    }

    /// In what state the store is now.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn state(&self) -> Looked<StoreState> {
        let mount = match self.mount()? {
            Ok((_, mount)) if self.is_missing(&mount)? => return Ok(StoreState::Missing),
            Ok((_, mount)) if mount.has_given_up() => return Ok(StoreState::Damaged),
            Ok(mount) => mount,
            Err(Errno::ENOENT) => return Ok(StoreState::Missing),
            // A store that is closed to this user cannot be written by him either.
            Err(Errno::EACCES) => return Ok(StoreState::ReadOnly),
            Err(_) => return Ok(StoreState::Damaged),
        };
        let (top, mount) = mount;
        match StoreError::looked(Listing::read(&top, &self.place))? {
            Err(StoreError::Unreadable { why, .. }) if why != Errno::EACCES => {
                Ok(StoreState::Damaged)
            }
            _ if mount.is_closed() => Ok(StoreState::ReadOnly),
            _ => Ok(StoreState::Writable),
        }
    }

    /// The top directory and its mount, or the fact that speaks against them.
    fn mount(&self) -> Looked<Result<(OwnedFd, Mount), Errno>> {
        let found = listing::open_top(&self.place).and_then(|top| {
            let mount = Mount::of(&top)?;
            Ok((top, mount))
        });
        look_errno(&self.place, found)
    }

    /// Whether this is the mount point of a partition that is not there: in a read-only system, a
    /// directory that is no mount can only be one.
    fn is_missing(&self, mount: &Mount) -> Looked<bool> {
        Ok(!mount.here && (mount.is_read_only() || self.had_partition()?))
    }

    /// Whether the partition was there before.
    fn is_left_behind(&self, top: &OwnedFd) -> Looked<bool> {
        if !self.had_partition()? {
            return Ok(false);
        }
        Ok(look_errno(&self.place, Mount::of(top))?.is_ok_and(|mount| !mount.here))
    }

    fn had_partition(&self) -> Looked<bool> {
        look::exists(&self.partition_note)
    }

    /// Notes that there is a partition. Where that cannot be written, it is not known later.
    fn note_partition(&self) {
        // A FIFO in its place would otherwise be waited for.
        let flags = OFlag::O_WRONLY
            | OFlag::O_CREAT
            | OFlag::O_NOFOLLOW
            | OFlag::O_NONBLOCK
            | OFlag::O_CLOEXEC;
        let _ = open(&self.partition_note, flags, atomic::PUBLIC);
    }

    /// Whether less than [`RESERVE`] is left on its file system. Without a store it is not.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn is_nearly_full(&self) -> Looked<bool> {
        let found = listing::open_top(&self.place).and_then(|top| room::left(&top));
        Ok(look_errno(&self.place, found)?.is_ok_and(|left| left < RESERVE))
    }

    /// Where [`Window::put_request`] puts the request for a licence.
    #[must_use]
    pub fn request(&self) -> PathBuf {
        self.place.join(REQUEST)
    }

    /// The processes that keep the partition from being read-only, as far as can be seen; `None` if
    /// it is read-only as it should be, or no partition.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn holders(&self) -> Looked<Option<Vec<Holder>>> {
        let Ok((top, mount)) = self.mount()? else { return Ok(None) };
        if !mount.here || mount.is_closed() {
            return Ok(None);
        }
        let device = look_errno(&self.place, fstat(&top))?.map(|stat| stat.st_dev);
        Ok(device.ok().map(holders::find))
    }

    /// Takes the right to write. Everything that is compared before something is written has to be
    /// read after this.
    ///
    /// # Errors
    /// [`StoreError::Busy`], or why the lock cannot be had.
    pub fn writer(&self) -> Result<Writer<'_>, StoreError> {
        let lock = Lock::take(&self.lock, &self.place, self.patience)?;
        Ok(Writer { store: self, _lock: lock })
    }

    /// Takes the right to write and uses it once, as [`Writer::write`] does.
    ///
    /// # Errors
    /// Those of [`Store::writer`] and [`Writer::write`].
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<(T, Closed), E> {
        self.writer()?.write(work)
    }

    /// Puts right what a crash has left: makes the partition read-only and removes half-written
    /// files. To be called at the start, and from time to time while the last closing was
    /// [`Closed::HeldBy`]; not otherwise, since it also closes what somebody opened by hand.
    ///
    /// `None`: there was nothing to close.
    ///
    /// # Errors
    /// As [`Store::write`]. [`StoreError::Busy`] comes at once: somebody writes, and will close.
    pub fn settle(&self) -> Result<Option<Closed>, StoreError> {
        let _lock = Lock::take(&self.lock, &self.place, Duration::ZERO)?;
        Window::settle(self)
    }
}

/// The right to write the store, until dropped.
pub struct Writer<'a> {
    store: &'a Store,
    _lock: Lock,
}

impl Writer<'_> {
    /// Opens the store for writing, does the work and closes it, also if the work fails or panics.
    /// A partition that was found writable is read-only afterwards, too.
    ///
    /// If the work fails, what it wrote before stays written, and whether the store could be closed
    /// is only logged; [`Store::state`] tells.
    ///
    /// # Errors
    /// Of the work; and [`StoreError`] if the store cannot be opened, or a removal cannot be brought
    /// to the medium.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<(T, Closed), E> {
        let mut window = Window::open(self.store)?;
        let done = work(&mut window)?;
        Ok((done, window.close()?))
    }
}
