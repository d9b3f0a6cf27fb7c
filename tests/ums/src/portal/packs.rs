//! Product Packs in the database.

use std::collections::BTreeSet;

use license_format::{PackId, UnitId};
use license_issue::{Pack, rules::Change};
use rusqlite::{Connection, OptionalExtension as _};

use super::issue;
use crate::database::{Text, record};
use crate::error::UmsError;

/// Characters of random IDs; no two look alike. Five bits choose one of the 32.
const CHARACTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// How UMS distributes the licences of a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Whether UMS deploys the pack by itself.
    pub automatic: bool,
    /// Whether the pack takes over devices of packs of the same product that end earlier.
    pub exchange: bool,
    /// The folders whose devices get licences; with `views` empty as well, all devices do.
    pub folders: Vec<String>,
    /// The views whose devices get licences.
    pub views: Vec<String>,
}

/// Reads a pack with its units.
pub(crate) fn load(db: &Connection, id: &PackId) -> Result<Pack, UmsError> {
    let mut statement = db.prepare("SELECT toml FROM pack WHERE id = ?1")?;
    let toml: Option<String> =
        statement.query_row([Text(id.clone())], |row| row.get(0)).optional()?;
    let mut pack = Pack::parse(&toml.ok_or_else(|| UmsError::Unknown(format!("pack {id}")))?)?;
    let mut statement = db.prepare("SELECT unit FROM seat WHERE pack = ?1")?;
    let units =
        statement.query_map([Text(id.clone())], |row| Ok(row.get::<_, Text<UnitId>>(0)?.0))?;
    pack.units = units.collect::<Result<_, _>>()?;
    Ok(pack)
}

/// Reads all packs with their units, by ID.
pub(crate) fn all(db: &Connection) -> Result<Vec<Pack>, UmsError> {
    let mut statement = db.prepare("SELECT id FROM pack ORDER BY id")?;
    let ids = statement.query_map([], |row| Ok(row.get::<_, Text<PackId>>(0)?.0))?;
    ids.map(|id| load(db, &id?)).collect()
}

/// Reads how a pack is distributed.
pub(crate) fn distribution(db: &Connection, id: &PackId) -> Result<Distribution, UmsError> {
    let mut statement =
        db.prepare("SELECT automatic, exchange, folders, views FROM pack WHERE id = ?1")?;
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    Ok(statement.query_row([Text(id.clone())], |row| {
        Ok(Distribution {
            automatic: row.get(0)?,
            exchange: row.get(1)?,
            folders: lines(row.get(2)?),
            views: lines(row.get(3)?),
        })
    })?)
}

/// Sets how a pack is distributed.
pub(crate) fn distribute(db: &Connection, id: &PackId, how: &Distribution) -> Result<(), UmsError> {
    db.execute(
        "UPDATE pack SET automatic = ?2, exchange = ?3, folders = ?4, views = ?5 WHERE id = ?1",
        (
            Text(id.clone()),
            how.automatic,
            how.exchange,
            how.folders.join("\n"),
            how.views.join("\n"),
        ),
    )?;
    Ok(())
}

/// Replaces a pack, or adds it; how it is distributed stays.
pub(crate) fn save(db: &Connection, pack: &Pack) -> Result<(), UmsError> {
    let bare = Pack { units: BTreeSet::new(), ..pack.clone() };
    db.prepare(
        "INSERT INTO pack (id, toml) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET toml = excluded.toml",
    )?
    .execute((Text(pack.id.clone()), bare.to_toml()))?;
    Ok(())
}

/// Replaces the units of a pack.
fn seat(db: &Connection, pack: &PackId, units: &Units) -> Result<(), UmsError> {
    let mut add = db.prepare("INSERT INTO seat (pack, unit) VALUES (?1, ?2)")?;
    let mut remove = db.prepare("DELETE FROM seat WHERE pack = ?1 AND unit = ?2")?;
    for unit in &units.added {
        add.execute((Text(pack.clone()), Text(unit.clone())))?;
    }
    for unit in &units.removed {
        remove.execute((Text(pack.clone()), Text(unit.clone())))?;
    }
    Ok(())
}

/// The units that joined and left a pack.
pub(crate) struct Units {
    pub(crate) added: BTreeSet<UnitId>,
    pub(crate) removed: BTreeSet<UnitId>,
}

/// Carries out what a rule has decided: keeps all its packs and issues the licences that are due.
pub(crate) fn apply(db: &Connection, change: &Change) -> Result<(), UmsError> {
    for pack in &change.packs {
        let before = match load(db, &pack.id) {
            Ok(before) => Some(before),
            Err(UmsError::Unknown(_)) => None,
            Err(error) => return Err(error),
        };
        let old = before.as_ref().map(|pack| pack.units.clone()).unwrap_or_default();
        let units = Units {
            added: pack.units.difference(&old).cloned().collect(),
            removed: old.difference(&pack.units).cloned().collect(),
        };
        save(db, pack)?;
        inherit(db, pack, before.is_none())?;
        seat(db, &pack.id, &units)?;
        issue::after(db, before.as_ref(), pack, &units, change.due.contains(&pack.id))?;
    }
    change.effects.iter().try_for_each(|effect| record(db, effect))
}

/// A pack that a rule makes of another is distributed as that one.
fn inherit(db: &Connection, pack: &Pack, is_new: bool) -> Result<(), UmsError> {
    match &pack.source {
        Some(source) if is_new => distribute(db, &pack.id, &distribution(db, source)?),
        _ => Ok(()),
    }
}

/// An ID in the form of the portal: a word, a dash, five letters or digits.
pub(crate) fn random_id(word: &str) -> Result<PackId, UmsError> {
    let mut bytes = [0; 5];
    getrandom::fill(&mut bytes)?;
    let characters = bytes.iter().filter_map(|byte| CHARACTERS.get(usize::from(byte & 31)));
    let suffix: String = characters.map(|byte| char::from(*byte)).collect();
    PackId::parse(&format!("{word}-{suffix}")).ok_or(UmsError::Invalid("pack", "an ID"))
}
