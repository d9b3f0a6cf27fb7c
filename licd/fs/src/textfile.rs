//! Reads small text files of the image and the administrator, up to a limit; an error names line and
//! column.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;

use crate::capped::{self, Capped};
use crate::look::{self, Looked, look};
use crate::printable::{escaped, reason};

/// Why a file cannot be used. The text follows "FILE: " in a message, with quotations escaped.
#[derive(Debug)]
pub enum ReadError {
    /// The kernel's error, such as that this user may not read the file.
    Unreadable(io::Error),
    /// The path names a directory, a device or the like.
    NotAFile,
    /// The path is a link to a file that does not exist.
    Dangling,
    /// The file is larger than this limit in bytes.
    TooLarge(u64),
    /// The file is not UTF-8 from this position on.
    NotUtf8(Position),
    /// The file is not TOML, or a key or value does not belong in it.
    Toml {
        /// The position, if the parser reports one.
        at: Option<Position>,
        /// The parser's message.
        message: String,
    },
}

/// A position in a file as editors count: line and column from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The position of the byte at `offset`, or of the end if `offset` is past it.
    fn of(text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |lf| lf + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let begun = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default());
        Self { line, column: begun.chars().count() + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl ReadError {
    /// Locates an error of the TOML parser in `text`.
    pub fn toml(text: &str, error: &toml::de::Error) -> Self {
        // TOML has keys; "field" is serde's word.
        let message = without_value(error.message()).replacen("unknown field", "unknown key", 1);
        Self::Toml {
            at: error.span().map(|span| Position::of(text.as_bytes(), span.start)),
            message: escaped(&message),
        }
    }
}

/// Removes the value that the parser quotes: a user may have written a password where a number
/// belongs. The type stays: `invalid type: string, expected a boolean`.
fn without_value(message: &str) -> Cow<'_, str> {
    // The value may contain the word itself; the last one is the parser's.
    match message.rsplit_once(", expected ") {
        Some((found, expected)) if message.starts_with("invalid ") => {
            let kind = found.split(['`', '"']).next().unwrap_or_default().trim_end();
            format!("{kind}, expected {expected}").into()
        }
        _ => message.into(),
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {}", reason(error)),
            Self::NotAFile => f.write_str("is not a regular file"),
            Self::Dangling => f.write_str("is a link to nothing"),
            Self::TooLarge(limit) => write!(f, "is larger than {limit} bytes"),
            Self::NotUtf8(at) => write!(f, "{at}: not UTF-8 text"),
            Self::Toml { at: Some(at), message } => write!(f, "{at}: {message}"),
            Self::Toml { at: None, message } => f.write_str(message),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::NotAFile
            | Self::Dangling
            | Self::TooLarge(_)
            | Self::NotUtf8(_)
            | Self::Toml { .. } => None,
        }
    }
}

/// Reads the file at `path`; `None` if it does not exist. The inner error is a fact:
/// [`ReadError::Unreadable`], [`ReadError::NotAFile`], [`ReadError::Dangling`], or
/// [`ReadError::TooLarge`] beyond `limit` bytes.
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn read(path: &Path, limit: u64) -> Looked<Result<Option<Vec<u8>>, ReadError>> {
    let read = found(look(path, capped::read(path, limit))?, limit);
    // A link to nothing was meant to name a file.
    if matches!(read, Ok(None)) && look::exists(path)? {
        return Ok(Err(ReadError::Dangling));
    }
    Ok(read)
}

/// Does the same for a file that the image or licd itself writes, see [`capped::read_own`]. A link to nothing
/// counts as no file, which saves a call for each file that is not there yet.
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn read_own(path: &Path, limit: u64) -> Looked<Result<Option<Vec<u8>>, ReadError>> {
    Ok(found(look(path, capped::read_own(path, limit))?, limit))
}

fn found(read: io::Result<Capped>, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
    match read {
        Ok(Capped::Whole(bytes)) => Ok(Some(bytes)),
        Ok(Capped::NotRegular) => Err(ReadError::NotAFile),
        Ok(Capped::TooLarge) => Err(ReadError::TooLarge(limit)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReadError::Unreadable(error)),
    }
}

/// Reads the text of the file at `path`; `None` if it does not exist. The inner error is one of
/// [`read`], or [`ReadError::NotUtf8`].
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn read_text(path: &Path, limit: u64) -> Looked<Result<Option<String>, ReadError>> {
    Ok(text(read(path, limit)?))
}

/// Does the same for a file that the image or licd itself writes.
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn read_own_text(path: &Path, limit: u64) -> Looked<Result<Option<String>, ReadError>> {
    Ok(text(read_own(path, limit)?))
}

fn text(read: Result<Option<Vec<u8>>, ReadError>) -> Result<Option<String>, ReadError> {
    read.and_then(|bytes| bytes.map(utf8).transpose())
}

fn utf8(bytes: Vec<u8>) -> Result<String, ReadError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        ReadError::NotUtf8(Position::of(error.as_bytes(), valid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn positions_count_lines_and_characters_as_editors_do() {
        let text = "a\nä€b\n".as_bytes();
        for (offset, line, column) in [(0, 1, 1), (1, 1, 2), (2, 2, 1), (7, 2, 3), (9, 3, 1)] {
            assert_eq!(Position::of(text, offset), Position { line, column }, "{offset}");
        }
        assert_eq!(Position::of(text, 99), Position { line: 3, column: 1 });
        assert_eq!(Position::of(b"", 0), Position { line: 1, column: 1 });
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_no_further() {
        let file = file(b"12345");
        assert_eq!(read(file.path(), 5).unwrap().unwrap().unwrap(), b"12345");
        let error = read(file.path(), 4).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "is larger than 4 bytes");
    }

    #[test]
    fn a_file_of_any_length_is_read_whole() {
        for bytes in [0, 1, 4095, 4096, 4097, 100_000] {
            let file = file(&vec![b'x'; bytes]);
            for read in [read, read_own] {
                for limit in [bytes, bytes + 1, 1 << 20] {
                    let read = read(file.path(), limit as u64).unwrap().unwrap().unwrap();
                    assert_eq!(read.len(), bytes, "{limit}");
                }
                let less = bytes.saturating_sub(1) as u64;
                assert!(bytes == 0 || read(file.path(), less).unwrap().is_err(), "{bytes}");
            }
        }
    }

    #[test]
    fn a_missing_file_is_not_an_error() {
        let dir = tempfile::tempdir().unwrap();
        for read in [read, read_own] {
            assert!(read(&dir.path().join("none"), 5).unwrap().unwrap().is_none());
        }
    }

    #[test]
    fn a_link_to_a_missing_file_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("none", &link).unwrap();
        assert!(matches!(read(&link, 5), Ok(Err(ReadError::Dangling))));
        assert!(matches!(read_own(&link, 5), Ok(Ok(None))));
        std::fs::write(dir.path().join("none"), "x").unwrap();
        assert_eq!(read(&link, 5).unwrap().unwrap().unwrap(), b"x");
    }

    #[test]
    fn a_directory_or_a_fifo_is_rejected_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for read in [read, read_own] {
            assert!(matches!(read(dir.path(), 5), Ok(Err(ReadError::NotAFile))));
            assert!(matches!(read(&fifo, 5), Ok(Err(ReadError::NotAFile))));
            let _writer = std::fs::File::options().read(true).write(true).open(&fifo).unwrap();
            assert!(matches!(read(&fifo, 5), Ok(Err(ReadError::NotAFile))));
        }
    }

    #[test]
    fn an_error_of_the_kernel_is_reported_without_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let error = read(&dir.path().join("x".repeat(300)), 5).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "cannot be read: File name too long");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_reported_with_their_position() {
        let file = file(b"a = 1\nb = \"\xff\"\n");
        let error = read_text(file.path(), 100).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 6: not UTF-8 text");
    }

    #[test]
    fn an_invalid_value_is_not_quoted() {
        for (message, expected) in [
            (
                "invalid type: string \"se, expected cret\", expected a boolean",
                "invalid type: string, expected a boolean",
            ),
            (
                "invalid value: integer `12345`, expected hours",
                "invalid value: integer, expected hours",
            ),
            ("unknown field `x`, expected `y`", "unknown field `x`, expected `y`"),
            ("invalid string", "invalid string"),
        ] {
            assert_eq!(without_value(message), expected);
        }
    }
}
