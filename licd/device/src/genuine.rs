//! Verified licences, and what a device stores of them.

use std::fmt;

use licd_rules::License;
use licd_store::FileName;
use license_format::Verified;
use sha2::{Digest as _, Sha256};

/// A verified licence.
pub struct Genuine {
    /// The licence.
    pub license: License,
    /// What a device stores of it: of a mass licence its slice; `None` if the list lacks its units.
    pub storable: Option<Storable>,
}

/// The content of a file for the store.
pub struct Storable {
    /// The bytes, all of them text.
    pub content: String,
    /// The digest of the content.
    pub(crate) digest: Digest,
    /// The digest of the signed text, without its signature lines.
    pub(crate) text: Digest,
    pub(crate) part: Part,
}

/// How much of the file an import stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole file.
    Whole,
    /// The slice of a mass licence.
    Slice,
}

/// The first half of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest([u8; 16]);

impl Digest {
    fn of(hashed: Sha256) -> Self {
        let digest: [u8; 32] = hashed.finalize().into();
        let (half, _) = digest.split_at(16);
        Self(half.try_into().unwrap_or_default())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl From<Verified> for Genuine {
    fn from(verified: Verified) -> Self {
        let part = if verified.is_cut() { Part::Slice } else { Part::Whole };
        let content = verified.storable.map(|storable| storable.to_string());
        let storable = content.map(|content| Storable::new(content, part));
        Self { license: (&verified.license).into(), storable }
    }
}

impl Storable {
    fn new(content: String, part: Part) -> Self {
        let (text, signatures) = content.split_at(content.find("\n\n").unwrap_or(content.len()));
        let begun = Sha256::new_with_prefix(text);
        let text = Digest::of(begun.clone());
        let digest = Digest::of(begun.chain_update(signatures));
        Self { digest, content, text, part }
    }

    /// The name under which an import stores it.
    pub(crate) fn name(&self) -> Option<FileName> {
        FileName::new(format!("{}.lic", self.digest))
    }

    /// Whether it is a slice, cut out of the list of a mass licence.
    pub(crate) fn is_slice(&self) -> bool {
        self.part == Part::Slice
    }
}
