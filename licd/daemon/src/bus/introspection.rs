//! Introspection of the whole tree of objects, licences included.

use std::fmt::{self, Write};
use std::sync::Arc;

use zbus::fdo::{ObjectManager, Properties};
use zbus::object_server::Interface;

use super::deployment::Deployment;
use super::job::JobObject;
use super::license::{INTERFACE, PROPERTIES};
use super::manager::Manager;
use super::objects::Objects;
use crate::jobs::JobId;

const HEADER: &str = r#"<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
<node>"#;

/// Two interfaces of every object, which zbus keeps to itself.
const INTROSPECTABLE: &str = r#"<interface name="org.freedesktop.DBus.Introspectable">
  <method name="Introspect">
    <arg type="s" direction="out"/>
  </method>
</interface>"#;
const PEER: &str = r#"<interface name="org.freedesktop.DBus.Peer">
  <method name="Ping">
  </method>
  <method name="GetMachineId">
    <arg type="s" direction="out"/>
  </method>
</interface>"#;

/// Spaces by which an element is set in from the one around it.
const STEP: usize = 2;

/// A place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Above the object of the daemon: the names from here to there.
    Above(&'static [&'static str]),
    /// The object of the daemon.
    Device,
    Licenses,
    License,
    Jobs,
    Job(JobId),
}

/// The elements of the path of the daemon's object.
const WAY: &[&str] = &["com", "igel", "License1"];

impl Place {
    /// The place at a path; `None` if there is no object there.
    fn at(objects: &Objects, path: &str) -> Option<Self> {
        let mut elements = path.split('/').filter(|element| !element.is_empty());
        elements.try_fold(Self::Above(WAY), |place, element| place.child(objects, element))
    }

    fn child(&self, objects: &Objects, element: &str) -> Option<Self> {
        let published = objects.shared.published();
        match (self, element) {
            (Self::Above([first, rest @ ..]), _) if element == *first => match rest {
                [] => Some(Self::Device),
                rest => Some(Self::Above(rest)),
            },
            (Self::Device, "license") if !published.licenses().is_empty() => Some(Self::Licenses),
            (Self::Device, "job") if !objects.jobs().is_empty() => Some(Self::Jobs),
            (Self::Licenses, _) => published.licenses().find(element).map(|_| Self::License),
            (Self::Jobs, _) => {
                let id = element.parse().ok()?;
                let is_there = objects.jobs().contains_key(&id) && element == id.to_string();
                is_there.then_some(Self::Job(id))
            }
            _ => None,
        }
    }

    fn children(&self, objects: &Objects) -> Vec<(String, Self)> {
        let named = |name: &str| {
            let child = self.child(objects, name);
            child.map(|child| (name.to_owned(), child))
        };
        match self {
            Self::Above(way) => way.first().and_then(|name| named(name)).into_iter().collect(),
            Self::Device => ["job", "license"].into_iter().filter_map(named).collect(),
            Self::Licenses => {
                let published = objects.shared.published();
                let each = published.licenses().each();
                each.map(|(name, _)| (name.element(), Self::License)).collect()
            }
            Self::Jobs => {
                let jobs = objects.jobs();
                jobs.keys().map(|id| (id.to_string(), Self::Job(*id))).collect()
            }
            Self::License | Self::Job(_) => Vec::new(),
        }
    }
}

/// The document of the object at a path; `None` if no object is there.
pub(super) fn of(objects: &Objects, path: &str) -> Option<String> {
    let place = Place::at(objects, path)?;
    let mut document = format!("\n{HEADER}\n");
    write_node(&mut document, objects, &place, STEP).ok()?;
    document.push_str("</node>\n");
    Some(document)
}

fn write_node(to: &mut String, objects: &Objects, place: &Place, level: usize) -> fmt::Result {
    write_interfaces(to, objects, place, level)?;
    for (name, child) in place.children(objects) {
        writeln!(to, "{:level$}<node name=\"{name}\">", "")?;
        write_node(to, objects, &child, level + STEP)?;
        writeln!(to, "{:level$}</node>", "")?;
    }
    Ok(())
}

/// The interfaces of a place, sorted by name.
fn write_interfaces(
    to: &mut String,
    objects: &Objects,
    place: &Place,
    level: usize,
) -> fmt::Result {
    let (shared, authority) = (&objects.shared, &objects.authority);
    match place {
        Place::Device => {
            Deployment::new(Arc::clone(shared), Arc::clone(authority))
                .introspect_to_writer(to, level);
            Manager::new(Arc::clone(shared), Arc::clone(authority)).introspect_to_writer(to, level);
        }
        Place::License => write_license(to, level)?,
        Place::Job(id) => {
            let shown = objects.jobs().get(id).cloned();
            let (authority, shared) = (Arc::clone(authority), Arc::clone(shared));
            let object = shown.map(|shown| JobObject { shown, authority, shared });
            object.iter().for_each(|object| object.introspect_to_writer(to, level));
        }
        Place::Above(_) | Place::Licenses | Place::Jobs => {}
    }
    write_lines(to, INTROSPECTABLE, level)?;
    if *place == Place::Device {
        ObjectManager.introspect_to_writer(to, level);
    }
    write_lines(to, PEER, level)?;
    Properties.introspect_to_writer(to, level);
    Ok(())
}

fn write_license(to: &mut String, level: usize) -> fmt::Result {
    let inner = level + STEP;
    writeln!(to, "{:level$}<interface name=\"{INTERFACE}\">", "")?;
    for (name, kind) in PROPERTIES {
        writeln!(to, "{:inner$}<property name=\"{name}\" type=\"{kind}\" access=\"read\"/>", "")?;
    }
    writeln!(to, "{:level$}</interface>", "")
}

fn write_lines(to: &mut String, lines: &str, level: usize) -> fmt::Result {
    lines.lines().try_for_each(|line| writeln!(to, "{:level$}{line}", ""))
}
