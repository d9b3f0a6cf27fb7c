//! Verifies licences and cuts slices out of mass licences.

use crate::error::DocumentError;
use crate::license::{Coverage, License, Signers};
use crate::license_text;
use crate::note::Note;
use crate::storable::Storable;
use crate::stream::{Contents, Head, Stream};
use crate::trust::{self, TrustDocument};
use crate::unit::UnitId;

/// The kind of document that the first line of a file announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A licence of any version, or no document of this format.
    License,
    /// A trust document of any version.
    Trust,
}

impl DocumentKind {
    /// Reads the beginning of a file. A file that is neither goes to the licence verifier, which
    /// refuses it.
    #[must_use]
    pub fn of(start: &[u8]) -> Self {
        if start.starts_with(trust::HEADER.as_bytes()) { Self::Trust } else { Self::License }
    }

    /// The number of bytes that [`DocumentKind::of`] reads.
    pub const LOOK_AHEAD: usize = trust::HEADER.len();
}

/// Verifies a licence, mass licence or slice that comes in chunks.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use license_format::{TrustDocument, UnitId, Verifier, VerifierKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut roots = Vec::new();
/// for file in ["example-root-a.vkey", "example-root-b.vkey"] {
///     let key = std::fs::read_to_string(format!("tests/example/{file}"))?;
///     roots.push(VerifierKey::parse(key.trim()).ok_or("not a verifier key")?);
/// }
/// let threshold = NonZeroUsize::new(2).ok_or("zero")?;
/// let trust = TrustDocument::verify(&std::fs::read("tests/example/trust.note")?, &roots, threshold)?;
///
/// let unit = UnitId::parse_human("#85641000D308482019").ok_or("not a unit ID")?;
/// let wanted = [unit];
/// let mut verifier = Verifier::new(&trust, &wanted);
/// for chunk in std::fs::read("tests/example/mass.lic")?.chunks(4096) {
///     verifier.update(chunk)?;
/// }
/// let verified = verifier.finish()?;
/// assert_eq!(verified.license.pack.as_str(), "WE-7Q2KD");
/// assert!(verified.license.names(&wanted[0]));
///
/// // The device stores its own slice of the mass licence.
/// let slice = verified.storable.ok_or("the licence does not list the unit")?;
/// assert_eq!(slice.to_string(), std::fs::read_to_string("tests/example/slice.lic")?);
/// # Ok(())
/// # }
/// ```
pub struct Verifier<'a> {
    trust: &'a TrustDocument,
    stream: Stream<'a>,
}

/// A verified licence and the part of its file that a device stores.
pub struct Verified {
    /// The licence.
    pub license: License,
    /// The part to store: the whole file, or of a mass licence the slice of the first wanted unit
    /// that it lists; `None` if it lists none of them.
    pub storable: Option<Storable>,
}

impl Verified {
    /// Whether the part to store is a slice that was cut out of the list of a mass licence.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        let has_proof = |storable: &Storable| storable.proof.is_some();
        self.license.coverage() == Coverage::AllUnits
            && self.storable.as_ref().is_some_and(has_proof)
    }
}

impl<'a> Verifier<'a> {
    /// A verifier that accepts licences signed as `trust` allows. It finds out which of the `wanted`
    /// units a mass licence lists (the first [`UNITS`](crate::limits::UNITS) of them), and cuts the
    /// slice of the listed unit that comes first in `wanted`.
    #[must_use]
    pub fn new(trust: &'a TrustDocument, wanted: &'a [UnitId]) -> Self {
        Self { trust, stream: Stream::new(wanted) }
    }

    /// Reads the next bytes of the file.
    ///
    /// # Errors
    /// The first reason to refuse the file; the caller need not read on.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), DocumentError> {
        self.stream.update(chunk, |note| admit(self.trust, note))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The reason to refuse the file.
    pub fn finish(self) -> Result<Verified, DocumentError> {
        let Contents { head, bytes, named, coverage, kept } =
            self.stream.finish(|note| admit(self.trust, note))?;
        let license = License::new(head.terms, head.signers, named, coverage);
        Ok(Verified { license, storable: kept.with(bytes) })
    }
}

/// Checks signatures first, so that the parser reads no unsigned text beyond its form (LF §8).
pub(crate) fn admit(trust: &TrustDocument, note: &Note<'_>) -> Result<Head, DocumentError> {
    let good = note.signers(trust.keys())?;
    let head = parse_head(note)?;
    let product = &head.terms.product;
    if let Some(first) = good.first()
        && !good.iter().any(|key| trust.allows(key.public_key(), product))
    {
        let key = first.name().clone();
        return Err(DocumentError::UntrustedProduct { product: product.clone(), key });
    }
    if let Some(mismatch) = head.terms.product_mismatch() {
        let line = head.terms.line_of(&mismatch);
        return Err(DocumentError::ProductMismatch { line, product: product.clone(), mismatch });
    }
    let mut signers: Signers = good.iter().map(|key| key.public_key()).collect();
    signers.sort_unstable();
    Ok(Head { signers, ..head })
}

/// Reads the head of a licence and checks no signature.
pub(crate) fn parse_head(note: &Note<'_>) -> Result<Head, DocumentError> {
    let (terms, units) = license_text::parse(note.text)?;
    Ok(Head { terms, units, signers: Signers::new() })
}

/// Cuts the slice of one unit out of a mass licence (LF §6.2). It needs no key and checks no
/// signature; the recipient of the slice verifies it. A licence with `unit` lines stays as it is.
///
/// ```
/// use license_format::{Slicer, UnitId};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let unit = UnitId::parse("udp:85641000D308482019").ok_or("not a unit ID")?;
/// let mut slicer = Slicer::new(&unit);
/// slicer.update(&std::fs::read("tests/example/mass.lic")?)?;
/// let slice = slicer.finish()?.ok_or("the licence does not list the unit")?;
/// assert_eq!(slice.to_string(), std::fs::read_to_string("tests/example/slice.lic")?);
/// # Ok(())
/// # }
/// ```
pub struct Slicer<'a> {
    stream: Stream<'a>,
}

impl<'a> Slicer<'a> {
    /// A slicer for one unit.
    #[must_use]
    pub fn new(unit: &'a UnitId) -> Self {
        Self { stream: Stream::new(core::slice::from_ref(unit)) }
    }

    /// Reads the next bytes of the mass licence.
    ///
    /// # Errors
    /// The reason why the file is not a licence.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), DocumentError> {
        self.stream.update(chunk, parse_head)
    }

    /// Ends the file. Returns the slice, or `None` if the licence does not list the unit.
    ///
    /// # Errors
    /// The reason why the file is not a licence.
    pub fn finish(self) -> Result<Option<Storable>, DocumentError> {
        let unit = self.stream.wanted().first();
        let contents = self.stream.finish(parse_head)?;
        let is_listed = unit.is_some_and(|unit| contents.named.contains(unit));
        Ok(contents.kept.with(contents.bytes).filter(|_| is_listed))
    }
}
