//! The window in which the licence partition is writable.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use licd_fs::atomic;
use nix::errno::Errno;
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::closing::Closed;
use crate::error::{Obstacle, StoreError};
use crate::listing::{ACTIVATION, DSA, LICENSES, requests};
use crate::mount::Mount;
use crate::name::FileName;
use crate::room::{self, RESERVE};
use crate::view::Directories;
use crate::{Store, View};

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
    pub(crate) dirs: Directories,
    pub(crate) mount: Mount,
    /// Whether this window made the mount writable.
    pub(crate) opened: bool,
    pub(crate) closed: bool,
    /// Whether a removal is to be flushed.
    pub(crate) unflushed: bool,
    /// Whether the directory of the licences was flushed.
    pub(crate) has_flushed: bool,
}

impl<'a> Window<'a> {
    /// Makes the store writable and removes the leftovers of a crash. The view was taken under the lock.
    pub(crate) fn open(view: View<'a>) -> Result<Self, StoreError> {
        let mut window = Self::adopt(view)?;
        if window.mount.is_mount_point && window.mount.is_read_only() {
            window.opened = true;
            let place = &window.store.place;
            if let Err(reason) = window.mount.make_writable(place) {
                window.closed = true;
                return Err(StoreError::mounting(place, reason));
            }
        }
        window.sweep();
        Ok(window)
    }

    /// Makes the partition read-only if it is writable, and removes the leftovers of a crash.
    pub(crate) fn settle(store: &'a Store) -> Result<Option<Closed>, StoreError> {
        let mut window = Self::adopt(store.view())?;
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

    fn adopt(view: View<'a>) -> Result<Self, StoreError> {
        let store = view.store;
        let missing =
            || StoreError::Unwritable { place: store.place.clone(), why: Obstacle::Missing };
        let failed = |reason| StoreError::writing(&store.place, reason);
        let is_noted = view.has_noted_partition();
        let (top, mount, dirs) = view.into_parts();
        let top = top.map_err(|reason| match reason {
            Errno::ENOENT => missing(),
            _ => failed(reason),
        })?;
        let mount = mount.unwrap_or_else(|| Mount::of(&top)).map_err(failed)?;
        if store.is_missing(&mount)? {
            return Err(missing());
        }
        if mount.is_mount_point && !is_noted {
            store.note_partition();
        }
        let [opened, closed, unflushed, has_flushed] = [false; 4];
        Ok(Self { store, top, dirs, mount, opened, closed, unflushed, has_flushed })
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
        let Ok(dsa) = self.dirs.find_dsa(&self.top) else { return };
        act(dsa.as_fd());
        if let Ok(licenses) = self.dirs.find_licenses(&self.top) {
            act(licenses.as_fd());
        }
    }

    /// The directory of the licences, if it exists.
    pub(crate) fn found_licenses(&self) -> Result<Option<&OwnedFd>, Errno> {
        match self.dirs.find_licenses(&self.top) {
            Ok(dir) => Ok(Some(dir)),
            Err(Errno::ENOENT) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Checks that files of these sizes leave [`RESERVE`] free.
    ///
    /// # Errors
    /// [`StoreError::Full`] if they do not.
    pub fn leave_reserve(&self, sizes: impl IntoIterator<Item = usize>) -> Result<(), StoreError> {
        let left = room::left(&self.top)
            .map_err(|reason| StoreError::writing(&self.store.place, reason))?;
        // Files occupy whole blocks.
        let taken = sizes.into_iter().map(|bytes| (bytes as u64).next_multiple_of(BLOCK)).sum();
        match left.checked_sub(taken) {
            Some(rest) if rest >= RESERVE => Ok(()),
            _ => Err(StoreError::Full { place: self.store.place.clone() }),
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
        let Some(dir) = self.found_licenses().map_err(failed)? else { return Ok(Change::None) };
        match unlinkat(dir, name.as_os_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) => Ok(Change::Made),
            Err(Errno::ENOENT) => Ok(Change::None),
            Err(reason) => Err(failed(reason)),
        }
    }

    pub(crate) fn path_of(&self, name: &FileName) -> PathBuf {
        self.store.place.join(DSA).join(LICENSES).join(name.as_os_str())
    }
}
