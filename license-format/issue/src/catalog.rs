//! What the products of the catalogue may carry, as devices judge it.

use license_format::{Product, ServiceName, Term};

/// The evaluation of everything: every service, and only for a time.
pub const EVALUATION: &str = "WE-E";
/// The base of IGEL OS.
pub const WORKSPACE_EDITION: &str = "WE";
/// The Enterprise Management Pack.
pub const ENTERPRISE_MANAGEMENT: &str = "EMP";
/// The Cloud Gateway of OS 10.
pub const CLOUD_GATEWAY: &str = "ICG";
/// The upgrade of IGEL Zero clients, which a trade-up alone converts.
pub const ZERO_UPGRADE: &str = "IZUPGR";
/// Packs of OS 10 hardware, which become Workspace Edition packs.
pub const OS10: [&str; 4] = ["UDP", "UDC3", "SAM", "UDC2UPGR"];

/// The service that unlocks the base.
pub const WORKSPACE_EDITION_SET: &str = "SUB_SERVICE_SET_WORKSPACE_EDITION";
/// The service that unlocks the Enterprise Management Pack.
pub const ENTERPRISE_MANAGEMENT_SET: &str = "SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK";

/// Products of the catalogue that carry no service of it but those that [`CARRIED`] gives them.
const PRODUCTS: [&str; 16] = [
    WORKSPACE_EDITION,
    EVALUATION,
    ENTERPRISE_MANAGEMENT,
    "90M",
    "PWT",
    "TER",
    "PAS",
    "UDP",
    "UDC3",
    "SAM",
    "UDC2UPGR",
    ZERO_UPGRADE,
    "ADDON",
    CLOUD_GATEWAY,
    "IMI",
    "AIT",
];

/// Each service of the catalogue and the products that may carry it; an evaluation carries all.
const CARRIED: [(&str, &[&str]); 9] = [
    (WORKSPACE_EDITION_SET, &[WORKSPACE_EDITION, "PAS"]),
    (ENTERPRISE_MANAGEMENT_SET, &[ENTERPRISE_MANAGEMENT, "PAS"]),
    ("SUB_SERVICE_SET_ADDON_POWERTERM", ADD_ONS),
    ("SUB_SERVICE_SET_ADDON_90METER", ADD_ONS),
    ("SUB_SERVICE_SET_ADDON_TERADICI", ADD_ONS),
    ("SUB_SERVICE_SET_ADDON_MMCP", EXTRAS),
    ("SUB_SERVICE_SET_ADDON_SWP", EXTRAS),
    ("SUB_SERVICE_SET_ICG", EXTRAS),
    ("SUB_SERVICE_SET_AIT", EXTRAS),
];
const ADD_ONS: &[&str] = &["PWT", "90M", "TER", "ADDON"];
const EXTRAS: &[&str] = &["ADDON", CLOUD_GATEWAY, "AIT"];

/// Whether a device takes this service from this product. What the catalogue does not know is not
/// judged.
#[must_use]
pub fn may_carry(product: &Product, service: &ServiceName) -> bool {
    let product = product.as_str();
    match CARRIED.iter().find(|(name, _)| *name == service.as_str()) {
        Some((_, products)) => {
            product == EVALUATION || !PRODUCTS.contains(&product) || products.contains(&product)
        }
        None => true,
    }
}

/// Whether a device takes this term from this product: the evaluation product is `evaluation`, and
/// no other product is.
#[must_use]
pub fn may_have(product: &Product, term: Term) -> bool {
    (product.as_str() == EVALUATION) == (term == Term::Evaluation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carries(product: &str, service: &str) -> bool {
        may_carry(&Product::parse(product).unwrap(), &ServiceName::parse(service).unwrap())
    }

    #[test]
    fn a_known_product_carries_known_services_as_the_catalogue_lists_them() {
        for (product, service) in [
            ("WE", WORKSPACE_EDITION_SET),
            ("PAS", WORKSPACE_EDITION_SET),
            ("PAS", ENTERPRISE_MANAGEMENT_SET),
            ("EMP", ENTERPRISE_MANAGEMENT_SET),
            ("ADDON", "SUB_SERVICE_SET_ADDON_SWP"),
            ("PWT", "SUB_SERVICE_SET_ADDON_POWERTERM"),
            ("WE-E", "SUB_SERVICE_SET_AIT"),
            ("WE", "SOMETHING_NEW"),
            ("NEW", WORKSPACE_EDITION_SET),
        ] {
            assert!(carries(product, service), "{product} {service}");
        }
        for (product, service) in [
            ("WE", ENTERPRISE_MANAGEMENT_SET),
            ("EMP", WORKSPACE_EDITION_SET),
            ("WE", "SUB_SERVICE_SET_ICG"),
            ("UDP", WORKSPACE_EDITION_SET),
            ("IZUPGR", WORKSPACE_EDITION_SET),
            ("IMI", "SUB_SERVICE_SET_AIT"),
        ] {
            assert!(!carries(product, service), "{product} {service}");
        }
    }

    #[test]
    fn every_product_that_carries_something_is_in_the_catalogue() {
        for (_, products) in CARRIED {
            assert!(products.iter().all(|product| PRODUCTS.contains(product)), "{products:?}");
        }
    }

    #[test]
    fn the_evaluation_product_and_no_other_is_an_evaluation() {
        let may = |product: &str, term| may_have(&Product::parse(product).unwrap(), term);
        assert!(may("WE-E", Term::Evaluation) && may("WE", Term::Perpetual));
        assert!(!may("WE-E", Term::Subscription) && !may("WE", Term::Evaluation));
        assert!(!may("NEW", Term::Evaluation));
    }
}
