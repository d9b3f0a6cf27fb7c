//! What people read about the licences of a device, in their language.
//!
//! [`Words`] holds the phrases, with an implementation for each language. [`Overview`],
//! [`features`], [`licenses`] and [`refusals`] decide which phrases a status report needs, once for
//! every language and for every program that shows one. They only make text: each program lays it
//! out in its own way. Nothing here does I/O.

mod applications;
mod captions;
pub mod english;
mod features;
mod german;
mod labels;
mod messages;
mod named;
mod next;
pub mod notices;
mod overview;
mod reasons;
mod restart;
mod rows;
#[cfg(test)]
mod tests;
mod verdicts;

use std::env;

use licd_device::{ApplicationError, HardwareKind, StoreState};
use licd_rules::{
    ClockState, Code, Generation, Language, LicenseState, Reason, Selector, ServiceState,
};
use license_format::{Date, Expiry, PackId, Term, UnitId, UnixSeconds};
use serde::Serialize;

pub use captions::Caption;
pub use english::English;
pub use german::German;
pub use labels::{Check, Column, Help, Label};
pub use messages::line;
pub use named::Named;
pub use next::{base_first, file_level, link_level, problem_level, span, state_level, steps};
pub use overview::{Line, Overview, Service, problem};
pub use rows::{Feature, License, Refusal, features, licenses, refusals, state, why};

/// The texts of one language.
pub trait Words: Sync {
    /// The label of a line.
    fn label(&self, label: Label) -> &'static str;
    /// The name of a check.
    fn check(&self, check: Check) -> &'static str;
    /// The severity of a finding.
    fn level(&self, level: Level) -> &'static str;
    /// The kind of hardware that a unit ID comes from.
    fn unit(&self, kind: HardwareKind) -> &'static str;
    /// A device without a unit ID, with the cure.
    fn no_unit(&self) -> &'static str;
    /// A fact that is not known.
    fn unknown(&self) -> &'static str;
    /// The operating system, its version and the day of its release.
    fn system(&self, generation: Generation, version: Option<&str>, day: Option<Date>) -> String;
    /// The state of a clock that shows `now`; licences are judged as of `day`.
    fn clock(&self, state: ClockState, now: &str, day: Option<Date>) -> String;
    /// The state of the licence partition, with the cure.
    fn store(&self, state: StoreState) -> &'static str;
    /// The number of licences for this device.
    fn licenses_held(&self, count: usize) -> String;
    /// The state of the device's licence, with the cure.
    fn license(&self, state: ServiceState) -> &'static str;
    /// The state of a service and its time span.
    fn service(&self, state: ServiceState, span: &Span) -> String;
    /// The pack of a service.
    fn of_pack(&self, pack: &PackId) -> String;
    /// Files of the store that are for other devices.
    fn for_others(&self, files: usize) -> String;
    /// Further files, after the names of some.
    fn others(&self, files: usize) -> String;
    /// A restart that a deployment requires; `plan` is the restart state that the daemon publishes.
    fn restart(&self, plan: Option<&str>) -> String;
    /// A next step, for this place.
    fn next(&self, step: &Step<'_>, surface: Surface) -> String;
    /// The state of a licence.
    fn license_state(&self, state: LicenseState) -> &'static str;
    /// The days that are left. None are left on the last day, nor in the hours after it until the day
    /// has ended in every time zone.
    fn left(&self, days: i32) -> String;
    /// The term of a licence.
    fn term(&self, term: Term) -> &'static str;
    /// What a feature is called; its code if it has no name.
    fn feature<'a>(&self, code: &'a str) -> &'a str;
    /// Whether a feature is allowed.
    fn allowed(&self, allowed: bool) -> &'static str;
    /// Why a feature or a release is allowed or not; `services` are the services that would allow it.
    fn reason(&self, reason: Reason, until: Option<Expiry>, services: &[&'static str]) -> String;
    /// What is done about a licence for another device.
    fn foreign_cure(&self) -> &'static str;
    /// The number of files that are not used.
    fn not_used(&self, files: usize) -> String;
    /// The licences that a selector takes.
    fn selector(&self, selector: &Selector) -> String;
    /// The number of licences that were removed.
    fn removed(&self, licenses: u32) -> String;
    /// A licence that a removal left because it is of another class, and how it is removed.
    fn stays(&self, pack: &PackId, class: &str) -> String;
    /// A caption of a window, a page, a field or a button.
    fn caption(&self, caption: Caption) -> &'static str;
    /// The heading of a column.
    fn column(&self, column: Column) -> &'static str;
    /// What the keys do.
    fn help(&self, keys: Help) -> &'static str;
    /// A verdict in one clause.
    fn verdict(&self, code: Code) -> &'static str;
    /// The message of a verdict, which the report carries in English, for people.
    fn message(&self, code: Code, message: &str) -> String;
    /// The message of a problem, which the report carries in English, for people.
    fn problem(&self, message: &str) -> String;
    /// What a problem is about, for people: the report names it in English, unless it is a file.
    fn subject(&self, subject: &str) -> String;
    /// Why an application for a licence is refused.
    fn application(&self, error: &ApplicationError) -> String;
    /// A sentence that names something.
    fn named(&self, sentence: Named<'_>) -> String;
    /// The number of problems and notes that `doctor` found.
    fn summary(&self, wrong: usize, notes: usize) -> String;
}

/// The severity of a finding of `doctor`, the most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Needs repair.
    Wrong,
    /// Worth knowing, but may be intended.
    Note,
    /// In order.
    Ok,
}

/// Where a text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// On a command line, where a next step names its command.
    CommandLine,
    /// In a window, which has its own way to import.
    Window,
}

/// The severity of a text, which a colour may repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    Plain,
    /// In order.
    Good,
    /// Needs attention soon.
    Caution,
    /// Needs attention.
    Bad,
}

/// The time span of a service, as far as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first day, if it is in the future.
    pub starts: Option<Date>,
    /// The last day.
    pub ends: Option<Expiry>,
    /// Days until the last day, negative after it.
    pub days_left: i32,
    /// The last day of the grace period, and the days until then.
    pub grace: Option<(Date, i32)>,
    /// Whether the service allows any feature on this generation of the system.
    pub needed: bool,
}

/// A next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
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
    Renew {
        /// Its pack.
        pack: Option<&'a PackId>,
        /// The last day, unless it has passed.
        by: Option<Date>,
    },
    /// A licence has not started.
    Wait(Option<Date>),
    /// A deployment takes effect with a restart.
    Restart,
    /// The problems at the top of the status state their cure.
    Repair,
    /// Everything is in order.
    Nothing,
}

/// The words of the language that the environment of this program names.
#[must_use]
pub fn of_user() -> &'static dyn Words {
    of(Language::of(|name| env::var(name).ok()))
}

/// The words of a language.
#[must_use]
pub fn of(language: Language) -> &'static dyn Words {
    match language {
        Language::English => &English,
        Language::German => &German,
    }
}

/// Formats a time for people: `2026-11-29 04:38 UTC`.
#[must_use]
pub fn time(at: UnixSeconds) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => text,
    }
}
