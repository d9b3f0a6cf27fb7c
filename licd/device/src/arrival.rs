//! Documents that have arrived, read and verified but not yet compared with the device.
//!
//! A source may be slow, so it is read before the write lock is taken. Only the slice of a mass
//! licence is kept.

use std::io::{Read, Seek};
use std::sync::Arc;

use licd_rules::{Code, License};
use licd_store::FileName;
use license_format::{Complete, DocumentError, TrustDocument, Verified, Verifier};

use crate::import::Intent;
use crate::read::{Document, NotRead};
use crate::report::FileVerdict;
use crate::survey::Survey;
use crate::{Failure, Genuine};

/// A document that has arrived, or the reason that it could not be read.
pub struct Arrival {
    name: String,
    pub(crate) intent: Intent,
    pub(crate) content: Content,
    /// The trust document that verified it.
    trust: Option<Arc<TrustDocument>>,
    /// The request of an activation that it answers.
    pub(crate) request: Option<String>,
}

/// Content of an arrival.
pub(crate) enum Content {
    /// A licence, and the verdict of the trust document on it.
    License { again: Again, verified: Result<Box<Genuine>, Failure> },
    /// A trust document.
    Trust { document: Arc<TrustDocument>, bytes: Vec<u8> },
    /// An unreadable source, another file, or a file with a verdict already.
    Judged(FileVerdict),
}

/// What another trust document verifies the licence by.
pub(crate) enum Again {
    /// The file, if a device stores all of it. It is much shorter than what has room for every file, and
    /// hundreds may wait.
    Text(Box<str>),
    /// All but the list of units.
    Complete(Box<Complete>),
}

impl Again {
    fn of(complete: Box<Complete>, genuine: &Genuine) -> Self {
        match &genuine.storable {
            Some(storable) if !storable.is_slice() => Self::Text(storable.content.as_str().into()),
            _ => Self::Complete(complete),
        }
    }

    fn verify(&self, trust: &TrustDocument) -> Result<Verified, DocumentError> {
        match self {
            // It names its units.
            Self::Text(text) => {
                let mut verifier = Verifier::new(trust, &[]);
                verifier.update(text.as_bytes())?;
                verifier.finish()
            }
            Self::Complete(complete) => complete.verify(trust),
        }
    }
}

impl Survey {
    /// Reads a source to its end and verifies it.
    pub fn read(&self, name: &str, source: impl Read, intent: Intent) -> Arrival {
        let content = match self.reader().read_complete(source) {
            Ok(Document::License { complete, genuine }) => {
                Content::License { again: Again::of(complete, &genuine), verified: Ok(genuine) }
            }
            Ok(Document::Trust { document, bytes }) => Content::Trust { document, bytes },
            Err(NotRead::Unproven { complete, failure }) => {
                Content::License { again: Again::Complete(complete), verified: Err(failure) }
            }
            Err(not_read) => Content::Judged(FileVerdict::unread(name, not_read.into())),
        };
        let trust = Some(Arc::clone(&self.trust));
        Arrival { name: name.to_owned(), intent, content, trust, request: None }
    }
}

impl Survey {
    /// Adds the pack and the units of the file to a verdict of another process.
    #[must_use]
    pub fn describe(
        &self,
        name: &str,
        mut file: impl Read + Seek,
        code: Code,
        message: String,
    ) -> FileVerdict {
        match file.rewind() {
            Ok(()) => self.read(name, file, Intent::Explicit).verdict(code, message),
            Err(_) => FileVerdict::unread(name, Failure::new(code, message)),
        }
    }
}

impl Arrival {
    /// A source that could not be read.
    #[must_use]
    pub fn unread(name: &str, failure: Failure) -> Self {
        Self::judged(FileVerdict::unread(name, failure))
    }

    /// A source that has a verdict already.
    pub(crate) fn judged(verdict: FileVerdict) -> Self {
        let (name, intent) = (verdict.file.clone(), Intent::Automatic);
        Self { name, intent, content: Content::Judged(verdict), trust: None, request: None }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a trust document.
    pub(crate) fn is_trust(&self) -> bool {
        matches!(self.content, Content::Trust { .. })
    }

    /// Verifies it again if the trust document has changed, which may revoke or admit its key.
    pub(crate) fn verify_by(&mut self, trust: &Arc<TrustDocument>) {
        let Content::License { again, verified } = &mut self.content else { return };
        if self.trust.as_ref() != Some(trust) {
            *verified = again
                .verify(trust)
                .map(|verified| Box::new(verified.into()))
                .map_err(Failure::from);
            self.trust = Some(Arc::clone(trust));
        }
    }

    /// The genuine licence and its storable content.
    pub(crate) fn genuine(&self) -> Option<&Genuine> {
        match &self.content {
            Content::License { verified: Ok(genuine), .. } => Some(genuine),
            _ => None,
        }
    }

    pub(crate) fn license(&self) -> Option<&License> {
        self.genuine().map(|genuine| &genuine.license)
    }

    pub(crate) fn into_genuine(self) -> Option<Box<Genuine>> {
        match self.content {
            Content::License { verified, .. } => verified.ok(),
            _ => None,
        }
    }

    /// The store name of its content, stored or not, if the licence can be stored.
    pub(crate) fn content_name(&self) -> Option<FileName> {
        self.genuine()?.storable.as_ref()?.name()
    }

    pub(crate) fn verdict(&self, code: Code, message: String) -> FileVerdict {
        if let Content::Judged(verdict) = &self.content {
            return FileVerdict { code, message, ..verdict.clone() };
        }
        let license = self.license();
        let units = license.map(License::named).unwrap_or_default();
        FileVerdict {
            file: self.name.clone(),
            code,
            message,
            pack: license.map(|license| license.pack.clone()),
            units: units.to_vec(),
        }
    }
}
