//! Licences that are verified again when another trust document is in force.

use core::cell::RefCell;

use heapless::Vec;

use crate::error::DocumentError;
use crate::license::{Coverage, License};
use crate::license_text;
use crate::limits;
use crate::list::NamedUnits;
use crate::note::Note;
use crate::storable::Kept;
use crate::stream::{Contents, Head, Stream};
use crate::trust::TrustDocument;
use crate::unit::UnitId;
use crate::verifier::{Verified, admit, parse_head};

/// Reads a licence that comes in chunks to its end, also if no key in force vouches for it: another
/// trust document may name that key, and then nothing but the signatures is judged again.
pub struct Completer<'a> {
    trust: &'a TrustDocument,
    stream: Stream<'a>,
    /// Why it is refused by this trust document alone.
    unproven: RefCell<Option<DocumentError>>,
}

/// A well-formed licence file, without the list of its units. [`Complete::verify`] judges its
/// signatures, as often as the trust document changes.
#[derive(Clone)]
pub struct Complete {
    head: Vec<u8, { limits::HEAD_BYTES }>,
    named: NamedUnits,
    coverage: Coverage,
    kept: Kept,
}

impl<'a> Completer<'a> {
    /// The arguments are those of [`Verifier::new`](crate::Verifier::new).
    #[must_use]
    pub fn new(trust: &'a TrustDocument, wanted: &'a [UnitId]) -> Self {
        Self { trust, stream: Stream::new(wanted), unproven: RefCell::new(None) }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// The first reason to refuse the file whatever the trust document; what follows need not be
    /// read.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), DocumentError> {
        let (trust, unproven) = (self.trust, &self.unproven);
        let taken = self.stream.update(chunk, |note| admit_or_note(trust, note, unproven));
        taken.map_err(|error| first(unproven, error))
    }

    /// The file has ended: the file, and the verdict of this trust document.
    ///
    /// # Errors
    /// The reason to refuse the file whatever the trust document.
    pub fn finish(self) -> Result<(Complete, Result<Verified, DocumentError>), DocumentError> {
        let Self { trust, stream, unproven } = self;
        let Contents { head, bytes, named, coverage, kept } = stream
            .finish(|note| admit_or_note(trust, note, &unproven))
            .map_err(|error| first(&unproven, error))?;
        let complete = Complete { head: bytes, named, coverage, kept };
        let verified = match unproven.into_inner() {
            Some(error) => Err(error),
            None => Ok(complete.verified(head)),
        };
        Ok((complete, verified))
    }
}

/// Admits also what only this trust document refuses, and notes why.
fn admit_or_note(
    trust: &TrustDocument,
    note: &Note<'_>,
    unproven: &RefCell<Option<DocumentError>>,
) -> Result<Head, DocumentError> {
    match admit(trust, note) {
        Err(
            error @ (DocumentError::UnknownKey { .. } | DocumentError::UntrustedProduct { .. }),
        ) => {
            let head = parse_head(note).map_err(|_| error.clone())?;
            unproven.replace(Some(error));
            Ok(head)
        }
        admitted => admitted,
    }
}

/// The signatures come first (LF §8).
fn first(unproven: &RefCell<Option<DocumentError>>, error: DocumentError) -> DocumentError {
    unproven.borrow().clone().unwrap_or(error)
}

impl Complete {
    /// The licence, if this trust document vouches for it.
    ///
    /// # Errors
    /// The reason to refuse the file.
    pub fn verify(&self, trust: &TrustDocument) -> Result<Verified, DocumentError> {
        let note = Note::parse(&self.head, license_text::HEADER, license_text::LIMITS)?;
        Ok(self.verified(admit(trust, &note)?))
    }

    fn verified(&self, head: Head) -> Verified {
        let license = License::new(head.terms, head.signers, self.named.clone(), self.coverage);
        Verified { license, storable: self.kept.clone().with(self.head.clone()) }
    }
}
