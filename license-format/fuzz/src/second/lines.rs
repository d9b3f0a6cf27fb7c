//! The form of a note (LF §2, §3).

use super::{Read, Refused, keys, malformed};

/// The lines of a file one by one.
pub(super) struct Lines<'a> {
    data: &'a [u8],
    at: usize,
    /// The number of the last line that was read.
    pub(super) line: usize,
}

impl<'a> Lines<'a> {
    /// The next line, or `None` at the end (LF §2, items 1, 3 and 4).
    pub(super) fn next(&mut self, limit: usize) -> Read<Option<String>> {
        match self.raw(limit)? {
            Some(line) if !line.iter().all(|byte| matches!(byte, b' '..=b'~')) => {
                malformed(self.line)
            }
            line => Ok(line.map(|line| String::from_utf8(line.to_vec()).unwrap())),
        }
    }

    /// The next line with any characters but these spaces.
    fn raw(&mut self, limit: usize) -> Read<Option<&'a [u8]>> {
        self.line += 1;
        let rest = &self.data[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return malformed(self.line);
        };
        let line = &rest[..end];
        self.at += end + 1;
        let spaces = line.starts_with(b" ") || line.ends_with(b" ");
        if line.len() > limit || spaces || line.windows(2).any(|pair| pair == b"  ") {
            return malformed(self.line);
        }
        Ok(Some(line))
    }
}

pub(super) struct Signature {
    pub(super) name: String,
    pub(super) hash: [u8; 4],
    pub(super) signature: [u8; 64],
}

pub(super) struct Note<'a> {
    pub(super) text: Vec<u8>,
    pub(super) lines: Vec<String>,
    pub(super) signatures: Vec<Signature>,
    /// What follows an empty line after the signatures.
    pub(super) rest: Option<Lines<'a>>,
}

/// Steps 1 and 2 of LF §8.
pub(super) fn read_note<'a>(
    data: &'a [u8],
    header: &str,
    most_bytes: usize,
    most_lines: usize,
    width: usize,
) -> Read<Note<'a>> {
    check_header(data, header)?;
    let mut reader = Lines { data, at: 0, line: 0 };
    let mut lines = Vec::new();
    let mut bytes = 0;
    loop {
        match reader.next(width)? {
            None => return malformed(reader.line),
            Some(line) if line.is_empty() => break,
            Some(line) => lines.push(line),
        }
        bytes = reader.at;
        if lines.len() > most_lines {
            return malformed(reader.line);
        }
    }
    if bytes > most_bytes {
        return malformed(1);
    }
    let (signatures, more) = read_signatures(&mut reader)?;
    let text = data[..bytes].to_vec();
    Ok(Note { text, lines, signatures, rest: more.then_some(reader) })
}

fn check_header(data: &[u8], header: &str) -> Read<()> {
    let first = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let version = first.strip_prefix(header.as_bytes());
    match version.and_then(|version| number(str::from_utf8(version).ok()?, 1, 9999)) {
        Some(1) => Ok(()),
        Some(_) => Err(Refused { code: "unsupported", line: Some(1) }),
        None => malformed(1),
    }
}

/// The signature lines, and whether an empty line follows.
fn read_signatures(reader: &mut Lines<'_>) -> Read<(Vec<Signature>, bool)> {
    let mut signatures = Vec::new();
    loop {
        let line = reader.raw(256)?;
        if matches!(line, None | Some([])) {
            let more = line.is_some();
            return if signatures.is_empty() {
                malformed(reader.line)
            } else {
                Ok((signatures, more))
            };
        }
        let found = line.and_then(|line| signature(str::from_utf8(line).ok()?));
        match found.filter(|_| signatures.len() < 8) {
            Some(signature) => signatures.push(signature),
            None => return malformed(reader.line),
        }
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, value) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let value = binary::<68>(value)?;
    let (hash, signature) = (value[..4].try_into().ok()?, value[4..].try_into().ok()?);
    keys::is_name(name).then(|| Signature { name: name.to_owned(), hash, signature })
}

/// LF §2, item 5.
pub(super) fn number(text: &str, low: u64, high: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = text.parse().ok().filter(|_| digits)?;
    (number.to_string() == text && (low..=high).contains(&number)).then_some(number)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// LF §2, item 6: bytes of this length in their one spelling.
pub(super) fn binary<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bits = Vec::new();
    for digit in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let byte = |bits: &[usize]| bits.iter().fold(0, |byte, bit| byte << 1 | *bit as u8);
    let bytes: Vec<u8> = bits.chunks_exact(8).map(byte).collect();
    let bytes: [u8; N] = bytes.try_into().ok()?;
    (base64(&bytes) == text).then_some(bytes)
}

/// The base64 of RFC 4648 §4.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let all =
            group.iter().chain(&[0, 0]).take(3).fold(0_u32, |all, byte| all << 8 | *byte as u32);
        for digit in 0..4 {
            let value = (all >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit > group.len() { '=' } else { ALPHABET[value] as char });
        }
    }
    text
}
