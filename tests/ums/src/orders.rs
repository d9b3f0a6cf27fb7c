//! Orders of an administrator, each within one transaction.

use std::collections::BTreeSet;

use license_format::{Expiry, PackId, UnitId};
use license_issue::Pack;
use license_issue::rules::{self, Change, Part};
use rusqlite::Connection;

use crate::command::Command;
use crate::database::{self, Text, record};
use crate::error::UmsError;
use crate::fleet::{conditions, deploy, devices, settings};
use crate::now;
use crate::portal::packs::Distribution;
use crate::portal::{bundle, issue, keys, packs};

/// The setting that holds the ALD token.
pub(crate) const TOKEN: &str = "token";

/// Carries out an order.
pub(crate) fn carry_out(db: &Connection, command: Command) -> Result<(), UmsError> {
    match command {
        Command::AddPack(toml, how) => add_pack(db, &toml, &how),
        Command::Deploy(unit, Some(pack)) => deploy::add(db, &pack, &unit),
        Command::Deploy(unit, None) => look(db, &unit),
        Command::Remove(unit, pack) => remove(db, &unit, &pack),
        Command::Transfer(from, to, pack) => {
            remove(db, &from, &pack)?;
            deploy::add(db, &pack, &to)
        }
        Command::Profile(unit, profile) => {
            change(db, &unit, "removal", profile.selector())?;
            record(db, format_args!("{unit}: {}", profile.name()))
        }
        Command::Refresh(unit) => change(db, &unit, "refresh", &1),
        Command::Folder(unit, folder) => change(db, &unit, "folder", &folder),
        Command::Delete(device) => devices::delete(db, &device),
        Command::Split(pack, new, seats) => {
            let pack = packs::load(db, &pack)?;
            packs::apply(db, &rules::split(&pack, &new, seats, &Part::Overflow)?)
        }
        Command::Renew(key, chosen, expires) => renew(db, &key, &chosen, expires),
        Command::RotateKey => keys::rotate(db).map(drop),
        Command::RevokeKey(name) => revoke(db, &name),
        Command::Settings(text) => set_profile(db, &text),
        Command::Token(token) => database::set(db, TOKEN, &token),
        Command::Sold(pack, serial, mac) => bundle::sold(db, &pack, &serial, mac.as_ref()),
        Command::DefineView(name, field, prefix) => define_view(db, &name, &field, &prefix),
    }
}

fn add_pack(db: &Connection, toml: &str, how: &Distribution) -> Result<(), UmsError> {
    let pack = Pack::parse(toml)?;
    if packs::load(db, &pack.id).is_ok() {
        return Err(UmsError::Conflict(pack.id.to_string(), "is there already"));
    }
    let id = pack.id.clone();
    packs::apply(db, &Change { packs: vec![pack], ..Change::default() })?;
    packs::distribute(db, &id, how)
}

/// Looks for licences for a device, as automatic deployment does.
fn look(db: &Connection, unit: &UnitId) -> Result<(), UmsError> {
    let device = devices::holder(db, unit)?;
    deploy::look(db, &device.ok_or_else(|| UmsError::Unknown(unit.to_string()))?)
}

fn renew(
    db: &Connection,
    key: &PackId,
    chosen: &BTreeSet<PackId>,
    expires: Expiry,
) -> Result<(), UmsError> {
    let mut of_key = packs::all(db)?;
    of_key.retain(|pack| pack.subscription_key.as_ref() == Some(key));
    packs::apply(db, &rules::renew(&of_key, chosen, expires)?)
}

fn set_profile(db: &Connection, text: &str) -> Result<(), UmsError> {
    settings::check(text)?;
    database::set(db, settings::PROFILE, text)?;
    db.execute("INSERT OR REPLACE INTO stale (unit) SELECT DISTINCT unit FROM device", [])?;
    Ok(())
}

fn remove(db: &Connection, unit: &UnitId, pack: &PackId) -> Result<(), UmsError> {
    let pack = packs::load(db, pack)?;
    packs::apply(db, &rules::remove(&pack, &BTreeSet::from([unit.clone()]), now())?)?;
    record(db, format_args!("{unit}: left {}", pack.id))
}

/// Changes a column of the device that holds a unit ID.
fn change(
    db: &Connection,
    unit: &UnitId,
    column: &'static str,
    value: &(impl rusqlite::ToSql + ?Sized),
) -> Result<(), UmsError> {
    let changed = db.execute(
        &format!("UPDATE device SET {column} = ?2 WHERE unit = ?1 AND NOT refused"),
        rusqlite::params![Text(unit.clone()), value],
    )?;
    if changed == 0 {
        return Err(UmsError::Unknown(unit.to_string()));
    }
    db.execute("INSERT OR REPLACE INTO stale (unit) VALUES (?1)", [Text(unit.clone())])?;
    Ok(())
}

/// Revokes a key. What it signed no longer counts, so every licence is issued again.
fn revoke(db: &Connection, name: &str) -> Result<(), UmsError> {
    keys::revoke(db, name)?;
    let ids: Vec<PackId> = packs::all(db)?.into_iter().map(|pack| pack.id).collect();
    ids.iter().try_for_each(|id| issue::again(db, id))?;
    record(db, format_args!("key {name} is revoked"))
}

fn define_view(db: &Connection, name: &str, field: &str, prefix: &str) -> Result<(), UmsError> {
    if name.is_empty() || !conditions::FIELDS.contains(&field) {
        return Err(UmsError::Invalid("view", "a name and one of os, mac, serial, unit, folder"));
    }
    db.execute(
        "INSERT OR REPLACE INTO view (name, field, prefix) VALUES (?1, ?2, ?3)",
        [name, field, prefix],
    )?;
    Ok(())
}
