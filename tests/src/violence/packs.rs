//! What the store must hold, by the answers so far.

use std::sync::Mutex;

use serde_json::Value;

use crate::maker::{self, Draft, EMP, POWERTERM, WE};

/// The number of packs, a multiple of the number of actors and of classes.
pub(super) const PACKS: usize = 24;

/// The classes of packs, by their selectors.
const CLASSES: [Class; 4] = [
    Class { selector: "workspace-edition", prefix: "WE", service: WE, term: "subscription" },
    Class {
        selector: "enterprise-management-pack",
        prefix: "EMP",
        service: EMP,
        term: "subscription",
    },
    Class { selector: "powerterm", prefix: "PWT", service: POWERTERM, term: "subscription" },
    Class { selector: "evaluation", prefix: "EVA", service: WE, term: "evaluation" },
];

/// Packs of one kind.
#[derive(Debug)]
struct Class {
    selector: &'static str,
    prefix: &'static str,
    service: &'static str,
    term: &'static str,
}

/// What is known of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The highest serial that was imported, or that an interrupted import may have stored.
    pub(super) newest: u64,
    pub(super) held: Held,
}

/// What the store holds of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// The newest serial.
    Newest,
    /// Nothing; a file that is found stays out, because the pack was removed.
    Removed,
    /// Nothing; a file that is found may count again.
    Nothing,
    /// An operation was interrupted: the newest serial, or nothing.
    Either,
    /// An import of the newest serial was interrupted: that one, or what was there before.
    Torn,
}

/// All packs. Each is locked by the actor that works with it.
#[derive(Debug)]
pub(super) struct Packs(Vec<Mutex<Known>>);

impl Packs {
    pub(super) fn new() -> Self {
        let unused = Known { newest: 0, held: Held::Nothing };
        Self((0..PACKS).map(|_| Mutex::new(unused)).collect())
    }

    pub(super) fn of(&self, pack: usize) -> Known {
        *self.0[pack].lock().unwrap()
    }

    pub(super) fn set(&self, pack: usize, known: Known) {
        *self.0[pack].lock().unwrap() = known;
    }

    /// Notes an operation on all packs of a selector that was not done for certain, or during which
    /// others worked with these packs (`touched`).
    pub(super) fn sweep(&self, selector: &str, after: Held, touched: &[usize]) {
        for pack in (0..PACKS).filter(|pack| is_of(*pack, selector)) {
            let known = self.of(pack);
            let held = match (known.held, after) {
                (Held::Torn, _) => Held::Torn,
                _ if touched.contains(&pack) => Held::Either,
                // What was not there was not removed.
                (Held::Removed | Held::Nothing, _) => known.held,
                (Held::Either, Held::Removed) => Held::Nothing,
                (Held::Newest | Held::Either, after) => after,
            };
            self.set(pack, Known { held, ..known });
        }
    }

    /// The differences between a status report and what the store must hold.
    pub(super) fn differences(&self, report: &Value) -> Vec<String> {
        let all: Vec<_> = (0..PACKS).map(|pack| self.of(pack)).collect();
        let mut wrong: Vec<_> = all
            .iter()
            .enumerate()
            .filter_map(|(pack, known)| difference(report, pack, *known))
            .collect();
        for (service, feature) in [(WE, "app-install"), (POWERTERM, "powerterm"), (EMP, "")] {
            let held: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(pack, _)| class(*pack).service == service)
                .map(|(_, known)| known.held)
                .collect();
            wrong.extend(difference_of_service(report, service, feature, &held));
        }
        wrong
    }

    /// How many packs the store holds for certain.
    pub(super) fn held(&self) -> usize {
        (0..PACKS).filter(|pack| self.of(*pack).held == Held::Newest).count()
    }
}

/// Whether a report shows a pack as it must.
fn difference(report: &Value, pack: usize, known: Known) -> Option<String> {
    let name = name(pack);
    let licenses = report["licenses"].as_array().unwrap();
    let of_pack = || licenses.iter().filter(|license| license["pack"] == *name);
    let counts = of_pack().any(|one| one["serial"] == known.newest && one["state"] == "valid");
    match known.held {
        Held::Newest if !counts => {
            let newest = known.newest;
            Some(format!("{name} {newest} was acknowledged and does not count"))
        }
        Held::Removed | Held::Nothing => {
            let back = of_pack().next()?;
            Some(format!("{name} was removed and is back, with serial {}", back["serial"]))
        }
        _ => None,
    }
}

/// Whether a service has the state that its packs give it, if they are certain.
fn difference_of_service(
    report: &Value,
    service: &str,
    feature: &str,
    held: &[Held],
) -> Option<String> {
    let is_there = held.contains(&Held::Newest);
    let is_absent = held.iter().all(|held| matches!(held, Held::Removed | Held::Nothing));
    if !is_there && !is_absent {
        return None;
    }
    let services = report["services"].as_array().unwrap();
    let state = services.iter().find(|one| one["service"] == *service);
    let state = state.map_or("none", |one| one["state"].as_str().unwrap());
    let allowed = report["features"][feature]["allowed"].as_bool();
    let is_right =
        (state == "valid") == is_there && allowed.is_none_or(|allowed| allowed == is_there);
    (!is_right).then(|| format!("{service} is {state}, its feature {feature} is {allowed:?}"))
}

fn class(pack: usize) -> &'static Class {
    &CLASSES[pack % CLASSES.len()]
}

/// Whether a selector takes a pack.
pub(super) fn is_of(pack: usize, selector: &str) -> bool {
    selector == "all" || class(pack).selector == selector
}

/// The pack's ID.
pub(super) fn name(pack: usize) -> String {
    format!("{}-{pack:05}", class(pack).prefix)
}

/// A licence of a pack.
pub(super) fn document(pack: usize, serial: u64) -> String {
    let class = class(pack);
    draft(&name(pack)).services(&[class.service]).term(class.term).serial(serial).sign()
}

fn draft(name: &str) -> Draft {
    maker::licence().pack(name)
}

/// Whether this is the whole content of a document of a pack.
pub(super) fn is_genuine(content: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(content) else { return false };
    let of = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let serial = of("serial ").and_then(|serial| serial.parse().ok());
    let pack = (0..PACKS).find(|pack| of("pack ") == Some(&name(*pack)));
    pack.zip(serial).is_some_and(|(pack, serial)| document(pack, serial) == text)
}
