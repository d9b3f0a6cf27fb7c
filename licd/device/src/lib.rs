//! What the daemon and the rescue tool do alike, each step once: read everything there is
//! ([`Device::survey`]), judge it ([`Survey::report`]), import, remove.

mod cleanup;
mod fetch;
mod follow;
mod import;
mod past;
mod place;
mod read;
mod recognise;
mod report;
mod request;
mod stick;
mod survey;
mod time;
mod words;

pub use cleanup::Cleaned;
pub use fetch::{CLOCK_IGNORED, Fetch, Fetched, Login, Version};
pub use follow::Followed;
pub use import::{Imported, Intent};
pub use licd_protocol::Url;
pub use place::Place;
pub use report::{
    Clock, FeatureReport, FileVerdict, Files, Hardware, LicenseReport, Os, Rejected, Report,
    ServiceReport, StoreReport, to_json,
};
pub use stick::{OpenStick, Stick, StickFile};
pub use survey::{Held, Survey};

use licd_edge::root::Root;
use licd_edge::statefile::SaveError;
use licd_edge::store::{Store, StoreError};
use licd_rules::Code;

/// A device: what lies below one root directory.
pub struct Device {
    root: Root,
    store: Store,
    memory: time::Memory,
    cleanup: cleanup::LastFailure,
}

impl Device {
    /// The device at `root`. Nothing is read yet.
    #[must_use]
    pub fn at(root: Root) -> Self {
        let store = Store::new(&root);
        Self {
            root,
            store,
            memory: time::Memory::default(),
            cleanup: cleanup::LastFailure::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Its licence partition.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// Why a request failed: the verdict, and the reason in words, which
/// the name of the file or request comes before.
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
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Full { .. } => Code::StoreFull,
            _ if error.is_permission() => Code::NotAuthorized,
            StoreError::Unwritable { .. } | StoreError::Unreadable { .. } => Code::StoreUnwritable,
            StoreError::Busy { .. } => Code::Busy,
            StoreError::NotAuthorized { .. } => Code::NotAuthorized,
        };
        Self::new(code, error.to_string())
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        Self::new(Code::StoreUnwritable, error.to_string())
    }
}
