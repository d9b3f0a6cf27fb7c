//! One look at the partition.

use std::cell::OnceCell;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use licd_fs::look::{self, Looked, look_errno};
use licd_fs::stamp::Stamp;
use nix::errno::Errno;
use nix::sys::stat::fstat;

use crate::error::StoreError;
use crate::holders::{self, Holder};
use crate::listing::{
    ACTIVATION, DSA, LICENSE_DIR, LICENSES, Listing, Opened, TRUST, open_dir, open_file, open_top,
};
use crate::mount::Mount;
use crate::room::{self, RESERVE};
use crate::stray::{self, Search, Stray};
use crate::{Stamps, Store, StoreState};

/// The partition for one survey. Its directories are opened, its mount is looked at and its licences are
/// listed once, when they are first asked for; the next survey takes another view.
#[derive(Debug)]
pub struct View<'s> {
    pub(crate) store: &'s Store,
    top: Result<OwnedFd, Errno>,
    dsa: OnceCell<Result<OwnedFd, Errno>>,
    mount: OnceCell<Result<Mount, Errno>>,
    /// Whether a partition was mounted here since boot.
    had_partition: OnceCell<Looked<bool>>,
    listing: OnceCell<Result<Listing, Errno>>,
    search: OnceCell<Looked<Search>>,
}

/// The value of a cell, which is made at the first call.
fn once<T>(
    cell: &OnceCell<Result<T, Errno>>,
    make: impl FnOnce() -> Result<T, Errno>,
) -> Result<&T, Errno> {
    cell.get_or_init(make).as_ref().map_err(|why| *why)
}

/// The directories of a window below the top, each opened or made once.
#[derive(Debug)]
pub(crate) struct Directories {
    dsa: OnceCell<OwnedFd>,
    licenses: OnceCell<OwnedFd>,
}

fn opened(dir: Option<OwnedFd>) -> OnceCell<OwnedFd> {
    dir.map_or_else(OnceCell::new, OnceCell::from)
}

/// The directory of a cell. If it has none, it gets this one.
fn kept<E>(
    cell: &OnceCell<OwnedFd>,
    open: impl FnOnce() -> Result<OwnedFd, E>,
) -> Result<&OwnedFd, E> {
    match cell.get() {
        Some(dir) => Ok(dir),
        None => {
            let dir = open()?;
            Ok(cell.get_or_init(|| dir))
        }
    }
}

impl Directories {
    pub(crate) fn dsa<E>(&self, make: impl FnOnce() -> Result<OwnedFd, E>) -> Result<&OwnedFd, E> {
        kept(&self.dsa, make)
    }

    pub(crate) fn licenses<E>(
        &self,
        make: impl FnOnce() -> Result<OwnedFd, E>,
    ) -> Result<&OwnedFd, E> {
        kept(&self.licenses, make)
    }

    pub(crate) fn find_dsa(&self, top: &OwnedFd) -> Result<&OwnedFd, Errno> {
        self.dsa(|| open_dir(top, DSA))
    }

    pub(crate) fn find_licenses(&self, top: &OwnedFd) -> Result<&OwnedFd, Errno> {
        self.licenses(|| open_dir(self.find_dsa(top)?, LICENSES))
    }
}

impl Store {
    /// Opens the partition for one look.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            store: self,
            top: open_top(&self.place),
            dsa: OnceCell::new(),
            mount: OnceCell::new(),
            had_partition: OnceCell::new(),
            listing: OnceCell::new(),
            search: OnceCell::new(),
        }
    }
}

impl View<'_> {
    /// Whether it is known that the partition has been noted.
    pub(crate) fn has_noted_partition(&self) -> bool {
        self.had_partition.get() == Some(&Ok(true))
    }

    /// The top directory, the mount if it was looked at, and the directories that were opened.
    pub(crate) fn into_parts(
        self,
    ) -> (Result<OwnedFd, Errno>, Option<Result<Mount, Errno>>, Directories) {
        let listed = self.listing.into_inner().and_then(Result::ok);
        let dirs = Directories {
            dsa: opened(self.dsa.into_inner().and_then(Result::ok)),
            licenses: opened(listed.and_then(|listing| listing.dir)),
        };
        (self.top, self.mount.into_inner(), dirs)
    }

    pub(crate) fn top(&self) -> Result<&OwnedFd, Errno> {
        self.top.as_ref().map_err(|why| *why)
    }

    pub(crate) fn dsa(&self) -> Result<&OwnedFd, Errno> {
        once(&self.dsa, || open_dir(self.top()?, DSA))
    }

    /// The mount. The inner error is a fact.
    fn mount(&self) -> Looked<Result<&Mount, Errno>> {
        look_errno(&self.store.place, once(&self.mount, || Mount::of(self.top()?)))
    }

    fn had_partition(&self) -> Looked<bool> {
        self.had_partition.get_or_init(|| look::exists(&self.store.partition_note)).clone()
    }

    /// Whether a partition was mounted here since boot and no longer is.
    fn is_left_behind(&self) -> Looked<bool> {
        Ok(self.had_partition()? && self.mount()?.is_ok_and(|mount| !mount.is_mount_point))
    }

    /// The licence files, sorted by name; none if the store does not exist.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn licenses(&self) -> Result<&Listing, StoreError> {
        let place = &self.store.place;
        let is_there = match self.top() {
            Ok(_) => !self.is_left_behind()?,
            Err(Errno::ENOENT) => false,
            Err(why) => return Err(StoreError::reading(place, why)),
        };
        let listed = match is_there {
            true => self.listed(),
            false => once(&self.listing, || Ok(Listing::empty(place))),
        };
        listed.map_err(|why| StoreError::reading(&place.join(LICENSE_DIR), why))
    }

    /// The same for a store that is there.
    pub(crate) fn listed(&self) -> Result<&Listing, Errno> {
        once(&self.listing, || self.list())
    }

    fn list(&self) -> Result<Listing, Errno> {
        match self.dsa().and_then(|dsa| open_dir(dsa, LICENSES)) {
            Ok(dir) => Listing::of(dir, &self.store.place),
            Err(Errno::ENOENT) => Ok(Listing::empty(&self.store.place)),
            Err(why) => Err(why),
        }
    }

    /// The same for a caller that needs nothing else.
    pub(crate) fn into_licenses(self) -> Result<Listing, StoreError> {
        self.licenses()?;
        let listed = self.listing.into_inner().and_then(Result::ok);
        Ok(listed.unwrap_or_else(|| Listing::empty(&self.store.place)))
    }

    /// The files on the partition that resemble licences or trust documents and that licd does not
    /// read. The search is limited.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn strays(&self) -> Looked<Vec<Stray>> {
        Ok(self.search()?.strays.clone())
    }

    /// The directories that are searched for strays, without those that licd reads.
    pub(crate) fn searched(&self) -> Looked<Vec<PathBuf>> {
        Ok(self.search()?.directories.clone())
    }

    fn search(&self) -> Looked<&Search> {
        let search = || match look_errno(&self.store.place, self.top())? {
            Ok(_) if !self.is_left_behind()? => stray::search(self, &self.store.place),
            _ => Ok(Search::default()),
        };
        self.search.get_or_init(search).as_ref().map_err(Clone::clone)
    }

    /// The stored trust document.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn trust(&self) -> Result<Opened, StoreError> {
        match self.dsa().and_then(|dsa| open_file(dsa, TRUST.as_ref())) {
            Err(Errno::ENOENT) => Ok(Opened::Gone),
            other => other
                .map_err(|why| StoreError::reading(&self.store.place.join(DSA).join(TRUST), why)),
        }
    }

    /// The stamps of licences and trust document, to detect a change later.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn stamps(&self) -> Result<Stamps, StoreError> {
        let mut licenses = self.licenses()?.stamps()?;
        licenses.shrink_to_fit();
        let trust = Stamp::at(&self.store.place.join(DSA).join(TRUST))?;
        Ok(Stamps { licenses, trust })
    }

    /// The state of the store.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn state(&self) -> Looked<StoreState> {
        let mount = match self.mount()? {
            Ok(mount) if mount.is_missing(|| self.had_partition())? => {
                return Ok(StoreState::Missing);
            }
            Ok(mount) if mount.is_shut_down() => return Ok(StoreState::Damaged),
            Ok(mount) => mount,
            Err(Errno::ENOENT) => return Ok(StoreState::Missing),
            // A user who may not read the store may not write it either.
            Err(Errno::EACCES) => return Ok(StoreState::ReadOnly),
            Err(_) => return Ok(StoreState::Damaged),
        };
        match StoreError::looked(self.licenses())? {
            Err(StoreError::Unreadable { why, .. }) if why != Errno::EACCES => {
                Ok(StoreState::Damaged)
            }
            _ if mount.is_closed() => Ok(StoreState::ReadOnly),
            _ => Ok(StoreState::Writable),
        }
    }

    /// Whether less than [`RESERVE`] is free on the file system; false without a store.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn is_nearly_full(&self) -> Looked<bool> {
        let found = self.top().and_then(room::left);
        Ok(look_errno(&self.store.place, found)?.is_ok_and(|left| left < RESERVE))
    }

    /// The stored request of an activation.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`], [`StoreError::Unavailable`].
    pub fn activation(&self) -> Result<Opened, StoreError> {
        let opened = match self.top() {
            Ok(_) if self.is_left_behind()? => return Ok(Opened::Gone),
            Ok(top) => open_file(top, ACTIVATION.as_ref()),
            Err(why) => Err(why),
        };
        match opened {
            Err(Errno::ENOENT) => Ok(Opened::Gone),
            other => other.map_err(|why| StoreError::reading(&self.store.activation_path(), why)),
        }
    }

    /// The visible processes that keep the partition writable; `None` if it is read-only or not a
    /// partition.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn holders(&self) -> Looked<Option<Vec<Holder>>> {
        let (Ok(mount), Ok(top)) = (self.mount()?, self.top()) else { return Ok(None) };
        if !mount.is_mount_point || mount.is_closed() {
            return Ok(None);
        }
        let device = look_errno(&self.store.place, fstat(top))?.map(|stat| stat.st_dev);
        Ok(device.ok().map(holders::find))
    }
}
