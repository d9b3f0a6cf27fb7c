//! Why the store cannot do what it is asked.

use std::fmt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::Holder;

/// Why the store cannot do what it is asked. What was in it is untouched, unless a variant says
/// otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No room or quota is left (`store-full`).
    Full {
        /// The partition or file concerned.
        place: PathBuf,
    },
    /// It cannot be written (`store-unwritable`).
    Unwritable {
        /// The partition or file concerned.
        place: PathBuf,
        /// What is in the way.
        why: Obstacle,
    },
    /// It cannot be read.
    Unreadable {
        /// The partition or file concerned.
        place: PathBuf,
        /// The kernel's reason.
        why: Errno,
    },
    /// Somebody else is writing and did not finish in time (`busy`).
    Busy {
        /// The partition.
        place: PathBuf,
        /// Who, if the kernel tells.
        holder: Option<Holder>,
    },
    /// This process may not write it (`not-authorized`).
    NotAuthorized {
        /// The partition or file concerned.
        place: PathBuf,
    },
}

/// What is in the way of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no licence partition.
    Missing,
    /// The block device takes no writes.
    WriteProtected,
    /// Any other reason of the kernel.
    Kernel(Errno),
}

impl StoreError {
    /// Whether this process may not do it, and another one may.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        match self {
            Self::NotAuthorized { .. } => true,
            Self::Unreadable { why, .. } => matches!(why, Errno::EACCES | Errno::EPERM),
            Self::Full { .. } | Self::Unwritable { .. } | Self::Busy { .. } => false,
        }
    }

    /// A write to `place` that failed for this reason.
    pub(super) fn writing(place: &Path, reason: Errno) -> Self {
        let place = place.to_owned();
        match reason {
            Errno::ENOSPC | Errno::EDQUOT => Self::Full { place },
            Errno::EPERM | Errno::EACCES => Self::NotAuthorized { place },
            _ => Self::Unwritable { place, why: Obstacle::Kernel(reason) },
        }
    }

    /// Reading `place` failed for this reason.
    pub(super) fn reading(place: &Path, why: Errno) -> Self {
        Self::Unreadable { place: place.to_owned(), why }
    }

    /// Mounting `place` otherwise failed for this reason.
    pub(super) fn mounting(place: &Path, reason: Errno) -> Self {
        match reason {
            // mount(2): permission is denied by EPERM; EACCES says that the device is read-only.
            Errno::EACCES => {
                Self::Unwritable { place: place.to_owned(), why: Obstacle::WriteProtected }
            }
            _ => Self::writing(place, reason),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { place } => write!(
                f,
                "{}: the partition is full; what was there is untouched; remove what is no longer \
                 needed",
                place.display()
            ),
            Self::Unwritable { place, why } => {
                write!(f, "{}: cannot be written: {why}", place.display())
            }
            Self::Unreadable { place, why } => {
                write!(f, "{}: cannot be read: {}", place.display(), words(*why))
            }
            Self::Busy { place, holder: Some(holder) } => write!(
                f,
                "{}: being written by {holder}; try again when it has finished",
                place.display()
            ),
            Self::Busy { place, holder: None } => write!(
                f,
                "{}: being written by another process; try again when it has finished",
                place.display()
            ),
            Self::NotAuthorized { place } => {
                write!(f, "{}: may not be written by this user; run it as root", place.display())
            }
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no licence partition; check that it is mounted"),
            Self::WriteProtected => f.write_str(
                "its device is read-only; check its write protection, and the kernel's log for errors",
            ),
            Self::Kernel(reason) => f.write_str(words(*reason)),
        }
    }
}

/// The kernel's reason in the user's words. ext4 says `EBADMSG` for a wrong checksum.
fn words(reason: Errno) -> &'static str {
    match reason {
        Errno::EUCLEAN | Errno::EBADMSG => "the file system is damaged; check it with fsck",
        Errno::EIO => "the medium fails; see the kernel's log",
        Errno::EROFS => "the file system is read-only; see the kernel's log for errors",
        other => other.desc(),
    }
}

impl std::error::Error for StoreError {}
