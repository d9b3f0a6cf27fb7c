//! Errors of the store.

use std::fmt;
use std::path::{Path, PathBuf};

use licd_fs::about::{self, About};
use licd_fs::look::{Looked, Unavailable, is_fact};
use nix::errno::Errno;
use nix::unistd::geteuid;

use crate::holders::Holder;

/// Why an operation on the store failed. Its content is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No space or quota is left (`store-full`).
    Full {
        /// The partition or file concerned.
        place: PathBuf,
    },
    /// The store cannot be written (`store-unwritable`).
    Unwritable {
        /// The partition or file concerned.
        place: PathBuf,
        /// The obstacle.
        why: Obstacle,
    },
    /// The new file is in place, but the medium may not have it (`store-unwritable`).
    Unflushed {
        /// The file.
        place: PathBuf,
        /// The kernel's error.
        why: Errno,
    },
    /// The store cannot be read, which is a fact.
    Unreadable {
        /// The partition or file concerned.
        place: PathBuf,
        /// The kernel's error.
        why: Errno,
    },
    /// The store could not be looked at, because of a shortage.
    Unavailable(Unavailable),
    /// Another process is writing and did not finish in time (`busy`).
    Busy {
        /// The partition.
        place: PathBuf,
        /// The process, if the kernel reports it.
        holder: Option<Holder>,
    },
    /// This process may not write the store (`not-authorized`).
    NotAuthorized {
        /// The partition or file concerned.
        place: PathBuf,
    },
}

/// Why the store cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The licence partition does not exist.
    Missing,
    /// The block device is write-protected.
    WriteProtected,
    /// A file or directory is marked immutable or append-only (chattr(1)).
    Immutable,
    /// Any other error of the kernel.
    Kernel(Errno),
}

impl StoreError {
    /// Whether this process lacks a permission that another may have.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        match self {
            Self::NotAuthorized { .. } => true,
            Self::Unreadable { why, .. } => matches!(why, Errno::EACCES | Errno::EPERM),
            Self::Full { .. }
            | Self::Unwritable { .. }
            | Self::Unflushed { .. }
            | Self::Unavailable(_)
            | Self::Busy { .. } => false,
        }
    }

    /// Separates facts about the store from failures to look: the inner error is a fact.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn looked<T>(outcome: Result<T, Self>) -> Looked<Result<T, Self>> {
        match outcome {
            Err(Self::Unavailable(unavailable)) => Err(unavailable),
            outcome => Ok(outcome),
        }
    }

    /// A failed write to `place`.
    pub(crate) fn writing(place: &Path, reason: Errno) -> Self {
        let place = place.to_owned();
        match reason {
            Errno::ENOSPC | Errno::EDQUOT => Self::Full { place },
            // Root gets EPERM for this reason only (FS_IOC_GETFLAGS(2const)).
            Errno::EPERM if geteuid().is_root() => {
                Self::Unwritable { place, why: Obstacle::Immutable }
            }
            Errno::EPERM | Errno::EACCES if !geteuid().is_root() => Self::NotAuthorized { place },
            _ => Self::Unwritable { place, why: Obstacle::Kernel(reason) },
        }
    }

    /// A failed read of `place`.
    pub(crate) fn reading(place: &Path, why: Errno) -> Self {
        if is_fact(why) {
            Self::Unreadable { place: place.to_owned(), why }
        } else {
            Self::Unavailable(Unavailable::path(place, why))
        }
    }

    /// A failed remount of `place`.
    pub(crate) fn mounting(place: &Path, reason: Errno) -> Self {
        match reason {
            // mount(2): EPERM denies permission; EACCES means that the device is read-only.
            Errno::EACCES => {
                Self::Unwritable { place: place.to_owned(), why: Obstacle::WriteProtected }
            }
            Errno::EPERM => Self::NotAuthorized { place: place.to_owned() },
            _ => Self::writing(place, reason),
        }
    }
}

impl About for StoreError {
    fn subject(&self) -> String {
        match self {
            Self::Full { place }
            | Self::Unwritable { place, .. }
            | Self::Unflushed { place, .. }
            | Self::Unreadable { place, .. }
            | Self::Busy { place, .. }
            | Self::NotAuthorized { place } => place.display().to_string(),
            Self::Unavailable(unavailable) => unavailable.subject(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Full { .. } => "the partition is full; what was there is untouched; remove what \
                                  is no longer needed"
                .to_owned(),
            Self::Unwritable { why, .. } => format!("cannot be written: {why}"),
            Self::Unflushed { why, .. } => format!(
                "is in place, but could not be flushed ({}), so a power cut may undo it; import \
                 it again once the medium is in order",
                words(*why)
            ),
            // Root's is no fact about the file, but `Unavailable`.
            Self::Unreadable { why: Errno::EACCES | Errno::EPERM, .. } => {
                "may not be read by this user; run it as root".to_owned()
            }
            Self::Unreadable { why, .. } => format!("cannot be read: {}", words(*why)),
            Self::Unavailable(unavailable) => unavailable.message(),
            Self::Busy { holder: Some(holder), .. } => {
                format!("being written by {holder}; try again when it has finished")
            }
            Self::Busy { holder: None, .. } => {
                "being written by another process; try again when it has finished".to_owned()
            }
            Self::NotAuthorized { .. } => {
                "may not be written by this user; run it as root".to_owned()
            }
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no licence partition; check that it is mounted"),
            Self::WriteProtected => f.write_str(
                "its device is read-only; check its write protection, and the kernel's log for errors",
            ),
            Self::Immutable => f.write_str(
                "is immutable or append-only, or its directory is; make it changeable with “chattr \
                 -i -a”",
            ),
            Self::Kernel(reason) => f.write_str(words(*reason)),
        }
    }
}

impl From<Unavailable> for StoreError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// The kernel's error for users. ext4 returns `EBADMSG` for a wrong checksum.
fn words(reason: Errno) -> &'static str {
    match reason {
        Errno::EUCLEAN | Errno::EBADMSG => "the file system is damaged; check it with fsck",
        Errno::EIO => "the medium fails; see the kernel's log",
        Errno::EROFS => "the file system is read-only; see the kernel's log for errors",
        other => other.desc(),
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { why, .. }
            | Self::Unflushed { why, .. }
            | Self::Unwritable { why: Obstacle::Kernel(why), .. } => Some(why),
            Self::Unavailable(unavailable) => Some(unavailable),
            Self::Full { .. }
            | Self::Unwritable { .. }
            | Self::Busy { .. }
            | Self::NotAuthorized { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_read_a_file_is_told_who_may() {
        let message = |why| StoreError::Unreadable { place: "/license".into(), why }.to_string();
        for why in [Errno::EACCES, Errno::EPERM] {
            assert_eq!(message(why), "/license: may not be read by this user; run it as root");
        }
        assert_eq!(message(Errno::EISDIR), "/license: cannot be read: Is a directory");
    }

    #[test]
    fn refusals_of_the_kernel_are_told_apart() {
        let place = || PathBuf::from("/license");
        let unwritable = |why| StoreError::Unwritable { place: place(), why };
        let forbidden = || StoreError::NotAuthorized { place: place() };
        let for_root = |why| if geteuid().is_root() { unwritable(why) } else { forbidden() };
        for (why, expected) in [
            (Errno::ENOSPC, StoreError::Full { place: place() }),
            (Errno::EDQUOT, StoreError::Full { place: place() }),
            (Errno::EPERM, for_root(Obstacle::Immutable)),
            (Errno::EACCES, for_root(Obstacle::Kernel(Errno::EACCES))),
            (Errno::EIO, unwritable(Obstacle::Kernel(Errno::EIO))),
        ] {
            assert_eq!(StoreError::writing(&place(), why), expected, "writing: {why}");
        }
        for (why, expected) in [
            (Errno::EPERM, forbidden()),
            (Errno::EACCES, unwritable(Obstacle::WriteProtected)),
            (Errno::EIO, unwritable(Obstacle::Kernel(Errno::EIO))),
        ] {
            assert_eq!(StoreError::mounting(&place(), why), expected, "mounting: {why}");
        }
    }
}
