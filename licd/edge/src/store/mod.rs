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
mod starter;
mod window;

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::fstat;

pub use error::{Obstacle, StoreError};
pub use holders::Holder;
pub use listing::{ENTRIES, Entry, Listing, Opened};
pub use name::FileName;
pub use window::{Change, Closed, Window};

use crate::atomic;
use crate::root::Root;
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

impl StoreState {
    /// The word of the status report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Writable => "writable",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
        }
    }
}

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
    /// [`StoreError::Unreadable`].
    pub fn licenses(&self) -> Result<Listing, StoreError> {
        match listing::open_top(&self.place) {
            Ok(top) if self.is_left_behind(&top) => Ok(Listing::empty(&self.place)),
            Ok(top) => Listing::read(&top, &self.place),
            Err(Errno::ENOENT) => Ok(Listing::empty(&self.place)),
            Err(why) => Err(StoreError::reading(&self.place, why)),
        }
    }

    /// The newest trust document received.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
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

    /// In what state the store is now.
    #[must_use]
    pub fn state(&self) -> StoreState {
        let looked = listing::open_top(&self.place).and_then(|top| {
            let mount = Mount::of(&top)?;
            match Listing::read(&top, &self.place) {
                Err(StoreError::Unreadable { why, .. }) if why != Errno::EACCES => Err(why),
                _ => Ok(mount),
            }
        });
        match looked {
            Ok(mount) if self.is_missing(&mount) => StoreState::Missing,
            Ok(mount) if mount.has_given_up() => StoreState::Damaged,
            Ok(mount) if mount.is_closed() => StoreState::ReadOnly,
            Ok(_) => StoreState::Writable,
            Err(Errno::ENOENT) => StoreState::Missing,
            // What this user may not look into, he may not write either.
            Err(Errno::EACCES) => StoreState::ReadOnly,
            Err(_) => StoreState::Damaged,
        }
    }

    /// Whether this is the mount point of a partition that is not there: in a read-only system, a
    /// directory that is no mount can only be one.
    fn is_missing(&self, mount: &Mount) -> bool {
        !mount.here && (mount.is_read_only() || self.partition_note.exists())
    }

    /// Whether it was there before.
    fn is_left_behind(&self, top: &OwnedFd) -> bool {
        self.partition_note.exists() && Mount::of(top).is_ok_and(|mount| !mount.here)
    }

    /// Notes that there is a partition. Where that cannot be written, it is as if nobody had looked.
    fn note_partition(&self) {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let _ = open(&self.partition_note, flags, atomic::PUBLIC);
    }

    /// Where [`Window::put_request`] puts the request for a licence.
    #[must_use]
    pub fn request(&self) -> PathBuf {
        self.place.join(REQUEST)
    }

    /// Who keeps the partition from being read-only, as far as can be seen; `None` if it is
    /// read-only as it should be, or no partition.
    #[must_use]
    pub fn holders(&self) -> Option<Vec<Holder>> {
        let top = listing::open_top(&self.place).ok()?;
        let mount = Mount::of(&top).ok()?;
        let device = fstat(&top).ok()?.st_dev;
        (mount.here && !mount.is_closed()).then(|| holders::find(device))
    }

    /// Opens the store for writing, does the work and closes it, also if the work fails or panics.
    /// A partition that was found writable is read-only afterwards, too.
    ///
    /// If the work fails, what it wrote before stays written, and whether the store could be closed
    /// is only logged; [`Store::state`] tells.
    ///
    /// # Errors
    /// Of the work; and [`StoreError`] if the store cannot be opened, or what was written cannot be
    /// brought to the medium.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<(T, Closed), E> {
        let _lock = Lock::take(&self.lock, &self.place, self.patience)?;
        let mut window = Window::open(self)?;
        let done = work(&mut window)?;
        Ok((done, window.close()?))
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
