//! The licence partition, `/license`: `dsa/licenses/*.lic`, the newest trust document,
//! `dsa/trust.note`, and the mark of the starter period, `dsa/starter`.
//!
//! On a device it is a mount point and read-only outside a write window; in a container or a test it
//! may be a plain directory. Every user may read it at any time. A writer takes the lock
//! `/run/licd/store.lock` and opens a [`Window`], which closes on every path.
//!
//! No call relies on the state of an earlier one: a user may unmount or remount the partition, and the
//! kernel may make it read-only, at any time. Only the existence of the partition is recorded, until
//! the next boot, in `/run/licd/store.partition`: an empty mount point is not a store.

mod closing;
mod error;
mod holders;
mod listing;
mod lock;
mod mount;
mod name;
mod put;
mod room;
mod starter;
mod stray;
#[cfg(test)]
mod tests;
mod view;
mod window;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

use licd_fs::atomic;
use licd_fs::look::{self, Looked};
use licd_fs::root::Root;
use licd_fs::stamp::Stamp;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::unistd::fsync;

pub use closing::Closed;
pub use error::{Obstacle, StoreError};
pub use holders::Holder;
pub use listing::{ENTRIES, Entry, Listing, Opened};
pub use name::FileName;
pub use room::RESERVE;
pub use stray::Stray;
pub use view::View;
pub use window::{Change, Window};
pub use writer::Writer;

use listing::{ACTIVATION, DSA, LICENSES, REQUEST, open_dir};
use mount::Mount;

/// How long a writer waits for another: many times as long as a window lasts, and less than the 25 s
/// timeout of a caller on the bus.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// The store under a root directory.
#[derive(Debug, Clone)]
pub struct Store {
    place: PathBuf,
    lock: PathBuf,
    partition_note: PathBuf,
    lock_timeout: Duration,
}

/// The stamps of all files that verdicts depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamps {
    licenses: Vec<(FileName, Stamp)>,
    trust: Option<Stamp>,
}

/// The state of the store, as in the status report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreState {
    /// The partition is read-only.
    ReadOnly,
    /// The store is a plain directory, or a partition that is writable.
    Writable,
    /// The store exists and cannot be read.
    Damaged,
    /// The store does not exist.
    Missing,
}

impl Stamps {
    /// The stamp of a licence; `None` if the licence did not exist.
    #[must_use]
    pub fn of(&self, name: &FileName) -> Option<Stamp> {
        let found = self.licenses.binary_search_by(|(other, _)| other.cmp(name)).ok()?;
        self.licenses.get(found).map(|(_, stamp)| *stamp)
    }

    /// Sets the stamp of a licence that its caller has stored; `None` if the caller has removed it.
    pub fn set(&mut self, name: &FileName, stamp: Option<Stamp>) {
        let found = self.licenses.binary_search_by(|(other, _)| other.cmp(name));
        match (found, stamp) {
            (Ok(place), Some(stamp)) => {
                if let Some((_, old)) = self.licenses.get_mut(place) {
                    *old = stamp;
                }
            }
            (Err(place), Some(stamp)) => self.licenses.insert(place, (name.clone(), stamp)),
            (Ok(place), None) => drop(self.licenses.remove(place)),
            (Err(_), None) => {}
        }
    }

    /// Gives back the room beyond the stamps. To set one of thousands may double it.
    pub fn shrink_to_fit(&mut self) {
        self.licenses.shrink_to_fit();
    }

    /// Takes over the memory of these names, which are sorted, where they are the same.
    pub fn share_names<'a>(&mut self, names: impl IntoIterator<Item = &'a FileName>) {
        let mut names = names.into_iter().peekable();
        for (name, _) in &mut self.licenses {
            while names.next_if(|other| *other < name).is_some() {}
            if let Some(same) = names.next_if(|other| *other == name) {
                name.clone_from(same);
            }
        }
    }
}

licd_rules::words!(StoreState {
    ReadOnly = "read-only",
    Writable = "writable",
    Damaged = "damaged",
    Missing = "missing",
});

impl Store {
    /// The store under this root.
    #[must_use]
    pub fn new(root: &Root) -> Self {
        Self {
            place: root.path("/license"),
            lock: root.path("/run/licd/store.lock"),
            partition_note: root.path("/run/licd/store.partition"),
            lock_timeout: LOCK_TIMEOUT,
        }
    }

    /// The same store with another limit of waiting for a writer.
    #[must_use]
    pub fn with_lock_timeout(self, lock_timeout: Duration) -> Self {
        Self { lock_timeout, ..self }
    }

    /// The licence files, sorted by name; none if the store does not exist.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn licenses(&self) -> Result<Listing, StoreError> {
        self.view().into_licenses()
    }

    /// The files on the partition that resemble licences or trust documents and that licd does not
    /// read. The search is limited.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn strays(&self) -> Looked<Vec<Stray>> {
        self.view().strays()
    }

    /// The directories that [`Store::strays`] searches besides those that licd reads, below the partition.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn searched(&self) -> Looked<Vec<PathBuf>> {
        self.view().searched()
    }

    /// The stored trust document.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn trust(&self) -> Result<Opened, StoreError> {
        self.view().trust()
    }

    /// The stamps of licences and trust document, to detect a change later.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn stamps(&self) -> Result<Stamps, StoreError> {
        self.view().stamps()
    }

    /// The stamp of a licence file; `None` if it does not exist.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn stamp(&self, name: &FileName) -> Looked<Option<Stamp>> {
        Stamp::at(&self.place.join(DSA).join(LICENSES).join(name.as_os_str()))
    }

    /// Flushes the directories of licences and trust document, so that what a killed program has left
    /// in them survives a power cut. Flushing a closed partition costs nothing.
    ///
    /// # Errors
    /// [`StoreError`]. A store that cannot be written, or does not exist, has nothing to flush.
    pub fn flush(&self) -> Result<(), StoreError> {
        let flush = || {
            let dsa = open_dir(listing::open_top(&self.place)?, DSA)?;
            fsync(&dsa)?;
            fsync(open_dir(dsa, LICENSES)?)
        };
        match flush() {
            // File systems that are never written do not know fsync(2).
            Ok(()) | Err(Errno::ENOENT | Errno::EROFS | Errno::EINVAL) => Ok(()),
            Err(why) => Err(StoreError::writing(&self.place, why)),
        }
    }

    /// The current state of the store.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn state(&self) -> Looked<StoreState> {
        self.view().state()
    }

    fn is_missing(&self, mount: &Mount) -> Looked<bool> {
        mount.is_missing(|| self.had_partition())
    }

    fn had_partition(&self) -> Looked<bool> {
        look::exists(&self.partition_note)
    }

    /// Records that the partition exists, if the file can be written.
    fn note_partition(&self) {
        // Opening a FIFO would otherwise wait for a reader.
        let flags = OFlag::O_WRONLY
            | OFlag::O_CREAT
            | OFlag::O_NOFOLLOW
            | OFlag::O_NONBLOCK
            | OFlag::O_CLOEXEC;
        let _ = open(&self.partition_note, flags, atomic::PUBLIC);
    }

    /// Whether less than [`RESERVE`] is free on the file system; false without a store.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn is_nearly_full(&self) -> Looked<bool> {
        self.view().is_nearly_full()
    }

    /// The path of the request that [`Window::put_request`] stores.
    #[must_use]
    pub fn request(&self) -> PathBuf {
        self.place.join(REQUEST)
    }

    /// The path of the request that [`Window::put_activation`] stores.
    #[must_use]
    pub fn activation_path(&self) -> PathBuf {
        self.place.join(ACTIVATION)
    }

    /// Whether [`Window::remove_requests`] would find a request; `false` if the partition cannot be read.
    #[must_use]
    pub fn has_requests(&self) -> bool {
        listing::open_top(&self.place).is_ok_and(|top| !listing::requests(&top).is_empty())
    }

    /// The stored request of an activation.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn activation(&self) -> Result<Opened, StoreError> {
        self.view().activation()
    }

    /// The visible processes that keep the partition writable; `None` if it is read-only or not a
    /// partition.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn holders(&self) -> Looked<Option<Vec<Holder>>> {
        self.view().holders()
    }
}
