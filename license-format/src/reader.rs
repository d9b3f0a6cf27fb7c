//! Cuts bytes into lines, and lines into fields (LF §2).

use crate::encoding::LF;
use crate::error::{DocumentError, Excerpt, FormatError, malformed};

/// Limits on the length and the number of lines of a text.
#[derive(Clone, Copy)]
pub(crate) struct TextLimits {
    pub(crate) text_bytes: usize,
    pub(crate) text_lines: usize,
    pub(crate) line_bytes: usize,
}

/// One line of a file, without its line feed.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: u32,
    pub(crate) bytes: &'a [u8],
}

/// Iterates over the lines that end in a line feed. [`NumberedLines::rest`] holds what follows the last one.
#[derive(Clone)]
pub(crate) struct NumberedLines<'a> {
    rest: &'a [u8],
    number: u32,
}

impl<'a> NumberedLines<'a> {
    /// The lines of `bytes`, counted from `first`.
    pub(crate) fn new(bytes: &'a [u8], first: u32) -> Self {
        Self { rest: bytes, number: first }
    }

    /// The bytes not yet returned.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The number of the next line.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl<'a> Iterator for NumberedLines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (bytes, rest) = split_line(self.rest)?;
        let line = Line { number: self.number, bytes };
        self.rest = rest;
        self.number += 1;
        Some(line)
    }
}

/// Splits `bytes` at the first line feed, which neither half holds; `None` without a line feed.
pub(crate) fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|b| *b == LF)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

impl<'a> Line<'a> {
    /// The line as text: printable ASCII of at most `max` bytes, no leading, trailing or doubled
    /// space (LF §2).
    pub(crate) fn text(self, max: usize) -> Result<&'a str, DocumentError> {
        if self.bytes.len() > max {
            return malformed(self.number, "", FormatError::LineTooLong(max));
        }
        let printable = self.bytes.iter().all(|b| matches!(b, 0x20..=0x7e));
        let Some(text) = core::str::from_utf8(self.bytes).ok().filter(|_| printable) else {
            return malformed(self.number, "", FormatError::NotPrintableAscii);
        };
        if text.starts_with(' ')
            || text.ends_with(' ')
            || self.bytes.windows(2).any(|pair| pair == b"  ")
        {
            return malformed(self.number, "", FormatError::Spacing);
        }
        Ok(text)
    }
}

/// Splits `key SP value`.
pub(crate) fn field(line: u32, text: &str) -> Result<(&str, &str), DocumentError> {
    match text.split_once(' ') {
        Some((key, value)) => Ok((key, value)),
        None => malformed(line, "", FormatError::Spacing),
    }
}

/// The error for a key that this line may not have. `known` holds every key of the document.
pub(crate) fn unexpected_key(known: &[&'static str], line: u32, found: &str) -> DocumentError {
    match known.iter().find(|key| **key == found) {
        Some(key) => DocumentError::Malformed { line, key, reason: FormatError::OutOfOrder },
        None => DocumentError::Unsupported { line, found: Excerpt::of(found) },
    }
}
