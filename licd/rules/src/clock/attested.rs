//! Times that are vouched for without a time server: by the image, and by genuine documents.

use alloc::vec::Vec;
use core::time::Duration;

use license_format::{License, PublicKey, TrustDocument, UnixSeconds, limits};

use super::marks::Marks;
use super::{TOLERANCE, later};

/// How far a document may take the clock beyond what the image and time servers say: five years, one
/// of them with a leap day. A device that is updated or hears a time server at all believes every
/// genuine document; a date from the far future ends nothing that lasts longer than that.
pub const REACH: Duration = Duration::from_secs(1826 * 24 * 60 * 60);

/// What that is counted from on a device that knows neither: when the format was new. No document is
/// older, so it is the latest time that every device may take for granted.
const FORMAT: UnixSeconds = UnixSeconds(1_793_491_200); // 2026-11-01

/// Signers whose documents may lead the clock: the root keys together, and the issuing keys that one
/// trust document has room for.
pub const LEADS: usize = 1 + limits::TRUST_KEYS;

/// Who vouches for the date of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signer {
    /// The root keys of the image, for the trust document. They are always in force.
    Roots,
    /// An issuing key, for licences.
    Key(PublicKey),
}

/// The latest times that are vouched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attested {
    /// When the image was made, by its own word.
    pub image: Option<UnixSeconds>,
    /// Who is in force, each with the latest time at which a document at hand says that it was
    /// issued; without one [`Marks::NEVER`].
    pub signers: Vec<(Signer, UnixSeconds)>,
}

impl Attested {
    /// What the image, the trust document in force and these genuine licences vouch for.
    pub fn of<'a>(
        image: Option<UnixSeconds>,
        trust: &TrustDocument,
        licenses: impl IntoIterator<Item = &'a License>,
    ) -> Self {
        let keys = trust.keys().map(|key| (Signer::Key(key.public_key()), Marks::NEVER));
        let mut signers: Vec<_> =
            core::iter::once((Signer::Roots, trust.issued())).chain(keys).collect();
        for license in licenses {
            for (_, latest) in signers.iter_mut().filter(
                |(signer, _)| matches!(signer, Signer::Key(key) if license.signers().contains(key)),
            ) {
                *latest = license.issued.max(*latest);
            }
        }
        Self { image, signers }
    }

    /// Whether the documents of this signer count.
    pub(super) fn is_in_force(&self, signer: Signer) -> bool {
        self.signers.iter().any(|(known, _)| *known == signer)
    }
}

/// How far the documents of one signer are ahead of what is known without any. It is a time of its
/// own, which goes on by running time and follows the clock as all time does, so that it can be left
/// out when the signer is no longer in force, and be as if it had never been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// Whose documents.
    pub by: Signer,
    /// The latest time of issue.
    pub floor: UnixSeconds,
    /// Documents dated up to here were found to be from the future; [`Marks::NEVER`] if none.
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

    /// A document of this signer was issued then; `base` is what the image and time servers say.
    pub(super) fn hear(&mut self, issued: UnixSeconds, base: UnixSeconds) {
        if issued > self.refuted {
            let base = if base > Marks::NEVER { base } else { FORMAT };
            let at = issued.min(later(base, REACH));
            self.floor = self.floor.max(at);
            self.trusted = self.trusted.max(at);
        }
    }

    /// The clock shows this, `ran` after the last time.
    pub(super) fn follow(&mut self, wall: UnixSeconds, ran: Duration) {
        let near = wall <= later(self.trusted, TOLERANCE);
        self.seen = if near { self.seen.max(wall) } else { later(self.seen, ran) };
        self.seen = self.seen.max(self.trusted);
    }

    /// Synchronised time: what is dated later is from the future, the rest has passed.
    pub(super) fn set(self, wall: UnixSeconds, issued: UnixSeconds) -> Self {
        let latest = self.refuted.max(issued);
        let refuted = if latest > wall { latest } else { Marks::NEVER };
        Self { refuted, ..Self::none(self.by) }
    }

    /// Whether it tells more than is known without it.
    pub(super) fn matters(&self, marks: &Marks) -> bool {
        self.refuted > Marks::NEVER
            || self.floor > marks.floor
            || self.trusted > marks.trusted
            || self.seen > marks.seen
    }
}
