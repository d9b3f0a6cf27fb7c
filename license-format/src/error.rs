//! The reasons why a document is refused.

use core::fmt;

use crate::key::KeyName;
use crate::limits;
use crate::products::ProductMismatch;
use crate::values::Product;

/// Why a document is refused. Each variant is one verdict (LF §8); its fields are the facts that a
/// message to people needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentError {
    /// The bytes are not a document of this format.
    Malformed {
        /// The line of the file, counted from 1.
        line: u32,
        /// The key that the line has or should have; empty if the error concerns no key.
        key: &'static str,
        /// The rule that the line breaks.
        reason: FormatError,
    },
    /// The document uses a key or a version that a later version of the format may define.
    Unsupported {
        /// The line of the file, counted from 1.
        line: u32,
        /// The unknown key or the unknown first line, shortened.
        found: Excerpt,
    },
    /// The signature of a known key does not fit the text: the file was altered or forged.
    BadSignature {
        /// The key that the signature line names.
        key: KeyName,
    },
    /// This device knows none of the signers.
    UnknownKey {
        /// The first signer.
        key: KeyName,
    },
    /// Fewer distinct root keys signed a trust document than the threshold asks for.
    TooFewRoots {
        /// Distinct root keys whose signatures are good.
        found: usize,
        /// The threshold.
        needed: usize,
    },
    /// The signers are known but may not sign licences of this product.
    UntrustedProduct {
        /// The product of the licence.
        product: Product,
        /// The first key whose signature is good.
        key: KeyName,
    },
    /// The licence states a term or a service that its product does not allow.
    ProductMismatch {
        /// The line of the file, counted from 1.
        line: u32,
        /// The product of the licence.
        product: Product,
        /// The term or the service.
        mismatch: ProductMismatch,
    },
}

/// A rule of the format that a document breaks. Its text follows "line N: KEY:" in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatError {
    /// The first line is the header of no known document.
    UnknownHeader,
    /// The file ends before the document does.
    Truncated,
    /// The line holds a byte other than printable ASCII.
    NotPrintableAscii,
    /// The line has a leading, trailing or doubled space, or is not `key SP value`.
    Spacing,
    /// The line is longer than its limit in bytes.
    LineTooLong(usize),
    /// The text has more lines than its limit.
    TooManyLines(usize),
    /// The text or the block of signatures is longer than the limit in bytes.
    TextTooLong(usize),
    /// The line must have this key and has another.
    MissingKey,
    /// The key belongs on an earlier line, or occurs once too often.
    OutOfOrder,
    /// The key occurs on more lines than its limit.
    TooManyOccurrences(usize),
    /// The value does not have the form named here.
    InvalidValue(&'static str),
    /// The values are not in strictly ascending byte order.
    NotAscending,
    /// `expires` lies before `starts`.
    ExpiresBeforeStart,
    /// `expires` lies before the day of `issued`.
    ExpiresBeforeIssue,
    /// An evaluation states days of grace.
    GraceForEvaluation,
    /// The trust document lists a key twice.
    DuplicateKey,
    /// No signature line follows the text.
    MissingSignature,
    /// A line among the signatures is not `— NAME BASE64`.
    InvalidSignatureLine,
    /// Bytes follow the signatures of a document without a `units` key.
    UnexpectedAttachment,
    /// The licence has a `units` key, but neither list nor proof follows.
    MissingAttachment,
    /// The list has another number of units than `units` states.
    UnitCount {
        /// The number that `units` states.
        stated: u32,
        /// The number of lines read so far.
        listed: u32,
    },
    /// The list or the proof does not lead to the signed tree hash.
    TreeHashMismatch,
}

impl FormatError {
    /// The error of a head that outgrows [`limits::HEAD_BYTES`].
    pub(crate) const HEAD_TOO_LONG: Self = Self::TextTooLong(limits::TEXT_BYTES);
}

/// A short piece of a refused document, for the message: printable ASCII, cut at 40 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(heapless::String<40>);

impl Excerpt {
    pub(crate) fn of(text: &str) -> Self {
        let mut excerpt = heapless::String::new();
        for c in text.chars().filter(char::is_ascii_graphic) {
            if excerpt.push(c).is_err() {
                break;
            }
        }
        Self(excerpt)
    }

    /// The text of the excerpt.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// [`DocumentError::Malformed`], the error that the parsers return most.
pub(crate) fn malformed<T>(
    line: u32,
    key: &'static str,
    reason: FormatError,
) -> Result<T, DocumentError> {
    Err(DocumentError::Malformed { line, key, reason })
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { line, key: "", reason } => write!(f, "line {line}: {reason}"),
            Self::Malformed { line, key, reason } => write!(f, "line {line}: {key}: {reason}"),
            Self::Unsupported { line, found } => {
                let found = found.as_str();
                write!(f, "line {line}: “{found}” is not known here; it needs a newer licd")
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
            Self::ProductMismatch { line, product, mismatch } => {
                write!(f, "line {line}: “{mismatch}” does not go with product {product}")
            }
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UnknownHeader => {
                f.write_str("is not the first line of a licence or trust document")
            }
            Self::Truncated => f.write_str("the file ends too early"),
            Self::NotPrintableAscii => f.write_str("has a character other than printable ASCII"),
            Self::Spacing => f.write_str("is not a key, one space and a value"),
            Self::LineTooLong(max) => write!(f, "is longer than {max} bytes"),
            Self::TooManyLines(max) => write!(f, "the text has more than {max} lines"),
            Self::TextTooLong(max) => write!(f, "the text is longer than {max} bytes"),
            Self::MissingKey => f.write_str("is missing here"),
            Self::OutOfOrder => f.write_str("is repeated or out of order"),
            Self::TooManyOccurrences(max) => write!(f, "stands on more than {max} lines"),
            Self::InvalidValue(expected) => write!(f, "is not {expected}"),
            Self::NotAscending => f.write_str("is not in strictly ascending order"),
            Self::ExpiresBeforeStart => f.write_str("lies before “starts”"),
            Self::ExpiresBeforeIssue => f.write_str("lies before the day of “issued”"),
            Self::GraceForEvaluation => f.write_str("is not allowed for an evaluation"),
            Self::DuplicateKey => f.write_str("names a key for the second time"),
            Self::MissingSignature => f.write_str("no signature follows the text"),
            Self::InvalidSignatureLine => f.write_str("is not a signature line"),
            Self::UnexpectedAttachment => f.write_str("nothing may follow the signatures"),
            Self::MissingAttachment => f.write_str("the list of units or the proof is missing"),
            Self::UnitCount { stated, listed } => {
                write!(f, "the list has {listed} units where {stated} are stated")
            }
            Self::TreeHashMismatch => f.write_str("does not lead to the tree hash that was signed"),
        }
    }
}

impl core::error::Error for DocumentError {}
impl core::error::Error for FormatError {}
