//! The names of features. A proper name is the same in every language.

/// The English name of a feature; its code if this version does not know it.
pub(crate) fn english(code: &str) -> &str {
    match code {
        "90meter" => "90meter smart cards",
        "app-install" => "New apps and app updates",
        "apps" => "Installed apps",
        "asset-inventory" => "Asset inventory",
        "auto-update" => "Automatic updates",
        "codecs" => "Multimedia codecs",
        "config-change" => "Changes to the settings",
        "config-change-icg" => "Changes to settings by ICG",
        "custom-partition" => "Custom Partition",
        "icg" => "Cloud Gateway (ICG)",
        "imi" => "Management Interface (IMI)",
        "license-deploy" => "Deployment of licences",
        "onboarding" => "Onboarding",
        "os" => "The system",
        "os-update" => "System updates",
        "pcoip" => "PCoIP sessions",
        "power-control" => "Power control",
        "powerterm" => "PowerTerm",
        "shadow" => "Shadowing",
        "shadow-icg" => "Shadowing by ICG",
        "shared-workplace" => "Shared Workplace",
        "uma" => "UMA remote access",
        "ums" => "Connection to UMS",
        other => other,
    }
}

/// The German name of a feature; its code if this version does not know it.
pub(crate) fn german(code: &str) -> &str {
    match code {
        "90meter" => "90meter-Smartcards",
        "app-install" => "Neue Apps und App-Updates",
        "apps" => "Installierte Apps",
        "asset-inventory" => "Inventarverfolgung",
        "auto-update" => "Automatische Updates",
        "codecs" => "Multimedia-Codecs",
        "config-change" => "Änderung der Einstellungen",
        "config-change-icg" => "Einstellungen über ICG",
        "license-deploy" => "Verteilung von Lizenzen",
        "os" => "Das System",
        "os-update" => "Systemaktualisierungen",
        "pcoip" => "PCoIP-Sitzungen",
        "power-control" => "Ein- und Ausschalten",
        "shadow" => "Spiegeln",
        "shadow-icg" => "Spiegeln über ICG",
        "uma" => "UMA-Fernzugriff",
        "ums" => "Verbindung zum UMS",
        other => english(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_a_name_of_its_own_in_both_languages() {
        for name in [english, german] {
            let names: Vec<_> =
                licd_rules::Feature::ALL.iter().map(|feature| name(feature.name)).collect();
            for (at, one) in names.iter().enumerate() {
                assert_eq!(names.iter().position(|name| name == one), Some(at), "{one}");
                assert!(one.chars().count() <= 26, "{one}");
            }
        }
        assert_eq!(german("later"), "later");
    }
}
