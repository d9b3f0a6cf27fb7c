//! Why a document is refused.

use core::fmt;

use crate::limits;
use crate::{KeyName, Product, Unfit};

/// Why a document is refused. Each variant is one verdict (LF §8); the fields are the facts that a
/// message for people needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The bytes are not a document of this format.
    Malformed {
        /// Line of the file, counted from 1.
        line: u32,
        /// The key that the line has or should have; empty if the flaw is not about one key.
        key: &'static str,
        /// What is wrong there.
        flaw: Flaw,
    },
    /// The document uses something that a later version of the format may define.
    Unsupported {
        /// Line of the file, counted from 1.
        line: u32,
        /// The unknown key or the unknown first line, shortened.
        word: Word,
    },
    /// A known key's signature does not fit the text: the file was altered or is a forgery.
    BadSignature {
        /// The key that is said to have signed.
        key: KeyName,
    },
    /// Nobody who signed is known here.
    UnknownKey {
        /// The first of the signers.
        key: KeyName,
    },
    /// Fewer distinct root keys signed a trust document than the threshold asks for.
    TooFewRoots {
        /// Distinct root keys whose signature is good.
        found: usize,
        /// The threshold.
        needed: usize,
    },
    /// The signing keys are known but may not sign licences of this product.
    UntrustedProduct {
        /// The product of the licence.
        product: Product,
        /// The first key whose signature is good.
        key: KeyName,
    },
    /// A known product does not carry what the licence says.
    Unfit {
        /// Line of the file, counted from 1.
        line: u32,
        /// The product of the licence.
        product: Product,
        /// What that line says.
        unfit: Unfit,
    },
}

/// A flaw of form. The text of each is what comes after "line N: KEY:" in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The first line names no document of ours.
    NotOurs,
    /// The file stops before the document does.
    Truncated,
    /// A byte other than printable ASCII and line feed.
    NotText,
    /// Leading, trailing or doubled space, or no `key SP value` at all.
    Spacing,
    /// A line is longer than its limit in bytes.
    LineTooLong(usize),
    /// The text has more lines than its limit.
    TooManyLines(usize),
    /// The text or the block of signatures is longer than the limit in bytes.
    TooLong(usize),
    /// The key must stand on this line and does not.
    Missing,
    /// The key stands here although its place was before, or it stands here once too often.
    OutOfPlace,
    /// More lines of the key than its limit.
    TooMany(usize),
    /// The value is not of the form named.
    Value(&'static str),
    /// The values are not in strictly ascending byte order.
    NotAscending,
    /// `expires` lies before `starts`.
    ExpiresBeforeStart,
    /// `expires` lies before the day of `issued`.
    ExpiresBeforeIssue,
    /// An evaluation has no grace.
    GraceOfEvaluation,
    /// A key appears in the trust document twice.
    KeyTwice,
    /// No signature line follows the text.
    NoSignature,
    /// A line among the signatures is not `— NAME BASE64`.
    SignatureLine,
    /// Something follows the signatures although the document has no `units` key.
    UnexpectedAttachment,
    /// The licence has a `units` key, but neither list nor proof follows.
    NoAttachment,
    /// The list has another number of units than `units` says.
    Count {
        /// What `units` says.
        stated: u32,
        /// How many lines the list has so far.
        listed: u32,
    },
    /// The list or the proof does not lead to the tree hash that was signed.
    TreeHash,
}

/// A short piece of a refused document, for the message: printable ASCII, cut at 40 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(heapless::String<40>);

impl Word {
    pub(crate) fn of(text: &str) -> Self {
        let mut word = heapless::String::new();
        for c in text.chars().filter(char::is_ascii_graphic) {
            if word.push(c).is_err() {
                break;
            }
        }
        Self(word)
    }

    /// The piece itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shorthand for the one variant that the parsers make most.
pub(crate) fn malformed<T>(line: u32, key: &'static str, flaw: Flaw) -> Result<T, Error> {
    Err(Error::Malformed { line, key, flaw })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { line, key: "", flaw } => write!(f, "line {line}: {flaw}"),
            Self::Malformed { line, key, flaw } => write!(f, "line {line}: {key}: {flaw}"),
            Self::Unsupported { line, word } => {
                write!(
                    f,
                    "line {line}: “{}” is not known here; it needs a newer licd",
                    word.as_str()
                )
            }
            Self::BadSignature { key } => write!(
                f,
                "the signature of {key} does not fit: the file was changed after it was signed"
            ),
            Self::UnknownKey { key } => {
                write!(f, "signed by {key}, a key that this device does not know")
            }
            Self::TooFewRoots { found, needed } => {
                write!(f, "signed by {found} of the root keys of this device, {needed} are needed")
            }
            Self::UntrustedProduct { product, key } => {
                write!(f, "the key {key} may not sign licences of product {product}")
            }
            Self::Unfit { line, product, unfit } => {
                write!(f, "line {line}: “{unfit}” does not go with product {product}")
            }
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotOurs => f.write_str("is not the first line of a licence or trust document"),
            Self::Truncated => f.write_str("the file ends too early"),
            Self::NotText => f.write_str("has a character other than printable ASCII"),
            Self::Spacing => f.write_str("is not a key, one space and a value"),
            Self::LineTooLong(max) => write!(f, "is longer than {max} bytes"),
            Self::TooManyLines(max) => write!(f, "the text has more than {max} lines"),
            Self::TooLong(max) => write!(f, "the text is longer than {max} bytes"),
            Self::Missing => f.write_str("is missing here"),
            Self::OutOfPlace => f.write_str("is repeated or out of order"),
            Self::TooMany(max) => write!(f, "stands on more than {max} lines"),
            Self::Value(expected) => write!(f, "is not {expected}"),
            Self::NotAscending => f.write_str("is not in strictly ascending order"),
            Self::ExpiresBeforeStart => f.write_str("lies before “starts”"),
            Self::ExpiresBeforeIssue => f.write_str("lies before the day of “issued”"),
            Self::GraceOfEvaluation => f.write_str("is not allowed for an evaluation"),
            Self::KeyTwice => f.write_str("names a key for the second time"),
            Self::NoSignature => f.write_str("no signature follows the text"),
            Self::SignatureLine => f.write_str("is not a signature line"),
            Self::UnexpectedAttachment => f.write_str("nothing may follow the signatures"),
            Self::NoAttachment => f.write_str("the list of units or the proof is missing"),
            Self::Count { stated, listed } => {
                write!(f, "the list has {listed} units where {stated} are stated")
            }
            Self::TreeHash => f.write_str("does not lead to the tree hash that was signed"),
        }
    }
}

impl core::error::Error for Error {}

/// The flaw of a head that outgrows [`limits::HEAD_BYTES`].
pub(crate) const HEAD_TOO_LONG: Flaw = Flaw::TooLong(limits::TEXT_BYTES);
