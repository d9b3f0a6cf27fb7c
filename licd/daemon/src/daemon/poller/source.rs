//! A source of events, which the kernel may not have now.

use std::os::fd::{AsFd, BorrowedFd};

use licd_device::Watched;
use licd_fs::look::is_fact;
use nix::errno::Errno;

use crate::journal;

/// A source of events.
pub(super) enum Source<T> {
    There(T),
    /// Not opened yet, or the kernel has nothing left for it now.
    Lacking,
    /// The kernel has no such thing, or forbids it, as in a sandbox or container.
    Absent,
}

impl<T> Source<T> {
    /// Opens it if it is lacking. Whether it is there from now on.
    pub(super) fn open(&mut self, what: Watched, open: impl FnOnce() -> Result<T, Errno>) -> bool {
        if !self.is_lacking() {
            return false;
        }
        match open() {
            Ok(source) => *self = Self::There(source),
            Err(reason) => self.fail(what, reason),
        }
        self.there().is_some()
    }

    /// Does without it, for good if the reason lasts.
    pub(super) fn fail(&mut self, what: Watched, reason: Errno) {
        // Even root is refused for good.
        let lasts = is_fact(reason) || matches!(reason, Errno::EACCES | Errno::EPERM);
        *self = if lasts { Self::Absent } else { Self::Lacking };
        if lasts {
            log::warn!(
                MESSAGE_ID = journal::PROBLEM;
                "{}: changes will not be noticed by themselves ({})", what.subject(), reason.desc()
            );
        }
    }

    pub(super) fn there(&self) -> Option<&T> {
        if let Self::There(source) = self { Some(source) } else { None }
    }

    pub(super) fn there_mut(&mut self) -> Option<&mut T> {
        if let Self::There(source) = self { Some(source) } else { None }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>>
    where
        T: AsFd,
    {
        self.there().map(AsFd::as_fd)
    }

    pub(super) fn is_lacking(&self) -> bool {
        matches!(self, Self::Lacking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(source: &mut Source<u8>, outcome: Result<u8, Errno>) -> (bool, Option<u8>) {
        (source.open(Watched::Clock, || outcome), source.there().copied())
    }

    #[test]
    fn what_is_short_is_opened_later_and_only_once() {
        for shortage in [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::ENOBUFS, Errno::ENOSPC]
        {
            let mut source = Source::Lacking;
            assert_eq!(opened(&mut source, Err(shortage)), (false, None), "{shortage}");
            assert!(source.is_lacking(), "{shortage}");
            assert_eq!(opened(&mut source, Ok(1)), (true, Some(1)));
            assert_eq!(opened(&mut source, Ok(2)), (false, Some(1)));
            source.fail(Watched::Clock, shortage);
            assert_eq!(opened(&mut source, Ok(3)), (true, Some(3)));
        }
    }

    #[test]
    fn what_is_missing_or_forbidden_is_not_opened_again() {
        for reason in [Errno::ENOSYS, Errno::EAFNOSUPPORT, Errno::EPERM, Errno::EACCES] {
            let mut source = Source::Lacking;
            assert_eq!(opened(&mut source, Err(reason)), (false, None), "{reason}");
            assert_eq!(opened(&mut source, Ok(1)), (false, None), "{reason}");
            assert!(!source.is_lacking(), "{reason}");
        }
    }
}
