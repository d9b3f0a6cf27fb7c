//! Trust documents: which issuing keys count, for which products, and what is withdrawn (LF §7).

use core::num::NonZeroUsize;

use heapless::Vec;

use crate::error::{Error, Flaw, Word, malformed};
use crate::note::Note;
use crate::reader::{self, Bounds, Lines};
use crate::{PackId, Product, PublicKey, Serial, UnixSeconds, VerifierKey, limits};

/// The first line, without the version.
pub(crate) const HEADER: &str = "igel.com/license-trust/v";
const BOUNDS: Bounds = Bounds {
    text_bytes: limits::TRUST_TEXT_BYTES,
    text_lines: limits::TRUST_TEXT_LINES,
    line_bytes: limits::TRUST_LINE_BYTES,
};
/// The value that allows a key every product.
pub(crate) const EVERY_PRODUCT: &str = "*";

/// A verified trust document. Two are equal if their texts are, whoever signed them: every value has
/// one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustDocument {
    version: u64,
    issued: UnixSeconds,
    keys: Vec<IssuingKey, { limits::TRUST_KEYS }>,
    withdrawals: Vec<Withdrawal, { limits::WITHDRAWALS }>,
}

/// A pack whose serials up to and including one no longer count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The Product Pack.
    pub pack: PackId,
    /// The highest serial that is withdrawn.
    pub up_to: Serial,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct IssuingKey {
    key: VerifierKey,
    /// `None` for every product.
    products: Option<Vec<Product, { limits::KEY_PRODUCTS }>>,
}

impl TrustDocument {
    /// What holds before any trust document is there: version 0, no keys, so that every licence is
    /// signed by an unknown key.
    #[must_use]
    pub fn nobody() -> Self {
        Self { version: 0, issued: UnixSeconds(0), keys: Vec::new(), withdrawals: Vec::new() }
    }

    /// Verifies a trust document against the root keys of the device. `threshold` **distinct**
    /// public keys must have signed; the same key under two names or in two lines counts once
    /// (LF §7.1). Of a longer file the first [`limits::TRUST_BYTES`] and one more are enough: the
    /// answer is the same.
    ///
    /// # Errors
    /// The first reason found, in the order of LF §8.
    pub fn verify(
        bytes: &[u8],
        roots: &[VerifierKey],
        threshold: NonZeroUsize,
    ) -> Result<Self, Error> {
        let note = Note::cut(bytes, HEADER, BOUNDS).map_err(|error| match error {
            Error::Malformed { key, flaw: Flaw::Truncated, .. }
                if bytes.len() > limits::TRUST_BYTES =>
            {
                Error::Malformed { line: 1, key, flaw: Flaw::TooLong(limits::TRUST_TEXT_BYTES) }
            }
            error => error,
        })?;
        let found = note.signers(roots.iter())?.len();
        if found < threshold.get() {
            return Err(Error::TooFewRoots { found, needed: threshold.get() });
        }
        let document = parse(note.text)?;
        if note.is_followed {
            return malformed(note.next_line, "", Flaw::UnexpectedAttachment);
        }
        Ok(document)
    }

    /// The version; the highest one seen is in force.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether both have one version and say different things, which no issuer should ever do. The
    /// one in force stays in force (LF §7).
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        self.version == other.version && self != other
    }

    /// When it was issued.
    #[must_use]
    pub fn issued(&self) -> UnixSeconds {
        self.issued
    }

    /// The highest serial of the pack that is withdrawn, if any.
    #[must_use]
    pub fn withdrawn(&self, pack: &PackId) -> Option<Serial> {
        self.withdrawals.iter().filter(|w| w.pack == *pack).map(|w| w.up_to).max()
    }

    /// Every withdrawal, in the document's order.
    #[must_use]
    pub fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    /// The issuing keys.
    pub fn keys(&self) -> impl Iterator<Item = &VerifierKey> + Clone {
        self.keys.iter().map(|issuing| &issuing.key)
    }

    /// Whether a document names this key, for whatever products.
    #[must_use]
    pub fn names(&self, key: PublicKey) -> bool {
        self.keys().any(|known| known.public_key() == key)
    }

    /// Whether this key may sign licences of this product. A key that is listed under two names may
    /// sign what either line allows: signers are counted by public key.
    #[must_use]
    pub fn allows(&self, key: PublicKey, product: &Product) -> bool {
        self.keys.iter().any(|issuing| {
            issuing.key.public_key() == key
                && issuing.products.as_ref().is_none_or(|products| products.contains(product))
        })
    }
}

/// Every key of a trust document, in the order in which they stand.
const KEYS: [&str; 4] = ["version", "issued", "key", "withdraw"];

fn parse(text: &[u8]) -> Result<TrustDocument, Error> {
    let mut lines = Lines::new(text, 1);
    lines.next();
    let version = one(&mut lines, "version", "a number from 1 to 2^63-1", Serial::parse)?.get();
    let issued = one(&mut lines, "issued", "a time like 2026-11-22T00:00:00Z", UnixSeconds::parse)?;
    let mut document = TrustDocument { version, issued, keys: Vec::new(), withdrawals: Vec::new() };
    for line in lines.by_ref() {
        let (word, value) = reader::field(line.number, line.text(limits::TRUST_LINE_BYTES)?)?;
        match word {
            "key" if document.withdrawals.is_empty() => document.add_key(line.number, value)?,
            "withdraw" if document.keys.is_empty() => {
                return malformed(line.number, "key", Flaw::Missing);
            }
            "withdraw" => document.add_withdrawal(line.number, value)?,
            word => return Err(stranger(line.number, word)),
        }
    }
    if document.keys.is_empty() {
        return malformed(lines.number(), "key", Flaw::Missing);
    }
    Ok(document)
}

/// A key that may not stand on this line.
fn stranger(line: u32, word: &str) -> Error {
    match KEYS.iter().find(|known| **known == word) {
        Some(key) => Error::Malformed { line, key, flaw: Flaw::OutOfPlace },
        None => Error::Unsupported { line, word: Word::of(word) },
    }
}

impl TrustDocument {
    fn add_key(&mut self, line: u32, value: &str) -> Result<(), Error> {
        let Some(key) = issuing_key(value) else {
            return malformed(line, "key", Flaw::Value("a verifier key and products"));
        };
        // Two keys that answer to one signature line would make "known" ambiguous.
        if self.keys.iter().any(|known| known.key.collides(&key.key)) {
            return malformed(line, "key", Flaw::KeyTwice);
        }
        match self.keys.push(key) {
            Ok(()) => Ok(()),
            Err(_) => malformed(line, "key", Flaw::TooMany(limits::TRUST_KEYS)),
        }
    }

    fn add_withdrawal(&mut self, line: u32, value: &str) -> Result<(), Error> {
        let Some(withdrawal) = withdrawal(value) else {
            return malformed(line, "withdraw", Flaw::Value("a pack and a serial"));
        };
        match self.withdrawals.push(withdrawal) {
            Ok(()) => Ok(()),
            Err(_) => malformed(line, "withdraw", Flaw::TooMany(limits::WITHDRAWALS)),
        }
    }
}

fn one<T>(
    lines: &mut Lines<'_>,
    key: &'static str,
    form: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, Error> {
    let Some(line) = lines.next() else { return malformed(lines.number(), key, Flaw::Missing) };
    let (found, value) = reader::field(line.number, line.text(limits::TRUST_LINE_BYTES)?)?;
    match (found == key, parse(value)) {
        (true, Some(value)) => Ok(value),
        (true, None) => malformed(line.number, key, Flaw::Value(form)),
        (false, _) if KEYS.contains(&found) => malformed(line.number, key, Flaw::Missing),
        (false, _) => Err(Error::Unsupported { line: line.number, word: Word::of(found) }),
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
