//! How a small text file of the image or the administrator is read: within bounds, and with
//! complaints that name line and column.

use std::borrow::Cow;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;
use serde::de::{self, Visitor};

use crate::look::{Looked, look};

/// Characters of a complaint that quotes the file; a quoted key may be as long as the file.
const MESSAGE_CHARS: usize = 400;

/// Why a file cannot be used. The text of each is what comes after "FILE: " in a message; what it
/// quotes is escaped.
#[derive(Debug)]
pub enum Flaw {
    /// This user may not read it, or its path leads nowhere.
    Unreadable(io::Error),
    /// The name belongs to a directory, a device or the like.
    NotAFile,
    /// It is larger than the limit in bytes.
    TooLarge(u64),
    /// It is not UTF-8 from here on.
    NotUtf8(Position),
    /// It is not TOML, or a key or value is not what this file may hold.
    Toml {
        /// Where, if the fault has a place.
        at: Option<Position>,
        /// What is wrong there.
        message: String,
    },
}

/// A place in a file as editors count: both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The place of the byte at `offset`; past the end, the end.
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

impl Flaw {
    /// What the TOML reader says of `text`.
    pub fn toml(text: &str, error: &toml::de::Error) -> Self {
        // People write keys; "field" is the reader's word.
        let message = without_value(error.message()).replacen("unknown field", "unknown key", 1);
        Self::Toml {
            at: error.span().map(|span| Position::of(text.as_bytes(), span.start)),
            message: escaped(&message),
        }
    }
}

/// A complaint of the reader without the value that it quotes: a password may stand in the place of
/// a number. The kind of the value stays: `invalid type: string, expected a boolean`.
fn without_value(message: &str) -> Cow<'_, str> {
    // A text may hold that word itself, so the last one is the reader's.
    match message.rsplit_once(", expected ") {
        Some((found, expected)) if message.starts_with("invalid ") => {
            let kind = found.split(['`', '"']).next().unwrap_or_default().trim_end();
            format!("{kind}, expected {expected}").into()
        }
        _ => message.into(),
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {}", reason(error)),
            Self::NotAFile => f.write_str("is not a regular file"),
            Self::TooLarge(limit) => write!(f, "is larger than {limit} bytes"),
            Self::NotUtf8(at) => write!(f, "{at}: not UTF-8 text"),
            Self::Toml { at: Some(at), message } => write!(f, "{at}: {message}"),
            Self::Toml { at: None, message } => f.write_str(message),
        }
    }
}

/// The bytes of the file at `path`; `None` if there is none. The inner error is a fact:
/// [`Flaw::Unreadable`], [`Flaw::NotAFile`], or [`Flaw::TooLarge`] beyond `limit` bytes.
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn read(path: &Path, limit: u64) -> Looked<Result<Option<Vec<u8>>, Flaw>> {
    // Opening a FIFO would otherwise wait for a writer.
    let opened = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    let file = match look(path, opened)? {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(None)),
        Err(error) => return Ok(Err(Flaw::Unreadable(error))),
    };
    match look(path, file.metadata())? {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Ok(Err(Flaw::NotAFile)),
        Err(error) => return Ok(Err(Flaw::Unreadable(error))),
    }
    let mut bytes = Vec::new();
    Ok(match look(path, file.take(limit + 1).read_to_end(&mut bytes))? {
        Err(error) => Err(Flaw::Unreadable(error)),
        Ok(_) if bytes.len() as u64 > limit => Err(Flaw::TooLarge(limit)),
        Ok(_) => Ok(Some(bytes)),
    })
}

/// The text of the file at `path`; `None` if there is none. The inner error is one of [`read`], or
/// [`Flaw::NotUtf8`].
///
/// # Errors
/// [`Unavailable`](crate::look::Unavailable).
pub fn read_text(path: &Path, limit: u64) -> Looked<Result<Option<String>, Flaw>> {
    Ok(read(path, limit)?.and_then(|bytes| bytes.map(utf8).transpose()))
}

fn utf8(bytes: Vec<u8>) -> Result<String, Flaw> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        Flaw::NotUtf8(Position::of(error.as_bytes(), valid))
    })
}

/// The error in words, without the number that Rust adds.
pub fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(
        || error.to_string(),
        |number| nix::errno::Errno::from_raw(number).desc().to_owned(),
    )
}

/// `text` fit for a terminal and a log: what is no printable character is spelled out (TOML 1.1
/// strings and keys may hold terminal escapes), and the end is cut off if it is long.
pub fn escaped(text: &str) -> String {
    licd_protocol::escaped(text, MESSAGE_CHARS)
}

/// The same at any length.
pub fn printable(text: &str) -> String {
    licd_protocol::escaped(text, usize::MAX)
}

/// A path fit for a terminal and a log.
pub fn escaped_path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// A TOML string with a meaning. It is never quoted in a complaint: it may hold a password.
pub struct Text<T> {
    /// What the value should be, in words that go after "expected".
    pub expecting: &'static str,
    /// Reads it; `None` if it is anything else.
    pub parse: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| E::custom(format_args!("expected {}", self.expecting)))
    }
}

/// A TOML integer with a meaning.
pub struct Number<T> {
    /// What the value should be, in words that go after "expected".
    pub expecting: &'static str,
    /// Reads it; `None` if it is out of range.
    pub parse: fn(i64) -> Option<T>,
}

impl<T> Visitor<'_> for Number<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let wrong = || E::invalid_value(de::Unexpected::Signed(number), &self);
        (self.parse)(number).ok_or_else(wrong)
    }
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
    fn places_are_counted_as_editors_count() {
        let text = "a\nä€b\n".as_bytes();
        for (offset, line, column) in [(0, 1, 1), (1, 1, 2), (2, 2, 1), (7, 2, 3), (9, 3, 1)] {
            assert_eq!(Position::of(text, offset), Position { line, column }, "{offset}");
        }
        assert_eq!(Position::of(text, 99), Position { line: 3, column: 1 });
        assert_eq!(Position::of(b"", 0), Position { line: 1, column: 1 });
    }

    #[test]
    fn what_is_quoted_cannot_steer_a_terminal() {
        assert_eq!(escaped("a\u{1b}[31m\n\u{202e}\"ä\""), "a\\u{1b}[31m\\n\\u{202e}\"ä\"");
        let long = escaped(&"x".repeat(100_000));
        assert_eq!(long.chars().count(), MESSAGE_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_no_further() {
        let file = file(b"12345");
        assert_eq!(read(file.path(), 5).unwrap().unwrap().unwrap(), b"12345");
        let error = read(file.path(), 4).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "is larger than 4 bytes");
    }

    #[test]
    fn a_missing_file_is_none_and_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("none"), 5).unwrap().unwrap().is_none());
    }

    #[test]
    fn a_folder_or_a_fifo_is_no_file_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path(), 5), Ok(Err(Flaw::NotAFile))));
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(matches!(read(&fifo, 5), Ok(Err(Flaw::NotAFile))));
    }

    #[test]
    fn what_the_system_says_is_said_in_words_alone() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(&folder.path().join("x".repeat(300)), 5).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "cannot be read: File name too long");
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_place() {
        let file = file(b"a = 1\nb = \"\xff\"\n");
        let error = read_text(file.path(), 100).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 6: not UTF-8 text");
    }

    #[test]
    fn a_value_that_does_not_fit_is_not_quoted() {
        for (message, said) in [
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
            assert_eq!(without_value(message), said);
        }
    }
}
