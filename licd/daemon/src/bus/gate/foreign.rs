//! Descriptors that callers have opened.
//!
//! Closing one may take as long as its caller likes: a socket lingers until its peer has taken what was
//! sent (`SO_LINGER`, socket(7)), and a file asks the process that serves its file system (FUSE). So other
//! threads close it than the one that drops it, which may be the one that answers every caller.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::sys::stat::{SFlag, fstat};
use rustix::net::{AddressFamily, connect_unspec, sockopt};

use crate::jobs::FILES;

/// Threads that close at one time: more than one, because whatever closes slowly is to delay few others.
const THREADS: usize = 8;
/// Descriptors that wait to be closed before licd takes no further one: as many as calls bring at most. They
/// wait long only if every thread has a slow one.
const WAITING: usize = FILES;

static CLOSING: Mutex<Closing> = Mutex::new(Closing { waiting: VecDeque::new(), threads: 0 });

/// The descriptors that wait to be closed, and the threads that close them.
struct Closing {
    waiting: VecDeque<OwnedFd>,
    threads: usize,
}

fn closing() -> MutexGuard<'static, Closing> {
    CLOSING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A descriptor that a caller has opened. Dropping it never waits.
#[derive(Debug)]
pub(crate) struct Foreign(Option<OwnedFd>);

impl Foreign {
    /// Whether another one may be taken.
    pub(super) fn has_room() -> bool {
        closing().waiting.len() < WAITING
    }

    /// Whether it is a regular file.
    pub(crate) fn is_file(&self) -> bool {
        let stat = self.0.as_ref().map(fstat);
        let kind = |mode| mode & SFlag::S_IFMT.bits();
        stat.is_some_and(|stat| stat.is_ok_and(|stat| kind(stat.st_mode) == SFlag::S_IFREG.bits()))
    }

    /// Opens it to a thread that may wait for its caller.
    ///
    /// # Errors
    /// `EBADF` once it is dropped, so never.
    pub(crate) fn into_file(mut self) -> io::Result<File> {
        self.0.take().map(File::from).ok_or_else(|| Errno::EBADF.into())
    }
}

impl From<OwnedFd> for Foreign {
    fn from(descriptor: OwnedFd) -> Self {
        Self(Some(descriptor))
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let Some(descriptor) = self.0.take() else { return };
        let mut closing = closing();
        closing.waiting.push_back(descriptor);
        if closing.threads < THREADS {
            let thread = thread::Builder::new().name("closing".to_owned()).spawn(close_all);
            // Without a thread it waits for the next one.
            closing.threads += usize::from(thread.is_ok());
        }
    }
}

fn close_all() {
    while let Some(descriptor) = next() {
        // What still lingers when it is closed is given up. Its caller may set that option again at any time,
        // but cannot connect and fill the socket again in the moment that is left.
        let family = sockopt::socket_domain(&descriptor);
        if matches!(family, Ok(AddressFamily::INET | AddressFamily::INET6)) {
            let _ = connect_unspec(&descriptor);
        }
        drop(descriptor);
    }
}

/// The next one to close. Without any, the thread ends.
fn next() -> Option<OwnedFd> {
    let mut closing = closing();
    let next = closing.waiting.pop_front();
    closing.threads -= usize::from(next.is_none());
    next
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, pipe};

    use super::*;

    #[test]
    fn what_is_dropped_is_closed_by_another_thread() {
        let (mut readers, writers): (Vec<_>, Vec<_>) =
            (0..3 * THREADS).map(|_| pipe().unwrap()).unzip();
        drop(writers.into_iter().map(|w| Foreign::from(OwnedFd::from(w))).collect::<Vec<_>>());
        // The end of a pipe is read once its last writer is closed.
        assert!(readers.iter_mut().all(|reader| reader.read(&mut [0]).unwrap() == 0));
        assert!(Foreign::has_room());
    }
}
