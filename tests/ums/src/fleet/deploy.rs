//! Automatic deployment: which packs a device gets seats of.

use std::collections::BTreeSet;

use license_format::{PackId, ServiceName, Term, UnitId};
use license_issue::{Pack, Status as PackStatus, rules};
use rusqlite::Connection;

use super::conditions;
use super::devices::Device;
use super::profile::RemovalProfile;
use super::report::Status;
use crate::database::{Text, record};
use crate::error::UmsError;
use crate::now;
use crate::portal::{bundle, packs};

/// A pack without its units, and how many it has.
struct Offer {
    pack: Pack,
    used: usize,
}

/// Looks for licences for a device, and assigns them.
pub(crate) fn look(db: &Connection, device: &Device) -> Result<(), UmsError> {
    let Some(unit) = &device.unit else { return Ok(()) };
    // A removal profile takes away what would be deployed.
    if device.refused || device.removal != RemovalProfile::None {
        return Ok(());
    }
    for pack in bundle::redeem(db, unit, &device.serial, &device.mac)? {
        record(db, format_args!("{unit}: {pack} came with the hardware"))?;
    }
    let offers = offers(db, device)?;
    exchange(db, unit, &offers)?;
    assign(db, device, unit, &offers)
}

/// The packs that a device may get: in force, deployed automatically, with a free seat, and with
/// conditions that the device meets. Those that end last come first.
fn offers(db: &Connection, device: &Device) -> Result<Vec<Offer>, UmsError> {
    let mut found = Vec::new();
    let mut statement = db.prepare(
        "SELECT toml, (SELECT count(*) FROM seat WHERE seat.pack = pack.id)
         FROM pack WHERE automatic",
    )?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?;
    for row in rows {
        let (toml, used) = row?;
        let offer = Offer { pack: Pack::parse(&toml)?, used: used as usize };
        let how = packs::distribution(db, &offer.pack.id)?;
        if offer.is_open() && conditions::allow(db, &how, device)? {
            found.push(offer);
        }
    }
    found.sort_by(|a, b| b.pack.expires.cmp(&a.pack.expires).then(a.pack.id.cmp(&b.pack.id)));
    Ok(found)
}

impl Offer {
    fn is_open(&self) -> bool {
        let free = self.pack.seats.is_none_or(|seats| self.used < seats as usize);
        let is_bundle = self.pack.latest_activation.is_some();
        free && !is_bundle
            && self.pack.term != Term::Evaluation
            && self.pack.status(now()) == PackStatus::Active
    }
}

/// The packs in force that have this unit.
fn seats(db: &Connection, unit: &UnitId) -> Result<Vec<Pack>, UmsError> {
    let mut statement = db.prepare(
        "SELECT pack.toml FROM seat JOIN pack ON pack.id = seat.pack WHERE seat.unit = ?1",
    )?;
    let rows = statement.query_map([Text(unit.clone())], |row| row.get::<_, String>(0))?;
    let mut found = Vec::new();
    for row in rows {
        found.push(Pack::parse(&row?)?);
    }
    found.retain(|pack| pack.status(now()) == PackStatus::Active);
    Ok(found)
}

/// Moves a unit to a pack that ends later.
fn exchange(db: &Connection, unit: &UnitId, offers: &[Offer]) -> Result<(), UmsError> {
    for old in seats(db, unit)? {
        for Offer { pack: new, .. } in offers {
            let is_later = new.product == old.product && new.expires > old.expires;
            if is_later && packs::distribution(db, &new.id)?.exchange {
                let (from, to) = (packs::load(db, &old.id)?, packs::load(db, &new.id)?);
                let units = BTreeSet::from([unit.clone()]);
                packs::apply(db, &rules::move_units(&from, &to, &units, now())?)?;
                record(db, format_args!("{unit}: moved to {}, which ends later", new.id))?;
                break;
            }
        }
    }
    Ok(())
}

/// Assigns packs until each service that is on offer is covered.
fn assign(
    db: &Connection,
    device: &Device,
    unit: &UnitId,
    offers: &[Offer],
) -> Result<(), UmsError> {
    let mut covered = licensed_elsewhere(db, device, unit)?;
    for seat in seats(db, unit)?.into_iter().filter(|pack| pack.term != Term::Evaluation) {
        covered.extend(seat.services);
    }
    for Offer { pack, .. } in offers {
        if pack.services.is_subset(&covered) {
            continue;
        }
        add(db, &pack.id, unit)?;
        covered.extend(pack.services.iter().cloned());
    }
    Ok(())
}

/// Assigns a pack to a unit.
pub(crate) fn add(db: &Connection, pack: &PackId, unit: &UnitId) -> Result<(), UmsError> {
    let pack = packs::load(db, pack)?;
    packs::apply(db, &rules::add(&pack, &BTreeSet::from([unit.clone()]))?)?;
    record(db, format_args!("{unit}: gets a licence of {}", pack.id))
}

/// The services for which the device has a licence of a pack that this licensing service does not know.
/// An evaluation does not keep UMS from looking for a licence.
fn licensed_elsewhere(
    db: &Connection,
    device: &Device,
    unit: &UnitId,
) -> Result<BTreeSet<ServiceName>, UmsError> {
    let text: String =
        db.query_row("SELECT status FROM device WHERE id = ?1", [&device.id], |row| row.get(0))?;
    let Ok(status) = serde_json::from_str::<Status>(&text) else { return Ok(BTreeSet::new()) };
    let mut found = BTreeSet::new();
    for service in status.services.iter().filter(|service| service.status == "LICENSED") {
        let Some(pack) = service.pack.as_deref() else { continue };
        let is_evaluation =
            status.licenses.iter().any(|held| held.pack == pack && held.term == "evaluation");
        let is_ours: bool = db
            .prepare("SELECT EXISTS (SELECT 1 FROM pack WHERE id = ?1)")?
            .query_row([pack], |row| row.get(0))?;
        if !is_evaluation && !is_ours {
            found.extend(ServiceName::parse(&service.service));
        }
    }
    if !found.is_empty() {
        record(db, format_args!("{unit}: has licences from elsewhere"))?;
    }
    Ok(found)
}
