//! The window in which the licence partition is writable.

use std::ffi::OsStr;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use licd_fs::atomic::{self, Durability, ReplaceError};
use licd_fs::retry;
use licd_fs::stamp::Stamp;
use licd_fs::together::{self, TOGETHER};
use nix::errno::Errno;
use nix::sys::stat::{Mode, fchmod, fstat, mkdirat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use crate::Store;
use crate::error::{Obstacle, StoreError};
use crate::holders::{self, Holder};
use crate::listing::{
    ACTIVATION, DSA, LICENSES, REQUEST, TRUST, licenses, open_dir, open_top, requests,
};
use crate::mount::Mount;
use crate::name::FileName;
use crate::room::{self, RESERVE};

/// Mode of the directories of the store.
const DIR_MODE: Mode = Mode::from_bits_truncate(0o755);
/// Mode of files with a person's data.
const PRIVATE: Mode = Mode::from_bits_truncate(0o600);

/// How long a process may hold a file before it counts as a holder. A reader of a licence closes it
/// sooner, and so does a new process, which inherits its parent's descriptors until execve(2).
const PASSING: Duration = Duration::from_millis(100);
/// How often closing is retried meanwhile.
const RETRY: Duration = Duration::from_millis(5);
/// Bytes of a block, the largest default of the file systems on devices.
const BLOCK: u64 = 4096;

/// The state of the store after a window.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Closed {
    /// The partition is read-only again.
    ReadOnly,
    /// The store is a plain directory, or a partition that was mounted writable and that this process
    /// may not remount.
    Writable,
    /// The file system is still writable because these processes (the first few) hold a file that was
    /// replaced or removed, or one open for writing. Everything is written; [`Store::settle`] makes
    /// it read-only once they close the file.
    HeldBy(Vec<Holder>),
    /// The file system is still writable because the remount failed. Everything is written;
    /// [`Store::settle`] tries again.
    Failed(Errno),
}

impl Closed {
    /// Whether the caller must try to close the store again.
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
            // A sandbox hides other processes, and a user may have remounted the partition.
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

/// The effect of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The store was changed.
    Made,
    /// The store already had this content.
    None,
}

/// The store while it is writable. Dropping the window closes the store.
pub struct Window<'a> {
    pub(crate) store: &'a Store,
    pub(crate) top: OwnedFd,
    mount: Mount,
    /// Whether this window made the mount writable.
    opened: bool,
    closed: bool,
    unflushed: bool,
}

impl<'a> Window<'a> {
    /// Makes the store writable and removes the leftovers of a crash.
    pub(crate) fn open(store: &'a Store) -> Result<Self, StoreError> {
        let mut window = Self::adopt(store)?;
        if window.mount.is_mount_point && window.mount.is_read_only() {
            window.opened = true;
            if let Err(reason) = window.mount.make_writable(&store.place) {
                window.closed = true;
                return Err(StoreError::mounting(&store.place, reason));
            }
        }
        window.sweep();
        Ok(window)
    }

    /// Makes the partition read-only if it is writable, and removes the leftovers of a crash.
    pub(crate) fn settle(store: &'a Store) -> Result<Option<Closed>, StoreError> {
        let mut window = Self::adopt(store)?;
        if window.mount.is_mount_point && window.mount.is_closed() {
            // After a power cut the partition is read-only, with the leftovers in it. Where it cannot
            // be made writable, they wait.
            window.opened =
                window.has_leftovers() && window.mount.make_writable(&store.place).is_ok();
            if !window.opened {
                window.closed = true;
                return Ok(None);
            }
        }
        window.sweep();
        if window.mount.is_mount_point {
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
        if mount.is_mount_point {
            store.note_partition();
        }
        Ok(Self { store, top, mount, opened: false, closed: false, unflushed: false })
    }

    fn sweep(&self) {
        // An error recurs in the write itself; a leftover may wait for the next sweep.
        self.each_directory(|dir| {
            let _ = atomic::sweep(dir);
        });
    }

    fn has_leftovers(&self) -> bool {
        let mut has = false;
        self.each_directory(|dir| has |= atomic::leftovers(dir).is_ok_and(|all| !all.is_empty()));
        has
    }

    /// Calls `act` with every directory that the store writes to and that can be opened.
    fn each_directory(&self, mut act: impl FnMut(BorrowedFd<'_>)) {
        act(self.top.as_fd());
        let Ok(dsa) = open_dir(&self.top, DSA) else { return };
        act(dsa.as_fd());
        if let Ok(licenses) = open_dir(&dsa, LICENSES) {
            act(licenses.as_fd());
        }
    }

    /// Checks that a file of this size leaves [`RESERVE`] free.
    ///
    /// # Errors
    /// [`StoreError::Full`] if it does not.
    pub fn leave_reserve(&self, bytes: usize) -> Result<(), StoreError> {
        let left = room::left(&self.top)
            .map_err(|reason| StoreError::writing(&self.store.place, reason))?;
        // Files occupy whole blocks.
        let taken = (bytes as u64).next_multiple_of(BLOCK);
        match left.checked_sub(taken) {
            Some(rest) if rest >= RESERVE => Ok(()),
            _ => Err(StoreError::Full { place: self.store.place.clone() }),
        }
    }

    /// Stores a licence. It survives a power cut once the call returns.
    ///
    /// # Errors
    /// [`StoreError`]; the file is unchanged.
    pub fn put(&mut self, name: &FileName, bytes: &[u8]) -> Result<Change, StoreError> {
        self.put_stamped(name, bytes).map(|(change, _)| change)
    }

    /// Does the same, and also returns the stamp of the new file, if it can be read.
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

    /// Stores licences under names that are free, with fewer flushes than one by one. They survive a
    /// power cut once the call returns. Returns the stamps of the new files, as far as they can be read.
    ///
    /// # Errors
    /// Those of [`Window::put`], and [`StoreError::Unwritable`] if a name is taken. The first licences
    /// may be stored.
    pub fn add_all(
        &mut self,
        files: &[(&FileName, &[u8])],
    ) -> Result<Vec<Option<Stamp>>, StoreError> {
        if let [(name, bytes)] = files {
            return self.put_stamped(name, bytes).map(|(_, stamp)| vec![stamp]);
        }
        let dsa = self.make_dir(&self.top, DSA)?;
        let dir = self.make_dir(&dsa, LICENSES)?;
        let mut stamps = Vec::with_capacity(files.len());
        for some in files.chunks(TOGETHER) {
            let some: Vec<_> =
                some.iter().map(|(name, bytes)| (name.as_os_str(), *bytes)).collect();
            let added = together::create_all(&dir, &some, atomic::PUBLIC);
            let place = self.store.place.join(DSA).join(LICENSES);
            stamps.extend(added.map_err(|error| unwritten(error, &place))?);
        }
        Ok(stamps)
    }

    /// Stores the newest trust document. It survives a power cut once the call returns.
    ///
    /// # Errors
    /// [`StoreError`]; the document is unchanged.
    pub fn put_trust(&mut self, bytes: &[u8]) -> Result<Change, StoreError> {
        let dir = self.make_dir(&self.top, DSA)?;
        let place = self.store.place.join(DSA).join(TRUST);
        self.replace(&dir, TRUST.as_ref(), bytes, &place).map(|(change, _)| change)
    }

    /// Stores the request for a licence. It survives a power cut once the call returns.
    ///
    /// # Errors
    /// [`StoreError`]; an earlier request is unchanged.
    pub fn put_request(&mut self, bytes: &[u8]) -> Result<Change, StoreError> {
        let place = self.store.place.join(REQUEST);
        self.replace(&self.top, REQUEST.as_ref(), bytes, &place).map(|(change, _)| change)
    }

    /// Stores the request of an activation, for its owner's eyes only. It survives a power cut once the
    /// call returns.
    ///
    /// # Errors
    /// [`StoreError`]; an earlier request is unchanged.
    pub fn put_activation(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let place = self.store.activation_path();
        // Even if the content is the same, since the mode may be another one.
        let (name, durability) = (ACTIVATION.as_ref(), Durability::Synced);
        match atomic::replace_at(&self.top, name, bytes, PRIVATE, durability) {
            Ok(_) => Ok(()),
            Err(ReplaceError::Unchanged(reason)) => Err(StoreError::writing(&place, reason)),
            Err(ReplaceError::Unflushed(why)) => Err(StoreError::Unflushed { place, why }),
        }
    }

    /// Removes the request of an activation. The removal survives a power cut once the window is closed.
    ///
    /// # Errors
    /// [`StoreError`]; the request is unchanged.
    pub fn remove_activation(&mut self) -> Result<Change, StoreError> {
        match unlinkat(&self.top, ACTIVATION, UnlinkatFlags::NoRemoveDir) {
            Ok(()) => {
                self.unflushed = true;
                Ok(Change::Made)
            }
            Err(Errno::ENOENT) => Ok(Change::None),
            Err(why) => Err(StoreError::writing(&self.store.activation_path(), why)),
        }
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
            Err(error) => Err(unwritten(error, place)),
        }
    }

    /// Removes the requests for a licence: every file `fetch*` in the top directory. A file that
    /// cannot be removed is harmless and stays.
    pub fn remove_requests(&mut self) {
        for name in requests(&self.top) {
            let removed = unlinkat(&self.top, name.as_os_str(), UnlinkatFlags::NoRemoveDir);
            self.unflushed |= removed.is_ok();
        }
    }

    /// Removes a licence, or anything of its name but a directory. The removal survives a power cut
    /// once the window is closed.
    ///
    /// # Errors
    /// [`StoreError`]; the file is unchanged.
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
    pub(crate) fn close(mut self) -> Result<Closed, StoreError> {
        self.shut()
    }

    fn shut(&mut self) -> Result<Closed, StoreError> {
        self.closed = true;
        // The partition must not stay writable even if this fails.
        let flushed = self.flush();
        let closed =
            if self.mount.is_mount_point { self.make_read_only() } else { Closed::Writable };
        flushed.map_err(|reason| {
            // The error takes the place of the store's state, which matters as much.
            self.warn_if_open(&closed);
            StoreError::writing(&self.store.place, reason)
        })?;
        Ok(closed)
    }

    fn warn_if_open(&self, closed: &Closed) {
        if closed.is_open() {
            log::warn!("{}: {closed}", self.store.place.display());
        }
    }

    /// Flushes removals to the medium; every write was flushed at once.
    fn flush(&self) -> Result<(), Errno> {
        if !self.unflushed {
            return Ok(());
        }
        // The requests are in the top directory.
        fsync(&self.top)?;
        licenses(&self.top)?.map_or(Ok(()), |dir| fsync(&dir))
    }

    fn make_read_only(&self) -> Closed {
        let place = &self.store.place;
        let remount = || self.mount.make_read_only(place);
        match retry::until(Instant::now() + PASSING, RETRY, remount, |why| *why != Errno::EPERM) {
            Ok(()) => Closed::ReadOnly,
            Err(Errno::EPERM) if !self.opened => Closed::Writable,
            // ext4 refuses while a process holds a removed file. The mount alone can still become
            // read-only unless a file is open for writing; the caller tries again later.
            Err(why) => {
                let _ = self.mount.shield(place);
                match (why, fstat(&self.top)) {
                    (Errno::EBUSY, Ok(top)) => Closed::HeldBy(holders::find(top.st_dev)),
                    _ => Closed::Failed(why),
                }
            }
        }
    }

    pub(crate) fn make_dir(&self, parent: impl AsFd, name: &str) -> Result<OwnedFd, StoreError> {
        let parent = parent.as_fd();
        let make = || {
            match mkdirat(parent, name, DIR_MODE) {
                Ok(()) => {}
                Err(Errno::EEXIST) => return open_dir(parent, name),
                Err(reason) => return Err(reason),
            }
            let dir = open_dir(parent, name)?;
            // mkdirat(2) applied the umask.
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

fn unwritten(error: ReplaceError, place: &Path) -> StoreError {
    match error {
        ReplaceError::Unchanged(reason) => StoreError::writing(place, reason),
        ReplaceError::Unflushed(why) => StoreError::Unflushed { place: place.to_owned(), why },
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        match self.shut() {
            Ok(closed) => self.warn_if_open(&closed),
            Err(reason) => log::warn!("{reason}"),
        }
    }
}
