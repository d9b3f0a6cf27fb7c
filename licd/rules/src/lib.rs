//! Every decision of licd, as pure functions: documents, unit, time and system in; licence states,
//! service states, features, removals out. Nothing here does I/O or reads a clock.
#![no_std]

extern crate alloc;

mod clock;
mod deployment;
mod feature;
mod judge;
mod notice;
mod past;
mod poll;
mod selector;
mod service;
mod starter;
mod state;
mod unit;
mod upkeep;
mod verdict;

pub use clock::{
    Attested, BootId, ClockState, Jump, LEADS, Lead, Marks, Moment, REACH, Reading, Signer,
    TOLERANCE, TimeVerdict,
};
pub use deployment::{Answer, Event as DeploymentEvent, Plan, Scene};
pub use feature::{Feature, FeatureVerdict, Reason};
pub use judge::{Case, Judgement};
pub use license_format::services;
pub use notice::{AFTER_END, EnterpriseManagement, Fate, Notice, Said, Stage, Told, tell};
pub use past::{Past, REMEMBERED, Roster, Taken, Tombstone, withdraws};
pub use poll::{poll_after_change, poll_after_start, poll_again};
pub use selector::Selector;
pub use service::{ServiceState, ServiceStatus, ServiceVerdict};
pub use starter::{Starter, StarterMark, StarterVerdict};
pub use state::{LicenseState, next_turn};
pub use unit::choose;
pub use upkeep::{Upkeep, upkeep};
pub use verdict::Code;

/// The generation of the operating system, which decides what a licence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// IGEL OS 11.
    Os11,
    /// IGEL OS 12.
    Os12,
}

impl Generation {
    /// The generation of a major version number; `None` for versions that licences know nothing of.
    #[must_use]
    pub fn from_major(major: u64) -> Option<Self> {
        match major {
            11 => Some(Self::Os11),
            12 => Some(Self::Os12),
            _ => None,
        }
    }

    /// The major version number.
    #[must_use]
    pub fn major(self) -> u8 {
        match self {
            Self::Os11 => 11,
            Self::Os12 => 12,
        }
    }
}
