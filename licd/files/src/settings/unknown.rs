//! The keys that are no settings. The deserializer could list them as well, with a second copy of all
//! code that reads settings.

use licd_fs::printable::escaped;
use toml::de::DeTable;

/// The settings.
const KEYS: [&str; 6] = [
    "userinterface.license_notification.enable_enterprise_management_notification",
    "system.remotemanager.license_cleanup",
    "system.remotemanager.prompt_user_on_ums_actions",
    "system.remotemanager.license_urls",
    "system.remotemanager.license_poll_hours",
    "licensing.remove",
];

/// The unknown keys of a document, dotted and printable; of an unknown table only its own.
pub(super) fn list(document: &DeTable<'_>) -> Vec<String> {
    let mut found = Vec::new();
    add(&mut found, document, "");
    found
}

fn add(found: &mut Vec<String>, table: &DeTable<'_>, prefix: &str) {
    for (key, value) in table {
        let key = key.get_ref();
        let path = format!("{prefix}{key}");
        let section = format!("{path}.");
        // A dot in a key separates nothing.
        let known = KEYS.iter().filter(|_| !key.contains('.'));
        let is_section = known.clone().any(|known| known.starts_with(&section));
        match value.get_ref().as_table() {
            Some(table) if is_section => add(found, table, &section),
            // Deserializing refuses a value in the place of a section.
            _ if is_section || known.clone().any(|known| *known == path) => {}
            _ => found.push(escaped(&path)),
        }
    }
}
