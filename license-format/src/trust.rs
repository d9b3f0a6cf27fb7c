//! Trust documents: which issuing keys count, for which products, and what is withdrawn (LF §7).

use core::num::NonZeroUsize;

use heapless::Vec;

use crate::error::{Error, Flaw, Word, malformed};
use crate::note::Note;
use crate::reader::{self, Bounds, Lines};
use crate::{PackId, Product, Serial, UnixSeconds, VerifierKey, limits};

/// The first line, without the version.
pub(crate) const HEADER: &str = "igel.com/license-trust/v";
const BOUNDS: Bounds = Bounds {
    text_bytes: limits::TRUST_TEXT_BYTES,
    text_lines: limits::TRUST_TEXT_LINES,
    line_bytes: limits::TRUST_LINE_BYTES,
};
/// The value that allows a key every product.
pub(crate) const EVERY_PRODUCT: &str = "*";

/// A verified trust document.
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
    /// (LF §7.1).
    ///
    /// # Errors
    /// The first reason found, in the order of LF §8.
    pub fn verify(
        bytes: &[u8],
        roots: &[VerifierKey],
        threshold: NonZeroUsize,
    ) -> Result<Self, Error> {
        let note = Note::cut(bytes, HEADER, BOUNDS)?;
        let found = note.signers(roots.iter())?.len();
        if found < threshold.get() {
            return Err(Error::TooFewRoots { found, needed: threshold.get() });
        }
        parse(note.text)
    }

    /// The version; the highest one seen is in force.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
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

    /// Whether this key may sign licences of this product. A key that is listed under two names
    /// may sign what either line allows: signatures are counted by public key, so the name that
    /// comes along is that of one of them only.
    pub(crate) fn allows(&self, key: &VerifierKey, product: &Product) -> bool {
        self.keys.iter().any(|issuing| {
            issuing.key.same_key(key)
                && issuing.products.as_ref().is_none_or(|products| products.contains(product))
        })
    }
}

fn parse(text: &[u8]) -> Result<TrustDocument, Error> {
    let mut lines = Lines::new(text, 1);
    lines.next();
    let version = one(&mut lines, "version", "a number from 1 to 2^63-1", Serial::parse)?.get();
    let issued = one(&mut lines, "issued", "a time like 2026-11-22T00:00:00Z", UnixSeconds::parse)?;
    let mut keys = Vec::<IssuingKey, { limits::TRUST_KEYS }>::new();
    let mut withdrawals = Vec::new();
    for line in lines.by_ref() {
        let (word, value) = reader::field(line.number, line.text(limits::TRUST_LINE_BYTES)?)?;
        match word {
            "key" if withdrawals.is_empty() => {
                let Some(key) = issuing_key(value) else {
                    return malformed(
                        line.number,
                        "key",
                        Flaw::Value("a verifier key and products"),
                    );
                };
                // Two keys that answer to one signature line would make "known" ambiguous.
                if keys.iter().any(|known| known.key.collides(&key.key)) {
                    return malformed(line.number, "key", Flaw::KeyTwice);
                }
                if keys.push(key).is_err() {
                    return malformed(line.number, "key", Flaw::TooMany(limits::TRUST_KEYS));
                }
            }
            "withdraw" => {
                let Some(withdrawal) = withdrawal(value) else {
                    return malformed(line.number, "withdraw", Flaw::Value("a pack and a serial"));
                };
                if withdrawals.push(withdrawal).is_err() {
                    return malformed(line.number, "withdraw", Flaw::TooMany(limits::WITHDRAWALS));
                }
            }
            "key" => return malformed(line.number, "key", Flaw::OutOfPlace),
            "version" => return malformed(line.number, "version", Flaw::OutOfPlace),
            "issued" => return malformed(line.number, "issued", Flaw::OutOfPlace),
            word => return Err(Error::Unsupported { line: line.number, word: Word::of(word) }),
        }
    }
    if keys.is_empty() {
        return malformed(lines.number(), "key", Flaw::Missing);
    }
    Ok(TrustDocument { version, issued, keys, withdrawals })
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
        (false, _) if ["version", "issued", "key", "withdraw"].contains(&found) => {
            malformed(line.number, key, Flaw::Missing)
        }
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
