//! Storing files in a window.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use licd_fs::atomic::{self, Durability, ReplaceError};
use licd_fs::stamp::Stamp;
use licd_fs::together::{self, TOGETHER};
use nix::errno::Errno;
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::fsync;

use crate::error::StoreError;
use crate::listing::{ACTIVATION, DSA, LICENSES, REQUEST, TRUST, open_dir};
use crate::name::FileName;
use crate::window::{Change, Window};

/// Mode of the directories of the store.
const DIR_MODE: Mode = Mode::from_bits_truncate(0o755);
/// Mode of files with a person's data.
const PRIVATE: Mode = Mode::from_bits_truncate(0o600);

impl Window<'_> {
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
        let replaced =
            self.replace(self.licenses()?, name.as_os_str(), bytes, &self.path_of(name))?;
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
        let mut stamps = Vec::with_capacity(files.len());
        for some in files.chunks(TOGETHER) {
            let some: Vec<_> =
                some.iter().map(|(name, bytes)| (name.as_os_str(), *bytes)).collect();
            let added = together::create_all(self.licenses()?, &some, atomic::PUBLIC);
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
        let place = self.store.place.join(DSA).join(TRUST);
        self.replace(self.dsa()?, TRUST.as_ref(), bytes, &place).map(|(change, _)| change)
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
        let replaced = atomic::replace_at(&self.top, name, bytes, PRIVATE, durability);
        replaced.map(drop).map_err(|error| unwritten(error, &place))
    }

    /// Replaces or creates a file, unless it has this content. It survives a power cut from here on.
    ///
    /// # Errors
    /// The file at `place` is then as it was, unless [`StoreError::Unflushed`].
    pub(crate) fn replace(
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

    /// The directory of licd, made if it is missing.
    pub(crate) fn dsa(&self) -> Result<&OwnedFd, StoreError> {
        self.dirs.dsa(|| self.make_dir(&self.top, DSA))
    }

    /// The directory of the licences, made if it is missing.
    fn licenses(&self) -> Result<&OwnedFd, StoreError> {
        self.dirs.licenses(|| self.make_dir(self.dsa()?, LICENSES))
    }

    fn make_dir(&self, parent: impl AsFd, name: &str) -> Result<OwnedFd, StoreError> {
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
}

fn unwritten(error: ReplaceError, place: &Path) -> StoreError {
    match error {
        ReplaceError::Unchanged(reason) => StoreError::writing(place, reason),
        ReplaceError::Unflushed(why) => StoreError::Unflushed { place: place.to_owned(), why },
    }
}
