//! Reading and writing files.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use license_format::{VerifierKey, limits};
use license_issue::{Pack, SigningKey};

use crate::failure::Failure;

/// The name of standard input and output among file names.
pub(crate) const STANDARD: &str = "-";
/// The most that a key file is read of: one line of a note and some air.
const KEY_FILE_BYTES: u64 = 4096;
/// The most that a list of units or a pack file is read of: as much as a licence may have, which
/// holds the same units.
const LIST_BYTES: u64 = limits::FILE_BYTES;

/// All of a document file.
pub(crate) fn read_document(path: &Path) -> Result<Vec<u8>, Failure> {
    match read(path, limits::FILE_BYTES)? {
        Some(bytes) => Ok(bytes),
        None => Err(Failure::too_large(path, limits::FILE_BYTES)),
    }
}

/// All of a file or of standard input; `None` if that is more than `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let mut bytes = Vec::new();
    let result = if path.as_os_str() == STANDARD {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
    };
    match result {
        Ok(length) => Ok((length as u64 <= limit).then_some(bytes)),
        Err(error) => Err(Failure::of_file(path, "read", &error)),
    }
}

/// The text of a small file of our own.
fn read_text(path: &Path, limit: u64) -> Result<String, Failure> {
    let bytes = read(path, limit)?.ok_or_else(|| too_long(path, limit))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new(path.display(), "is no text", "check the path"))
}

fn too_long(path: &Path, limit: u64) -> Failure {
    let what = format_args!("is longer than {limit} bytes");
    Failure::new(path.display(), what, "check that it is the right file")
}

pub(crate) fn signing_keys(paths: &[PathBuf]) -> Result<Vec<SigningKey>, Failure> {
    let read = |path: &PathBuf| {
        SigningKey::parse(read_text(path, KEY_FILE_BYTES)?.trim()).ok_or_else(|| {
            Failure::new(path.display(), "is not a private key", "give a .key file of keygen")
        })
    };
    paths.iter().map(read).collect()
}

pub(crate) fn verifier_key(path: &Path) -> Result<VerifierKey, Failure> {
    VerifierKey::parse(read_text(path, KEY_FILE_BYTES)?.trim()).ok_or_else(|| {
        Failure::new(path.display(), "is not a verifier key", "give a .vkey file of keygen")
    })
}

/// All of a list.
pub(crate) fn read_list(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, LIST_BYTES)?.ok_or_else(|| too_long(path, LIST_BYTES))
}

/// The pack in a file.
pub(crate) fn load_pack(path: &Path) -> Result<Pack, Failure> {
    let text = read_text(path, LIST_BYTES)?;
    let remedy = "correct the pack file";
    Pack::parse(&text).map_err(|error| Failure::new(path.display(), error, remedy))
}

/// Writes a file so that after a crash at any moment there is the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::of_file(path, "written", &error);
    let Some(name) = path.file_name() else {
        return Err(Failure::new(path.display(), "is not the name of a file", "name a file"));
    };
    let folder = folder_of(path);
    let temporary = folder.join(temporary_name(name));
    let written = create_temporary(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What cannot be removed does no harm; the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| File::open(folder)?.sync_all()).map_err(failed)
}

/// The name of a file on its way to becoming the one of this name.
pub(crate) fn temporary_name(name: &OsStr) -> OsString {
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    temporary
}

/// Writes a temporary file. One of this name was left by a run that was cut off: process IDs come
/// again, in a container soon.
pub(crate) fn create_temporary(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => create(path, bytes, 0o666),
    }
}

/// Writes a file that must not exist yet, with at most these permissions.
pub(crate) fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
