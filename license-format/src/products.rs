//! The known products and the services that each may carry (LF §4.4).

use core::fmt;

use crate::values::{Product, ServiceName, Term};

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

    /// Every name above. A licence may name other services, which unlock nothing here.
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

/// The only known product that is an evaluation.
const EVALUATION: &str = "WE-E";

/// The known products and the known services that each may carry.
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
    // Packs of OS 10, which OS 11 and 12 count only after a conversion.
    ("UDP", &[]),
    ("UDC3", &[]),
    ("SAM", &[]),
    ("UDC2UPGR", &[]),
    ("IZUPGR", &[]),
    ("IMI", &[]),
];

/// A term or a service that a product does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductMismatch {
    /// The term: the evaluation product is always an evaluation, and no other known product is one.
    Term(Term),
    /// A known service that the product does not carry.
    Service(ServiceName),
}

impl ProductMismatch {
    /// The first mismatch, the term before the services (LF §4.4). Unknown products and unknown
    /// services match everything.
    ///
    /// ```
    /// use license_format::{Product, ProductMismatch, ServiceName, Term, services};
    ///
    /// let product = Product::parse("WE").unwrap();
    /// let icg = ServiceName::parse(services::ICG).unwrap();
    /// let mismatch = ProductMismatch::find(&product, Term::Subscription, [&icg]).unwrap();
    /// assert_eq!(mismatch.to_string(), "service SUB_SERVICE_SET_ICG");
    /// ```
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

/// The known services that a known product may carry.
fn carried(product: &Product) -> Option<&'static [&'static str]> {
    PRODUCTS.iter().find(|(code, _)| *code == product.as_str()).map(|(_, services)| *services)
}

impl fmt::Display for ProductMismatch {
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
