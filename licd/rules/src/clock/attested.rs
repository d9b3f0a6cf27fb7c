//! Times attested without a time server: by the image and by genuine documents.

use alloc::vec::Vec;
use core::time::Duration;

use license_format::{PublicKey, TrustDocument, UnixSeconds, limits};

use super::marks::Marks;
use super::{TOLERANCE, later};
use crate::License;

/// How far a document may advance the clock beyond the image and time servers: five years, one of
/// them a leap year. A device that is updated or ever synchronised accepts every genuine document;
/// a date in the far future ends nothing that lasts longer.
pub const REACH: Duration = Duration::from_secs(1826 * 24 * 60 * 60);

/// The base on a device that knows neither: the introduction of the format. No document is older,
/// so this time has certainly come everywhere.
const FORMAT: UnixSeconds = UnixSeconds(1_793_491_200); // 2026-11-01

/// Limit of signers with a lead: the root keys as one, and the issuing keys that one trust document
/// can name.
pub const LEADS: usize = 1 + limits::TRUST_KEYS;

/// The signer that attests the date of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signer {
    /// The root keys of the image, for the trust document. Always in force.
    Roots,
    /// An issuing key, for licences.
    Key(PublicKey),
}

/// The latest attested times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attested {
    /// The build date that the image states.
    pub image: Option<UnixSeconds>,
    /// The signers in force, each with the latest issue time of its documents at hand, or
    /// [`Marks::NEVER`].
    pub signers: Vec<(Signer, UnixSeconds)>,
}

impl Attested {
    /// The times that the image, the trust document in force and these genuine licences attest.
    pub fn of<'a>(
        image: Option<UnixSeconds>,
        trust: &TrustDocument,
        licenses: impl IntoIterator<Item = &'a License>,
    ) -> Self {
        let keys = trust.keys().map(|key| (Signer::Key(key.public_key()), Marks::NEVER));
        let signers = core::iter::once((Signer::Roots, trust.issued())).chain(keys).collect();
        let mut attested = Self { image, signers };
        licenses.into_iter().for_each(|license| attested.add(license));
        attested
    }

    /// Adds the time that a genuine licence attests.
    pub fn add(&mut self, license: &License) {
        for (_, latest) in self.signers.iter_mut().filter(
            |(signer, _)| matches!(signer, Signer::Key(key) if license.signers().contains(key)),
        ) {
            *latest = license.issued.max(*latest);
        }
    }

    /// Whether the documents of this signer count.
    pub(super) fn is_in_force(&self, signer: Signer) -> bool {
        self.signers.iter().any(|(known, _)| *known == signer)
    }
}

/// How far the documents of one signer advance time beyond what is known without them. A lead
/// advances by running time and follows the clock by the same rules, so it can be left out without
/// trace once the signer is out of force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// The signer.
    pub by: Signer,
    /// The latest time of issue.
    pub floor: UnixSeconds,
    /// Documents dated up to here were refuted; [`Marks::NEVER`] if none was.
    pub refuted: UnixSeconds,
    /// Trusted time if this signer is believed, as of [`Marks::at`].
    pub trusted: UnixSeconds,
    /// The time judged at if this signer is believed.
    pub seen: UnixSeconds,
}

impl Lead {
    pub(super) fn none(by: Signer) -> Self {
        let never = Marks::NEVER;
        Self { by, floor: never, refuted: never, trusted: never, seen: never }
    }

    /// Raises the lead to a document's issue time; `base` is the time of image and time servers.
    pub(super) fn raise(&mut self, issued: UnixSeconds, base: UnixSeconds) {
        if issued > self.refuted {
            let base = if base > Marks::NEVER { base } else { FORMAT };
            let at = issued.min(later(base, REACH));
            self.floor = self.floor.max(at);
            self.trusted = self.trusted.max(at);
        }
    }

    /// Follows the clock, `ran` after the last reading.
    pub(super) fn follow(&mut self, wall: UnixSeconds, ran: Duration) {
        let near = wall <= later(self.trusted, TOLERANCE);
        self.seen = if near { self.seen.max(wall) } else { later(self.seen, ran) };
        self.seen = self.seen.max(self.trusted);
    }

    /// Applies synchronised time: later dates are refuted, earlier ones have passed.
    pub(super) fn set(self, wall: UnixSeconds, issued: UnixSeconds) -> Self {
        let latest = self.refuted.max(issued);
        let refuted = if latest > wall { latest } else { Marks::NEVER };
        Self { refuted, ..Self::none(self.by) }
    }

    /// Whether it adds to the time known without it.
    pub(super) fn matters(&self, marks: &Marks) -> bool {
        self.refuted > Marks::NEVER
            || self.floor > marks.floor
            || self.trusted > marks.trusted
            || self.seen > marks.seen
    }
}
