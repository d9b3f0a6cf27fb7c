//! A file of the store, read.

use std::sync::Arc;

use licd_fs::look::Looked;
use licd_rules::Code;
use licd_store::{Entry, Listing, Opened, StoreError};
use license_format::TrustDocument;

use super::Survey;
use super::store::Held;
use crate::Failure;
use crate::processors;
use crate::read::Document;

/// Files that are read before the first of them takes effect. Each may be a trust document of 50 KiB.
pub(super) const AHEAD: usize = 64;

/// What reading a file came to.
pub(super) type Outcome = Looked<Result<ReadEntry, Failure>>;

/// Content of a file.
pub(super) enum ReadEntry {
    License(Arc<Held>),
    Trust { document: Arc<TrustDocument>, bytes: Vec<u8> },
    Gone,
}

impl Survey {
    /// Reads these files, on several processors if there are many.
    pub(super) fn read_ahead(&self, listing: &Listing, files: &[Entry]) -> Vec<Outcome> {
        processors::work_on(files, |part| self.read_part(listing, part))
    }

    /// Each licence takes over the lists of the one before at once: a device may have thousands.
    fn read_part(&self, listing: &Listing, part: &[Entry]) -> Vec<Outcome> {
        let mut last = None;
        let read = |entry| {
            let mut outcome = self.read_entry(listing, entry);
            if let Ok(Ok(ReadEntry::License(held))) = &mut outcome {
                share_lists(held, last.as_ref());
                last = Some(Arc::clone(held));
            }
            outcome
        };
        part.iter().map(read).collect()
    }

    pub(super) fn read_entry(&self, listing: &Listing, entry: &Entry) -> Outcome {
        let (file, stamp) = match StoreError::looked(listing.open(entry))? {
            Ok(Opened::File { file, stamp }) => (file, stamp),
            Ok(Opened::Gone) => return Ok(Ok(ReadEntry::Gone)),
            Ok(Opened::NotRegular) => {
                let message = "is not a regular file; remove it";
                return Ok(Err(Failure::new(Code::SourceRefused, message)));
            }
            Err(error) => return Ok(Err(Failure::new(Code::SourceRefused, error.to_string()))),
        };
        match self.reader().read(file) {
            Ok(Document::License { genuine, .. }) => {
                let held = Held::new(entry.name.clone(), stamp, &genuine, !stamp.is_recent());
                Ok(Ok(ReadEntry::License(Arc::new(held))))
            }
            Ok(Document::Trust { document, bytes }) => Ok(Ok(ReadEntry::Trust { document, bytes })),
            Err(refused) => refused.looked(&entry.name.to_string()).map(Err),
        }
    }
}

/// A licence takes over the lists of another one where they are the same.
pub(super) fn share_lists(held: &mut Arc<Held>, other: Option<&Arc<Held>>) {
    if let (Some(held), Some(other)) = (Arc::get_mut(held), other) {
        held.license.share_lists(&other.license);
    }
}
