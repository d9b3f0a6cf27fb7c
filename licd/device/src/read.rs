//! The only path from bytes to a verified document, for every source: normalise, verify.

use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::Arc;

use licd_fs::look::{Looked, shortage};
use licd_rules::Code;
use licd_sources::intake::{self, IntakeError, OpenError};
use license_format::{
    Complete, Completer, DocumentError, DocumentKind, TrustDocument, UnitId, Verifier, VerifierKey,
    limits,
};

use crate::recognise::{self, recognise};
use crate::{Failure, Genuine};

/// The keys and units that a document is read against.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// The root keys of the image.
    pub(crate) roots: &'a [VerifierKey],
    /// How many distinct root keys must sign a trust document.
    pub(crate) threshold: NonZeroUsize,
    /// The trust document in force.
    pub(crate) trust: &'a TrustDocument,
    /// Candidates for the unit ID, best first.
    pub(crate) units: &'a [UnitId],
}

/// The reason that a source yields no document.
pub(crate) enum NotRead {
    /// The source could not be read to its end.
    Fault(IntakeError),
    /// The document is refused.
    Refused(Failure),
    /// The trust document in force refuses it; another one may admit it.
    Unproven {
        /// The licence.
        complete: Box<Complete>,
        /// The refusal.
        failure: Failure,
    },
}

impl NotRead {
    /// The refusal of a file of the device; [`Unavailable`](licd_fs::look::Unavailable) after a
    /// shortage.
    pub(crate) fn looked(self, name: &str) -> Looked<Failure> {
        match self {
            Self::Fault(IntakeError::Unreadable(error)) => match shortage(name, &error) {
                Some(unavailable) => Err(unavailable),
                None => Ok(IntakeError::Unreadable(error).into()),
            },
            other => Ok(other.into()),
        }
    }
}

impl From<NotRead> for Failure {
    fn from(not_read: NotRead) -> Self {
        match not_read {
            NotRead::Fault(fault) => fault.into(),
            NotRead::Refused(failure) | NotRead::Unproven { failure, .. } => failure,
        }
    }
}

impl From<Failure> for NotRead {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

impl From<DocumentError> for NotRead {
    fn from(error: DocumentError) -> Self {
        Self::Refused(error.into())
    }
}

/// A verified document. Of a licence, `complete` verifies it again by another trust document.
pub(crate) enum Document<C = ()> {
    License { complete: C, genuine: Box<Genuine> },
    Trust { document: Arc<TrustDocument>, bytes: Vec<u8> },
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        let advice = match error {
            DocumentError::Malformed { .. } => "; get the file again from where it was issued",
            DocumentError::Unsupported { .. } => "; update the system first",
            DocumentError::BadSignature { .. } => "; get the file again from where it was issued",
            DocumentError::UnknownKey { .. } | DocumentError::UntrustedProduct { .. } => {
                "; import the vendor's newest trust document first; if that is in force already, ask \
                 the vendor for a licence signed anew, and delete this file"
            }
            DocumentError::ProductMismatch { .. } => "; ask the vendor for a corrected one",
            DocumentError::TooFewRoots { .. } => "; ask the vendor for one signed by more of them",
        };
        Self::new(Code::from(&error), format!("{error}{advice}"))
    }
}

impl From<IntakeError> for Failure {
    fn from(fault: IntakeError) -> Self {
        let code = match fault {
            IntakeError::TooLarge { .. } => Code::TooLarge,
            IntakeError::Gzip => Code::Malformed,
            IntakeError::Unreadable(_) => Code::SourceUnreachable,
        };
        Self::new(code, fault.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(fault: OpenError) -> Self {
        let code = match fault {
            OpenError::TooLarge { .. } => Code::TooLarge,
            OpenError::NotAFile(_) => Code::SourceRefused,
            OpenError::Unreadable(_) => Code::SourceUnreachable,
        };
        Self::new(code, fault.to_string())
    }
}

impl<'r> Reader<'r> {
    /// Reads a source to its end. The size limit comes before every other verdict.
    pub(crate) fn read(&self, source: impl Read) -> Result<Document, NotRead> {
        self.read_by::<Verifier<'r>>(source)
    }

    /// The same, so that a licence can be verified again by another trust document.
    pub(crate) fn read_complete(
        &self,
        source: impl Read,
    ) -> Result<Document<Box<Complete>>, NotRead> {
        self.read_by::<Completer<'r>>(source)
    }

    fn read_by<V: Verify<'r>>(&self, source: impl Read) -> Result<Document<V::Complete>, NotRead> {
        let mut parser = Parser::<V>::Start(Vec::new());
        let mut refused = None;
        let mut start = Vec::new();
        intake::feed(source, |chunk| {
            start.extend(chunk.iter().take(recognise::LOOK - start.len()));
            if refused.is_none() {
                refused = parser.take(chunk, self).err();
            }
        })
        .map_err(NotRead::Fault)?;
        let read = match refused {
            Some(error) => Err(error.into()),
            None => parser.finish(self),
        };
        read.map_err(|not_read| match (&not_read, recognise(&start)) {
            (NotRead::Refused(Failure { code: Code::Malformed, .. }), Some(words)) => {
                Failure::new(Code::Malformed, words).into()
            }
            _ => not_read,
        })
    }

    fn trust_document(&self, bytes: &[u8]) -> Result<Arc<TrustDocument>, DocumentError> {
        let mut document = no_trust();
        // It has no other owner. `Arc::make_mut` would take the stack of a copy.
        if let Some(document) = Arc::get_mut(&mut document) {
            document.verify_in_place(bytes, self.roots, self.threshold)?;
        }
        Ok(document)
    }
}

/// The trust document of a device without any.
///
/// The only function that makes one. `Arc::default` makes it on the heap, where 50 KiB stay untouched until
/// they are needed; `Arc::new` would copy them there from the stack.
#[inline(never)]
pub(crate) fn no_trust() -> Arc<TrustDocument> {
    Arc::default()
}

/// Verifies a licence that comes in chunks.
trait Verify<'a>: Sized {
    /// What verifies it again.
    type Complete;

    fn begin(reader: &Reader<'a>) -> Self;
    fn take(&mut self, chunk: &[u8]) -> Result<(), DocumentError>;
    fn end(self) -> Result<(Self::Complete, Box<Genuine>), NotRead>;
}

impl<'a> Verify<'a> for Verifier<'a> {
    type Complete = ();

    fn begin(reader: &Reader<'a>) -> Self {
        Self::new(reader.trust, reader.units)
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), DocumentError> {
        self.update(chunk)
    }

    fn end(self) -> Result<((), Box<Genuine>), NotRead> {
        Ok(((), Box::new(self.finish()?.into())))
    }
}

impl<'a> Verify<'a> for Completer<'a> {
    type Complete = Box<Complete>;

    fn begin(reader: &Reader<'a>) -> Self {
        Self::new(reader.trust, reader.units)
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), DocumentError> {
        self.update(chunk)
    }

    fn end(self) -> Result<(Box<Complete>, Box<Genuine>), NotRead> {
        let (complete, verified) = self.finish()?;
        let complete = Box::new(complete);
        match verified {
            Ok(verified) => Ok((complete, Box::new(verified.into()))),
            Err(error) => Err(NotRead::Unproven { complete, failure: error.into() }),
        }
    }
}

/// A document in progress.
enum Parser<V> {
    /// Too short yet to show its kind.
    Start(Vec<u8>),
    License(Box<V>),
    Trust(Vec<u8>),
}

impl<'a, V: Verify<'a>> Parser<V> {
    fn take(&mut self, chunk: &[u8], reader: &Reader<'a>) -> Result<(), DocumentError> {
        match self {
            Self::Start(start) => {
                start.extend_from_slice(chunk);
                if start.len() >= DocumentKind::LOOK_AHEAD {
                    let start = std::mem::take(start);
                    *self = Self::begin(&start, reader);
                    return self.take(&start, reader);
                }
                Ok(())
            }
            Self::License(verifier) => verifier.take(chunk),
            Self::Trust(bytes) => {
                // One byte over the limit, so that the verifier sees the excess.
                let room = (limits::TRUST_BYTES + 1).saturating_sub(bytes.len());
                bytes.extend(chunk.iter().take(room));
                Ok(())
            }
        }
    }

    fn begin(start: &[u8], reader: &Reader<'a>) -> Self {
        match DocumentKind::of(start) {
            DocumentKind::License => Self::License(Box::new(V::begin(reader))),
            DocumentKind::Trust => Self::Trust(Vec::new()),
        }
    }

    fn finish(self, reader: &Reader<'a>) -> Result<Document<V::Complete>, NotRead> {
        match self {
            Self::Start(start) => {
                let mut parser = Self::begin(&start, reader);
                parser.take(&start, reader)?;
                parser.finish(reader)
            }
            Self::License(verifier) => {
                let (complete, genuine) = verifier.end()?;
                Ok(Document::License { complete, genuine })
            }
            Self::Trust(bytes) => {
                let document = reader.trust_document(&bytes).map_err(|error| match error {
                    // Root keys come only with the image; no other document would help.
                    DocumentError::UnknownKey { .. } => Failure::new(
                        Code::UnknownKey,
                        format!("{error}; ask the vendor for one signed by this image's root keys"),
                    ),
                    error => error.into(),
                });
                Ok(Document::Trust { document: document?, bytes })
            }
        }
    }
}
