//! How a file is replaced so that a crash leaves the old one or the new one.
//!
//! The new content goes to a temporary file of the same directory, named `.licd-PID-N.tmp`, which
//! is then renamed. While it is written it is locked; one that nobody has locked was left by a
//! crash, and [`sweep`] removes it. So sweeping is safe at any time, whoever else is writing.
//!
//! Errors are the kernel's numbers: only the caller knows what the file is to the user.

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

use crate::lock::{Locked, Refused};
use crate::stamp::Stamp;

pub use nix::sys::stat::Mode;

/// Mode of files that everyone may read.
pub const PUBLIC: Mode = Mode::from_bits_truncate(0o644);
/// Mode of directories that everyone may look into.
const PUBLIC_DIR: Mode = Mode::from_bits_truncate(0o755);

/// What a temporary file's name begins and ends with. It never ends in `.lic`, which would make it
/// a licence.
const PREFIX: &str = ".licd-";
const SUFFIX: &str = ".tmp";
/// Names tried before giving up. Each failure is a leftover of a process that had the same ID.
const ATTEMPTS: usize = 1000;

/// How a file is opened for reading that may be anything: no link is followed, no FIFO waited for.
const READ: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// What a replacement has to survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: file and directory have reached the medium before the call returns.
    Synced,
    /// The death of the process. For file systems in memory, where nothing else is possible.
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

/// Replaces or creates the file `name` (one path component) of an open directory. `mode` holds
/// whatever the umask. A link of that name is replaced, not followed. Returns by what the new file
/// is known again, unless that cannot be told.
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
    fsync(&*temp.file)?;
    let stamp = temp.rename(name)?;
    // The answer and the file have to agree.
    fsync(dir).map_err(|reason| match restore(dir, name, before) {
        Ok(()) => ReplaceError::Unchanged(reason),
        Err(_) => ReplaceError::Unflushed(reason),
    })?;
    Ok(stamp)
}

/// The file that is about to be replaced, open, so that its content outlives its name.
fn open_before(dir: BorrowedFd<'_>, name: &OsStr) -> Result<Option<File>, Errno> {
    match openat(dir, name, READ, Mode::empty()) {
        Ok(file) => Ok(Some(file.into())),
        // A link or a directory is not read.
        Err(Errno::ENOENT | Errno::ELOOP | Errno::ENXIO | Errno::ENAMETOOLONG) => Ok(None),
        Err(why) => Err(why),
    }
}

/// Puts back what was there before a replacement.
fn restore(dir: BorrowedFd<'_>, name: &OsStr, before: Option<File>) -> Result<(), Errno> {
    let Some(mut before) = before else {
        return unlinkat(dir, name, UnlinkatFlags::NoRemoveDir);
    };
    let mode = Mode::from_bits_truncate(fstat(&before)?.st_mode);
    let mut bytes = Vec::new();
    before.read_to_end(&mut bytes).map_err(errno)?;
    Temporary::with(dir, &bytes, mode)?.rename(name).map(drop)
}

/// Whether the file `name` of an open directory is a regular file with exactly this content, so
/// that replacing it would only wear the medium.
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

/// Removes the temporary files that a crash left in an open directory, and says how many. One that
/// cannot be removed stays for the next time.
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

/// The same for the directory at a path; none is left in one that is not there.
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

/// Moves a file that cannot be used out of the way, in place of the last one that had to be, and
/// returns where it is now.
///
/// # Errors
/// The kernel's reason; the file is where it was.
pub fn set_aside(file: &Path, aside: PathBuf) -> Result<PathBuf, Errno> {
    let moved = match fs::rename(file, &aside).map_err(errno) {
        // A file and a directory do not replace each other.
        Err(Errno::EISDIR | Errno::ENOTDIR | Errno::ENOTEMPTY | Errno::EEXIST) => {
            let cleared = fs::remove_file(&aside).or_else(|_| fs::remove_dir_all(&aside));
            cleared.and_then(|()| fs::rename(file, &aside)).map_err(errno)
        }
        moved => moved,
    };
    moved.map(|()| aside)
}

/// Creates a directory and those above it that are missing, all 0755 whatever the umask.
///
/// # Errors
/// The kernel's reason.
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

/// A temporary file, removed when dropped unless it was renamed.
struct Temporary<'a> {
    dir: BorrowedFd<'a>,
    name: String,
    file: Locked,
    renamed: bool,
}

impl<'a> Temporary<'a> {
    /// One with this content.
    fn with(dir: BorrowedFd<'a>, bytes: &[u8], mode: Mode) -> Result<Self, Errno> {
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
            // Between the two calls a sweeper may have taken the file for a leftover: then it has
            // the lock or has removed the file already.
            let file = match Locked::try_new(file) {
                Ok(file) => file,
                Err(Refused::Taken(_)) => continue,
                Err(Refused::Kernel(reason)) => {
                    unlinkat(dir, name.as_str(), UnlinkatFlags::NoRemoveDir)?;
                    return Err(reason);
                }
            };
            // Removed when dropped from here on.
            let temp = Self { dir, name, file, renamed: false };
            if fstat(&*temp.file)?.st_nlink > 0 {
                return Ok(temp);
            }
        }
        Err(Errno::EEXIST)
    }

    fn rename(mut self, name: &OsStr) -> Result<Option<Stamp>, Errno> {
        renameat(self.dir, self.name.as_str(), self.dir, name)?;
        self.renamed = true;
        // Renaming counts as a change of the file.
        Ok(fstat(&*self.file).ok().as_ref().map(Stamp::of))
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            // What cannot be removed now is swept later.
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

/// Whether this is neither a directory nor a link, FIFO, socket or device.
fn is_regular(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG
}

/// The kernel's number of an error; `EIO` for one that the kernel has no part in, a short write.
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
    fn a_file_is_made_and_replaced_with_the_mode_given_and_nothing_else_stays() {
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
    fn a_replacement_that_fails_leaves_nothing_behind() {
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
    fn a_link_is_replaced_and_what_it_names_is_not_touched() {
        let (dir, open) = dir();
        fs::write(dir.path().join("target"), "target").unwrap();
        symlink("target", dir.path().join("link")).unwrap();
        assert!(!holds(&open, "link".as_ref(), b"target"));
        replace_at(&open, "link".as_ref(), b"new", PUBLIC, Durability::Volatile).unwrap();
        assert!(holds(&open, "link".as_ref(), b"new"));
        assert!(holds(&open, "target".as_ref(), b"target"));
    }

    #[test]
    fn only_a_regular_file_of_exactly_these_bytes_holds_them() {
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
    fn sweeping_takes_what_nobody_writes_and_leaves_everything_else() {
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
    fn sweeping_never_disturbs_who_is_writing() {
        let (_dir, open) = dir();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                (0..500).try_for_each(|_| {
                    replace_at(&open, "file".as_ref(), b"text", PUBLIC, Durability::Volatile)
                        .map(drop)
                })
            });
            while !writer.is_finished() {
                // One that was just made and is not locked yet may go; the writer makes another.
                assert!(sweep(&open).is_ok());
            }
            assert_eq!(writer.join().unwrap(), Ok(()));
        });
        assert!(holds(&open, "file".as_ref(), b"text"));
    }

    #[test]
    fn every_directory_that_is_missing_is_made_for_all_to_look_into() {
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
