//! Answers of the object tree that zbus does not give: those for licences, and those that name them.
//!
//! A device may have thousands of licences. zbus keeps 1.6 kB for each object that it serves, and makes
//! a signal for each that it begins to serve. So it serves the device and its jobs; a licence is shown
//! from what is published, to callers that see no difference.

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
use super::license::{self, INTERFACE, Licenses};
use super::{PATH, introspection, job};
use crate::jobs::{Job, JobId};
use crate::shared::Shared;

const INTROSPECTABLE: &str = "org.freedesktop.DBus.Introspectable";
const OBJECT_MANAGER: &str = "org.freedesktop.DBus.ObjectManager";
const PEER: &str = "org.freedesktop.DBus.Peer";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The objects of the daemon.
pub(super) struct Objects {
    pub(super) shared: Arc<Shared>,
    pub(super) authority: Arc<Authority>,
    jobs: Mutex<BTreeMap<JobId, Arc<Job>>>,
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
    pub(super) fn jobs(&self) -> MutexGuard<'_, BTreeMap<JobId, Arc<Job>>> {
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
    answered.unwrap_or_else(|Fault { name, message }| {
        let name = format!("org.freedesktop.DBus.Error.{name}");
        Message::error(header, name).build(&message).ok()
    })
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
    jobs: &'a BTreeMap<JobId, Arc<Job>>,
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
        if !self.licenses.is_empty() {
            put(format!("{PATH}/license"), Interfaces::new())?;
        }
        for (name, license) in self.licenses.each() {
            put(name.path(), [(INTERFACE, license::properties(license).into())].into())?;
        }
        if !self.jobs.is_empty() {
            put(format!("{PATH}/job"), Interfaces::new())?;
        }
        for (id, shown) in self.jobs {
            put(job::path(*id), [(job::INTERFACE, job::properties(shown).into())].into())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use zbus::OwnedObjectPath;

    use super::super::license::tests::license;
    use super::*;
    use crate::shared::Published;

    const LICENSE: &str = "/com/igel/License1/license/WE_A_7";

    /// The objects of a device with a licence.
    fn objects() -> Objects {
        let (_dir, shared, _inbox) = crate::shared::tests::shared();
        let first = shared.published();
        let mut report = first.report.clone();
        report.licenses = vec![license("WE-A", 7, "a.lic")];
        let (survey, missing) = (Arc::clone(&first.survey), first.missing.clone());
        shared.publish(Arc::new(Published::standing(survey, first.time, missing, report)));
        Objects::new(shared, Arc::default())
    }

    fn call(
        path: &str,
        (interface, member): (&str, &str),
        body: &(impl Serialize + zbus::wire::DynamicType),
    ) -> Option<Message> {
        let call = Message::method_call(path, member).interface(interface);
        objects().answer(&call.sender(":1.7").build(body).unwrap())
    }

    fn error(
        path: &str,
        member: (&str, &str),
        body: &(impl Serialize + zbus::wire::DynamicType),
    ) -> String {
        let answer = call(path, member, body).unwrap();
        answer.header().error_name().unwrap().to_string()
    }

    #[test]
    fn a_licence_shows_its_properties() {
        let all = call(LICENSE, (PROPERTIES, "GetAll"), &INTERFACE).unwrap();
        let body = all.body();
        let all: HashMap<&str, Variant<'_>> = body.deserialize().unwrap();
        let expected = license("WE-A", 7, "a.lic");
        assert_eq!(all, license::properties(&expected).into());
        let one = call(LICENSE, (PROPERTIES, "Get"), &(INTERFACE, "Serial")).unwrap();
        assert_eq!(one.body().deserialize::<Variant<'_>>().unwrap(), 7_u64.into());
    }

    #[test]
    fn a_call_that_a_licence_does_not_know_is_refused_by_name() {
        let unknown = |kind: &str| format!("org.freedesktop.DBus.Error.Unknown{kind}");
        let of = |member, body: &(&str, &str)| error(LICENSE, (PROPERTIES, member), body);
        assert_eq!(of("Get", &(INTERFACE, "Colour")), unknown("Property"));
        assert_eq!(of("Get", &("com.example", "Pack")), unknown("Interface"));
        assert_eq!(of("GetSome", &(INTERFACE, "Pack")), unknown("Method"));
        assert_eq!(error(LICENSE, (INTERFACE, "Remove"), &()), unknown("Method"));
        assert_eq!(error(LICENSE, ("com.example", "Remove"), &()), unknown("Interface"));
        let set = (INTERFACE, "Pack", Variant::from("WE-B"));
        assert_eq!(error(LICENSE, (PROPERTIES, "Set"), &set), unknown("Property"));
        let invalid = "org.freedesktop.DBus.Error.InvalidArgs";
        assert_eq!(error(LICENSE, (PROPERTIES, "Get"), &7_u32), invalid);
    }

    #[test]
    fn zbus_answers_for_what_it_serves() {
        for path in
            ["/com/igel/License1", "/com/igel/License1/license/WE_A_8", "/com/igel/License1/job/1"]
        {
            assert!(call(path, (PROPERTIES, "GetAll"), &INTERFACE).is_none(), "{path}");
        }
        assert!(call(LICENSE, (PEER, "Ping"), &()).is_none());
        assert!(call(PATH, ("com.igel.License1.Manager", "GetStatus"), &()).is_none());
    }

    #[test]
    fn the_object_manager_lists_every_licence() {
        type All<'a> = HashMap<OwnedObjectPath, HashMap<&'a str, HashMap<&'a str, Variant<'a>>>>;
        let managed = call(PATH, (OBJECT_MANAGER, "GetManagedObjects"), &()).unwrap();
        let body = managed.body();
        let managed: All<'_> = body.deserialize().unwrap();
        let mut paths: Vec<&str> = managed.keys().map(|path| path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["/com/igel/License1/license", LICENSE]);
        let expected = license("WE-A", 7, "a.lic");
        let license = managed.get(&OwnedObjectPath::try_from(LICENSE).unwrap()).unwrap();
        assert_eq!(license.get(INTERFACE), Some(&license::properties(&expected).into()));
    }

    #[test]
    fn introspection_leads_from_the_root_to_every_licence() {
        let mut path = String::new();
        for element in ["com", "igel", "License1", "license", "WE_A_7"] {
            let at = if path.is_empty() { "/" } else { &path };
            let document = call(at, (INTROSPECTABLE, "Introspect"), &()).unwrap();
            let document: String = document.body().deserialize().unwrap();
            assert!(document.contains(&format!("\n  <node name=\"{element}\">")), "{document}");
            path = format!("{path}/{element}");
        }
        assert!(call("/com/igel/License2", (INTROSPECTABLE, "Introspect"), &()).is_none());
    }
}
