//! Conditions of distribution: folders and views.

use rusqlite::{Connection, OptionalExtension as _};

use super::devices::Device;
use crate::error::UmsError;
use crate::portal::packs::Distribution;

/// The properties of a device that a view can ask for.
pub(crate) const FIELDS: [&str; 5] = ["os", "mac", "serial", "unit", "folder"];

/// Whether a device gets licences of a pack: its folder or one above it is among the folders, or a view
/// shows it. Without conditions every device does.
pub(crate) fn allow(
    db: &Connection,
    how: &Distribution,
    device: &Device,
) -> Result<bool, UmsError> {
    if how.folders.is_empty() && how.views.is_empty() {
        return Ok(true);
    }
    if how.folders.iter().any(|folder| is_within(&device.folder, folder)) {
        return Ok(true);
    }
    for view in &how.views {
        if shows(db, view, device)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `folder` is `top` or below it.
fn is_within(folder: &str, top: &str) -> bool {
    let top = top.trim_end_matches('/');
    folder.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the view of this name shows the device: a property begins with a text. Unknown views show
/// nothing.
fn shows(db: &Connection, view: &str, device: &Device) -> Result<bool, UmsError> {
    let mut statement = db.prepare("SELECT field, prefix FROM view WHERE name = ?1")?;
    let row = statement.query_row([view], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((field, prefix)): Option<(String, String)> = row else { return Ok(false) };
    let value = match field.as_str() {
        "os" => &device.os,
        "mac" => &device.mac,
        "serial" => &device.serial,
        "folder" => &device.folder,
        _ => &device.unit_id(),
    };
    Ok(value.starts_with(&prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_contains_what_is_below_it_and_no_namesake() {
        for (folder, top, within) in [
            ("/Berlin", "/Berlin", true),
            ("/Berlin/Desk", "/Berlin", true),
            ("/Berlin/Desk", "/Berlin/", true),
            ("/Berlin 2", "/Berlin", false),
            ("/", "/Berlin", false),
            ("/Berlin", "/", true),
        ] {
            assert_eq!(is_within(folder, top), within, "{folder} {top}");
        }
    }
}
