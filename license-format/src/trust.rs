//! Trust documents: the issuing keys, the products that each may sign, and the withdrawals (LF §7).

use core::num::NonZeroUsize;

use heapless::Vec;

use crate::date::UnixSeconds;
use crate::error::{DocumentError, FormatError, malformed};
use crate::key::{PublicKey, VerifierKey};
use crate::limits;
use crate::note::{Note, NoteEnd};
use crate::reader::{self, NumberedLines, TextLimits, unexpected_key};
use crate::values::{PackId, Product, Serial};

/// The first line, without the version.
pub(crate) const HEADER: &str = "igel.com/license-trust/v";
const LIMITS: TextLimits = TextLimits {
    text_bytes: limits::TRUST_TEXT_BYTES,
    text_lines: limits::TRUST_TEXT_LINES,
    line_bytes: limits::TRUST_LINE_BYTES,
};
/// The value that lets a key sign every product.
pub(crate) const EVERY_PRODUCT: &str = "*";

/// A verified trust document. Two are equal if their texts are, whichever keys signed them, because
/// every value has one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustDocument {
    version: u64,
    issued: UnixSeconds,
    keys: Vec<IssuingKey, { limits::TRUST_KEYS }>,
    withdrawals: Vec<Withdrawal, { limits::WITHDRAWALS }>,
}

/// The withdrawal of a pack's serials up to and including one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The Product Pack.
    pub pack: PackId,
    /// The highest withdrawn serial.
    pub up_to: Serial,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct IssuingKey {
    key: VerifierKey,
    /// `None` for every product.
    products: Option<Vec<Product, { limits::KEY_PRODUCTS }>>,
}

/// The document of a device without any: version 0 and no keys, so that every licence has an
/// unknown signer.
impl Default for TrustDocument {
    #[inline(always)] // So that a caller makes it in its place, and copies no 50 KiB.
    fn default() -> Self {
        Self { version: 0, issued: UnixSeconds(0), keys: Vec::new(), withdrawals: Vec::new() }
    }
}

impl TrustDocument {
    /// Verifies a trust document against the root keys of the device. `threshold` **distinct**
    /// public keys must have signed; a key under two names or in two lines counts once (LF §7.1). The
    /// caller may cut a longer file after [`limits::TRUST_BYTES`] + 1 bytes; the result is the same.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    ///
    /// use license_format::{DocumentError, TrustDocument, VerifierKey};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let read_key = |file: &str| -> Result<VerifierKey, Box<dyn std::error::Error>> {
    ///     let text = std::fs::read_to_string(format!("tests/example/{file}"))?;
    ///     Ok(VerifierKey::parse(text.trim()).ok_or("not a verifier key")?)
    /// };
    /// let roots = [read_key("example-root-a.vkey")?, read_key("example-root-b.vkey")?];
    /// let file = std::fs::read("tests/example/trust.note")?;
    /// let threshold = NonZeroUsize::new(2).ok_or("zero")?;
    /// let trust = TrustDocument::verify(&file, &roots, threshold)?;
    /// assert_eq!(trust.version(), 7);
    ///
    /// // A device that knows one of the two root keys refuses the document.
    /// let refused = TrustDocument::verify(&file, &roots[..1], threshold).unwrap_err();
    /// assert_eq!(refused, DocumentError::TooFewRoots { found: 1, needed: 2 });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first reason found, in the order of LF §8.
    pub fn verify(
        bytes: &[u8],
        roots: &[VerifierKey],
        threshold: NonZeroUsize,
    ) -> Result<Self, DocumentError> {
        let mut document = Self::default();
        document.verify_in_place(bytes, roots, threshold)?;
        Ok(document)
    }

    /// Does the same, and becomes that document. A document takes 50 KiB, whose way from the stack to the
    /// heap costs as much as a signature.
    ///
    /// # Errors
    /// Those of [`TrustDocument::verify`]; the document is then [`TrustDocument::default`].
    pub fn verify_in_place(
        &mut self,
        bytes: &[u8],
        roots: &[VerifierKey],
        threshold: NonZeroUsize,
    ) -> Result<(), DocumentError> {
        self.clear();
        let read = self.read(bytes, roots, threshold);
        if read.is_err() {
            self.clear();
        }
        read
    }

    fn clear(&mut self) {
        (self.version, self.issued) = (0, UnixSeconds(0));
        self.keys.clear();
        self.withdrawals.clear();
    }

    fn read(
        &mut self,
        bytes: &[u8],
        roots: &[VerifierKey],
        threshold: NonZeroUsize,
    ) -> Result<(), DocumentError> {
        let note = Note::parse(bytes, HEADER, LIMITS).map_err(|error| match error {
            DocumentError::Malformed { key, reason: FormatError::Truncated, .. }
                if bytes.len() > limits::TRUST_BYTES =>
            {
                let reason = FormatError::TextTooLong(limits::TRUST_TEXT_BYTES);
                DocumentError::Malformed { line: 1, key, reason }
            }
            error => error,
        })?;
        let found = note.signers(roots.iter())?.len();
        if found < threshold.get() {
            return Err(DocumentError::TooFewRoots { found, needed: threshold.get() });
        }
        self.parse(note.text)?;
        if note.end == NoteEnd::EmptyLine {
            return malformed(note.next_line, "", FormatError::UnexpectedAttachment);
        }
        Ok(())
    }

    /// The version. The document with the highest known version is in force.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether both have one version and different texts, which is an error of the issuer. The one in
    /// force stays in force (LF §7).
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        self.version == other.version && self != other
    }

    /// The time of issue.
    #[must_use]
    pub fn issued(&self) -> UnixSeconds {
        self.issued
    }

    /// The highest withdrawn serial of the pack, if any.
    #[must_use]
    pub fn withdrawn(&self, pack: &PackId) -> Option<Serial> {
        self.withdrawals.iter().filter(|w| w.pack == *pack).map(|w| w.up_to).max()
    }

    /// Every withdrawal, in the order of the document.
    #[must_use]
    pub fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    /// The issuing keys.
    pub fn keys(&self) -> impl Iterator<Item = &VerifierKey> + Clone {
        self.keys.iter().map(|issuing| &issuing.key)
    }

    /// Whether the document lists this key, for any product.
    #[must_use]
    pub fn names(&self, key: PublicKey) -> bool {
        self.keys().any(|known| known.public_key() == key)
    }

    /// Whether this key may sign licences of this product. A key listed under two names may sign the
    /// products of either line, because signers count by public key.
    #[must_use]
    pub fn allows(&self, key: PublicKey, product: &Product) -> bool {
        self.keys.iter().any(|issuing| {
            issuing.key.public_key() == key
                && issuing.products.as_ref().is_none_or(|products| products.contains(product))
        })
    }
}

/// Every key of a trust document, in the order of the text.
const KEYS: [&str; 4] = ["version", "issued", "key", "withdraw"];

impl TrustDocument {
    fn parse(&mut self, text: &[u8]) -> Result<(), DocumentError> {
        let mut lines = NumberedLines::new(text, 1);
        lines.next();
        self.version =
            required(&mut lines, "version", "a number from 1 to 2^63-1", Serial::parse)?.get();
        self.issued =
            required(&mut lines, "issued", "a time like 2026-11-22T00:00:00Z", UnixSeconds::parse)?;
        for line in lines.by_ref() {
            let (word, value) = reader::field(line.number, line.text(limits::TRUST_LINE_BYTES)?)?;
            match word {
                "key" if self.withdrawals.is_empty() => self.add_key(line.number, value)?,
                "withdraw" if self.keys.is_empty() => {
                    return malformed(line.number, "key", FormatError::MissingKey);
                }
                "withdraw" => self.add_withdrawal(line.number, value)?,
                word => return Err(unexpected_key(&KEYS, line.number, word)),
            }
        }
        if self.keys.is_empty() {
            return malformed(lines.number(), "key", FormatError::MissingKey);
        }
        Ok(())
    }

    fn add_key(&mut self, line: u32, value: &str) -> Result<(), DocumentError> {
        let Some(key) = issuing_key(value) else {
            return malformed(
                line,
                "key",
                FormatError::InvalidValue("a verifier key and products"),
            );
        };
        // One signature line must not refer to two keys.
        if self.keys.iter().any(|known| known.key.collides(&key.key)) {
            return malformed(line, "key", FormatError::DuplicateKey);
        }
        match self.keys.push(key) {
            Ok(()) => Ok(()),
            Err(_) => malformed(line, "key", FormatError::TooManyOccurrences(limits::TRUST_KEYS)),
        }
    }

    fn add_withdrawal(&mut self, line: u32, value: &str) -> Result<(), DocumentError> {
        let Some(withdrawal) = withdrawal(value) else {
            return malformed(line, "withdraw", FormatError::InvalidValue("a pack and a serial"));
        };
        match self.withdrawals.push(withdrawal) {
            Ok(()) => Ok(()),
            Err(_) => {
                malformed(line, "withdraw", FormatError::TooManyOccurrences(limits::WITHDRAWALS))
            }
        }
    }
}

/// Reads a line that must have this key.
fn required<T>(
    lines: &mut NumberedLines<'_>,
    key: &'static str,
    form: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, DocumentError> {
    let Some(line) = lines.next() else {
        return malformed(lines.number(), key, FormatError::MissingKey);
    };
    let (found, value) = reader::field(line.number, line.text(limits::TRUST_LINE_BYTES)?)?;
    match (found == key, parse(value)) {
        (true, Some(value)) => Ok(value),
        (true, None) => malformed(line.number, key, FormatError::InvalidValue(form)),
        (false, _) if KEYS.contains(&found) => malformed(line.number, key, FormatError::MissingKey),
        (false, _) => Err(unexpected_key(&[], line.number, found)),
    }
}

/// `VKEY PRODUCTS`.
fn issuing_key(value: &str) -> Option<IssuingKey> {
    let (key, products) = value.split_once(' ')?;
    let key = VerifierKey::parse(key)?;
    if products == EVERY_PRODUCT {
        return Some(IssuingKey { key, products: None });
    }
    let mut list = Vec::new();
    for product in products.split(',') {
        list.push(Product::parse(product)?).ok()?;
    }
    Some(IssuingKey { key, products: Some(list) })
}

/// `PACK SERIAL`.
fn withdrawal(value: &str) -> Option<Withdrawal> {
    let (pack, serial) = value.split_once(' ')?;
    Some(Withdrawal { pack: PackId::parse(pack)?, up_to: Serial::parse(serial)? })
}
