//! The time in which the licence partition is writable.

use std::ffi::OsStr;
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use licd_fs::atomic::{self, Durability, ReplaceError};
use licd_fs::stamp::Stamp;
use nix::errno::Errno;
use nix::sys::stat::{Mode, fchmod, fstat, mkdirat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use super::listing::{DSA, LICENSES, REQUEST, TRUST, licenses, open_dir, open_top, requests};
use super::mount::Mount;
use super::{FileName, Holder, Obstacle, RESERVE, Store, StoreError, holders, room};

/// Mode of the directories of the store.
const DIR_MODE: Mode = Mode::from_bits_truncate(0o755);

/// How long somebody may hold a file without being called a holder. Who reads a licence has let go
/// by then, and so has a new process, which has copies of its parent's descriptors, of the files
/// just written too, until it runs its program.
const PASSING: Duration = Duration::from_millis(100);
/// How often closing is tried meanwhile.
const RETRY: Duration = Duration::from_millis(5);
/// Bytes of a block: no file system that a device has uses larger ones by itself.
const BLOCK: u64 = 4096;

/// How the store was left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Closed {
    /// The partition is read-only again.
    ReadOnly,
    /// There is no partition to be made read-only, but a plain directory; or one that was mounted
    /// writable and that this process may not remount.
    Writable,
    /// The file system is still writable because these processes (the first few that could be
    /// found) hold a file that was replaced or removed, or one open for writing. Everything is
    /// written; [`Store::settle`] makes it read-only once they have let go.
    HeldBy(Vec<Holder>),
    /// The file system is still writable because the kernel failed to remount it. Everything is
    /// written; [`Store::settle`] tries again.
    Failed(Errno),
}

impl Closed {
    /// Whether closing is to be tried again.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::HeldBy(_) | Self::Failed(_))
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("read-only"),
            Self::Writable => f.write_str("writable"),
            Self::Failed(why) => {
                write!(f, "still writable, because it cannot be remounted: {}", why.desc())
            }
            // A sandbox hides other processes; and a partition may have been opened by hand.
            Self::HeldBy(holders) if holders.is_empty() => {
                f.write_str("still writable, opened by hand or by a process that cannot be seen")
            }
            Self::HeldBy(holders) => {
                f.write_str("still writable, because files of it are held by ")?;
                for (n, holder) in holders.iter().enumerate() {
                    write!(f, "{}{holder}", if n == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The store is now as asked for.
    Made,
    /// It was already so, and nothing was written.
    None,
}

/// The store while it may be written. It is closed when dropped.
pub struct Window<'a> {
    pub(super) store: &'a Store,
    pub(super) top: OwnedFd,
    mount: Mount,
    /// Whether it was this window that made the mount writable.
    opened: bool,
    closed: bool,
    unflushed: bool,
}

impl<'a> Window<'a> {
    /// Makes the store writable if it is not, and clears away what a crash has left.
    pub(super) fn open(store: &'a Store) -> Result<Self, StoreError> {
        let mut window = Self::adopt(store)?;
        if window.mount.here && window.mount.is_read_only() {
            window.opened = true;
            if let Err(reason) = window.mount.make_writable(&store.place) {
                window.closed = true;
                return Err(StoreError::mounting(&store.place, reason));
            }
        }
        window.sweep();
        Ok(window)
    }

    /// Closes the store if it should be closed and is not, and clears away what a crash has left.
    pub(super) fn settle(store: &'a Store) -> Result<Option<Closed>, StoreError> {
        let mut window = Self::adopt(store)?;
        window.sweep();
        if window.mount.here && !window.mount.is_closed() {
            return window.close().map(Some);
        }
        window.closed = true;
        Ok(None)
    }

    fn adopt(store: &'a Store) -> Result<Self, StoreError> {
        let missing =
            || StoreError::Unwritable { place: store.place.clone(), why: Obstacle::Missing };
        let top = open_top(&store.place).map_err(|reason| match reason {
            Errno::ENOENT => missing(),
            _ => StoreError::writing(&store.place, reason),
        })?;
        let mount = Mount::of(&top).map_err(|reason| StoreError::writing(&store.place, reason))?;
        if store.is_missing(&mount)? {
            return Err(missing());
        }
        if mount.here {
            store.note_partition();
        }
        Ok(Self { store, top, mount, opened: false, closed: false, unflushed: false })
    }

    fn sweep(&self) {
        // What cannot be read or removed here fails where it matters, or waits for the next time.
        let _ = atomic::sweep(&self.top);
        if let Ok(dsa) = open_dir(&self.top, DSA) {
            let _ = atomic::sweep(&dsa);
            let _ = open_dir(&dsa, LICENSES).and_then(atomic::sweep);
        }
    }

    /// Whether a found file of this size leaves [`RESERVE`] free.
    ///
    /// # Errors
    /// [`StoreError::Full`] if it does not.
    pub fn leave_reserve(&self, bytes: usize) -> Result<(), StoreError> {
        let left = room::left(&self.top)
            .map_err(|reason| StoreError::writing(&self.store.place, reason))?;
        // Its last block may hold little of it.
        let taken = (bytes as u64).next_multiple_of(BLOCK);
        match left.checked_sub(taken) {
            Some(rest) if rest >= RESERVE => Ok(()),
            _ => Err(StoreError::Full { place: self.store.place.clone() }),
        }
    }

    /// Stores a licence. It survives a power cut from here on.
    ///
    /// # Errors
    /// The file is then as it was.
    pub fn put(&mut self, name: &FileName, bytes: &[u8]) -> Result<Change, StoreError> {
        self.put_stamped(name, bytes).map(|(change, _)| change)
    }

    /// The same; also returns by what the new file is known again, unless that cannot be told.
    ///
    /// # Errors
    /// Those of [`Window::put`].
    pub fn put_stamped(
        &mut self,
        name: &FileName,
        bytes: &[u8],
    ) -> Result<(Change, Option<Stamp>), StoreError> {
        let dsa = self.make_dir(&self.top, DSA)?;
        let dir = self.make_dir(&dsa, LICENSES)?;
        self.replace(&dir, name.as_os_str(), bytes, &self.path_of(name))
    }

    /// Stores the newest trust document. It survives a power cut from here on.
    ///
    /// # Errors
    /// The document is then as it was.
    pub fn put_trust(&mut self, bytes: &[u8]) -> Result<Change, StoreError> {
        let dir = self.make_dir(&self.top, DSA)?;
        let place = self.store.place.join(DSA).join(TRUST);
        self.replace(&dir, TRUST.as_ref(), bytes, &place).map(|(change, _)| change)
    }

    /// Stores the request for a licence. It survives a power cut from here on.
    ///
    /// # Errors
    /// An earlier request is then as it was.
    pub fn put_request(&mut self, bytes: &[u8]) -> Result<Change, StoreError> {
        let place = self.store.place.join(REQUEST);
        self.replace(&self.top, REQUEST.as_ref(), bytes, &place).map(|(change, _)| change)
    }

    /// Replaces or creates a file, unless it has this content. It survives a power cut from here on.
    ///
    /// # Errors
    /// The file at `place` is then as it was, unless [`StoreError::Unflushed`].
    pub(super) fn replace(
        &self,
        dir: impl AsFd,
        name: &OsStr,
        bytes: &[u8],
        place: &Path,
    ) -> Result<(Change, Option<Stamp>), StoreError> {
        if atomic::holds(&dir, name, bytes) {
            return Ok((Change::None, None));
        }
        match atomic::replace_at(&dir, name, bytes, atomic::PUBLIC, Durability::Synced) {
            Ok(stamp) => Ok((Change::Made, stamp)),
            Err(ReplaceError::Unchanged(reason)) => Err(StoreError::writing(place, reason)),
            Err(ReplaceError::Unflushed(why)) => {
                Err(StoreError::Unflushed { place: place.to_owned(), why })
            }
        }
    }

    /// Removes the requests for a licence, once there is one: every file `fetch*` at the top. One
    /// that cannot be removed does no harm and is left.
    pub fn remove_requests(&mut self) {
        for name in requests(&self.top) {
            let removed = unlinkat(&self.top, name.as_os_str(), UnlinkatFlags::NoRemoveDir);
            self.unflushed |= removed.is_ok();
        }
    }

    /// Removes a licence, or whatever has its name and is no directory. That survives a power cut
    /// once the window is closed.
    ///
    /// # Errors
    /// The file is then as it was.
    pub fn remove(&mut self, name: &FileName) -> Result<Change, StoreError> {
        let failed = |reason| StoreError::writing(&self.path_of(name), reason);
        let Some(dir) = licenses(&self.top).map_err(failed)? else { return Ok(Change::None) };
        match unlinkat(&dir, name.as_os_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) => {
                self.unflushed = true;
                Ok(Change::Made)
            }
            Err(Errno::ENOENT) => Ok(Change::None),
            Err(reason) => Err(failed(reason)),
        }
    }

    /// Flushes everything and makes the partition read-only.
    pub(super) fn close(mut self) -> Result<Closed, StoreError> {
        self.shut()
    }

    fn shut(&mut self) -> Result<Closed, StoreError> {
        self.closed = true;
        // Whatever comes of this, the partition must not stay writable.
        let flushed = self.flush();
        let closed = if self.mount.here { self.make_read_only() } else { Closed::Writable };
        flushed.map_err(|reason| StoreError::writing(&self.store.place, reason))?;
        Ok(closed)
    }

    /// Brings removals to the medium; everything else was flushed when it was written.
    fn flush(&self) -> Result<(), Errno> {
        if !self.unflushed {
            return Ok(());
        }
        licenses(&self.top)?.map_or(Ok(()), |dir| fsync(&dir))
    }

    fn make_read_only(&self) -> Closed {
        let place = &self.store.place;
        let deadline = Instant::now() + PASSING;
        let mut done = self.mount.make_read_only(place);
        while done.is_err() && done != Err(Errno::EPERM) && Instant::now() < deadline {
            thread::sleep(RETRY);
            done = self.mount.make_read_only(place);
        }
        match done {
            Ok(()) => Closed::ReadOnly,
            Err(Errno::EPERM) if !self.opened => Closed::Writable,
            // ext4 refuses while a removed file is held. The mount alone can still be made
            // read-only, unless a file is open for writing; either way it is tried again later.
            Err(why) => {
                let _ = self.mount.shield(place);
                match (why, fstat(&self.top)) {
                    (Errno::EBUSY, Ok(top)) => Closed::HeldBy(holders::find(top.st_dev)),
                    _ => Closed::Failed(why),
                }
            }
        }
    }

    pub(super) fn make_dir(&self, parent: impl AsFd, name: &str) -> Result<OwnedFd, StoreError> {
        let parent = parent.as_fd();
        let make = || {
            match mkdirat(parent, name, DIR_MODE) {
                Ok(()) => {}
                Err(Errno::EEXIST) => return open_dir(parent, name),
                Err(reason) => return Err(reason),
            }
            let dir = open_dir(parent, name)?;
            // The umask does not count here.
            fchmod(&dir, DIR_MODE)?;
            fsync(parent)?;
            Ok(dir)
        };
        make().map_err(|reason| StoreError::writing(&self.store.place, reason))
    }

    fn path_of(&self, name: &FileName) -> PathBuf {
        self.store.place.join(DSA).join(LICENSES).join(name.as_os_str())
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        match self.shut() {
            Ok(closed) if closed.is_open() => {
                log::warn!("{}: {closed}", self.store.place.display());
            }
            Ok(_) => {}
            Err(reason) => log::warn!("{reason}"),
        }
    }
}
