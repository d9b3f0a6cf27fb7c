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

const POWERTERM: &str = "SUB_SERVICE_SET_ADDON_POWERTERM";
const NINETY_METER: &str = "SUB_SERVICE_SET_ADDON_90METER";
const TERADICI: &str = "SUB_SERVICE_SET_ADDON_TERADICI";
const MMCP: &str = "SUB_SERVICE_SET_ADDON_MMCP";
const SWP: &str = "SUB_SERVICE_SET_ADDON_SWP";
const ICG: &str = "SUB_SERVICE_SET_ICG";
const AIT: &str = "SUB_SERVICE_SET_AIT";

/// The known services.
const KNOWN: [&str; 9] = [
    WORKSPACE_EDITION_SET,
    ENTERPRISE_MANAGEMENT_SET,
    POWERTERM,
    NINETY_METER,
    TERADICI,
    MMCP,
    SWP,
    ICG,
    AIT,
];

/// The known products and the known services that each may carry.
const PRODUCTS: [(&str, &[&str]); 16] = [
    (WORKSPACE_EDITION, &[WORKSPACE_EDITION_SET]),
    ("PAS", &[WORKSPACE_EDITION_SET, ENTERPRISE_MANAGEMENT_SET]),
    (EVALUATION, &KNOWN),
    (ENTERPRISE_MANAGEMENT, &[ENTERPRISE_MANAGEMENT_SET]),
    ("PWT", &[POWERTERM]),
    ("90M", &[NINETY_METER]),
    ("TER", &[TERADICI]),
    ("ADDON", &[POWERTERM, NINETY_METER, TERADICI, MMCP, SWP, ICG, AIT]),
    (CLOUD_GATEWAY, &[ICG]),
    ("AIT", &[AIT]),
    ("UDP", &[]),
    ("UDC3", &[]),
    ("SAM", &[]),
    ("UDC2UPGR", &[]),
    (ZERO_UPGRADE, &[]),
    ("IMI", &[]),
];

/// The known services of a known product.
fn carried(product: &Product) -> Option<&'static [&'static str]> {
    PRODUCTS.iter().find(|(code, _)| *code == product.as_str()).map(|(_, services)| *services)
}

/// Whether a device takes this service from this product. What the catalogue does not know is not
/// judged.
#[must_use]
pub fn may_carry(product: &Product, service: &ServiceName) -> bool {
    let service = service.as_str();
    carried(product).is_none_or(|carried| carried.contains(&service) || !KNOWN.contains(&service))
}

/// Whether a device takes this term from this product: the evaluation product is `evaluation`, and
/// no other known product is.
#[must_use]
pub fn may_have(product: &Product, term: Term) -> bool {
    carried(product).is_none() || (product.as_str() == EVALUATION) == (term == Term::Evaluation)
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
            ("ADDON", SWP),
            ("PWT", POWERTERM),
            ("WE-E", AIT),
            ("WE", "SOMETHING_NEW"),
            ("NEW", WORKSPACE_EDITION_SET),
        ] {
            assert!(carries(product, service), "{product} {service}");
        }
        for (product, service) in [
            ("WE", ENTERPRISE_MANAGEMENT_SET),
            ("EMP", WORKSPACE_EDITION_SET),
            ("WE", ICG),
            ("UDP", WORKSPACE_EDITION_SET),
            ("IZUPGR", WORKSPACE_EDITION_SET),
            ("IMI", AIT),
            ("PWT", TERADICI),
            ("ICG", AIT),
        ] {
            assert!(!carries(product, service), "{product} {service}");
        }
    }

    #[test]
    fn the_evaluation_product_and_no_other_is_an_evaluation() {
        let may = |product: &str, term| may_have(&Product::parse(product).unwrap(), term);
        assert!(may("WE-E", Term::Evaluation) && may("WE", Term::Perpetual));
        assert!(!may("WE-E", Term::Subscription) && !may("WE", Term::Evaluation));
        assert!(may("NEW", Term::Evaluation));
    }
}
