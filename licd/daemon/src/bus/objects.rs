//! Answers of the object tree that zbus does not give: those for licences, those that name them, and those
//! that programs ask for most.
//!
//! A device may have thousands of licences. zbus keeps 1.6 kB for each object that it serves, and makes
//! a signal for each that it begins to serve. So it serves the device and its jobs; a licence is shown
//! from what is published, to callers that see no difference. So are `GetStatus` and `CheckFeature`: through
//! the object server of zbus an answer costs a quarter more.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use licd_device::LicenseReport;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use zbus::message::Header;
use zbus::wire::{Signature, Type};
use zbus::{Message, ObjectPath, Variant};

use super::authority::Authority;
use super::gate::Local;
use super::job::ShownJob;
use super::license::{self, INTERFACE, Licenses};
use super::{PATH, introspection, job, manager};
use crate::jobs::JobId;
use crate::shared::Shared;

const INTROSPECTABLE: &str = "org.freedesktop.DBus.Introspectable";
const OBJECT_MANAGER: &str = "org.freedesktop.DBus.ObjectManager";
const PEER: &str = "org.freedesktop.DBus.Peer";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The objects of the daemon.
pub(super) struct Objects {
    pub(super) shared: Arc<Shared>,
    pub(super) authority: Arc<Authority>,
    jobs: Mutex<BTreeMap<JobId, Arc<ShownJob>>>,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Objects")
    }
}

impl Objects {
    pub(super) fn new(shared: Arc<Shared>, authority: Arc<Authority>) -> Self {
        Self { shared, authority, jobs: Mutex::default() }
    }

    /// The jobs that zbus serves.
    pub(super) fn jobs(&self) -> MutexGuard<'_, BTreeMap<JobId, Arc<ShownJob>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Local for Objects {
    fn answer(&self, call: &Message) -> Option<Message> {
        let header = call.header();
        let (path, interface) = (header.path()?.as_str(), header.interface()?.as_str());
        let member = header.member()?.as_str();
        match (interface, member) {
            (PEER, _) => None,
            (INTROSPECTABLE, "Introspect") => reply(&header, &introspection::of(self, path)?),
            (OBJECT_MANAGER, "GetManagedObjects") if path == PATH => {
                let (published, jobs) = (self.shared.published(), self.jobs());
                reply(&header, &Managed { licenses: published.licenses(), jobs: &jobs })
            }
            (manager::INTERFACE, "GetStatus" | "ListServices")
                if path == PATH && !call.body().is_empty() =>
            {
                // zbus would pass over the arguments of these two.
                Fault::from(call.body().deserialize::<()>().err()?).answer(&header)
            }
            (manager::INTERFACE, "GetStatus") if path == PATH => {
                reply(&header, &self.shared.published().status())
            }
            (manager::INTERFACE, "CheckFeature") if path == PATH => {
                check_feature(self, call, &header)
            }
            _ => {
                let element = path.strip_prefix(PATH)?.strip_prefix("/license/")?;
                let published = self.shared.published();
                let license = published.licenses().find(element)?;
                answer_for(license, call, &header, (interface, member))
            }
        }
    }
}

fn reply(call: &Header<'_>, body: &(impl Serialize + Type)) -> Option<Message> {
    Message::method_return(call).build(body).ok()
}

/// Answers `CheckFeature` for a feature that is known; zbus answers the rest with an error.
fn check_feature(objects: &Objects, call: &Message, header: &Header<'_>) -> Option<Message> {
    let body = call.body();
    let name: &str = body.deserialize().ok()?;
    reply(header, &manager::feature(&objects.shared.published(), name)?)
}

/// Answers a call of a licence as zbus answers one of another object.
fn answer_for(
    license: &LicenseReport,
    call: &Message,
    header: &Header<'_>,
    (interface, member): (&str, &str),
) -> Option<Message> {
    let answered = match (interface, member) {
        (PROPERTIES, "Get") => get(license, call).map(|value| reply(header, &value)),
        (PROPERTIES, "GetAll") => get_all(license, call).map(|all| reply(header, &all)),
        (PROPERTIES, "Set") => set(call).map(|()| None),
        (PROPERTIES | INTROSPECTABLE | INTERFACE, _) => Err(Fault::unknown(Kind::Method, member)),
        _ => Err(Fault::unknown(Kind::Interface, interface)),
    };
    answered.unwrap_or_else(|fault| fault.answer(header))
}

fn get<'a>(license: &'a LicenseReport, call: &Message) -> Result<Variant<'a>, Fault> {
    let body = call.body();
    let (interface, property): (&str, &str) = body.deserialize()?;
    let value = properties(license, interface)?.remove(property);
    value.ok_or_else(|| Fault::unknown(Kind::Property, property))
}

fn get_all<'a>(license: &'a LicenseReport, call: &Message) -> Result<Properties<'a>, Fault> {
    properties(license, call.body().deserialize()?)
}

/// No property of a licence can be set.
fn set(call: &Message) -> Result<(), Fault> {
    let body = call.body();
    let (_, property, _): (&str, &str, Variant<'_>) = body.deserialize()?;
    Err(Fault::unknown(Kind::Property, property))
}

type Properties<'a> = BTreeMap<&'static str, Variant<'a>>;

fn properties<'a>(license: &'a LicenseReport, interface: &str) -> Result<Properties<'a>, Fault> {
    match interface {
        INTERFACE => Ok(license::properties(license).into()),
        INTROSPECTABLE | PEER | PROPERTIES => Ok(Properties::new()),
        _ => Err(Fault::unknown(Kind::Interface, interface)),
    }
}

/// Why a call has no result.
struct Fault {
    /// The last element of the error's name.
    name: &'static str,
    message: String,
}

#[derive(Clone, Copy)]
enum Kind {
    Interface,
    Method,
    Property,
}

impl Fault {
    fn unknown(kind: Kind, what: &str) -> Self {
        let (name, kind) = match kind {
            Kind::Interface => ("UnknownInterface", "interface"),
            Kind::Method => ("UnknownMethod", "method"),
            Kind::Property => ("UnknownProperty", "property"),
        };
        Self { name, message: format!("Unknown {kind} '{what}'") }
    }

    fn answer(self, call: &Header<'_>) -> Option<Message> {
        let name = format!("org.freedesktop.DBus.Error.{}", self.name);
        Message::error(call, name).build(&self.message).ok()
    }
}

impl From<zbus::Error> for Fault {
    fn from(error: zbus::Error) -> Self {
        Self { name: "InvalidArgs", message: super::error::reason(&error) }
    }
}

/// The objects below that of the device, each made when it is written: an answer takes the memory of
/// its bytes.
struct Managed<'a> {
    licenses: Licenses<'a>,
    jobs: &'a BTreeMap<JobId, Arc<ShownJob>>,
}

/// The interfaces of an object with their properties.
type Interfaces<'a> = BTreeMap<&'static str, Properties<'a>>;

impl Type for Managed<'_> {
    const SIGNATURE: &'static Signature =
        <BTreeMap<ObjectPath<'static>, Interfaces<'static>> as Type>::SIGNATURE;
}

impl Serialize for Managed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut put = |path: String, interfaces: Interfaces<'_>| {
            let path = ObjectPath::try_from(path).map_err(serde::ser::Error::custom)?;
            map.serialize_entry(&path, &interfaces)
        };
        for (name, license) in self.licenses.each() {
            put(name.path(), [(INTERFACE, license::properties(license).into())].into())?;
        }
        for (id, shown) in self.jobs {
            put(job::path(*id), [(job::INTERFACE, shown.properties().into())].into())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
