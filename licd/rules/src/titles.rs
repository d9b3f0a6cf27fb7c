//! Titles of services and products: proper names, the same in every language.

use license_format::services;

/// The title of a service; `None` if this version does not know it.
#[must_use]
pub fn service(code: &str) -> Option<&'static str> {
    Some(match code {
        services::WORKSPACE_EDITION => "Workspace Edition",
        services::ENTERPRISE_MANAGEMENT => "Enterprise Management Pack",
        services::POWERTERM => "Ericom PowerTerm",
        services::NINETY_METER => "90meter",
        services::TERADICI => "Teradici PCoIP",
        services::MMCP => "Multimedia Codec Pack",
        services::SWP => "Shared Workplace",
        services::ICG => "IGEL Cloud Gateway",
        services::AIT => "Asset Inventory Tracker",
        _ => return None,
    })
}

/// The title of a product; `None` if this version does not know it.
#[must_use]
pub fn product(code: &str) -> Option<&'static str> {
    Some(match code {
        "WE" => "Workspace Edition",
        "WE-E" => "Workspace Edition Evaluation",
        "EMP" => "Enterprise Management Pack",
        "PAS" => "Platform Access Subscription",
        "PWT" => "Ericom PowerTerm",
        "90M" => "90meter",
        "TER" => "Teradici PCoIP",
        "ADDON" => "Add-ons",
        "ICG" => "IGEL Cloud Gateway",
        "AIT" => "Asset Inventory Tracker",
        "IMI" => "IGEL Management Interface",
        "UDP" => "UD Pocket",
        "UDC3" => "Universal Desktop Converter 3",
        "UDC2UPGR" => "Universal Desktop Converter 2 Upgrade",
        "SAM" => "Samsung Upgrade",
        "IZUPGR" => "IGEL Zero Upgrade",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_service_has_a_name_of_its_own() {
        let names = services::KNOWN.map(|code| service(code).unwrap());
        for (at, name) in names.iter().enumerate() {
            assert_eq!(names.iter().position(|one| one == name), Some(at), "{name}");
        }
        assert_eq!(service("SUB_SERVICE_SET_LATER"), None);
        assert_eq!(product("LATER"), None);
    }
}
