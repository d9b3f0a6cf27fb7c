//! Replaces files so that a crash leaves the old or the new one.
//!
//! The new content goes to a temporary file in the same directory, `.licd-PID-N.tmp`, which is then
//! renamed. The writer holds a lock on it; an unlocked one is the leftover of a crash, which [`sweep`]
//! removes. Sweeping is therefore safe while other processes write.
//!
//! Errors are the kernel's numbers: only the caller knows how to name the file to the user.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat, renameat};
use nix::sys::stat::{FchmodatFlags, FileStat, SFlag, fchmod, fchmodat, fstat};
use nix::unistd::{UnlinkatFlags, fsync, mkdir, unlinkat};

use crate::flock::{LockError, Locked};
use crate::stamp::Stamp;

pub use nix::sys::stat::Mode;

/// Mode of world-readable files.
pub const PUBLIC: Mode = Mode::from_bits_truncate(0o644);
/// Mode of world-readable directories.
const PUBLIC_DIR: Mode = Mode::from_bits_truncate(0o755);

/// Prefix and suffix of a temporary file's name. The suffix is never `.lic`, the suffix of licences.
const PREFIX: &str = ".licd-";
const SUFFIX: &str = ".tmp";
/// Names tried before giving up. Each collision is the leftover of a process with the same ID.
const ATTEMPTS: usize = 1000;

/// Flags for reading a file of unknown type: a link is not followed, and a FIFO does not block.
const READ: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// The failure that a replacement survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: file and directory are on the medium before the call returns.
    Synced,
    /// The death of the process: for file systems in memory.
    Volatile,
}

/// Why a file was not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceError {
    /// The file is as it was, and no temporary file stays.
    Unchanged(Errno),
    /// The new file is in place, but the medium may not have it: neither flushing the directory nor
    /// putting the old file back succeeded. A power cut may bring the old file back.
    Unflushed(Errno),
}

impl ReplaceError {
    /// The kernel's reason.
    #[must_use]
    pub const fn errno(self) -> Errno {
        match self {
            Self::Unchanged(reason) | Self::Unflushed(reason) => reason,
        }
    }
}

impl From<Errno> for ReplaceError {
    fn from(reason: Errno) -> Self {
        Self::Unchanged(reason)
    }
}

/// Replaces or creates the file at `path`, as [`replace_at`] does.
///
/// # Errors
/// [`ReplaceError`].
pub fn replace(
    path: &Path,
    bytes: &[u8],
    mode: Mode,
    durability: Durability,
) -> Result<(), ReplaceError> {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let name = path.file_name().ok_or(Errno::EINVAL)?;
    let dir = File::open(parent.unwrap_or(Path::new("."))).map_err(errno)?;
    replace_at(&dir, name, bytes, mode, durability).map(drop)
}

/// Replaces or creates the file `name` (one path component) of an open directory. The umask does not
/// affect `mode`. A link of that name is replaced, not followed. Returns the stamp of the new file, if
/// it can be read.
///
/// # Errors
/// [`ReplaceError`]. If the very last step fails, flushing the directory, the old file is put back;
/// [`ReplaceError::Unflushed`] if that fails, too.
pub fn replace_at(
    dir: impl AsFd,
    name: &OsStr,
    bytes: &[u8],
    mode: Mode,
    durability: Durability,
) -> Result<Option<Stamp>, ReplaceError> {
    let dir = dir.as_fd();
    if durability == Durability::Volatile {
        return Ok(Temporary::with(dir, bytes, mode)?.rename(name)?);
    }
    let before = open_before(dir, name)?;
    let temp = Temporary::with(dir, bytes, mode)?;
    temp.flush()?;
    let stamp = temp.rename(name)?;
    // The answer and the file have to agree.
    fsync(dir).map_err(|reason| match restore(dir, name, before) {
        Ok(()) => ReplaceError::Unchanged(reason),
        Err(_) => ReplaceError::Unflushed(reason),
    })?;
    Ok(stamp)
}

/// Opens the file that is about to be replaced, so that its content outlives its name.
fn open_before(dir: BorrowedFd<'_>, name: &OsStr) -> Result<Option<File>, Errno> {
    match openat(dir, name, READ, Mode::empty()) {
        Ok(file) => Ok(Some(file.into())),
        // Links and sockets are not read.
        Err(Errno::ENOENT | Errno::ELOOP | Errno::ENXIO | Errno::ENAMETOOLONG) => Ok(None),
        Err(why) => Err(why),
    }
}

/// Restores the file from before a replacement.
fn restore(dir: BorrowedFd<'_>, name: &OsStr, before: Option<File>) -> Result<(), Errno> {
    let Some(mut before) = before else {
        return unlinkat(dir, name, UnlinkatFlags::NoRemoveDir);
    };
    let mode = Mode::from_bits_truncate(fstat(&before)?.st_mode);
    let mut bytes = Vec::new();
    before.read_to_end(&mut bytes).map_err(errno)?;
    Temporary::with(dir, &bytes, mode)?.rename(name).map(drop)
}

/// Whether the file `name` of an open directory is a regular file with exactly this content:
/// replacing it would only wear the medium.
pub fn holds(dir: impl AsFd, name: &OsStr, bytes: &[u8]) -> bool {
    let Ok(file) = openat(dir, name, READ, Mode::empty()) else { return false };
    let length = u64::try_from(bytes.len());
    match fstat(&file) {
        Ok(stat) if is_regular(&stat) && u64::try_from(stat.st_size) == length => {}
        _ => return false,
    }
    let mut present = Vec::with_capacity(bytes.len());
    let read = File::from(file).take(length.unwrap_or(u64::MAX)).read_to_end(&mut present);
    read.is_ok() && present == bytes
}

/// Removes the temporary files that a crash left in an open directory and returns their number. A
/// file that cannot be removed stays for the next sweep.
///
/// # Errors
/// The directory cannot be read.
pub fn sweep(dir: impl AsFd) -> Result<usize, Errno> {
    let dir = dir.as_fd();
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut removed = 0;
    for entry in Dir::openat(dir, ".", flags, Mode::empty())? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if is_temporary(name) && remove_leftover(dir, name).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Sweeps the directory at a path; a missing directory holds no leftovers.
///
/// # Errors
/// The directory cannot be read.
pub fn sweep_path(path: &Path) -> Result<usize, Errno> {
    match File::open(path) {
        Ok(dir) => sweep(&dir),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(errno(error)),
    }
}

/// Moves an unusable file to `aside`, replacing the previous one there, and returns the new path.
///
/// # Errors
/// The kernel's error; the file has not moved.
pub fn set_aside(file: &Path, aside: PathBuf) -> Result<PathBuf, Errno> {
    let moved = match fs::rename(file, &aside).map_err(errno) {
        // rename(2) does not replace a directory by a file or the reverse.
        Err(Errno::EISDIR | Errno::ENOTDIR | Errno::ENOTEMPTY | Errno::EEXIST) => {
            let cleared = fs::remove_file(&aside).or_else(|_| fs::remove_dir_all(&aside));
            cleared.and_then(|()| fs::rename(file, &aside)).map_err(errno)
        }
        moved => moved,
    };
    moved.map(|()| aside)
}

/// Creates a directory and its missing parents, all with mode 0755 regardless of the umask.
///
/// # Errors
/// The kernel's error.
pub fn create_dir(path: &Path) -> Result<(), Errno> {
    match mkdir(path, PUBLIC_DIR) {
        Ok(()) => fchmodat(AT_FDCWD, path, PUBLIC_DIR, FchmodatFlags::FollowSymlink),
        Err(Errno::EEXIST) => Ok(()),
        Err(Errno::ENOENT) => {
            create_dir(path.parent().ok_or(Errno::ENOENT)?)?;
            create_dir(path)
        }
        Err(reason) => Err(reason),
    }
}

/// A temporary file; dropping it removes it unless it was renamed.
pub(crate) struct Temporary<'a> {
    dir: BorrowedFd<'a>,
    name: String,
    file: Locked,
    renamed: bool,
}

impl<'a> Temporary<'a> {
    /// Creates one with this content.
    pub(crate) fn with(dir: BorrowedFd<'a>, bytes: &[u8], mode: Mode) -> Result<Self, Errno> {
        let temp = Self::create(dir)?;
        fchmod(&*temp.file, mode)?;
        (&*temp.file).write_all(bytes).map_err(errno)?;
        Ok(temp)
    }

    fn create(dir: BorrowedFd<'a>) -> Result<Self, Errno> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let flags =
            OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        for _ in 0..ATTEMPTS {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{PREFIX}{}-{number}{SUFFIX}", std::process::id());
            let file = match openat(dir, name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR) {
                Ok(file) => File::from(file),
                Err(Errno::EEXIST) => continue,
                Err(reason) => return Err(reason),
            };
            // Between the two calls a sweeper may mistake the file for a leftover: it then holds the
            // lock or has already removed the file.
            let file = match Locked::try_new(file) {
                Ok(file) => file,
                Err(LockError::Held(_)) => continue,
                Err(LockError::Kernel(reason)) => {
                    unlinkat(dir, name.as_str(), UnlinkatFlags::NoRemoveDir)?;
                    return Err(reason);
                }
            };
            // From here on, dropping it removes the file.
            let temp = Self { dir, name, file, renamed: false };
            if fstat(&*temp.file)?.st_nlink > 0 {
                return Ok(temp);
            }
        }
        Err(Errno::EEXIST)
    }

    /// Flushes its content to the medium.
    pub(crate) fn flush(&self) -> Result<(), Errno> {
        fsync(&*self.file)
    }

    /// Gives it its name, and returns its stamp if it can be read.
    pub(crate) fn rename(mut self, name: &OsStr) -> Result<Option<Stamp>, Errno> {
        renameat(self.dir, self.name.as_str(), self.dir, name)?;
        self.renamed = true;
        // Renaming counts as a change of the file.
        Ok(fstat(&*self.file).ok().as_ref().map(Stamp::of))
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            // A later sweep removes it otherwise.
            let _ = unlinkat(self.dir, self.name.as_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

fn remove_leftover(dir: BorrowedFd<'_>, name: &OsStr) -> Result<(), Errno> {
    let file = File::from(openat(dir, name, READ, Mode::empty())?);
    let _lock = Locked::try_new(file).map_err(|_| Errno::EWOULDBLOCK)?;
    unlinkat(dir, name, UnlinkatFlags::NoRemoveDir)
}

/// Whether this is a regular file.
fn is_regular(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG
}

/// The kernel's number of an error; `EIO` for an error without one, such as a short write.
fn errno(error: std::io::Error) -> Errno {
    Errno::try_from(error).unwrap_or(Errno::EIO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn dir() -> (tempfile::TempDir, File) {
        let dir = tempfile::tempdir().unwrap();
        let open = File::open(dir.path()).unwrap();
        (dir, open)
    }

    fn names(dir: &Path) -> Vec<PathBuf> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into()).collect()
    }

    #[test]
    fn a_file_is_created_and_replaced_with_the_given_mode_and_no_leftover() {
        let (dir, _) = dir();
        let file = dir.path().join("a".repeat(255));
        for (text, mode, durability) in
            [("one", 0o600, Durability::Volatile), ("two", 0o664, Durability::Synced)]
        {
            let mode = Mode::from_bits_truncate(mode);
            replace(&file, text.as_bytes(), mode, durability).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, mode.bits());
        }
        assert_eq!(names(dir.path()).len(), 1);
    }

    #[test]
    fn a_failed_replacement_leaves_no_temporary_file() {
        let (dir, open) = dir();
        fs::create_dir(dir.path().join("taken")).unwrap();
        let put = |name: &str| replace_at(&open, name.as_ref(), b"x", PUBLIC, Durability::Synced);
        assert_eq!(put("taken"), Err(Errno::EISDIR.into()));
        assert_eq!(put("no/where"), Err(Errno::ENOENT.into()));
        assert_eq!(put(&"a".repeat(256)), Err(Errno::ENAMETOOLONG.into()));
        assert_eq!(names(dir.path()), [Path::new("taken")]);
        let gone = dir.path().join("gone/file");
        assert_eq!(replace(&gone, b"x", PUBLIC, Durability::Synced), Err(Errno::ENOENT.into()));
        assert_eq!(
            replace(Path::new("/"), b"x", PUBLIC, Durability::Synced),
            Err(Errno::EINVAL.into())
        );
    }

    #[test]
    fn a_link_is_replaced_and_its_target_is_unchanged() {
        let (dir, open) = dir();
        fs::write(dir.path().join("target"), "target").unwrap();
        symlink("target", dir.path().join("link")).unwrap();
        assert!(!holds(&open, "link".as_ref(), b"target"));
        replace_at(&open, "link".as_ref(), b"new", PUBLIC, Durability::Volatile).unwrap();
        assert!(holds(&open, "link".as_ref(), b"new"));
        assert!(holds(&open, "target".as_ref(), b"target"));
    }

    #[test]
    fn only_a_regular_file_with_exactly_these_bytes_holds_them() {
        let (dir, open) = dir();
        fs::write(dir.path().join("file"), "text").unwrap();
        nix::unistd::mkfifo(&dir.path().join("fifo"), Mode::S_IRWXU).unwrap();
        assert!(holds(&open, "file".as_ref(), b"text"));
        for (name, bytes) in [
            ("file", &b"tex"[..]),
            ("file", b"text!"),
            ("file", b"texT"),
            ("fifo", b""),
            ("-", b""),
        ] {
            assert!(!holds(&open, name.as_ref(), bytes), "{name}");
        }
    }

    #[test]
    fn sweeping_removes_unlocked_temporary_files_and_no_other() {
        let (dir, open) = dir();
        for name in [".licd-1-2.tmp", ".licd-1-3.tmp", ".licd-1", "note.tmp"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let writing = Temporary::create(open.as_fd()).unwrap();
        assert_eq!(sweep(&open), Ok(2));
        assert!(dir.path().join(&writing.name).exists());
        writing.rename("done".as_ref()).unwrap();
        let mut left = names(dir.path());
        left.sort();
        assert_eq!(left, [".licd-1", "done", "note.tmp"].map(PathBuf::from));
    }

    #[test]
    fn sweeping_never_disturbs_a_writer() {
        let (_dir, open) = dir();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                (0..500).try_for_each(|_| {
                    replace_at(&open, "file".as_ref(), b"text", PUBLIC, Durability::Volatile)
                        .map(drop)
                })
            });
            while !writer.is_finished() {
                // The sweeper may remove a file before it is locked; the writer creates another.
                assert!(sweep(&open).is_ok());
            }
            assert_eq!(writer.join().unwrap(), Ok(()));
        });
        assert!(holds(&open, "file".as_ref(), b"text"));
    }

    #[test]
    fn missing_directories_are_created_world_readable() {
        let (dir, _) = dir();
        let deep = dir.path().join("a/b/c");
        for _ in 0..2 {
            create_dir(&deep).unwrap();
        }
        for made in deep.ancestors().take(3) {
            assert_eq!(made.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
        }
        fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(create_dir(&dir.path().join("file/below")), Err(Errno::ENOTDIR));
        assert_eq!(create_dir(Path::new("")), Err(Errno::ENOENT));
    }
}
