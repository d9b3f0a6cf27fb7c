//! The trust document in force.

use std::io::Read;
use std::sync::Arc;

use licd_files::{config, state};
use licd_fs::look::Looked;
use licd_store::{Opened, StoreError};
use license_format::TrustDocument;

use super::Survey;
use crate::Device;
use crate::partial::Missing;
use crate::problem::{TrustPlace, TrustProblem};
use crate::read::Document;

impl Survey {
    /// Selects the newest trust document of image, store and memory (LF §7).
    pub(super) fn find_trust(&mut self, device: &Device, missing: &mut Missing) {
        match missing.fact(state::trust(device.root()).map(Some)).unwrap_or(Ok(None)) {
            Ok(Some(bytes)) => match self.reader().read(bytes.as_slice()) {
                Ok(Document::Trust { document, bytes }) => self.adopt(document, bytes),
                Ok(Document::License { .. }) | Err(_) => self.note(TrustProblem::Damaged),
            },
            Ok(None) => {}
            Err(flaw) => self.note(TrustProblem::Unreadable(Arc::new(flaw))),
        }
        // The memory holds this one already.
        self.trust_to_keep = None;
        match missing.fact(config::trust_note(device.root()).map(Some)).unwrap_or(Ok(None)) {
            Ok(Some(bytes)) => {
                let adopted = self.consider(TrustPlace::Image, bytes.as_slice());
                missing.fact(adopted);
            }
            Ok(None) => {}
            Err(problem) => self.note(problem),
        }
        match missing.of_store(StoreError::looked(device.store().trust()).map(Some)) {
            Some(Ok(Opened::File { file, .. })) => {
                let adopted = self.consider(TrustPlace::Store, file);
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
    fn consider(&mut self, place: TrustPlace, source: impl Read) -> Looked<()> {
        match self.reader().read(source).map_err(|refused| refused.looked(&place.to_string())) {
            Ok(Document::Trust { document, bytes }) => self.adopt(document, bytes),
            Ok(Document::License { .. }) => self.note(TrustProblem::License(place)),
            Err(refused) => self.note(TrustProblem::Refused(place, refused?)),
        }
        Ok(())
    }

    pub(super) fn adopt(&mut self, document: Box<TrustDocument>, bytes: Vec<u8>) {
        if document.contradicts(&self.trust) {
            let version = document.version();
            let problem = TrustProblem::Contradiction { version }.into();
            // The store may be read more than once.
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        if document.version() > self.trust.version() {
            self.trust = document.into();
            self.trust_to_keep = Some(bytes);
        }
    }

    /// The trust document in force, if the memory does not hold it yet.
    pub(crate) fn trust_to_keep(&self) -> Option<&[u8]> {
        self.trust_to_keep.as_deref()
    }
}
