//! The texts of licctl in the user's language. The verbs choose which text to print, once for all
//! languages.

pub(crate) mod english;
mod german;

use std::env;

use licd_device::{HardwareKind, StoreState};
use licd_rules::{ClockState, Generation, Language, ServiceState};
use license_format::{Date, Expiry, PackId, UnitId, UnixSeconds};
use serde::Serialize;

pub(crate) use english::English;
use german::German;

/// The texts of one language.
pub(crate) trait Words {
    fn label(&self, label: Label) -> &'static str;
    fn check(&self, check: Check) -> &'static str;
    fn level(&self, level: Level) -> &'static str;
    /// The kind of hardware that a unit ID comes from.
    fn unit(&self, kind: HardwareKind) -> &'static str;
    fn no_unit(&self) -> &'static str;
    fn unknown(&self) -> &'static str;
    fn system(&self, generation: Generation, version: Option<&str>, day: Option<Date>) -> String;
    /// The state of a clock that shows `now`; licences are judged as of `day`.
    fn clock(&self, state: ClockState, now: &str, day: Option<Date>) -> String;
    fn store(&self, state: StoreState) -> &'static str;
    fn licenses_held(&self, count: usize) -> String;
    /// The state of the device's licence, with the cure.
    fn license(&self, state: ServiceState) -> &'static str;
    /// The state of a service and its time span.
    fn service(&self, state: ServiceState, span: &Span) -> String;
    /// The pack of a service.
    fn of_pack(&self, pack: &PackId) -> String;
    /// Files of the store that are for other devices.
    fn for_others(&self, files: usize) -> String;
    /// A restart that a deployment requires; `plan` is the restart state that the daemon publishes.
    fn restart(&self, plan: Option<&str>) -> String;
    fn next(&self, step: &Step<'_>) -> String;
    /// The number of problems and notes that `doctor` found.
    fn summary(&self, wrong: usize, notes: usize) -> String;
}

/// The label of a line.
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

/// A check of `doctor`.
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

/// The severity of a finding of `doctor`, the most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// Needs repair.
    Wrong,
    /// Worth knowing, but may be intended.
    Note,
    /// In order.
    Ok,
}

/// The time span of a service, as far as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first day, if it is in the future.
    pub(crate) starts: Option<Date>,
    /// The last day.
    pub(crate) ends: Option<Expiry>,
    /// Days until the last day, negative after it.
    pub(crate) days_left: i32,
    /// The last day of the grace period, and the days until then.
    pub(crate) grace: Option<(Date, i32)>,
    /// Whether the service allows any feature on this generation of the system.
    pub(crate) needed: bool,
}

/// A next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// The licence partition is missing.
    Mount,
    /// The licence partition cannot be read.
    CheckPartition,
    /// The device has no unit ID.
    Connect,
    /// The clock is behind.
    SetClock,
    /// No licence for this unit is in force.
    Get(&'a UnitId),
    /// A licence needs renewal, by this day unless it has passed.
    Renew { pack: Option<&'a PackId>, by: Option<Date> },
    /// A licence has not started.
    Wait(Option<Date>),
    /// A deployment takes effect with a restart.
    Restart,
    /// The problems at the top of the status state their cure.
    Repair,
    /// Everything is in order.
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

/// Formats a time for people: `2026-11-29 04:38 UTC`.
pub(crate) fn time(at: UnixSeconds) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => text,
    }
}
