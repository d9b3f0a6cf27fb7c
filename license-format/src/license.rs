//! A licence: its terms, its units and its signers.

use core::ops::Deref;

use heapless::Vec;

use crate::date::{Date, UnixSeconds};
use crate::key::PublicKey;
use crate::limits;
use crate::merkle::Hash;
use crate::products::ProductMismatch;
use crate::unit::UnitId;
use crate::values::{Category, Expiry, OrderNumber, PackId, Product, Serial, ServiceName, Term};

/// The units of a licence as its text states them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Units {
    /// `unit` lines, in ascending order.
    Named(Vec<UnitId, { limits::UNITS }>),
    /// A `units` line: the number of units and their Merkle tree hash.
    Tree {
        /// 1 to [`limits::MASS_UNITS`].
        count: u32,
        /// RFC 6962 tree hash.
        root: Hash,
    },
}

/// The terms of a licence (LF §4): what it grants, to which pack, from when to when. `Terms` may come
/// from anywhere; only a [`License`] is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The Product Pack.
    pub pack: PackId,
    /// The serial of this issue of the pack.
    pub serial: Serial,
    /// The product code.
    pub product: Product,
    /// The effect of the last day.
    pub term: Term,
    /// The column that UMS shows the licence in.
    pub category: Category,
    /// The Subscription Key; a decoupled pack has none.
    pub subscription_key: Option<PackId>,
    /// The order number.
    pub order: Option<OrderNumber>,
    /// Packs merged or converted into this one, ascending.
    pub supersedes: Vec<PackId, { limits::SUPERSEDES }>,
    /// The services that the licence unlocks, ascending; at least one.
    pub services: Vec<ServiceName, { limits::SERVICES }>,
    /// The time of issue.
    pub issued: UnixSeconds,
    /// First day, from 00:00 UTC.
    pub starts: Date,
    /// Last day, until 12:00 UTC of the next.
    pub expires: Expiry,
    /// Days after `expires` in which the licence keeps unlocking its services, 0–90.
    pub grace_days: u8,
    /// Days before `expires` in which users are warned, 0–120.
    pub warn_days: u8,
    /// Whether this file names every unit of the pack as of `serial`.
    pub roster_complete: bool,
}

impl Terms {
    /// The first line that the product does not allow, in the order of the file (LF §4.4).
    #[must_use]
    pub fn product_mismatch(&self) -> Option<ProductMismatch> {
        ProductMismatch::find(&self.product, self.term, &self.services)
    }

    /// The line that states this term or service in a file of these terms.
    pub(crate) fn line_of(&self, mismatch: &ProductMismatch) -> u32 {
        // The header, `pack`, `serial` and `product` precede `term`; `category` follows it.
        let before = match mismatch {
            ProductMismatch::Term(_) => 4,
            ProductMismatch::Service(name) => {
                let optional = [self.subscription_key.is_some(), self.order.is_some()];
                let index = self.services.iter().take_while(|service| *service != name).count();
                6 + optional.into_iter().filter(|is_present| *is_present).count()
                    + self.supersedes.len()
                    + index
            }
        };
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }
}

/// The keys that signed a text, each once, in ascending order.
pub(crate) type Signers = Vec<PublicKey, { limits::SIGNATURES }>;

/// A verified licence: a key that may sign its product has signed it, and its list or proof fits the
/// signed tree hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    terms: Terms,
    signers: Signers,
    named: Vec<UnitId, { limits::UNITS }>,
    coverage: Coverage,
}

/// The units that a licence file states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// Every unit of the licence.
    AllUnits,
    /// The one unit of a slice.
    OneUnit,
}

impl License {
    /// Only for the verifier, which has checked all of this.
    pub(crate) fn new(
        terms: Terms,
        signers: Signers,
        named: Vec<UnitId, { limits::UNITS }>,
        coverage: Coverage,
    ) -> Self {
        Self { terms, signers, named, coverage }
    }

    /// The signers that the trust document listed at verification, each once, in ascending order. At
    /// least one of them may sign this product.
    #[must_use]
    pub fn signers(&self) -> &[PublicKey] {
        &self.signers
    }

    /// Whether the licence names this unit. For a mass licence, ask only about units that the
    /// [`Verifier`](crate::Verifier) was created with.
    #[must_use]
    pub fn names(&self, unit: &UnitId) -> bool {
        self.named.contains(unit)
    }

    /// The named units, ascending. A mass licence of more than 16 units has here those that the
    /// [`Verifier`](crate::Verifier) was created with; a slice has its one unit.
    #[must_use]
    pub fn named(&self) -> &[UnitId] {
        &self.named
    }

    /// The units that the file states.
    pub(crate) fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Whether the file states every unit of the pack (LF §4.3). A slice never does, because it shows
    /// one unit only.
    #[must_use]
    pub fn is_roster(&self) -> bool {
        self.terms.roster_complete && self.coverage == Coverage::AllUnits
    }

    /// Whether the file states every unit of the pack without this one, and so withdraws lower
    /// serials of the pack from the unit (LF §4.3).
    #[must_use]
    pub fn roster_excludes(&self, unit: &UnitId) -> bool {
        self.is_roster() && !self.names(unit)
    }
}

impl Deref for License {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}
