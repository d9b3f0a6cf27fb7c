//! The window in which the licence partition is writable.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use licd_fs::atomic::{self, Durability, ReplaceError};
use licd_fs::stamp::Stamp;
use licd_fs::together::{self, TOGETHER};
use nix::errno::Errno;
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use crate::Store;
use crate::closing::Closed;
use crate::error::{Obstacle, StoreError};
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

/// Bytes of a block, the largest default of the file systems on devices.
const BLOCK: u64 = 4096;

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
    pub(crate) mount: Mount,
    /// Whether this window made the mount writable.
    pub(crate) opened: bool,
    pub(crate) closed: bool,
    /// Whether a removal is to be flushed.
    pub(crate) unflushed: bool,
    /// Whether the directory of the licences was flushed.
    has_flushed: bool,
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
        let [opened, closed, unflushed, has_flushed] = [false; 4];
        Ok(Self { store, top, mount, opened, closed, unflushed, has_flushed })
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
        let replaced = self.replace(&dir, name.as_os_str(), bytes, &self.path_of(name))?;
        self.has_flushed |= replaced.0 == Change::Made;
        Ok(replaced)
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
            self.has_flushed = true;
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

    /// Whether this window has stored a licence, and thereby flushed all that other programs had left
    /// unflushed among the licences.
    #[must_use]
    pub fn has_flushed_licenses(&self) -> bool {
        self.has_flushed
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
        let change = self.discard(name)?;
        self.unflushed |= change == Change::Made;
        Ok(change)
    }

    /// Removes a licence that does no harm if a power cut brings it back.
    ///
    /// # Errors
    /// Those of [`Window::remove`].
    pub fn discard(&mut self, name: &FileName) -> Result<Change, StoreError> {
        let failed = |reason| StoreError::writing(&self.path_of(name), reason);
        let Some(dir) = licenses(&self.top).map_err(failed)? else { return Ok(Change::None) };
        match unlinkat(&dir, name.as_os_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) => Ok(Change::Made),
            Err(Errno::ENOENT) => Ok(Change::None),
            Err(reason) => Err(failed(reason)),
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
