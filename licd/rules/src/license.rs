//! Genuine licences, as long as a device needs them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ops::Deref;

use license_format::{
    Category, Date, Expiry, OrderNumber, PackId, Product, PublicKey, Serial, ServiceName, Term,
    UnitId, UnixSeconds,
};

/// The terms of a licence (LF §4), with lists as long as their content. Those of the verifier have room
/// for the longest that the format allows, and a device may have thousands of licences.
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
    pub supersedes: Box<[PackId]>,
    /// The services that the licence unlocks, ascending; at least one.
    pub services: Arc<[ServiceName]>,
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
    /// Whether the licence names every unit of the pack as of `serial`.
    pub roster_complete: bool,
}

impl From<&license_format::Terms> for Terms {
    fn from(terms: &license_format::Terms) -> Self {
        Self {
            pack: terms.pack.clone(),
            serial: terms.serial,
            product: terms.product.clone(),
            term: terms.term,
            category: terms.category,
            subscription_key: terms.subscription_key.clone(),
            order: terms.order.clone(),
            supersedes: terms.supersedes.iter().cloned().collect(),
            services: terms.services.iter().cloned().collect(),
            issued: terms.issued,
            starts: terms.starts,
            expires: terms.expires,
            grace_days: terms.grace_days,
            warn_days: terms.warn_days,
            roster_complete: terms.roster_complete,
        }
    }
}

/// A genuine licence, which only a verified one becomes. Copies share the memory of their lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    terms: Terms,
    signers: Arc<[PublicKey]>,
    named: Arc<[UnitId]>,
    /// Whether the file states every unit of the pack.
    is_roster: bool,
}

impl From<&license_format::License> for License {
    fn from(license: &license_format::License) -> Self {
        Self {
            terms: (&**license).into(),
            signers: license.signers().into(),
            named: license.named().into(),
            is_roster: license.is_roster(),
        }
    }
}

impl License {
    /// Takes over the lists of another licence where they are the same. Most licences of a device have
    /// the same units and signers.
    pub fn share_lists(&mut self, other: &Self) {
        fn share<T: PartialEq>(own: &mut Arc<[T]>, other: &Arc<[T]>) {
            if own == other {
                own.clone_from(other);
            }
        }
        share(&mut self.terms.services, &other.terms.services);
        share(&mut self.signers, &other.signers);
        share(&mut self.named, &other.named);
    }

    /// The signers that the trust document listed at verification, each once, in ascending order. At
    /// least one of them may sign this product.
    #[must_use]
    pub fn signers(&self) -> &[PublicKey] {
        &self.signers
    }

    /// Whether the licence names this unit. For a mass licence, ask only about units that the
    /// [`Verifier`](license_format::Verifier) was created with.
    #[must_use]
    pub fn names(&self, unit: &UnitId) -> bool {
        self.named.contains(unit)
    }

    /// The named units, as [`license_format::License::named`] has them.
    #[must_use]
    pub fn named(&self) -> &[UnitId] {
        &self.named
    }

    /// Whether the file states every unit of the pack without this one, and so withdraws lower
    /// serials of the pack from the unit (LF §4.3).
    #[must_use]
    pub fn roster_excludes(&self, unit: &UnitId) -> bool {
        self.is_roster && !self.names(unit)
    }
}

impl Deref for License {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}
