//! What UMS shows: devices, packs and licences.

use license_format::{Date, UnitId};
use license_issue::Pack;
use rusqlite::Connection;
use serde::Serialize;

use super::devices::{self, Device};
use super::settings;
use crate::database::Text;
use crate::error::UmsError;
use crate::now;
use crate::portal::packs::{self, Distribution};

/// The most rows of one answer.
const ROWS: u32 = 1000;

/// A selection of devices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// Every device.
    #[default]
    All,
    /// Devices without a licence of the Workspace Edition.
    Unlicensed,
    /// Devices with a service that expires between two days, both included.
    Expires(Date, Date),
    /// Devices with an expired service.
    Expired,
    /// Devices with a service that never expires.
    Endless,
}

impl View {
    /// The condition on a device, and the two texts that it compares with.
    fn condition(self) -> (&'static str, String, String) {
        let service = |condition| (condition, String::new(), String::new());
        match self {
            Self::All => service("1"),
            Self::Unlicensed => service(
                "EXISTS (SELECT 1 FROM service s WHERE s.device = device.id AND s.status = 'UNLICENSED'
                 AND s.service = 'SUB_SERVICE_SET_WORKSPACE_EDITION')",
            ),
            Self::Expires(from, to) => (
                "EXISTS (SELECT 1 FROM service s WHERE s.device = device.id
                 AND s.expires BETWEEN ?2 AND ?3)",
                from.to_string(),
                to.to_string(),
            ),
            Self::Expired => service(
                "EXISTS (SELECT 1 FROM service s WHERE s.device = device.id AND s.status = 'EXPIRED')",
            ),
            Self::Endless => service(
                "EXISTS (SELECT 1 FROM service s WHERE s.device = device.id AND s.expires = 'never')",
            ),
        }
    }
}

/// A device as UMS shows it.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceRow {
    /// The name of its registration.
    pub device: String,
    /// The unit ID; empty without one.
    pub unit: String,
    /// The MAC address.
    pub mac: String,
    /// The serial number.
    pub serial: String,
    /// The version of the operating system.
    pub os: String,
    /// The folder.
    pub folder: String,
    /// The state of the Workspace Edition, in licd's word.
    pub state: String,
    /// When it reported last, in UTC.
    pub seen: String,
    /// The removal profile, as a selector.
    pub removal: String,
    /// Whether its agent has the settings that it must have.
    pub is_current: bool,
    /// Whether its configuration is frozen.
    pub is_frozen: bool,
    /// Whether another device has its unit ID.
    pub is_refused: bool,
    /// Its services.
    pub services: Vec<ServiceRow>,
    /// The packs that it has a seat of.
    pub packs: Vec<String>,
}

/// The state of a service on a device.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceRow {
    /// The service.
    pub service: String,
    /// The word of UMS: LICENSED, UNLICENSED or EXPIRED.
    pub status: String,
    /// The word of licd.
    pub state: String,
    /// The last day, `never`, or empty.
    pub expires: String,
    /// The pack; empty without one.
    pub pack: String,
}

/// Lists devices by unit ID.
pub(crate) fn devices(db: &Connection, view: View) -> Result<Vec<DeviceRow>, UmsError> {
    let (condition, from, to) = view.condition();
    let mut statement = db.prepare(&format!(
        "SELECT id, state, seen, frozen FROM device WHERE {condition} AND ?2 = ?2 AND ?3 = ?3
         ORDER BY unit LIMIT ?1"
    ))?;
    let rows = statement.query_map((ROWS, from, to), |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (id, state, seen, is_frozen) = row?;
        if let Some(device) = devices::find(db, &id)? {
            found.push(device_row(db, device, (state, seen, is_frozen))?);
        }
    }
    Ok(found)
}

fn device_row(
    db: &Connection,
    device: Device,
    (state, seen, is_frozen): (String, String, bool),
) -> Result<DeviceRow, UmsError> {
    let is_current = settings::of(db, &device)?.revision == device.applied;
    Ok(DeviceRow {
        unit: device.unit_id(),
        services: services(db, &device.id)?,
        packs: device.unit.as_ref().map_or(Ok(Vec::new()), |unit| packs_of(db, unit))?,
        device: device.id,
        mac: device.mac,
        serial: device.serial,
        os: device.os,
        folder: device.folder,
        removal: device.removal.selector().to_owned(),
        is_refused: device.refused,
        is_current,
        is_frozen,
        state,
        seen,
    })
}

fn services(db: &Connection, device: &str) -> Result<Vec<ServiceRow>, UmsError> {
    let mut statement =
        db.prepare("SELECT service, status, state, expires, pack FROM service WHERE device = ?1")?;
    let rows = statement.query_map([device], |row| {
        Ok(ServiceRow {
            service: row.get(0)?,
            status: row.get(1)?,
            state: row.get(2)?,
            expires: row.get(3)?,
            pack: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn packs_of(db: &Connection, unit: &UnitId) -> Result<Vec<String>, UmsError> {
    let mut statement = db.prepare("SELECT pack FROM seat WHERE unit = ?1 ORDER BY pack")?;
    let rows = statement.query_map([Text(unit.clone())], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A pack as UMS shows it.
#[derive(Debug, Clone, Serialize)]
pub struct PackRow {
    /// The pack ID.
    pub pack: String,
    /// The product.
    pub product: String,
    /// The category.
    pub category: String,
    /// The Subscription Key; empty without one.
    pub key: String,
    /// The order; empty without one.
    pub order: String,
    /// The portal's status.
    pub status: String,
    /// The first day.
    pub starts: String,
    /// The last day, or `never`.
    pub expires: String,
    /// The number of units.
    pub used: usize,
    /// The number of seats; `None` without a limit.
    pub seats: Option<u32>,
    /// Whether UMS deploys it by itself.
    pub automatic: bool,
    /// Whether it takes over devices from packs that end earlier.
    pub exchange: bool,
    /// The folders and views to which it is restricted.
    pub conditions: Vec<String>,
}

/// Lists packs by ID.
pub(crate) fn packs(db: &Connection) -> Result<Vec<PackRow>, UmsError> {
    let mut found = Vec::new();
    for pack in packs::all(db)? {
        let how = packs::distribution(db, &pack.id)?;
        found.push(pack_row(&pack, how));
    }
    Ok(found)
}

fn pack_row(pack: &Pack, how: Distribution) -> PackRow {
    let text = |value: Option<String>| value.unwrap_or_default();
    PackRow {
        pack: pack.id.to_string(),
        product: pack.product.to_string(),
        category: pack.category.to_string(),
        key: text(pack.subscription_key.as_ref().map(ToString::to_string)),
        order: text(pack.order.as_ref().map(ToString::to_string)),
        status: pack.status(now()).to_string(),
        starts: pack.first_day().to_string(),
        expires: pack.expires.to_string(),
        used: pack.units.len(),
        seats: pack.seats,
        automatic: how.automatic,
        exchange: how.exchange,
        conditions: how.folders.into_iter().chain(how.views).collect(),
    }
}

/// A search for licences; an empty text matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LicenceSearch {
    /// Part of the order.
    pub order: String,
    /// The category.
    pub category: String,
    /// Part of the pack ID.
    pub pack: String,
    /// The last day of licences that end on it or before it.
    pub until: String,
    /// Part of the unit ID.
    pub unit: String,
}

/// A licence as UMS shows it: the seat of a unit.
#[derive(Debug, Clone, Serialize)]
pub struct LicenceRow {
    /// The unit ID.
    pub unit: String,
    /// The pack ID.
    pub pack: String,
    /// The category.
    pub category: String,
    /// The order; empty without one.
    pub order: String,
    /// The last day, or `never`.
    pub expires: String,
}

/// Searches for licences.
pub(crate) fn licences(
    db: &Connection,
    search: &LicenceSearch,
) -> Result<Vec<LicenceRow>, UmsError> {
    let has = |text: &str, part: &str| part.is_empty() || text.contains(part.trim());
    let mut found = Vec::new();
    for pack in packs::all(db)? {
        let row = pack_row(&pack, Distribution::default());
        let fits = has(&row.order, &search.order)
            && has(&row.category, &search.category)
            && has(&row.pack, &search.pack.to_uppercase())
            && (search.until.is_empty() || row.expires <= search.until);
        let wanted = search.unit.to_uppercase().replace([':', '-'], "");
        for unit in pack.units.iter().filter(|_| fits) {
            if found.len() < ROWS as usize && has(&unit.to_string(), &wanted) {
                found.push(LicenceRow {
                    unit: unit.to_string(),
                    pack: row.pack.clone(),
                    category: row.category.clone(),
                    order: row.order.clone(),
                    expires: row.expires.clone(),
                });
            }
        }
    }
    Ok(found)
}

/// The newest events, newest first.
pub(crate) fn events(db: &Connection) -> Result<Vec<String>, UmsError> {
    let mut statement =
        db.prepare("SELECT at || ' ' || text FROM event ORDER BY id DESC LIMIT 50")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
