//! Whether a survey is of one moment, and still holds.

use licd_files::state::{self, Memory, Prepared};
use licd_fs::stamp::Stamp;
use licd_fs::statefile::{SaveError, Warning};
use licd_rules::Past;
use licd_store::{Stamps, View};

use super::Survey;
use super::inputs::Extent;
use crate::Device;
use crate::partial::Missing;

/// The stamps of the state and of the trust document that is remembered.
pub(super) type MemoryStamps = [Option<Stamp>; 2];

/// The stamps that show whether a survey still holds, apart from the machine; of the time before it read the
/// files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeviceStamps {
    pub(super) store: Stamps,
    pub(super) memory: MemoryStamps,
}

/// What a survey begins with.
pub(super) struct Begun {
    pub(super) stamps: Option<DeviceStamps>,
    pub(super) memory: (Memory, Option<Warning>),
}

impl Device {
    /// The stamps of the memory, as far as a survey needs them.
    pub(super) fn memory_stamps(&self, extent: Extent) -> Option<MemoryStamps> {
        match extent {
            Extent::Verdicts => Some([state::stamp(self.root()).ok()?, None]),
            Extent::Import | Extent::Report => state::stamps(self.root()).ok(),
        }
    }

    /// Reads the memory, and then lists the licences: one that replaces another is stored before the memory
    /// says so, so that a survey of what changes meanwhile finds one of them at least.
    pub(super) fn begin(
        &self,
        view: &View<'_>,
        stamped: Option<MemoryStamps>,
        missing: &mut Missing,
    ) -> Begun {
        let memory = missing.fact(state::load(self.root()));
        let stamps = |memory| Some(DeviceStamps { memory, store: view.stamps().ok()? });
        Begun { stamps: stamped.and_then(stamps), memory }
    }

    fn stamps(&self, view: &View<'_>) -> Result<DeviceStamps, licd_store::StoreError> {
        Ok(DeviceStamps { store: view.stamps()?, memory: state::stamps(self.root())? })
    }

    /// Whether the memory is as this survey read it.
    #[must_use]
    pub fn has_read_memory(&self, survey: &Survey) -> bool {
        let read = survey.stamps.as_ref().map(|stamps| stamps.memory);
        read.is_some() && state::stamps(self.root()).ok() == read
    }

    /// Writes what a survey has learned from flushed licences, under the write lock. The memory is not read again if
    /// it is as this survey read it.
    pub(crate) fn learn(
        &self,
        survey: &Survey,
        prepared: Option<Prepared>,
    ) -> Result<(), SaveError> {
        state::learn(self.root(), prepared, survey.known_memory(), Past::clone(&survey.past))
    }

    /// Writes ahead what a survey is going to learn, and flushes it on another thread.
    pub(crate) fn prepare(&self, survey: &Survey, past: &Past) -> Result<Prepared, SaveError> {
        state::prepare(self.root(), survey.known_memory(), past.clone())
    }

    /// Whether store and memory are unchanged since this survey.
    pub(crate) fn is_current(&self, survey: &Survey) -> bool {
        self.is_current_in(&self.store().view(), survey)
    }

    fn is_current_in(&self, view: &View<'_>, survey: &Survey) -> bool {
        let read = survey.stamps.as_deref();
        read.is_some() && self.stamps(view).ok().as_ref() == read
    }

    /// Whether store, memory and units are unchanged since this survey, by this view.
    pub(crate) fn still_holds(&self, view: &View<'_>, survey: &Survey) -> bool {
        let mut missing = Missing::default();
        let (units, _) = self.units(&mut missing, &mut Vec::new());
        missing.is_empty() && units == survey.units && self.is_current_in(view, survey)
    }
}

impl Survey {
    /// The stamp of the memory, if this survey knows all of it.
    fn known_memory(&self) -> Option<Stamp> {
        // A survey with stamps knows of no unfinished removal.
        self.stamps.as_ref().filter(|_| self.has_known_memory)?.memory[0]
    }
}
