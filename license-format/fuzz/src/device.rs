//! The device of tests/corpus, with the private keys of all its signers.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use license_format::{
    DocumentError, DocumentKind, License, TrustDocument, UnitId, Verified, Verifier, VerifierKey,
};
use license_issue::{SigningKey, sign};

use crate::second::units_value;

const THRESHOLD: NonZeroUsize = NonZeroUsize::new(2).unwrap();
/// The signers of an input, by the bits of its first byte.
const KEYS: [&str; 5] =
    ["igel-issuer-2026", "igel-demo-2026", "igel-root-a", "igel-root-b", "igel-root-c"];
/// A `units` value in an input; the count and the tree hash of the attachment replace it.
const UNITS: &str = "units *\n";

/// Why a document is refused: the code of LF §8, and the line if it has one.
pub type Verdict = Result<(), (&'static str, Option<u32>)>;

/// The device, and everybody who signs for it.
pub struct Device {
    keys: Vec<SigningKey>,
    roots: Vec<VerifierKey>,
    trust: TrustDocument,
}

impl Device {
    /// Reads it from the corpus.
    ///
    /// # Panics
    /// If a file of the corpus is missing.
    #[must_use]
    pub fn of_corpus() -> Self {
        let text = |path: PathBuf| fs::read_to_string(path).unwrap().trim().to_owned();
        let key = |name| SigningKey::parse(&text(corpus().join(format!("keys/{name}.key"))));
        let keys = KEYS.map(|name| key(name).unwrap()).into();
        let roots = fs::read_dir(corpus().join("device/roots.d")).unwrap();
        let root = |text: String| VerifierKey::parse(&text).unwrap();
        let roots: Vec<_> = roots.map(|entry| root(text(entry.unwrap().path()))).collect();
        let trust = TrustDocument::verify(&Self::trust_note(), &roots, THRESHOLD).unwrap();
        Self { keys, roots, trust }
    }

    /// The trust document as a file.
    #[must_use]
    pub fn trust_note() -> Vec<u8> {
        fs::read(corpus().join("device/trust.note")).unwrap()
    }

    /// The root keys.
    #[must_use]
    pub fn roots(&self) -> &[VerifierKey] {
        &self.roots
    }

    /// The document of an input: its first byte chooses the signers of the text up to the first empty
    /// line, and what follows is the attachment. Without a signer it is the file itself.
    #[must_use]
    pub fn document(&self, input: &[u8]) -> Vec<u8> {
        let Some((chosen, file)) = input.split_first() else { return Vec::new() };
        let keys = self.keys.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1);
        let keys: Vec<_> = keys.map(|(_, key)| key).collect();
        let Some(text) = str::from_utf8(file).ok().filter(|_| !keys.is_empty()) else {
            return file.to_vec();
        };
        let (text, attachment) = match text.split_once("\n\n") {
            Some((text, attachment)) => (text, Some(attachment)),
            None => (text.trim_end_matches('\n'), None),
        };
        let units = format!("units {}\n", units_value(attachment.unwrap_or_default()));
        let mut signed = sign(&format!("{text}\n").replace(UNITS, &units), &keys);
        if let Some(attachment) = attachment {
            signed += "\n";
            signed += attachment;
        }
        signed.into_bytes()
    }

    /// The licence of a file, if it is a genuine one, and the verdict of `license-format`.
    #[must_use]
    pub fn verify(&self, file: &[u8], wanted: &[UnitId]) -> (Option<License>, Verdict) {
        if DocumentKind::of(file) == DocumentKind::Trust {
            let verified = TrustDocument::verify(file, &self.roots, THRESHOLD);
            return (None, verified.map(drop).map_err(|error| refusal(&error)));
        }
        let mut verifier = Verifier::new(&self.trust, wanted);
        match verifier.update(file).and_then(|()| verifier.finish()) {
            Ok(Verified { license, .. }) => (Some(license), Ok(())),
            Err(error) => (None, Err(refusal(&error))),
        }
    }
}

/// The folder of the corpus.
fn corpus() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpus"))
}

fn refusal(error: &DocumentError) -> (&'static str, Option<u32>) {
    match error {
        DocumentError::Malformed { line, .. } => ("malformed", Some(*line)),
        DocumentError::Unsupported { line, .. } => ("unsupported", Some(*line)),
        DocumentError::BadSignature { .. } => ("bad-signature", None),
        DocumentError::UnknownKey { .. } | DocumentError::TooFewRoots { .. } => {
            ("unknown-key", None)
        }
        DocumentError::UntrustedProduct { .. } => ("untrusted-product", None),
        DocumentError::ProductMismatch { line, .. } => ("untrusted-product", Some(*line)),
    }
}
