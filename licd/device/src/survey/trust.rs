//! The trust document in force.

use std::io::Read;
use std::sync::Arc;

use licd_files::{config, state};
use licd_fs::look::Looked;
use licd_sources::intake::IntakeError;
use licd_store::{Opened, StoreError, View};
use license_format::{TrustDocument, limits};

use super::Survey;
use crate::Device;
use crate::partial::Missing;
use crate::problem::{TrustPlace, TrustProblem};
use crate::read::{Document, NotRead};

/// A verified trust document. The same bytes prove the same document while roots and threshold are
/// the same, and most devices have it in two places or three.
#[derive(Clone)]
pub(super) struct Proven {
    bytes: Arc<[u8]>,
    document: Arc<TrustDocument>,
}

impl Survey {
    /// Selects the newest trust document of image, store and memory (LF §7).
    pub(super) fn find_trust(
        &mut self,
        device: &Device,
        view: &View<'_>,
        last: Option<&Self>,
        missing: &mut Missing,
    ) {
        let last = last.filter(|last| last.has_roots_of(self)).map_or(&[][..], |last| &last.proven);
        match missing.fact(state::trust(device.root()).map(Some)).unwrap_or(Ok(None)) {
            Ok(Some(bytes)) if self.takes_known(last, &bytes) => {}
            Ok(Some(bytes)) => match self.reader().read(bytes.as_slice()) {
                Ok(Document::Trust { document, bytes }) => self.prove(document, bytes),
                Ok(Document::License { .. }) | Err(_) => self.note(TrustProblem::Damaged),
            },
            Ok(None) => {}
            Err(flaw) => self.note(TrustProblem::Unreadable(Arc::new(flaw))),
        }
        // The memory holds this one already.
        self.trust_to_keep = None;
        match missing.fact(config::trust_note(device.root()).map(Some)).unwrap_or(Ok(None)) {
            Ok(Some(bytes)) => {
                let adopted = self.consider(TrustPlace::Image, last, bytes.as_slice());
                missing.fact(adopted);
            }
            Ok(None) => {}
            Err(problem) => self.note(problem),
        }
        match missing.of_store(StoreError::looked(view.trust()).map(Some)) {
            Some(Ok(Opened::File { file, .. })) => {
                let adopted = self.consider(TrustPlace::Store, last, file);
                missing.of_store(adopted);
            }
            Some(Ok(Opened::Gone)) | None => {}
            Some(Ok(Opened::NotRegular)) => self.note(TrustProblem::NotAFile),
            Some(Err(error)) => self.note(error),
        }
        if self.trust.version() == 0 {
            self.note(TrustProblem::Missing);
        }
    }

    /// Adopts the trust document of a place if it is newer.
    fn consider(
        &mut self,
        place: TrustPlace,
        last: &[Proven],
        mut source: impl Read,
    ) -> Looked<()> {
        let mut start = Vec::new();
        let most = limits::TRUST_BYTES as u64 + 1;
        let read = match source.by_ref().take(most).read_to_end(&mut start) {
            Ok(_) if self.takes_known(last, &start) => return Ok(()),
            Ok(_) => self.reader().read(start.as_slice().chain(source)),
            Err(error) => Err(NotRead::Fault(IntakeError::Unreadable(error))),
        };
        match read.map_err(|refused| refused.looked(&place.to_string())) {
            Ok(Document::Trust { document, bytes }) => self.prove(document, bytes),
            Ok(Document::License { .. }) => self.note(TrustProblem::License(place)),
            Err(refused) => self.note(TrustProblem::Refused(place, refused?)),
        }
        Ok(())
    }

    /// Adopts the document of these bytes if this survey or the last one has verified them.
    fn takes_known(&mut self, last: &[Proven], bytes: &[u8]) -> bool {
        let mut known = self.proven.iter().chain(last);
        let Some(proven) = known.find(|proven| *proven.bytes == *bytes).cloned() else {
            return false;
        };
        self.adopt_proven(proven);
        true
    }

    fn prove(&mut self, document: Arc<TrustDocument>, bytes: Vec<u8>) {
        self.adopt_proven(Proven { bytes: bytes.into(), document });
    }

    fn adopt_proven(&mut self, proven: Proven) {
        self.adopt(Arc::clone(&proven.document), &proven.bytes);
        if self.proven.iter().all(|known| known.bytes != proven.bytes) {
            self.proven.push(proven);
        }
    }

    pub(super) fn adopt(&mut self, document: Arc<TrustDocument>, bytes: &[u8]) {
        if document.contradicts(&self.trust) {
            let version = document.version();
            let problem = TrustProblem::Contradiction { version }.into();
            // The store may be read more than once.
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        if document.version() > self.trust.version() {
            self.trust = document;
            self.trust_to_keep = Some(bytes.to_owned());
        }
    }

    fn has_roots_of(&self, other: &Self) -> bool {
        let (own, others) = (self.reader(), other.reader());
        (own.roots, own.threshold) == (others.roots, others.threshold)
    }

    /// The trust document in force, if the memory does not hold it yet.
    pub(crate) fn trust_to_keep(&self) -> Option<&[u8]> {
        self.trust_to_keep.as_deref()
    }
}
