//! Licences: which file a change of a pack needs, and which file a unit gets.

use std::collections::BTreeSet;

use license_format::{PackId, Serial, Slicer, UnitId};
use license_issue::rules::{self, EarlyIssue};
use license_issue::{Pack, verified_license};
use rusqlite::{Connection, OptionalExtension as _};

use super::packs::Units;
use super::{keys, packs};
use crate::database::{Text, record};
use crate::error::UmsError;
use crate::now;

/// The units that a licence names.
enum Named<'a> {
    /// Every unit of the pack: a roster.
    All,
    /// Units that have joined the pack. Their licence leaves those of the other units as they are, and
    /// is no roster.
    Joined(&'a BTreeSet<UnitId>),
}

/// Issues what a change of a pack requires: a licence for the units that joined; one for all units if
/// any left or the terms changed; a withdrawal if no unit is left, because a pack without units yields
/// no file.
pub(crate) fn after(
    db: &Connection,
    before: Option<&Pack>,
    pack: &Pack,
    units: &Units,
    is_due: bool,
) -> Result<(), UmsError> {
    leave(db, pack, &units.removed)?;
    if pack.units.is_empty() {
        let took_back = pack.roster_complete && pack.successor.is_none();
        return match pack.serial {
            Some(serial) if took_back && !units.removed.is_empty() => {
                forget(db, &pack.id)?;
                keys::withdraw(db, &pack.id, serial)
            }
            _ => forget(db, &pack.id),
        };
    }
    if !is_due {
        return Ok(());
    }
    let same_terms = before.is_some_and(|before| {
        *before == Pack { units: before.units.clone(), seats: before.seats, ..pack.clone() }
    });
    match same_terms && units.removed.is_empty() {
        true => issue(db, pack, &Named::Joined(&units.added)),
        false => issue(db, pack, &Named::All),
    }
}

/// Issues a licence for all units of a pack once more, as after a change of keys.
pub(crate) fn again(db: &Connection, id: &PackId) -> Result<(), UmsError> {
    let pack = packs::load(db, id)?;
    if pack.units.is_empty() || pack.recorded.is_closed() {
        return Ok(());
    }
    match issue(db, &pack, &Named::All) {
        // The other packs still need their licences.
        Err(UmsError::Rule(error)) => record(db, error),
        other => other,
    }
}

fn issue(db: &Connection, pack: &Pack, named: &Named<'_>) -> Result<(), UmsError> {
    let (pack, all_terms) = rules::issue(pack, now(), EarlyIssue::Refused)?;
    let units = match named {
        Named::All => &pack.units,
        Named::Joined(units) => units,
    };
    let signer = keys::signer(db, &pack.product)?;
    let mut insert =
        db.prepare("INSERT INTO licence (pack, serial, text, roster) VALUES (?1, ?2, ?3, ?4)")?;
    for terms in &all_terms {
        let mut terms = terms.clone();
        terms.roster_complete &= matches!(named, Named::All);
        let text = verified_license(&terms, units, &[&signer], false)?;
        insert.execute((Text(pack.id.clone()), terms.serial.get(), text, terms.roster_complete))?;
    }
    packs::save(db, &pack)?;
    let serials = all_terms.first().zip(all_terms.last());
    let Some((first, last)) = serials else { return Ok(()) };
    deploy(db, &pack.id, units, (first.serial, last.serial))?;
    if matches!(named, Named::All) {
        // The new roster takes the licence from those who left.
        db.execute(
            "UPDATE deployment SET first = ?2, last = ?3, attempt = 0 WHERE pack = ?1 AND leaving",
            (Text(pack.id.clone()), first.serial.get(), last.serial.get()),
        )?;
    }
    Ok(())
}

/// Links the settings of these units to a licence.
fn deploy(
    db: &Connection,
    pack: &PackId,
    units: &BTreeSet<UnitId>,
    (first, last): (Serial, Serial),
) -> Result<(), UmsError> {
    let mut link = db.prepare(
        "INSERT OR REPLACE INTO deployment (unit, pack, first, last) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for unit in units {
        link.execute((Text(unit.clone()), Text(pack.clone()), first.get(), last.get()))?;
    }
    Ok(())
}

/// Marks the links of units that left a pack; without a roster, a file takes nothing from a device, and
/// their links go.
fn leave(db: &Connection, pack: &Pack, units: &BTreeSet<UnitId>) -> Result<(), UmsError> {
    let mut mark = db.prepare(match pack.roster_complete {
        true => "UPDATE deployment SET leaving = 1 WHERE unit = ?1 AND pack = ?2",
        false => "DELETE FROM deployment WHERE unit = ?1 AND pack = ?2",
    })?;
    for unit in units {
        mark.execute((Text(unit.clone()), Text(pack.id.clone())))?;
    }
    Ok(())
}

/// The newest roster of a pack with this serial or a higher one.
pub(crate) fn roster(
    db: &Connection,
    pack: &PackId,
    at_least: u64,
) -> Result<Option<u64>, UmsError> {
    let mut statement =
        db.prepare("SELECT max(serial) FROM licence WHERE pack = ?1 AND roster AND serial >= ?2")?;
    Ok(statement.query_row((Text(pack.clone()), at_least), |row| row.get(0))?)
}

/// Drops the links of a pack without units.
fn forget(db: &Connection, pack: &PackId) -> Result<(), UmsError> {
    db.execute("DELETE FROM deployment WHERE pack = ?1 AND leaving", [Text(pack.clone())])?;
    Ok(())
}

/// The file that a unit gets of a licence: its slice of a mass licence, or the whole file, also if the
/// file does not name it and takes the licence away.
pub(crate) fn file(
    db: &Connection,
    pack: &PackId,
    serial: Serial,
    unit: &UnitId,
) -> Result<String, UmsError> {
    let mut statement = db.prepare("SELECT text FROM licence WHERE pack = ?1 AND serial = ?2")?;
    let text: Option<String> =
        statement.query_row((Text(pack.clone()), serial.get()), |row| row.get(0)).optional()?;
    let text = text.ok_or_else(|| UmsError::Unknown(format!("licence {pack} {serial}")))?;
    let mut slicer = Slicer::new(unit);
    let slice = slicer.update(text.as_bytes()).and_then(|()| slicer.finish());
    Ok(slice.ok().flatten().map_or(text, |slice| slice.to_string()))
}
