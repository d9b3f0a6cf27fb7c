//! One writer at a time, by a lock that is a file of its own: whoever may read a file may lock it,
//! and what is locked here everybody may read.

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::sys::stat::Mode;

use crate::atomic;

/// How often a taken lock is tried again; flock(2) cannot wait for a limited time.
const RETRY: Duration = Duration::from_millis(10);

/// Why a lock was not taken.
pub(crate) enum Refused {
    /// Somebody else has it, of which the file tells more.
    Taken(File),
    /// The kernel's reason.
    Kernel(Errno),
}

/// Takes a lock until it is dropped, waiting at most `patience`.
pub(crate) fn take(file: &Path, patience: Duration) -> Result<Flock<File>, Refused> {
    let deadline = Instant::now() + patience;
    let mut lock = open_lock(file).map_err(Refused::Kernel)?;
    loop {
        lock = match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((taken, Errno::EWOULDBLOCK)) => taken,
            Err((_, reason)) => return Err(Refused::Kernel(reason)),
        };
        if Instant::now() >= deadline {
            return Err(Refused::Taken(lock));
        }
        thread::sleep(RETRY);
    }
}

fn open_lock(file: &Path) -> Result<File, Errno> {
    if let Some(dir) = file.parent() {
        atomic::create_dir(dir)?;
    }
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    open(file, flags, Mode::S_IRUSR | Mode::S_IWUSR).map(File::from)
}
