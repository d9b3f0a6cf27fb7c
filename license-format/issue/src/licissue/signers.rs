//! The signers that a file names.

use base64ct::{Base64, Encoding};
use license_format::VerifierKey;

/// The beginning of a signature line (LF §3).
const DASH: &str = "\u{2014} ";

/// A signature line of a note.
pub(crate) struct Signer {
    /// `NAME+HASH`, the beginning of the verifier key's spelling.
    pub(crate) id: String,
}

impl Signer {
    /// The signers of a well-formed file, in the order of their lines, without verification.
    pub(crate) fn of(file: &[u8]) -> Vec<Self> {
        let lines = head(file).filter_map(|line| line.strip_prefix(DASH));
        lines.filter_map(Self::parse).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.split_once(' ')?;
        let [a, b, c, d, ..] = Base64::decode_vec(base64).ok()?[..] else { return None };
        Some(Self { id: format!("{name}+{a:02x}{b:02x}{c:02x}{d:02x}") })
    }

    /// Whether the line names this key. In a file verified with the key, the signature is good then: a
    /// bad signature of a known key refuses the file (LF §3.1).
    pub(crate) fn is(&self, key: &VerifierKey) -> bool {
        key.to_string().strip_prefix(&self.id).is_some_and(|rest| rest.starts_with('+'))
    }
}

/// The lines up to the end of the signatures.
pub(crate) fn head(file: &[u8]) -> impl Iterator<Item = &str> {
    let mut blanks = 0;
    let lines = file.split(|byte| *byte == b'\n').map(|line| str::from_utf8(line).unwrap_or(""));
    lines.take_while(move |line| {
        blanks += u8::from(line.is_empty());
        blanks < 2
    })
}

/// The lines of the signed text.
pub(crate) fn text(file: &[u8]) -> impl Iterator<Item = &str> {
    head(file).take_while(|line| !line.is_empty())
}
