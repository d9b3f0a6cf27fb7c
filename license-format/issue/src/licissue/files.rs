//! Reading and writing files.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use license_format::{VerifierKey, limits};
use license_issue::{Pack, SigningKey};

use crate::error::CommandError;

/// The file name that stands for standard input and output.
pub(crate) const STANDARD: &str = "-";
/// Bytes of a key file: a few times its one line.
const KEY_FILE_BYTES: u64 = 4096;
/// Bytes of a licence request: several times the longest one.
const REQUEST_BYTES: u64 = 16 * 1024;
/// Bytes of a list or a pack file: as many as of a licence, which holds the same units.
const LIST_BYTES: u64 = limits::FILE_BYTES;

/// Reads a document.
pub(crate) fn read_document(path: &Path) -> Result<Vec<u8>, CommandError> {
    match read(path, limits::FILE_BYTES)? {
        Some(bytes) => Ok(bytes),
        None => Err(CommandError::too_large(path, limits::FILE_BYTES)),
    }
}

/// Reads a file or standard input; `None` if it is longer than `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, CommandError> {
    let mut bytes = Vec::new();
    let result = if path.as_os_str() == STANDARD {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
    };
    match result {
        Ok(length) => Ok((length as u64 <= limit).then_some(bytes)),
        Err(error) => Err(CommandError::of_file(path, "read", &error)),
    }
}

/// Reads a text file.
fn read_text(path: &Path, limit: u64) -> Result<String, CommandError> {
    let bytes = read(path, limit)?.ok_or_else(|| too_long(path, limit))?;
    String::from_utf8(bytes)
        .map_err(|_| CommandError::new(path.display(), "is no text", "check the path"))
}

fn too_long(path: &Path, limit: u64) -> CommandError {
    let what = format_args!("is longer than {limit} bytes");
    CommandError::new(path.display(), what, "check that it is the right file")
}

pub(crate) fn signing_keys(paths: &[PathBuf]) -> Result<Vec<SigningKey>, CommandError> {
    let read = |path: &PathBuf| {
        SigningKey::parse(read_text(path, KEY_FILE_BYTES)?.trim()).ok_or_else(|| {
            CommandError::new(path.display(), "is not a private key", "give a .key file of keygen")
        })
    };
    paths.iter().map(read).collect()
}

pub(crate) fn verifier_key(path: &Path) -> Result<VerifierKey, CommandError> {
    VerifierKey::parse(read_text(path, KEY_FILE_BYTES)?.trim()).ok_or_else(|| {
        CommandError::new(path.display(), "is not a verifier key", "give a .vkey file of keygen")
    })
}

/// Reads a list.
pub(crate) fn read_list(path: &Path) -> Result<Vec<u8>, CommandError> {
    read(path, LIST_BYTES)?.ok_or_else(|| too_long(path, LIST_BYTES))
}

/// Reads a licence request.
pub(crate) fn read_request(path: &Path) -> Result<Vec<u8>, CommandError> {
    read(path, REQUEST_BYTES)?.ok_or_else(|| too_long(path, REQUEST_BYTES))
}

/// Reads a pack file.
pub(crate) fn load_pack(path: &Path) -> Result<Pack, CommandError> {
    let text = read_text(path, LIST_BYTES)?;
    let remedy = "correct the pack file";
    Pack::parse(&text).map_err(|error| CommandError::new(path.display(), error, remedy))
}

/// Writes a document to the path that a person names. What is no file, such as a pipe, is written to
/// and stays what it is: `-o /dev/null` must not leave a file there. A link goes on pointing to its
/// file.
pub(crate) fn write_output(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {
            let target = fs::canonicalize(path);
            replace(&target.map_err(|error| CommandError::of_file(path, "written", &error))?, bytes)
        }
        Ok(_) => OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|error| CommandError::of_file(path, "written", &error)),
        Err(_) => replace(path, bytes),
    }
}

/// Replaces a file. A crash at any moment leaves the old or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let failed = |error| CommandError::of_file(path, "written", &error);
    let Some(name) = path.file_name() else {
        return Err(CommandError::new(path.display(), "is not the name of a file", "name a file"));
    };
    let folder = folder_of(path);
    let temporary = folder.join(temporary_name(name));
    let written = create_temporary(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // A leftover does no harm, and the first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| File::open(folder)?.sync_all()).map_err(failed)
}

/// The temporary name of the new version of a file.
pub(crate) fn temporary_name(name: &OsStr) -> OsString {
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    temporary
}

/// Writes a temporary file. It replaces the leftover of an interrupted run with the same process ID,
/// which containers reuse soon.
pub(crate) fn create_temporary(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => create(path, bytes, 0o666),
    }
}

/// Writes a new file with at most these permissions.
pub(crate) fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{FileTypeExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_is_no_file_is_written_to_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [stdout, socket] = ["stdout", "socket"].map(|name| folder.path().join(name));
        // As /dev/stdout leads to a pipe.
        let (mut reader, writer) = io::pipe().unwrap();
        symlink(format!("/proc/self/fd/{}", writer.as_raw_fd()), &stdout).unwrap();
        write_output(&stdout, b"licence").unwrap();
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "licence");
        assert!(fs::symlink_metadata(&stdout).unwrap().is_symlink());

        let _listener = UnixListener::bind(&socket).unwrap();
        assert!(write_output(&socket, b"licence").is_err());
        assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket());
    }

    #[test]
    fn a_link_goes_on_pointing_to_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        write_output(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }
}
