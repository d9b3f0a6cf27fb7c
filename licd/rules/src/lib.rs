//! The decisions of licd as pure functions: from documents, unit, time and system to licence
//! states, service states, features and removals. No I/O, no clock.
#![no_std]

extern crate alloc;

#[macro_use]
mod words;

mod clock;
mod deployment;
mod feature;
mod judge;
mod language;
mod license;
pub mod names;
mod notice;
mod past;
mod poll;
mod selector;
mod service;
mod sorting;
mod starter;
mod state;
mod system;
pub mod titles;
mod unit;
mod upkeep;
mod verdict;

pub use clock::{
    Attested, BootId, ClockState, Jump, LEADS, Lead, Marks, Moment, REACH, Reading, Signer,
    TOLERANCE, TimeVerdict,
};
pub use deployment::{Answer, Event as DeploymentEvent, Plan, Scene};
pub use feature::{Feature, FeatureVerdict, Reason};
pub use judge::{Case, Judgement, Replaced};
pub use language::Language;
pub use license::{License, Terms};
pub use license_format::services;
pub use notice::{
    AFTER_END, Announced, EnterpriseManagement, Fate, Notice, Selection, Stage, select,
};
pub use past::{Past, REMEMBERED, Remover, Roster, Taken, Tombstone, withdraws};
pub use poll::{poll_after_change, poll_after_start, poll_again};
pub use selector::{Class, Selector};
pub use service::{ServiceState, ServiceStatus, ServiceVerdict};
pub use sorting::sort_by;
pub use starter::{Starter, StarterMark, StarterVerdict};
pub use state::{LicenseState, next_turn};
pub use system::{Generation, Version};
pub use unit::{choose, is_certain, is_settled};
pub use upkeep::{Upkeep, upkeep};
pub use verdict::Code;
