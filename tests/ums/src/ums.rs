//! The service as a whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{fs, io};

use license_format::{PackId, Serial, UnitId};
use rusqlite::Connection;

use crate::command::Command;
use crate::database::{self, record, setting};
use crate::error::UmsError;
use crate::fleet::report::{Answer, Report, Status};
use crate::fleet::views::{self, DeviceRow, LicenceRow, LicenceSearch, PackRow, View};
use crate::fleet::{deploy, devices, settings};
use crate::orders::{self, TOKEN};
use crate::portal::{activation, issue, keys};
use crate::schedule::{Intervals, Occasion};

/// Devices that UMS looks after, and those that it wakes, at one go.
const AT_ONCE: usize = 200;
/// How often UMS wakes a device for one change.
const CALLS: u32 = 3;

/// The licensing service and the UMS.
#[derive(Debug)]
pub struct Ums {
    inner: Mutex<Inner>,
    intervals: Intervals,
}

#[derive(Debug)]
struct Inner {
    db: Connection,
    /// When UMS looks for a licence for each device. Kept in running time: a wall clock that is set
    /// must not delay a deployment.
    due: BTreeMap<String, Instant>,
}

/// The address of an agent that is to be woken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake(pub String);

impl Ums {
    /// Opens the service whose database is in `dir`; makes keys and a trust document for a new one.
    ///
    /// # Errors
    /// The database fails.
    pub fn open(dir: &Path, intervals: Intervals) -> Result<Self, UmsError> {
        let db = database::open(&dir.join("ums.sqlite"))?;
        let ums = Self { inner: Mutex::new(Inner { db, due: BTreeMap::new() }), intervals };
        ums.transact(keys::prepare)?;
        let names = ums.transact(devices::names)?;
        let mut inner = ums.lock();
        let first = Instant::now() + intervals.next(Occasion::Registered, false);
        inner.due = names.into_iter().map(|name| (name, first)).collect();
        drop(inner);
        Ok(ums)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A transaction that panics is rolled back.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transact<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, UmsError>,
    ) -> Result<T, UmsError> {
        let mut inner = self.lock();
        let transaction = inner.db.transaction()?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Sets the address at which devices reach the service, `https://` with host and port.
    ///
    /// # Errors
    /// The database fails.
    pub fn set_base(&self, base: &str) -> Result<(), UmsError> {
        self.transact(|db| database::set(db, settings::BASE, base))
    }

    /// Writes what the image of a device needs: the root keys, and version 1 of the trust document.
    ///
    /// # Errors
    /// The database fails, or a file cannot be written.
    pub fn write_image(&self, dir: &Path) -> Result<(), UmsError> {
        let (roots, trust) = self.transact(|db| {
            let first = db.query_row("SELECT text FROM trust WHERE version = 1", [], |r| r.get(0));
            Ok((keys::of(db, keys::Role::Root)?, first.map(|text: String| text)?))
        })?;
        let failed = |error: io::Error| UmsError::Io(dir.display().to_string(), error);
        let keys = dir.join("roots.d");
        fs::create_dir_all(&keys).map_err(failed)?;
        for root in roots {
            let file = keys.join(format!("{}.vkey", root.verifier().name()));
            fs::write(file, format!("{}\n", root.verifier())).map_err(failed)?;
        }
        fs::write(dir.join("trust.note"), trust).map_err(failed)
    }

    /// Takes in the report of an agent that runs on the host `from`, and answers it.
    ///
    /// # Errors
    /// The report is no report of licd, or the database fails.
    pub fn receive(&self, report: &Report, from: &str) -> Result<Answer, UmsError> {
        let status = Status::read(report)?;
        let (answer, occasion, has_token) = self.transact(|db| {
            let occasion = devices::receive(db, report, &status, from)?;
            let device = devices::find(db, &report.device)?
                .ok_or_else(|| UmsError::Unknown(report.device.clone()))?;
            if let Some(unit) = device.unit.as_ref().filter(|_| !device.refused) {
                settings::correct(db, unit, &status)?;
            }
            let settings = settings::of(db, &device)?;
            let is_current = settings.revision == report.applied;
            if is_current && !device.refresh {
                db.prepare("DELETE FROM stale WHERE unit = ?1")?
                    .execute([device.unit.as_ref().map(UnitId::as_str)])?;
            }
            let answer = Answer {
                settings: (!is_current).then_some(settings.text),
                revision: settings.revision,
                refresh: device.refresh,
            };
            Ok((answer, occasion, has_token(db)?))
        })?;
        if let Some(occasion) = occasion {
            let at = Instant::now() + self.intervals.next(occasion, has_token);
            self.lock().due.insert(report.device.clone(), at);
        }
        Ok(answer)
    }

    /// The file that a unit gets of a licence.
    ///
    /// # Errors
    /// There is no such licence, or the database fails.
    pub fn licence(
        &self,
        pack: &PackId,
        serial: Serial,
        unit: &UnitId,
    ) -> Result<String, UmsError> {
        self.transact(|db| issue::file(db, pack, serial, unit))
    }

    /// The newest trust document.
    ///
    /// # Errors
    /// The database fails.
    pub fn trust(&self) -> Result<String, UmsError> {
        self.transact(|db| Ok(keys::trust(db)?.1))
    }

    /// Answers an activation request, in JSON, with an evaluation.
    ///
    /// # Errors
    /// The request names no unit, its evaluation has ended, or the database fails.
    pub fn activate(&self, request: &[u8]) -> Result<String, UmsError> {
        let request = serde_json::from_slice(request)
            .map_err(|_| UmsError::Invalid("request", "a licence request in JSON"))?;
        self.transact(|db| activation::answer(db, &request))
    }

    /// Looks for licences for the devices whose time has come, and returns the agents to wake.
    ///
    /// # Errors
    /// The database fails.
    pub fn tick(&self) -> Result<Vec<Wake>, UmsError> {
        let now = Instant::now();
        let due: Vec<String> = {
            let inner = self.lock();
            let due = inner.due.iter().filter(|(_, at)| **at <= now);
            due.map(|(id, _)| id.clone()).take(AT_ONCE).collect()
        };
        for id in due {
            self.look(&id)?;
        }
        self.transact(wakes)
    }

    /// Looks for licences for one device. A rule or a pack that forbids one is recorded, and does not
    /// keep UMS from the other devices.
    fn look(&self, id: &str) -> Result<(), UmsError> {
        let looked = self.transact(|db| match devices::find(db, id)? {
            Some(device) => deploy::look(db, &device).map(|()| true),
            None => Ok(false),
        });
        let is_there = match looked {
            Err(UmsError::Database(error)) => return Err(error.into()),
            Err(error) => self.transact(|db| record(db, &error)).map(|()| true)?,
            Ok(is_there) => is_there,
        };
        let has_token = self.transact(has_token)?;
        let mut inner = self.lock();
        if is_there {
            let next = Instant::now() + self.intervals.next(Occasion::Looked, has_token);
            inner.due.insert(id.to_owned(), next);
        } else {
            inner.due.remove(id);
        }
        Ok(())
    }

    /// Carries out an order of an administrator: all of it or nothing.
    ///
    /// # Errors
    /// A rule of the portal forbids it, it names something unknown, or the database fails.
    pub fn carry_out(&self, command: Command) -> Result<(), UmsError> {
        self.transact(|db| orders::carry_out(db, command))
    }

    /// Lists devices.
    ///
    /// # Errors
    /// The database fails.
    pub fn devices(&self, view: View) -> Result<Vec<DeviceRow>, UmsError> {
        self.transact(|db| views::devices(db, view))
    }

    /// Lists packs.
    ///
    /// # Errors
    /// The database fails.
    pub fn packs(&self) -> Result<Vec<PackRow>, UmsError> {
        self.transact(views::packs)
    }

    /// Searches for licences.
    ///
    /// # Errors
    /// The database fails.
    pub fn licences(&self, search: &LicenceSearch) -> Result<Vec<LicenceRow>, UmsError> {
        self.transact(|db| views::licences(db, search))
    }

    /// The newest events, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn events(&self) -> Result<Vec<String>, UmsError> {
        self.transact(views::events)
    }
}

fn has_token(db: &Connection) -> Result<bool, UmsError> {
    Ok(setting::<String>(db, TOKEN)?.is_some_and(|token| !token.is_empty()))
}

/// The agents whose devices lack their newest settings.
fn wakes(db: &Connection) -> Result<Vec<Wake>, UmsError> {
    let mut statement = db.prepare(
        "SELECT stale.unit, wake FROM stale JOIN device ON device.unit = stale.unit
         WHERE calls < ?1 AND wake <> '' ORDER BY calls LIMIT ?2",
    )?;
    let rows =
        statement.query_map((CALLS, AT_ONCE as i64), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    let mut count = db.prepare("UPDATE stale SET calls = calls + 1 WHERE unit = ?1")?;
    for (unit, _) in &rows {
        count.execute([unit])?;
    }
    Ok(rows.into_iter().map(|(_, wake)| Wake(wake)).collect())
}
