//! Notices that a file goes, removed or replaced by any process.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// A descriptor that becomes readable once a file has been removed or replaced.
pub struct Departure {
    both: Epoll,
    _watch: Inotify,
}

impl Departure {
    /// Watches the file at `path` from now on, and `other` along with it.
    ///
    /// # Errors
    /// The file is not there, or the kernel has no watch or descriptor left.
    pub fn of(path: &Path, other: Option<BorrowedFd<'_>>) -> nix::Result<Self> {
        let watch = Inotify::init(InitFlags::IN_CLOEXEC)?;
        // Not IN_ATTRIB, which a change of the mode causes, too.
        watch.add_watch(path, AddWatchFlags::IN_DELETE_SELF | AddWatchFlags::IN_MOVE_SELF)?;
        let both = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        for fd in [Some(watch.as_fd()), other].into_iter().flatten() {
            both.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
        }
        Ok(Self { both, _watch: watch })
    }
}

impl AsFd for Departure {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.both.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Write as _};

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn is_readable(departure: &Departure) -> bool {
        let mut fds = [PollFd::new(departure.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).unwrap() == 1
    }

    #[test]
    fn a_file_that_is_removed_or_replaced_has_gone_and_one_that_is_read_has_not() {
        let dir = tempfile::tempdir().unwrap();
        let (file, new) = (dir.path().join("file"), dir.path().join("new"));
        type Change = fn(&Path, &Path);
        let changes: [(Change, bool); 4] = [
            (|file, _| drop(fs::read(file).unwrap()), false),
            (|_, new| fs::write(new, "new").unwrap(), false),
            (|file, new| fs::rename(new, file).unwrap(), true),
            (|file, _| fs::remove_file(file).unwrap(), true),
        ];
        fs::write(&file, "text").unwrap();
        for (change, is_gone) in changes {
            let departure = Departure::of(&file, None).unwrap();
            change(&file, &new);
            assert_eq!(is_readable(&departure), is_gone);
        }
        assert!(Departure::of(&file, None).is_err());
    }

    #[test]
    fn the_other_descriptor_is_watched_along() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        let departure = Departure::of(file.path(), Some(reader.as_fd())).unwrap();
        assert!(!is_readable(&departure));
        writer.write_all(b"x").unwrap();
        assert!(is_readable(&departure));
    }
}
