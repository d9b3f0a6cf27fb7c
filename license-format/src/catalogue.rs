//! Which services the known products carry (LF §4.4).

use core::fmt;

use crate::{Product, ServiceName, Term, Terms};

/// The names of the known services.
pub mod services {
    /// The base of every device.
    pub const WORKSPACE_EDITION: &str = "SUB_SERVICE_SET_WORKSPACE_EDITION";
    /// ICG, Shared Workplace, Asset Inventory and UMA on OS 11.
    pub const ENTERPRISE_MANAGEMENT: &str = "SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK";
    /// The PowerTerm client.
    pub const POWERTERM: &str = "SUB_SERVICE_SET_ADDON_POWERTERM";
    /// The 90meter smart card middleware.
    pub const NINETY_METER: &str = "SUB_SERVICE_SET_ADDON_90METER";
    /// The PCoIP client.
    pub const TERADICI: &str = "SUB_SERVICE_SET_ADDON_TERADICI";
    /// Multimedia codecs alone.
    pub const MMCP: &str = "SUB_SERVICE_SET_ADDON_MMCP";
    /// Shared Workplace alone.
    pub const SWP: &str = "SUB_SERVICE_SET_ADDON_SWP";
    /// ICG alone.
    pub const ICG: &str = "SUB_SERVICE_SET_ICG";
    /// Asset Inventory alone.
    pub const AIT: &str = "SUB_SERVICE_SET_AIT";

    /// Every name above. A licence may name others, which unlock nothing here.
    pub const KNOWN: [&str; 9] = [
        WORKSPACE_EDITION,
        ENTERPRISE_MANAGEMENT,
        POWERTERM,
        NINETY_METER,
        TERADICI,
        MMCP,
        SWP,
        ICG,
        AIT,
    ];
}
use services::{
    AIT, ENTERPRISE_MANAGEMENT as EMP, ICG, KNOWN, MMCP, NINETY_METER, POWERTERM, SWP, TERADICI,
    WORKSPACE_EDITION as WE,
};

/// The product that is an evaluation, as no other known one is.
const EVALUATION: &str = "WE-E";

/// The known products with the known services that each may carry.
const PRODUCTS: [(&str, &[&str]); 16] = [
    ("WE", &[WE]),
    ("PAS", &[WE, EMP]),
    (EVALUATION, &KNOWN),
    ("EMP", &[EMP]),
    ("PWT", &[POWERTERM]),
    ("90M", &[NINETY_METER]),
    ("TER", &[TERADICI]),
    ("ADDON", &[POWERTERM, NINETY_METER, TERADICI, MMCP, SWP, ICG, AIT]),
    ("ICG", &[ICG]),
    ("AIT", &[AIT]),
    // Packs of OS 10: converted before anything counts here.
    ("UDP", &[]),
    ("UDC3", &[]),
    ("SAM", &[]),
    ("UDC2UPGR", &[]),
    ("IZUPGR", &[]),
    ("IMI", &[]),
];

/// What a licence says that its product does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// [`Terms::term`]: the evaluation product is nothing else, and no other known one is it.
    Term(Term),
    /// One of [`Terms::services`]: a known service that the product does not carry.
    Service(ServiceName),
}

impl Unfit {
    /// The first thing that a product does not allow, the term before the services (LF §4.4). Of an
    /// unknown product nothing is known, nor of an unknown service where it belongs.
    pub fn find<'a>(
        product: &Product,
        term: Term,
        services: impl IntoIterator<Item = &'a ServiceName>,
    ) -> Option<Self> {
        let carried = carried(product)?;
        if (product.as_str() == EVALUATION) != (term == Term::Evaluation) {
            return Some(Self::Term(term));
        }
        let foreign = |name: &&ServiceName| {
            KNOWN.contains(&name.as_str()) && !carried.contains(&name.as_str())
        };
        services.into_iter().find(foreign).cloned().map(Self::Service)
    }
}

impl Terms {
    /// The first line that the product does not allow, in the order of the file (LF §4.4).
    #[must_use]
    pub fn unfit(&self) -> Option<Unfit> {
        Unfit::find(&self.product, self.term, &self.services)
    }
}

/// The known services of a known product.
fn carried(product: &Product) -> Option<&'static [&'static str]> {
    PRODUCTS.iter().find(|(code, _)| *code == product.as_str()).map(|(_, services)| *services)
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(term) => write!(f, "term {term}"),
            Self::Service(name) => write!(f, "service {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_products_of_the_format_and_known_services() {
        for (code, services) in PRODUCTS {
            assert!(Product::parse(code).is_some(), "{code}");
            assert!(services.iter().all(|name| KNOWN.contains(name)), "{code}");
        }
        assert!(KNOWN.iter().all(|name| ServiceName::parse(name).is_some()));
    }
}
