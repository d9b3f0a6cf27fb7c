//! The only place that cuts bytes into lines, fields and numbers (LF §2).

use base64ct::{Base64, Encoding};

use crate::error::{Error, Flaw, malformed};

/// The line feed that ends every line.
pub(crate) const LF: u8 = b'\n';

/// Length and line limits of a text.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
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

/// The lines of some bytes that end in a line feed; what follows the last one is not returned.
#[derive(Clone)]
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    number: u32,
}

impl<'a> Lines<'a> {
    /// Lines of `bytes`, the first of which is line `first` of the file.
    pub(crate) fn new(bytes: &'a [u8], first: u32) -> Self {
        Self { rest: bytes, number: first }
    }

    /// The bytes not yet returned.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The number of the line that comes next.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (bytes, rest) = split_line(self.rest)?;
        let line = Line { number: self.number, bytes };
        self.rest = rest;
        self.number += 1;
        Some(line)
    }
}

/// The first line of `bytes` without its line feed, and what follows it; `None` without line feed.
pub(crate) fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|b| *b == LF)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

impl<'a> Line<'a> {
    /// The line as text: printable ASCII of at most `max` bytes, no leading, trailing or doubled
    /// space (LF §2).
    pub(crate) fn text(self, max: usize) -> Result<&'a str, Error> {
        if self.bytes.len() > max {
            return malformed(self.number, "", Flaw::LineTooLong(max));
        }
        let printable = self.bytes.iter().all(|b| matches!(b, 0x20..=0x7e));
        let Some(text) = core::str::from_utf8(self.bytes).ok().filter(|_| printable) else {
            return malformed(self.number, "", Flaw::NotText);
        };
        if text.starts_with(' ') || text.ends_with(' ') || text.contains("  ") {
            return malformed(self.number, "", Flaw::Spacing);
        }
        Ok(text)
    }
}

/// Cuts `key SP value`.
pub(crate) fn field(line: u32, text: &str) -> Result<(&str, &str), Error> {
    match text.split_once(' ') {
        Some((key, value)) => Ok((key, value)),
        None => malformed(line, "", Flaw::Spacing),
    }
}

/// A decimal number without sign or leading zero, at most `max`.
pub(crate) fn decimal(text: &str, max: u64) -> Option<u64> {
    let canonical =
        text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|n| canonical && *n <= max)
}

/// Exactly `N` bytes from canonical, padded standard base64 (RFC 4648 §4).
pub(crate) fn base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    // base64ct refuses unpadded input and non-zero trailing bits; a shorter value leaves its length.
    (Base64::decode(text, &mut bytes).ok()?.len() == N).then_some(bytes)
}
