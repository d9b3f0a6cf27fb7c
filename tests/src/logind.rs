//! A logind that only records calls (org.freedesktop.login1(5)).

use std::sync::{Arc, Mutex, MutexGuard};

use zbus::connection::{Builder, Connection};
use zbus::{OwnedObjectPath, fdo, interface};

use crate::world::World;

const NAME: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";

/// ID, user, name, seat and object of a session.
type Row = (String, u32, String, String, OwnedObjectPath);
/// What, who, why, mode, user ID and process ID of an inhibitor.
type Inhibitor = (String, String, String, String, u32, u32);

/// Whether logind offers the method that makes root respect inhibitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Current systemd.
    New,
    /// Before systemd 247.
    Old,
}

/// A logind on the bus of a device; dropping it stops it.
#[derive(Debug)]
pub struct Logind {
    log: Arc<Mutex<Log>>,
    connection: Connection,
}

#[derive(Debug, Default)]
struct Log {
    user: bool,
    inhibitors: Vec<Inhibitor>,
    restarts: Vec<String>,
    asked: usize,
}

struct Manager(Arc<Mutex<Log>>);

/// A session of a class.
struct Session(&'static str);

impl Logind {
    /// Starts it, with a greeter at the seat and a user's remote session.
    #[must_use]
    pub fn start(world: &World, version: Version) -> Self {
        let log = Arc::<Mutex<Log>>::default();
        let builder = Builder::address(world.bus.address())
            .serve_at(session("greeter"), Session("greeter"))
            .serve_at(session("network"), Session("user"))
            .serve_at(session("user"), Session("user"));
        let builder = match version {
            Version::New => builder.serve_at(PATH, Manager(Arc::clone(&log))),
            Version::Old => builder.serve_at(PATH, OldManager(Manager(Arc::clone(&log)))),
        };
        Self { log, connection: zbus::block_on(builder.name(NAME).build()).unwrap() }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    /// Logs a user in at the device.
    pub fn log_in(&self) {
        self.log().user = true;
    }

    /// Logs the user out.
    pub fn log_out(&self) {
        self.log().user = false;
    }

    /// Takes an inhibitor.
    pub fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) {
        let text = |word: &str| word.to_owned();
        self.log().inhibitors.push((text(what), text(who), text(why), text(mode), 0, 7));
    }

    /// Releases all inhibitors.
    pub fn release(&self) {
        self.log().inhibitors.clear();
    }

    /// The restarts ordered so far, by method and argument.
    #[must_use]
    pub fn restarts(&self) -> Vec<String> {
        self.log().restarts.clone()
    }

    /// The number of questions for inhibitors so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.log().asked
    }

    /// Stops it.
    pub fn stop(self) {
        zbus::block_on(self.connection.graceful_shutdown());
    }
}

fn session(id: &str) -> String {
    format!("{PATH}/session/{id}")
}

impl Manager {
    fn sessions(&self) -> Vec<Row> {
        let row = |id: &str, seat: &str| {
            let path = OwnedObjectPath::try_from(session(id)).unwrap();
            (id.to_owned(), 1000, "user".to_owned(), seat.to_owned(), path)
        };
        let user = self.0.lock().unwrap().user.then(|| row("user", "seat0"));
        [row("greeter", "seat0"), row("network", "")].into_iter().chain(user).collect()
    }

    fn inhibitors(&self) -> Vec<Inhibitor> {
        let mut log = self.0.lock().unwrap();
        log.asked += 1;
        log.inhibitors.clone()
    }

    fn restart(&self, order: String) {
        self.0.lock().unwrap().restarts.push(order);
    }
}

#[interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn list_sessions(&self) -> Vec<Row> {
        self.sessions()
    }

    fn list_inhibitors(&self) -> Vec<Inhibitor> {
        self.inhibitors()
    }

    fn reboot_with_flags(&self, flags: u64) -> fdo::Result<()> {
        let hidden = self.0.lock().unwrap().inhibitors.iter().any(|one| one.3 == "hidden");
        if hidden {
            return Err(fdo::Error::AccessDenied("blocked since a moment ago".to_owned()));
        }
        self.restart(format!("RebootWithFlags {flags}"));
        Ok(())
    }

    fn reboot(&self, interactive: bool) {
        self.restart(format!("Reboot {interactive}"));
    }
}

/// The manager interface without `RebootWithFlags`.
struct OldManager(Manager);

#[interface(name = "org.freedesktop.login1.Manager")]
impl OldManager {
    fn list_sessions(&self) -> Vec<Row> {
        self.0.sessions()
    }

    fn list_inhibitors(&self) -> Vec<Inhibitor> {
        self.0.inhibitors()
    }

    fn reboot(&self, interactive: bool) {
        self.0.restart(format!("Reboot {interactive}"));
    }
}

#[interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn class(&self) -> String {
        self.0.to_owned()
    }

    #[zbus(property)]
    fn state(&self) -> String {
        "active".to_owned()
    }
}
