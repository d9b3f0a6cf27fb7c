//! The operations that the daemon and the rescue tool share: survey ([`Device::survey`]), judge
//! ([`Survey::report`]), import and remove.

mod activation;
mod application;
mod arrival;
mod assess;
mod carry_out;
mod cleanup;
mod fetch;
mod follow;
mod genuine;
mod import;
mod json;
mod left;
mod messages;
mod partial;
mod past;
mod place;
mod problem;
mod processors;
mod read;
mod recognise;
mod records;
mod removal;
mod report;
mod request;
mod restart;
mod stick;
mod survey;
mod time;

// The worlds of the tests know the crate by its name.
#[cfg(test)]
extern crate self as licd_device;
#[cfg(test)]
#[path = "../tests/world/mod.rs"]
mod world;

pub use activation::{Answer, Attempt, Waiting, Withdrawn};
pub use application::{Application, ApplicationError, FIELD_BYTES, Person, Terms};
pub use arrival::Arrival;
pub use cleanup::Cleaned;
pub use fetch::{CLOCK_IGNORED, Fetch, Fetched, Login, Version};
pub use follow::{Followed, Following};
pub use genuine::{Genuine, Storable};
pub use import::{Batch, Imported, Intent};
pub use left::Left;
pub use licd_protocol::{Proxy, Scheme, Url};
pub use licd_store::StoreState;
pub use partial::{Missing, Partial};
pub use place::Place;
pub use problem::{
    Area, LinkProblem, MachineProblem, PartitionProblem, Problem, RequestProblem, RestartProblem,
    TrustPlace, TrustProblem, UnwrittenProblem, Watched,
};
pub use removal::Removed;
pub use report::{
    Clock, FeatureReport, FileVerdict, Files, Hardware, HardwareKind, LicenseReport, LinkReport,
    Mac, Os, Rejected, Report, ServiceReport, StoreReport, to_json,
};
pub use restart::Restart;
pub use stick::{OpenStick, Stick, StickFile};
pub use survey::{Extent, Held, Survey};

use licd_files::state;
use licd_fs::atomic;
use licd_fs::root::Root;
use licd_fs::statefile::SaveError;
use licd_rules::Code;
use licd_store::{Closed, Store, StoreError, Window, Writer};

/// A device: the tree under one root directory.
pub struct Device {
    root: Root,
    store: Store,
    memory: time::ClockMarks,
    cleanup: cleanup::LastFailure,
    unwritten: records::Unwritten,
}

impl Device {
    /// The device at `root`. Reads nothing yet.
    #[must_use]
    pub fn at(root: Root) -> Self {
        let store = Store::new(&root);
        Self {
            root,
            store,
            memory: time::ClockMarks::default(),
            cleanup: cleanup::LastFailure::default(),
            unwritten: records::Unwritten::default(),
        }
    }

    /// Its root directory.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Its licence partition.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whether the licence partition may be writable and must be closed.
    #[must_use]
    pub fn is_left_open(&self) -> bool {
        !matches!(self.store.holders(), Ok(None))
    }

    /// Finishes what a crash interrupted: a removal, an open partition, partial files. Returns
    /// `None` if the partition was closed.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn settle(&self) -> Result<Option<Closed>, Failure> {
        let closed = self.settle_files()?;
        if !state::unfinished(&self.root)?.is_empty() {
            drop(self.writer()?);
        }
        Ok(closed)
    }

    /// Does the same after a survey that has found no interrupted removal.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn settle_files(&self) -> Result<Option<Closed>, Failure> {
        for dir in ["/var/lib/licd", "/etc/licd", "/run/licd"] {
            // A leftover does no harm and is swept the next time.
            let _ = atomic::sweep_path(&self.root.path(dir));
        }
        Ok(self.store.settle()?)
    }

    /// Takes the write lock and finishes an interrupted removal.
    pub(crate) fn writer(&self) -> Result<Writer<'_>, Failure> {
        let writer = self.store().writer()?;
        self.finish_removal(&writer)?;
        Ok(writer)
    }

    /// Writes to the store, and logs a partition that stays open.
    pub(crate) fn write<T, E>(
        &self,
        writer: &Writer<'_>,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let (done, closed) = writer.write(work)?;
        warn_if_open(&closed);
        Ok(done)
    }
}

fn warn_if_open(closed: &Closed) {
    if closed.is_open() {
        log::warn!("/license: is {closed}; the next change closes it");
    }
}

/// Why a request failed: the verdict and the reason. The caller prefixes the name of the file or
/// request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The verdict.
    pub code: Code,
    /// The reason.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Whether the same request may succeed in a moment.
    #[must_use]
    pub fn is_of_the_moment(&self) -> bool {
        matches!(self.code, Code::Busy | Code::Timeout | Code::SourceUnreachable)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Full { .. } => Code::StoreFull,
            _ if error.is_permission() => Code::NotAuthorized,
            StoreError::Unwritable { .. }
            | StoreError::Unflushed { .. }
            | StoreError::Unreadable { .. } => Code::StoreUnwritable,
            StoreError::Unavailable(unavailable) => return unavailable.into(),
            StoreError::Busy { .. } => Code::Busy,
            StoreError::NotAuthorized { .. } => Code::NotAuthorized,
        };
        Self::new(code, error.to_string())
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match &error {
            SaveError::Unwritable { .. } => Self::new(Code::StoreUnwritable, error.to_string()),
            SaveError::Unread(unavailable) => unavailable.into(),
        }
    }
}
