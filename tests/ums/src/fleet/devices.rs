//! Registration of devices, and their reports.

use license_format::UnitId;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::profile::RemovalProfile;
use super::report::{Report, Status};
use crate::database::{Text, record};
use crate::error::UmsError;
use crate::now;
use crate::schedule::Occasion;

/// A registered device.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) id: String,
    /// `None` if the device has no unit ID.
    pub(crate) unit: Option<UnitId>,
    pub(crate) mac: String,
    pub(crate) serial: String,
    pub(crate) os: String,
    pub(crate) folder: String,
    pub(crate) applied: String,
    pub(crate) refresh: bool,
    pub(crate) removal: RemovalProfile,
    /// Earlier registrations of the same hardware.
    replaced: String,
    /// Whether another device has this unit ID, so that this one gets no licences.
    pub(crate) refused: bool,
    boot: String,
}

const COLUMNS: &str =
    "id, unit, mac, serial, os, folder, applied, refresh, removal, replaced, refused, boot";

impl Device {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (unit, removal): (String, String) = (row.get(1)?, row.get(8)?);
        Ok(Self {
            id: row.get(0)?,
            unit: UnitId::parse(&unit),
            mac: row.get(2)?,
            serial: row.get(3)?,
            os: row.get(4)?,
            folder: row.get(5)?,
            applied: row.get(6)?,
            refresh: row.get(7)?,
            removal: RemovalProfile::parse(&removal).unwrap_or_default(),
            replaced: row.get(9)?,
            refused: row.get(10)?,
            boot: row.get(11)?,
        })
    }

    /// The unit ID for people; empty without one.
    pub(crate) fn unit_id(&self) -> String {
        self.unit.as_ref().map(UnitId::to_string).unwrap_or_default()
    }

    fn is_same_hardware(&self, status: &Status) -> bool {
        status.hardware.mac.as_deref().unwrap_or_default() == self.mac
            && status.hardware.serial.as_deref().unwrap_or_default() == self.serial
    }
}

/// The device with this name.
pub(crate) fn find(db: &Connection, id: &str) -> Result<Option<Device>, UmsError> {
    let mut statement = db.prepare(&format!("SELECT {COLUMNS} FROM device WHERE id = ?1"))?;
    Ok(statement.query_row([id], Device::of).optional()?)
}

/// The device that holds this unit ID.
pub(crate) fn holder(db: &Connection, unit: &UnitId) -> Result<Option<Device>, UmsError> {
    let mut statement =
        db.prepare(&format!("SELECT {COLUMNS} FROM device WHERE unit = ?1 AND NOT refused"))?;
    Ok(statement.query_row([Text(unit.clone())], Device::of).optional()?)
}

/// Names of all devices.
pub(crate) fn names(db: &Connection) -> Result<Vec<String>, UmsError> {
    let mut statement = db.prepare("SELECT id FROM device")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// What is known of a device besides its report.
#[derive(Default)]
struct Place {
    folder: String,
    removal: RemovalProfile,
    replaced: String,
    refused: bool,
}

/// Takes a report in, registering the device if it is new. `from` is the host that sent it.
pub(crate) fn receive(
    db: &Connection,
    report: &Report,
    status: &Status,
    from: &str,
) -> Result<Option<Occasion>, UmsError> {
    let known = find(db, &report.device)?;
    let unit = status.unit();
    let place = match &known {
        Some(known) if known.unit == unit && !known.refused => Place {
            folder: known.folder.clone(),
            removal: known.removal,
            replaced: known.replaced.clone(),
            refused: false,
        },
        _ => {
            let place = place(db, report, status, unit.as_ref())?;
            if known.as_ref().is_none_or(|known| known.unit != unit) {
                announce(db, unit.as_ref(), &place)?;
            }
            place
        }
    };
    write(db, report, status, from, &place)?;
    write_services(db, &report.device, status)?;
    Ok(match &known {
        None => Some(Occasion::Registered),
        Some(known) if known.unit != unit => Some(Occasion::Registered),
        Some(known) if known.refused && !place.refused => Some(Occasion::Registered),
        Some(known) if known.boot != report.boot => Some(Occasion::Restarted),
        Some(_) => None,
    })
}

/// The place of a new device. The same hardware under a new name was installed again: it takes the place
/// of its earlier registration. Any other device with a unit ID in use gets no licences until the
/// administrator has deleted one of the two.
fn place(
    db: &Connection,
    report: &Report,
    status: &Status,
    unit: Option<&UnitId>,
) -> Result<Place, UmsError> {
    let new = || Place { folder: "/".to_owned(), ..Place::default() };
    let Some(unit) = unit else { return Ok(new()) };
    let Some(holder) = holder(db, unit)?.filter(|holder| holder.id != report.device) else {
        return Ok(new());
    };
    let was_replaced = holder.replaced.lines().any(|id| id == report.device);
    if was_replaced || !holder.is_same_hardware(status) {
        return Ok(Place { refused: true, ..new() });
    }
    delete(db, &holder.id)?;
    let replaced = format!("{}\n{}", holder.id, holder.replaced);
    Ok(Place { folder: holder.folder, removal: holder.removal, replaced, refused: false })
}

/// Records a registration.
fn announce(db: &Connection, unit: Option<&UnitId>, place: &Place) -> Result<(), UmsError> {
    let unit = unit.map_or("a device without a unit ID".to_owned(), UnitId::to_string);
    record(
        db,
        match (place.refused, place.replaced.is_empty()) {
            (true, _) => format!("{unit}: a second device has this unit ID and gets no licences"),
            (false, true) => format!("{unit}: registered"),
            (false, false) => format!("{unit}: registered again"),
        },
    )
}

/// Deletes a registration.
pub(crate) fn delete(db: &Connection, id: &str) -> Result<(), UmsError> {
    db.execute("DELETE FROM service WHERE device = ?1", [id])?;
    match db.execute("DELETE FROM device WHERE id = ?1", [id])? {
        0 => Err(UmsError::Unknown(format!("device {id}"))),
        _ => Ok(()),
    }
}

fn write(
    db: &Connection,
    report: &Report,
    status: &Status,
    from: &str,
    place: &Place,
) -> Result<(), UmsError> {
    let mut statement = db.prepare(
        "INSERT INTO device (id, unit, mac, serial, os, folder, boot, wake, registered, seen, applied,
             frozen, removal, replaced, refused, state, status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, mac = excluded.mac,
             serial = excluded.serial, os = excluded.os, folder = excluded.folder,
             boot = excluded.boot, wake = excluded.wake, seen = excluded.seen,
             applied = excluded.applied, frozen = excluded.frozen, removal = excluded.removal,
             replaced = excluded.replaced, refused = excluded.refused, state = excluded.state,
             status = excluded.status, refresh = refresh AND NOT ?17",
    )?;
    let wake = if report.wake == 0 { String::new() } else { format!("{from}:{}", report.wake) };
    statement.execute(rusqlite::params![
        report.device,
        status.unit().map(|unit| unit.as_str().to_owned()).unwrap_or_default(),
        status.hardware.mac.as_deref().unwrap_or_default(),
        status.hardware.serial.as_deref().unwrap_or_default(),
        status.os.version.as_deref().unwrap_or_default(),
        place.folder,
        report.boot,
        wake,
        now().to_string(),
        report.applied,
        report.frozen,
        place.removal.selector(),
        place.replaced,
        place.refused,
        status.state,
        report.status.to_string(),
        report.refreshed,
    ])?;
    Ok(())
}

fn write_services(db: &Connection, device: &str, status: &Status) -> Result<(), UmsError> {
    db.prepare("DELETE FROM service WHERE device = ?1")?.execute([device])?;
    let mut statement = db.prepare(
        "INSERT OR REPLACE INTO service (device, service, status, state, expires, pack)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for service in &status.services {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        statement.execute((
            device,
            &service.service,
            &service.status,
            &service.state,
            text(&service.expires),
            text(&service.pack),
        ))?;
    }
    Ok(())
}
