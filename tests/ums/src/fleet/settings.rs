//! The settings of a device: the profile of all devices, with the links to its licences.

use std::fmt::Write as _;

use license_format::{PackId, UnitId};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

use super::devices::Device;
use super::profile::RemovalProfile;
use super::report::{License, Status};
use crate::database::{Text, setting};
use crate::error::UmsError;
use crate::portal::{issue, keys};

/// The setting of UMS that holds the profile of all devices.
pub(crate) const PROFILE: &str = "profile";
/// The setting of UMS that holds the beginning of all links.
pub(crate) const BASE: &str = "base";
/// How often a link is changed because it led to a file that the device could not use. More would be a
/// loop between a device and a server that stays wrong.
const ATTEMPTS: u32 = 5;

/// Settings and their revision.
pub(crate) struct Settings {
    pub(crate) text: String,
    pub(crate) revision: String,
}

/// The settings that a device must have.
pub(crate) fn of(db: &Connection, device: &Device) -> Result<Settings, UmsError> {
    let profile: String = setting(db, PROFILE)?.unwrap_or_default();
    let links = match &device.unit {
        Some(unit) if !device.refused => links(db, unit)?,
        _ => Vec::new(),
    };
    let text = written(&profile, links, device.removal)?;
    Ok(Settings { revision: digest(&text), text })
}

/// Whether this text can be the profile: the settings of every device are written from it.
pub(crate) fn check(profile: &str) -> Result<(), UmsError> {
    written(profile, Vec::new(), RemovalProfile::All).map(drop)
}

/// The text of the settings: the profile, these links, and the removal profile if there is one.
fn written(profile: &str, links: Vec<String>, removal: RemovalProfile) -> Result<String, UmsError> {
    let mut settings: Table =
        profile.parse().map_err(|_| UmsError::Invalid("settings", "a TOML text"))?;
    let links = links.into_iter().map(Value::from).collect::<Vec<_>>();
    let remote = section(section(&mut settings, "system")?, "remotemanager")?;
    remote.insert("license_urls".to_owned(), Value::from(links));
    if removal != RemovalProfile::None {
        let licensing = section(&mut settings, "licensing")?;
        licensing.insert("remove".to_owned(), Value::from(removal.selector()));
    }
    Ok(settings.to_string())
}

fn section<'t>(table: &'t mut Table, name: &'static str) -> Result<&'t mut Table, UmsError> {
    let section = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
    section.as_table_mut().ok_or(UmsError::Invalid(name, "a section of the profile"))
}

/// A short name for a text.
pub(crate) fn digest(text: &str) -> String {
    let mut name = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(16) {
        // Writing to a String never fails.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// A link of the settings.
struct Link {
    pack: PackId,
    serial: u64,
    attempt: u32,
}

impl Link {
    fn url(&self, base: &str, unit: &UnitId) -> String {
        let unit = unit.as_str().replace(':', "-");
        let url = format!("{base}/licences/{}/{}/{unit}.lic", self.pack, self.serial);
        if self.attempt == 0 { url } else { format!("{url}?attempt={}", self.attempt) }
    }
}

/// The links of a unit. The trust document comes first, because licences may need its keys; the image
/// holds version 1. Its link changes with the version, or a device with no other news would ask only a
/// day later. Files that take a licence away come last, so that no moment is without one.
fn links(db: &Connection, unit: &UnitId) -> Result<Vec<String>, UmsError> {
    let base: String = setting(db, BASE)?.unwrap_or_default();
    let mut links = Vec::new();
    let version = keys::trust(db)?.0;
    if version > 1 {
        links.push(format!("{base}/trust.note?version={version}"));
    }
    let mut statement = db.prepare(
        "SELECT pack, first, last, attempt FROM deployment WHERE unit = ?1 ORDER BY leaving, pack",
    )?;
    let rows = statement.query_map([Text(unit.clone())], |row| {
        let pack = row.get::<_, Text<PackId>>(0)?.0;
        Ok((pack, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?, row.get(3)?))
    })?;
    for row in rows {
        let (pack, first, last, attempt) = row?;
        let link = |serial| Link { pack: pack.clone(), serial, attempt }.url(&base, unit);
        links.extend((first..=last).map(link));
    }
    Ok(links)
}

/// Corrects the links of a unit by what its device reports.
pub(crate) fn correct(db: &Connection, unit: &UnitId, status: &Status) -> Result<(), UmsError> {
    drop_finished(db, unit, status)?;
    take_back(db, unit, status)?;
    change_wrong_links(db, unit, status)
}

/// Drops the links to files that have taken a licence away.
fn drop_finished(db: &Connection, unit: &UnitId, status: &Status) -> Result<(), UmsError> {
    let mut statement = db.prepare("SELECT pack FROM deployment WHERE unit = ?1 AND leaving")?;
    let leaving = statement.query_map([Text(unit.clone())], |row| row.get::<_, String>(0))?;
    for pack in leaving.collect::<Result<Vec<_>, _>>()? {
        if !status.licenses.iter().any(|license| license.pack == pack && license.counts()) {
            db.execute(
                "DELETE FROM deployment WHERE unit = ?1 AND pack = ?2",
                (Text(unit.clone()), pack),
            )?;
        }
    }
    Ok(())
}

/// Links to a roster again if a licence counts on a device that has left the pack, as when an old copy
/// of its partition came back.
fn take_back(db: &Connection, unit: &UnitId, status: &Status) -> Result<(), UmsError> {
    for License { pack, serial, .. } in status.licenses.iter().filter(|licence| licence.counts()) {
        let Some(pack) = PackId::parse(pack) else { continue };
        let known: bool = db
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM seat WHERE pack = ?1 AND unit = ?2)
                 OR EXISTS (SELECT 1 FROM deployment WHERE pack = ?1 AND unit = ?2)",
            )?
            .query_row((Text(pack.clone()), Text(unit.clone())), |row| row.get(0))?;
        if let (false, Some(roster)) = (known, issue::roster(db, &pack, serial + 1)?) {
            db.execute(
                "INSERT INTO deployment (unit, pack, first, last, leaving)
                 VALUES (?1, ?2, ?3, ?3, 1)",
                (Text(unit.clone()), Text(pack), roster),
            )?;
        }
    }
    Ok(())
}

/// Changes links that led to an unusable file: the device follows a new link at once, and an unchanged
/// one only a day later.
fn change_wrong_links(db: &Connection, unit: &UnitId, status: &Status) -> Result<(), UmsError> {
    let base: String = setting(db, BASE)?.unwrap_or_default();
    let mut statement = db.prepare(
        "SELECT pack, last, attempt FROM deployment
         WHERE unit = ?1 AND NOT leaving AND attempt < ?2",
    )?;
    let rows = statement.query_map((Text(unit.clone()), ATTEMPTS), |row| {
        let pack = row.get::<_, Text<PackId>>(0)?.0;
        Ok(Link { pack, serial: row.get(1)?, attempt: row.get(2)? })
    })?;
    for link in rows.collect::<Result<Vec<_>, _>>()? {
        let url = link.url(&base, unit);
        let is_wrong = |code: &str| {
            matches!(code, "wrong-device" | "malformed" | "bad-signature" | "unsupported")
        };
        if status.links.iter().any(|led| led.url == url && is_wrong(&led.code)) {
            db.execute(
                "UPDATE deployment SET attempt = attempt + 1 WHERE unit = ?1 AND pack = ?2",
                (Text(unit.clone()), Text(link.pack)),
            )?;
        }
    }
    Ok(())
}
