//! Licences that come with hardware: found by serial number and MAC address.

use std::collections::BTreeSet;

use license_format::{PackId, UnitId};
use license_issue::rules;
use license_issue::{SerialNumber, SerialTable};
use rusqlite::Connection;

use super::packs;
use crate::database::Text;
use crate::error::UmsError;
use crate::now;

/// Records that hardware was sold with a pack. `mac` is empty if the seller does not know it.
pub(crate) fn sold(
    db: &Connection,
    pack: &PackId,
    serial: &SerialNumber,
    mac: Option<&UnitId>,
) -> Result<(), UmsError> {
    packs::load(db, pack)?;
    let mac = mac.map(|mac| mac.as_str().to_owned()).unwrap_or_default();
    db.execute(
        "INSERT OR REPLACE INTO bundle (pack, serial, mac) VALUES (?1, ?2, ?3)",
        (Text(pack.clone()), serial.to_string(), mac),
    )?;
    Ok(())
}

/// Redeems the packs that were sold with this hardware, and returns their IDs. A serial number of
/// another MAC address redeems nothing: firmware can be written with any serial number.
pub(crate) fn redeem(
    db: &Connection,
    unit: &UnitId,
    serial: &str,
    mac: &str,
) -> Result<Vec<PackId>, UmsError> {
    let Some(serial) = SerialNumber::parse(serial) else { return Ok(Vec::new()) };
    let mac = UnitId::parse_human(mac).map(|mac| mac.as_str().to_owned()).unwrap_or_default();
    let mut statement = db.prepare(
        "SELECT pack FROM bundle WHERE serial = ?1 AND mac IN ('', ?2)
         AND NOT EXISTS (SELECT 1 FROM seat WHERE seat.pack = bundle.pack AND unit = ?3)",
    )?;
    let rows = statement.query_map((serial.to_string(), mac, Text(unit.clone())), |row| {
        Ok(row.get::<_, Text<PackId>>(0)?.0)
    })?;
    let ids = rows.collect::<Result<Vec<_>, _>>()?;
    let table = SerialTable::from([(serial.clone(), unit.clone())]);
    for id in &ids {
        let pack = packs::load(db, id)?;
        let units = rules::units_of(&pack, &BTreeSet::from([serial.clone()]), &table)?;
        packs::apply(db, &rules::redeem(&pack, &units, now())?)?;
    }
    Ok(ids)
}
