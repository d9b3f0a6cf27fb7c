//! Reads small regular files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;
use rustix::io::retry_on_intr;

/// Bytes of a file of proc, a key, a record or a document, mostly.
const PAGE: u64 = 4096;

/// The content of a file that was read up to a limit.
pub enum Capped {
    /// The whole content of a regular file.
    Whole(Vec<u8>),
    /// It is a directory, a FIFO, a device or the like.
    NotRegular,
    /// The file is larger than the limit.
    TooLarge,
}

/// Reads a regular file of at most `limit` bytes, following links.
///
/// # Errors
/// The kernel's error.
pub fn read(path: &Path, limit: u64) -> io::Result<Capped> {
    read_open(open(path, OFlag::empty())?, limit)
}

/// Does the same as [`read`] for a file of a disk or of a file system in memory, that the image or licd itself
/// writes. There a reading that ends before its buffer has reached the end of the file, so that a small file
/// takes one, and is not asked for its kind. (A FIFO with content passes for a file.)
///
/// # Errors
/// The kernel's error.
pub fn read_own(path: &Path, limit: u64) -> io::Result<Capped> {
    read_own_open(open(path, OFlag::empty())?, limit)
}

/// Does the same as [`read_own`] unless `path` itself is a link.
///
/// # Errors
/// The kernel's error; for a link `ELOOP`.
pub fn read_own_unless_link(path: &Path, limit: u64) -> io::Result<Capped> {
    read_own_open(open(path, OFlag::O_NOFOLLOW)?, limit)
}

fn read_own_open(file: File, limit: u64) -> io::Result<Capped> {
    let mut start = vec![0; usize::try_from(PAGE.min(limit)).unwrap_or_default() + 1];
    let read = read_once(&file, &mut start);
    match read {
        // An error of the disk, too, ends a reading, but at a page.
        Ok(length @ 1..) if length < start.len() && length as u64 != PAGE => {
            start.truncate(length);
            Ok(Capped::Whole(start))
        }
        _ if !file.metadata()?.is_file() => Ok(Capped::NotRegular),
        read => {
            start.truncate(read?);
            read_rest(file, start, limit)
        }
    }
}

/// Reads once, also if a signal interrupts that.
fn read_once(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(retry_on_intr(|| rustix::io::read(file, &mut *buffer))?)
}

/// Does the same as [`read`] unless `path` itself is a link.
///
/// # Errors
/// The kernel's error; for a link `ELOOP`.
pub fn read_unless_link(path: &Path, limit: u64) -> io::Result<Capped> {
    read_open(open(path, OFlag::O_NOFOLLOW)?, limit)
}

/// Reads a file of sysfs, which returns its whole text to one call, of at most `limit` bytes, unless `path`
/// itself is a link. Only a file that seems to be empty is asked for its kind.
///
/// # Errors
/// The kernel's error; for a link `ELOOP`, for a directory `EISDIR`.
pub fn read_attribute(path: &Path, limit: usize) -> io::Result<Capped> {
    let file = open(path, OFlag::O_NOFOLLOW)?;
    let mut bytes = vec![0; limit + 1];
    let length = read_once(&file, &mut bytes)?;
    bytes.truncate(length);
    Ok(match length {
        0 if !file.metadata()?.is_file() => Capped::NotRegular,
        length if length > limit => Capped::TooLarge,
        _ => Capped::Whole(bytes),
    })
}

fn open(path: &Path, flags: OFlag) -> io::Result<File> {
    // Opening a FIFO would otherwise wait for a writer.
    OpenOptions::new().read(true).custom_flags((flags | OFlag::O_NONBLOCK).bits()).open(path)
}

/// Reads an open regular file of at most `limit` bytes.
///
/// # Errors
/// The kernel's error.
pub fn read_open(file: File, limit: u64) -> io::Result<Capped> {
    read_rest(file, Vec::new(), limit)
}

/// Reads what is left of an open regular file whose `start` was read.
fn read_rest(file: File, start: Vec<u8>, limit: u64) -> io::Result<Capped> {
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok(Capped::NotRegular);
    }
    // One read, without another for the end: bytes added since belong to a later look. Files of proc
    // state no size.
    let most = limit + 1;
    let (room, most) = match found.len() {
        0 => (PAGE.min(most), most),
        length => (length.min(most), length.min(most)),
    };
    let mut bytes = start;
    let room = usize::try_from(room).unwrap_or_default();
    bytes.reserve_exact(room.saturating_sub(bytes.len()));
    file.take(most.saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Ok(Capped::TooLarge);
    }
    Ok(Capped::Whole(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use nix::sys::stat::Mode;

    use super::*;

    #[test]
    fn a_reading_that_ends_before_a_page_is_the_whole_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
        // It has no end while a writer is there: what it passes for shows that it is not read on.
        let mut writer = File::options().read(true).write(true).open(&path).unwrap();
        for (bytes, is_whole) in [(1, true), (4095, true), (4096, false), (4097, false)] {
            writer.write_all(&vec![b'x'; bytes]).unwrap();
            let is_read = match read_own(&path, 1 << 20).unwrap() {
                Capped::Whole(read) => read.len() == bytes,
                Capped::NotRegular | Capped::TooLarge => false,
            };
            assert_eq!(is_read, is_whole, "{bytes}");
        }
    }

    #[test]
    fn the_limit_holds_for_a_file_that_states_no_size() {
        let path = Path::new("/proc/version");
        let text = std::fs::read(path).unwrap();
        let length = text.len() as u64;
        for read in [read, read_own] {
            assert!(matches!(read(path, length), Ok(Capped::Whole(read)) if read == text));
            assert!(matches!(read(path, length - 1), Ok(Capped::TooLarge)));
        }
    }
}
