//! Activation on the first start: an evaluation of 90 days, one for each unit.

use std::collections::BTreeSet;

use license_format::{Date, PackId, UnitId, services};
use license_issue::{Pack, rules};
use rusqlite::{Connection, OptionalExtension as _};
use serde::Deserialize;

use super::{issue, keys, packs};
use crate::database::{Text, record};
use crate::error::UmsError;
use crate::now;

/// Days of an evaluation, the first and the last included.
const DAYS: i32 = 90;

/// The request of a device. Personal fields are not kept.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    unit_id: String,
}

/// Answers a request with the evaluation of the unit, a new one for its first request.
pub(crate) fn answer(db: &Connection, request: &Request) -> Result<String, UmsError> {
    let unit = UnitId::parse_human(&request.unit_id)
        .filter(license_issue::is_assignable)
        .ok_or(UmsError::Invalid("unit_id", "the unit ID of a device"))?;
    let known: Option<Text<PackId>> = db
        .query_row("SELECT pack FROM evaluation WHERE unit = ?1", [Text(unit.clone())], |row| {
            row.get(0)
        })
        .optional()?;
    let pack = match known {
        Some(Text(pack)) => pack,
        None => grant(db, &unit)?,
    };
    let serial = packs::load(db, &pack)?.serial;
    let serial = serial.ok_or_else(|| UmsError::Unknown(format!("a licence of {pack}")))?;
    issue::file(db, &pack, serial, &unit)
}

fn grant(db: &Connection, unit: &UnitId) -> Result<PackId, UmsError> {
    let id = packs::random_id("EVAL")?;
    let today = Date::of(now());
    let services =
        [services::WORKSPACE_EDITION, services::ENTERPRISE_MANAGEMENT, services::TERADICI];
    let pack = Pack::parse(&format!(
        "pack = \"{id}\"\nproduct = \"{}\"\nterm = \"evaluation\"\ncategory = \"maintenance\"\n\
         services = {services:?}\nstarts = \"{today}\"\nexpires = \"{}\"\nseats = 1\n",
        keys::EVALUATION,
        today.plus_days(DAYS - 1)
    ))?;
    packs::save(db, &pack)?;
    packs::distribute(db, &id, &packs::Distribution::default())?;
    packs::apply(db, &rules::add(&pack, &BTreeSet::from([unit.clone()]))?)?;
    // The device asked for the file and gets it in the answer, not by a link.
    db.execute("DELETE FROM deployment WHERE pack = ?1", [Text(id.clone())])?;
    db.execute(
        "INSERT INTO evaluation (unit, pack) VALUES (?1, ?2)",
        (Text(unit.clone()), Text(id.clone())),
    )?;
    record(db, format_args!("{unit}: evaluation {id} for {DAYS} days"))?;
    Ok(id)
}
