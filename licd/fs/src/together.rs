//! Creates several files of a directory with few flushes.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use crate::atomic::{Mode, ReplaceError, Temporary};
use crate::stamp::Stamp;

/// Files to create in one call; each is open meanwhile.
pub const TOGETHER: usize = 32;
/// Threads that flush. A journal writes at once what waits for it at the same time.
const FLUSHERS: usize = 8;

/// Creates files (a name of one path component, and the content) in an open directory: all of them, or
/// none. They survive a power cut once the call returns. The umask does not affect `mode`. Returns the
/// stamps of the files, as far as they can be read. For at most [`TOGETHER`] files.
///
/// # Errors
/// [`ReplaceError::Unchanged`], with `EEXIST` if one of the names is taken; [`ReplaceError::Unflushed`]
/// if files are there that neither could be flushed nor removed.
pub fn create_all(
    dir: impl AsFd,
    files: &[(&OsStr, &[u8])],
    mode: Mode,
) -> Result<Vec<Option<Stamp>>, ReplaceError> {
    let dir = dir.as_fd();
    for (name, _) in files {
        match fstatat(dir, *name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => {}
            found => return Err(found.err().unwrap_or(Errno::EEXIST).into()),
        }
    }
    let temps = files.iter().map(|(_, bytes)| Temporary::with(dir, bytes, mode));
    let temps = temps.collect::<Result<Vec<_>, Errno>>()?;
    flush(&temps)?;
    let mut stamps = Vec::with_capacity(files.len());
    for (temp, (name, _)) in temps.into_iter().zip(files) {
        let renamed = temp.rename(name);
        stamps.push(renamed.map_err(|reason| undo(dir, files, stamps.len(), reason))?);
    }
    fsync(dir).map_err(|reason| undo(dir, files, files.len(), reason))?;
    Ok(stamps)
}

/// Flushes the content of all files.
fn flush(temps: &[Temporary<BorrowedFd<'_>>]) -> Result<(), Errno> {
    fn flush_each(temps: &[Temporary<BorrowedFd<'_>>]) -> Result<(), Errno> {
        temps.iter().try_for_each(Temporary::flush)
    }
    let share = temps.len().div_ceil(FLUSHERS).max(1);
    thread::scope(|scope| {
        let started: Vec<_> = temps
            .chunks(share)
            .map(|share| {
                let flush = move || flush_each(share);
                (share, thread::Builder::new().name("flush".to_owned()).spawn_scoped(scope, flush))
            })
            .collect();
        started.into_iter().try_for_each(|(share, thread)| match thread {
            Ok(thread) => thread.join().unwrap_or(Err(Errno::EIO)),
            // The system has no thread left.
            Err(_) => flush_each(share),
        })
    })
}

/// Removes the first `count` files again.
fn undo(
    dir: BorrowedFd<'_>,
    files: &[(&OsStr, &[u8])],
    count: usize,
    reason: Errno,
) -> ReplaceError {
    let mut created = files.iter().take(count);
    match created.try_for_each(|(name, _)| unlinkat(dir, *name, UnlinkatFlags::NoRemoveDir)) {
        Ok(()) => ReplaceError::Unchanged(reason),
        Err(_) => ReplaceError::Unflushed(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic::PUBLIC;
    use std::collections::BTreeMap;
    use std::fs::{self, File};
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::Path;

    use nix::fcntl::OFlag;
    use nix::unistd::mkfifo;

    fn content(dir: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
        let file = |entry: fs::DirEntry| {
            (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
        };
        entries.map(file).collect()
    }

    #[test]
    fn all_files_are_created_with_their_stamps() {
        let dir = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..TOGETHER).map(|n| format!("{n}.lic")).collect();
        let files: Vec<_> = names.iter().map(|n| (OsStr::new(n), n.as_bytes())).collect();
        let stamps = create_all(File::open(dir.path()).unwrap(), &files, PUBLIC).unwrap();
        for (name, stamp) in names.iter().zip(stamps) {
            assert_eq!(Stamp::at(&dir.path().join(name)).unwrap(), stamp, "{name}");
        }
        let expected = names.iter().map(|name| (name.clone(), name.clone())).collect();
        assert_eq!(content(dir.path()), expected);
    }

    #[test]
    fn of_files_that_cannot_all_be_created_none_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("taken"), "before").unwrap();
        let before = content(dir.path());
        let long = "a".repeat(256);
        for (second, reason) in
            [("taken", Errno::EEXIST), (&*long, Errno::ENAMETOOLONG), ("no/where", Errno::ENOENT)]
        {
            let files = [(OsStr::new("a"), &b"1"[..]), (OsStr::new(second), &b"2"[..])];
            let failed = create_all(File::open(dir.path()).unwrap(), &files, PUBLIC);
            assert_eq!(failed, Err(reason.into()), "{second}");
            assert_eq!(content(dir.path()), before, "{second}");
        }
    }

    #[test]
    fn files_that_cannot_be_flushed_are_removed_again() {
        let dir = tempfile::tempdir().unwrap();
        let open = File::options().read(true).custom_flags(OFlag::O_PATH.bits()).open(dir.path());
        let files = ["a", "b"].map(|name| (OsStr::new(name), name.as_bytes()));
        assert_eq!(create_all(open.unwrap(), &files, PUBLIC), Err(Errno::EBADF.into()));
        assert!(content(dir.path()).is_empty());
    }

    #[test]
    fn content_that_cannot_be_flushed_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (open, fifo) = (File::open(dir.path()).unwrap(), dir.path().join("fifo"));
        mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        // A FIFO has nothing to flush.
        let fifo = File::options().read(true).write(true).open(fifo).unwrap();
        let temps = [
            Temporary::with(open.as_fd(), b"x", PUBLIC).unwrap(),
            Temporary::locked(open.as_fd(), "fifo".to_owned(), fifo).unwrap().unwrap(),
        ];
        assert_eq!(flush(&temps[..1]), Ok(()));
        assert_eq!(flush(&temps), Err(Errno::EINVAL));
    }

    #[test]
    fn no_files_are_no_work() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(create_all(File::open(dir.path()).unwrap(), &[], PUBLIC), Ok(Vec::new()));
    }
}
