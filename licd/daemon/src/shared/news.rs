//! What the working threads and the bus report.

use std::sync::Arc;

use licd_device::{Imported, Removed};
use licd_files::settings::Settings;
use licd_rules::{Notice, Selector};

use super::{Published, Refusal, Reply};
use crate::bus::LicenseChanges;
use crate::jobs::{Job, Read};

/// What a working thread or the bus reports to the loop.
pub(crate) enum News {
    /// The device was read, or judged again. `None`: a fault of this program.
    Refreshed(Option<Box<Refreshed>>),
    /// An import went on.
    Progress(Arc<Job>),
    /// What is to be imported was read. `None`: a fault of this program.
    Read { job: Arc<Job>, read: Option<Box<Read>> },
    /// A removal ended.
    Removed { selector: Selector, outcome: Result<Written<Removed>, Refusal>, reply: Reply<u32> },
    /// A change of settings ended.
    Applied { outcome: Result<(), Refusal>, reply: Reply<()> },
    /// An attempt to settle ended.
    Settled { left: Unsettled },
    /// The caller with this unique name has left the bus.
    CallerGone(String),
    /// What logind answered, or why it did not.
    Logind(Result<LogindState, String>),
    /// Whether logind has begun to restart the device, or why not.
    Restarting(Result<(), String>),
    /// The connection to the bus is gone.
    BusGone,
}

/// What logind knows that a restart depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogindState {
    /// Whether a user sits at the device.
    pub(crate) session: bool,
    /// The program that blocks a restart, and why.
    pub(crate) inhibitor: Option<String>,
}

/// A job, and what became of its documents.
pub(crate) type ImportedJob = (Arc<Job>, Vec<Imported>);

/// The result of a refresh.
pub(crate) struct Refreshed {
    pub(crate) published: Published,
    /// How its licences differ from those that were published before.
    pub(crate) changes: LicenseChanges,
    /// What became of the documents of each job that was imported.
    pub(crate) imported: Vec<ImportedJob>,
    /// Notices of expiry that are to be announced.
    pub(crate) due: Vec<Notice>,
    /// Problems on the way that the report does not name.
    pub(crate) complaints: Vec<String>,
    /// The settings, if they were read.
    pub(crate) settings: Option<Settings>,
    /// Whether another process keeps the store from being closed.
    pub(crate) left_open: bool,
    /// Whether to refresh again soon: a fact could not be looked at, or the state not published.
    pub(crate) again: bool,
    /// Whether a record could not be written.
    pub(crate) unwritten: bool,
}

/// What a start or a crash has left to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Unsettled {
    /// The store is not closed, or a removal not finished.
    pub(crate) store: bool,
    /// The removal profile could not be carried out yet.
    pub(crate) profile: bool,
}

/// The result of a write to the store.
pub(crate) struct Written<T> {
    pub(crate) value: T,
    /// Whether another process keeps the store from being closed.
    pub(crate) left_open: bool,
}
