//! C2SP signed notes with Ed25519 keys (c2sp.org/signed-note; LF §3).

use ed25519_dalek::Signature;
use heapless::Vec;

use crate::encoding::base64;
use crate::error::{DocumentError, Excerpt, FormatError, malformed};
use crate::key::{KeyName, VerifierKey};
use crate::limits;
use crate::reader::{NumberedLines, TextLimits};

/// The beginning of a signature line: an em dash and a space.
pub(crate) const DASH: &str = "\u{2014} ";

/// The parts of a note. None of them is verified.
pub(crate) struct Note<'a> {
    /// The signed bytes with the last line feed. Every line obeys LF §2.
    pub(crate) text: &'a [u8],
    signatures: Vec<SignatureLine<'a>, { limits::SIGNATURES }>,
    /// The number of the line after the signatures.
    pub(crate) next_line: u32,
    pub(crate) end: NoteEnd,
}

/// The end of the signature lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoteEnd {
    /// The file ends with them.
    EndOfFile,
    /// An empty line announces more bytes.
    EmptyLine,
}

struct SignatureLine<'a> {
    name: &'a str,
    hash: [u8; 4],
    signature: Signature,
}

impl<'a> Note<'a> {
    /// Parses text, empty line, signature lines, and the end or another empty line. `header` is the
    /// first line without the version number.
    pub(crate) fn parse(
        bytes: &'a [u8],
        header: &str,
        max: TextLimits,
    ) -> Result<Self, DocumentError> {
        let mut lines = NumberedLines::new(bytes, 1);
        check_header(&mut lines.clone(), header)?;
        loop {
            let Some(line) = lines.next() else {
                return malformed(lines.number(), "", FormatError::Truncated);
            };
            if line.bytes.is_empty() {
                break;
            }
            line.text(max.line_bytes)?;
            if line.number as usize > max.text_lines {
                return malformed(line.number, "", FormatError::TooManyLines(max.text_lines));
            }
        }
        // The lines so far without the line feed of the empty one.
        let text = bytes.get(..bytes.len() - lines.rest().len() - 1).unwrap_or_default();
        if text.len() > max.text_bytes {
            return malformed(1, "", FormatError::TextTooLong(max.text_bytes));
        }
        let (signatures, end) = signature_lines(&mut lines)?;
        let next_line = match end {
            NoteEnd::EndOfFile => lines.number(),
            NoteEnd::EmptyLine => lines.number() - 1,
        };
        Ok(Self { text, signatures, next_line, end })
    }

    /// The keys among `keys` that signed this text. Each public key counts once, however many lines
    /// or names it signs under. Unknown keys are skipped; a bad signature of a known key refuses the
    /// note (LF §3.1). Signatures are counted nowhere else.
    pub(crate) fn signers<'k>(
        &self,
        keys: impl Iterator<Item = &'k VerifierKey> + Clone,
    ) -> Result<Vec<&'k VerifierKey, { limits::SIGNATURES }>, DocumentError> {
        let mut good = Vec::<&VerifierKey, { limits::SIGNATURES }>::new();
        for line in &self.signatures {
            for key in keys.clone().filter(|key| key.same_id(line.name, line.hash)) {
                if !key.verifies(self.text, &line.signature) {
                    return Err(DocumentError::BadSignature { key: key.name().clone() });
                }
                if !good.iter().any(|known| known.same_key(key)) {
                    // There is room for one key per signature line. Only keys that share an ID could
                    // exceed it, and they change no answer.
                    let _ = good.push(key);
                }
            }
        }
        match (good.is_empty(), self.signatures.first().and_then(|s| KeyName::parse(s.name))) {
            (true, Some(key)) => Err(DocumentError::UnknownKey { key }),
            _ => Ok(good),
        }
    }
}

impl<'a> SignatureLine<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        if line.len() > limits::LINE_BYTES {
            return None;
        }
        let (name, encoded) =
            core::str::from_utf8(line).ok()?.strip_prefix(DASH)?.split_once(' ')?;
        KeyName::parse(name)?;
        let bytes = base64::<68>(encoded)?;
        let (hash, signature) = bytes.split_first_chunk::<4>()?;
        Some(Self { name, hash: *hash, signature: Signature::from_slice(signature).ok()? })
    }
}

/// The signature lines, and their end.
fn signature_lines<'a>(
    lines: &mut NumberedLines<'a>,
) -> Result<(Vec<SignatureLine<'a>, { limits::SIGNATURES }>, NoteEnd), DocumentError> {
    let mut signatures = Vec::new();
    for line in lines.by_ref() {
        match (line.bytes.is_empty(), signatures.is_empty()) {
            (true, true) => return malformed(line.number, "", FormatError::MissingSignature),
            (true, false) => return Ok((signatures, NoteEnd::EmptyLine)),
            (false, _) => {}
        }
        let Some(signature) = SignatureLine::parse(line.bytes) else {
            return malformed(line.number, "", FormatError::InvalidSignatureLine);
        };
        if signatures.push(signature).is_err() {
            return malformed(line.number, "", FormatError::TooManyOccurrences(limits::SIGNATURES));
        }
    }
    if !lines.rest().is_empty() {
        return malformed(lines.number(), "", FormatError::Truncated);
    }
    if signatures.is_empty() {
        return malformed(lines.number(), "", FormatError::MissingSignature);
    }
    Ok((signatures, NoteEnd::EndOfFile))
}

/// Accepts `header` with the version `1`; other versions need a newer program.
fn check_header(lines: &mut NumberedLines<'_>, header: &str) -> Result<(), DocumentError> {
    let first = lines.next().map_or(lines.rest(), |line| line.bytes);
    let version = first.strip_prefix(header.as_bytes()).unwrap_or_default();
    match version {
        b"1" => Ok(()),
        [b'1'..=b'9', rest @ ..] if rest.len() < 4 && rest.iter().all(u8::is_ascii_digit) => {
            let found = Excerpt::of(core::str::from_utf8(first).unwrap_or_default());
            Err(DocumentError::Unsupported { line: 1, found })
        }
        _ => malformed(1, "", FormatError::UnknownHeader),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
