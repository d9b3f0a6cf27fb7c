//! What licctl says in the user's language: words and sentences, each with its facts. Which of them
//! is said is decided elsewhere, once for all languages.

pub(crate) mod english;
mod german;

use std::env;

use licd_device::{HardwareKind, StoreState};
use licd_rules::{ClockState, Generation, Language, ServiceState};
use license_format::{Date, Expiry, PackId, UnitId, UnixSeconds};
use serde::Serialize;

pub(crate) use english::English;
use german::German;

/// Those of a language.
pub(crate) trait Words {
    fn label(&self, label: Label) -> &'static str;
    fn check(&self, check: Check) -> &'static str;
    fn level(&self, level: Level) -> &'static str;
    /// What a unit ID is.
    fn unit(&self, kind: HardwareKind) -> &'static str;
    fn no_unit(&self) -> &'static str;
    fn unknown(&self) -> &'static str;
    fn system(&self, generation: Generation, version: Option<&str>, day: Option<Date>) -> String;
    /// The state of a clock that shows `now`; `day` is the day that licences are judged at.
    fn clock(&self, state: ClockState, now: &str, day: Option<Date>) -> String;
    fn store(&self, state: StoreState) -> &'static str;
    fn licenses_held(&self, count: usize) -> String;
    /// The state of the device's licence, with what to do.
    fn license(&self, state: ServiceState) -> &'static str;
    /// The state of a service, and how long it lasts.
    fn service(&self, state: ServiceState, span: &Span) -> String;
    /// The pack of a service.
    fn of_pack(&self, pack: &PackId) -> String;
    /// Files of the store that are for other devices.
    fn for_others(&self, files: usize) -> String;
    /// A restart that a deployment wants; `plan` is what comes next of it, in the word that the daemon
    /// publishes.
    fn restart(&self, plan: Option<&str>) -> String;
    fn next(&self, step: &Step<'_>) -> String;
    /// How many checks of `doctor` found something.
    fn summary(&self, wrong: usize, notes: usize) -> String;
}

/// What comes before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    UnitId,
    Serial,
    System,
    Clock,
    Store,
    Link,
    Restart,
    NotUsed,
    Problem,
    Next,
}

/// What `doctor` looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Unit,
    Clock,
    Store,
    License,
    File,
    Link,
    Network,
    System,
}

/// How much a finding of `doctor` matters, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// It is to be repaired.
    Wrong,
    /// It is worth knowing, and may be meant so.
    Note,
    /// It is as it should be.
    Ok,
}

/// How long a service lasts, as far as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first day, if it has not come.
    pub(crate) starts: Option<Date>,
    /// The last day.
    pub(crate) ends: Option<Expiry>,
    /// Days until then, negative once it has passed.
    pub(crate) days_left: i32,
    /// The last day of its grace, with the days until then.
    pub(crate) grace: Option<(Date, i32)>,
    /// Whether it allows anything on this generation of the system.
    pub(crate) needed: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// The licence partition is missing.
    Mount,
    /// The licence partition cannot be read.
    CheckPartition,
    /// There is no unit ID.
    Connect,
    /// The clock is behind.
    SetClock,
    /// There is no licence for this unit that counts.
    Get(&'a UnitId),
    /// A licence is to be renewed, by this day if that has not passed.
    Renew { pack: Option<&'a PackId>, by: Option<Date> },
    /// A licence has not started.
    Wait(Option<Date>),
    /// A deployment is complete with a restart.
    Restart,
    /// What is wrong stands first, with its cure.
    Repair,
    /// All is well.
    Nothing,
}

/// The words of the user's language.
pub(crate) fn of_user() -> &'static dyn Words {
    of(Language::of(|name| env::var(name).ok()))
}

/// The words of a language.
pub(crate) fn of(language: Language) -> &'static dyn Words {
    match language {
        Language::English => &English,
        Language::German => &German,
    }
}

/// A time as people write it, `2026-11-29 04:38 UTC`.
pub(crate) fn time(at: UnixSeconds) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => text,
    }
}
