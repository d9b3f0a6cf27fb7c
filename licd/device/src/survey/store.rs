//! The licences of the store.

use std::sync::Arc;

use licd_fs::look::Unavailable;
use licd_fs::stamp::Stamp;
use licd_rules::License;
use licd_store::{Entry, FileName, Listing, StoreError, View};

use super::Survey;
use super::entry::{AHEAD, Outcome, ReadEntry, share_lists};
use crate::genuine::{Digest, Genuine, Storable};
use crate::partial::Missing;
use crate::problem::{Area, PartitionProblem, Problem, RequestProblem};
use crate::report::Rejected;
use crate::{Device, Failure};

/// A genuine licence in the store.
pub struct Held {
    /// The file name.
    pub name: FileName,
    /// The digest of the content that an import would store; `None` if it would store nothing.
    pub(crate) content: Option<Digest>,
    /// The digest of the signed text, if there is content to store.
    pub(crate) text: Option<Digest>,
    /// The licence.
    pub license: License,
    /// The slice that an import would store, if the file lists a whole pack.
    pub(crate) cut: Option<Box<Cut>>,
    /// The stamp of the file when it was read.
    pub(crate) stamp: Stamp,
    /// Whether a later change of the file is certain to change its stamp.
    is_settled: bool,
}

/// Which licences an earlier survey supplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Licences whose files have not changed.
    Unchanged,
    /// Licences whose files have not changed and cannot be read now.
    Unreadable,
}

/// Whether licences that the store listed were gone when they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    None,
    Some,
}

/// The slice of a mass licence.
#[derive(Clone)]
pub(crate) struct Cut {
    pub(crate) name: FileName,
    pub(crate) content: String,
}

impl Survey {
    /// Adds the problems of the partition itself.
    pub(super) fn look_at_partition(&mut self, view: &View<'_>, missing: &mut Missing) {
        if let Some(holders) = missing.of_store(view.holders()) {
            self.is_unsettled = true;
            self.note(PartitionProblem::Open(holders));
        }
        match view.strays() {
            Ok(strays) => self.problems.extend(PartitionProblem::strays(strays).map(Problem::from)),
            Err(unavailable) => missing.file(Area::Store, unavailable),
        }
        if missing.of_store(view.is_nearly_full()) {
            self.note(PartitionProblem::NearlyFull);
        }
    }

    /// Looks for the request of an activation.
    pub(super) fn look_for_request(
        &mut self,
        device: &Device,
        view: &View<'_>,
        missing: &mut Missing,
    ) {
        match device.look_for_request(view, &self.units) {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(waiting))) => {
                self.waiting = Some(waiting);
                self.note(RequestProblem::Waiting);
            }
            Ok(Err(problem)) => self.note(problem),
            Err(unavailable) => missing.file(Area::Store, unavailable),
        }
    }

    /// Reads every file of the store, and all of them again after a newer trust document, so the
    /// order in which a person copied them does not affect the result.
    pub(crate) fn read_store(
        &mut self,
        view: &View<'_>,
        last: Option<(&Self, Reuse)>,
        missing: &mut Missing,
    ) -> Gone {
        let listing = match missing.of_store(StoreError::looked(view.licenses()).map(Some)) {
            Some(Ok(listing)) => listing,
            Some(Err(error)) => {
                self.note(error);
                return Gone::None;
            }
            None => return Gone::None,
        };
        if listing.truncated {
            self.note(PartitionProblem::TooManyFiles);
        }
        loop {
            let trust = Arc::clone(&self.trust);
            self.held.clear();
            self.rejected.clear();
            let (unread, gone) = self.read_listing(listing, last);
            if self.trust == trust {
                unread.into_iter().for_each(|file| missing.file(Area::Store, file));
                return gone;
            }
        }
    }

    /// Reads the files, and returns those that are unavailable and whether others were gone.
    fn read_listing(
        &mut self,
        listing: &Listing,
        last: Option<(&Self, Reuse)>,
    ) -> (Vec<Unavailable>, Gone) {
        let (mut unread, mut gone) = (Vec::new(), Gone::None);
        let same = last.filter(|(last, reuse)| *reuse == Reuse::Unchanged && last.reads_as(self));
        for part in listing.entries.chunks(AHEAD) {
            let read = match same {
                Some((last, _)) => self.read_changed(last, listing, part),
                None => self.read_ahead(listing, part),
            };
            for (entry, outcome) in part.iter().zip(read) {
                match outcome {
                    Ok(Ok(ReadEntry::Gone)) => gone = Gone::Some,
                    Ok(Ok(ReadEntry::License(mut held))) => {
                        share_lists(&mut held, self.held.last());
                        self.held.push(held);
                    }
                    Ok(Ok(ReadEntry::Trust { document, bytes })) => self.adopt(document, &bytes),
                    Ok(Err(failure)) => self.reject(entry, failure),
                    Err(missing) => {
                        let known = last.and_then(|(last, _)| last.known(listing, entry));
                        unread.extend(self.stand_in(entry, known, missing));
                    }
                }
            }
        }
        (unread, gone)
    }

    /// Reads those of these files that have changed since an earlier survey.
    fn read_changed(&self, last: &Self, listing: &Listing, part: &[Entry]) -> Vec<Outcome> {
        let read = |entry| match self.unchanged(last, entry) {
            Some(held) => Ok(Ok(ReadEntry::License(held))),
            None => self.read_entry(listing, entry),
        };
        part.iter().map(read).collect()
    }

    /// Keeps what is known of a file that is unavailable. Returns why if nothing is.
    fn stand_in(
        &mut self,
        entry: &Entry,
        known: Option<Arc<Held>>,
        missing: Unavailable,
    ) -> Option<Unavailable> {
        match known {
            Some(held) => {
                self.held.push(held);
                self.note(PartitionProblem::Unread(missing));
                None
            }
            None => {
                self.reject(entry, Failure::from(&missing));
                Some(missing)
            }
        }
    }

    /// Whether both surveys read the same file to the same result.
    fn reads_as(&self, other: &Self) -> bool {
        let (own, others) = (self.reader(), other.reader());
        (own.roots, own.threshold, own.units) == (others.roots, others.threshold, others.units)
            && own.trust == others.trust
    }

    /// The licence of an earlier survey whose file has not changed since.
    fn unchanged(&self, last: &Self, entry: &Entry) -> Option<Arc<Held>> {
        let stamp = self.stamps.as_ref()?.store.of(&entry.name)?;
        last.held(&entry.name).filter(|held| held.is_settled && held.stamp == stamp).cloned()
    }

    /// The licence in a file.
    pub(crate) fn held(&self, name: &FileName) -> Option<&Arc<Held>> {
        self.held.get(self.place_of(name).ok()?)
    }

    /// Whether this survey knows for certain what is in a file with this stamp; `None`: no file.
    pub(crate) fn has_read(&self, name: &FileName, stamp: Option<Stamp>) -> bool {
        match (self.held(name), stamp) {
            (Some(held), Some(stamp)) => held.is_settled && held.stamp == stamp,
            (None, None) => self.stamps.as_ref().is_some_and(|all| all.store.of(name).is_none()),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    fn place_of(&self, name: &FileName) -> Result<usize, usize> {
        self.held.binary_search_by(|held| held.name.cmp(name))
    }

    /// Adds a licence that was stored.
    pub(crate) fn hold(&mut self, mut held: Held) {
        self.rejected.retain(|rejected| rejected.file != held.name.to_string());
        self.drop_held(&held.name);
        if let Err(place) = self.place_of(&held.name) {
            if let Some(next) = self.held.get(place).or(self.held.last()) {
                held.license.share_lists(&next.license);
            }
            self.held.insert(place, Arc::new(held));
        }
    }

    /// Sets the stamp of a licence that was held before it was stored.
    pub(crate) fn set_stamp(&mut self, name: &FileName, stamp: Option<Stamp>) {
        let held = self.place_of(name).ok().and_then(|place| self.held.get_mut(place));
        if let (Some(held), Some(stamp)) = (held.and_then(Arc::get_mut), stamp) {
            (held.stamp, held.is_settled) = (stamp, true);
        }
    }

    /// Drops a licence that was removed.
    pub(crate) fn drop_held(&mut self, name: &FileName) {
        if let Ok(place) = self.place_of(name) {
            self.held.remove(place);
        }
    }

    fn reject(&mut self, entry: &Entry, Failure { code, message }: Failure) {
        let file = entry.name.to_string();
        self.rejected.push(Rejected { file, code, message });
    }

    /// The licence that this survey read from a file with the same stamp.
    fn known(&self, listing: &Listing, entry: &Entry) -> Option<Arc<Held>> {
        let stamp = listing.stamp(entry).ok().flatten()?;
        self.held(&entry.name).filter(|held| held.stamp == stamp).cloned()
    }
}

impl Held {
    /// Whether a later change of the file is certain to change its stamp.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled
    }

    pub(crate) fn new(name: FileName, stamp: Stamp, genuine: &Genuine, is_settled: bool) -> Self {
        let storable = genuine.storable.as_ref();
        let content = storable.map(|storable| storable.digest);
        let text = storable.map(|storable| storable.text);
        let cut = storable.filter(|storable| storable.is_slice()).and_then(Cut::of).map(Box::new);
        let license = genuine.license.clone();
        Self { name, content, text, cut, license, stamp, is_settled }
    }
}

impl Cut {
    fn of(storable: &Storable) -> Option<Self> {
        Some(Self { name: storable.name()?, content: storable.content.clone() })
    }
}
