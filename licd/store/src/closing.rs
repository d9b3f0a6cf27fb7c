//! How a window closes.

use std::fmt;
use std::time::{Duration, Instant};

use licd_fs::retry;
use nix::errno::Errno;
use nix::sys::stat::fstat;
use nix::unistd::fsync;

use crate::error::StoreError;
use crate::holders::{self, Holder};
use crate::window::Window;

/// How long a process may hold a file before it counts as a holder. A reader of a licence closes it
/// sooner, and so does a new process, which inherits its parent's descriptors until execve(2).
const PASSING: Duration = Duration::from_millis(100);
/// How often closing is retried meanwhile.
const RETRY: Duration = Duration::from_millis(5);
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
    /// replaced or removed, or one open for writing. Everything is written;
    /// [`Store::settle`](crate::Store::settle) makes it read-only once they close the file.
    HeldBy(Vec<Holder>),
    /// The file system is still writable because the remount failed. Everything is written;
    /// [`Store::settle`](crate::Store::settle) tries again.
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

impl Window<'_> {
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
        self.found_licenses()?.map_or(Ok(()), fsync)
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
