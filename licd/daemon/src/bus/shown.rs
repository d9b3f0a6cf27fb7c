//! The properties of the daemon that change.

use licd_device::Report;
use licd_rules::{ClockState, ServiceState};
use licd_store::StoreState;
use license_format::UnitId;
use zbus::Variant;

/// The properties of the daemon that change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    state: ServiceState,
    unit_id: String,
    clock: ClockState,
    store: StoreState,
    restart_pending: bool,
}

impl Shown {
    /// Those of a report.
    pub(crate) fn of(report: &Report) -> Self {
        Self {
            state: report.state,
            unit_id: unit_id(report),
            clock: report.clock.state,
            store: report.store.state,
            restart_pending: report.restart_pending,
        }
    }

    /// The same as the bus has them.
    pub(super) fn properties(&self) -> [(&'static str, Variant<'_>); 5] {
        [
            ("State", self.state.as_str().into()),
            ("UnitId", self.unit_id.as_str().into()),
            ("ClockState", self.clock.as_str().into()),
            ("StoreState", self.store.as_str().into()),
            ("RestartPending", self.restart_pending.into()),
        ]
    }
}

/// The unit ID; empty without one.
pub(super) fn unit_id(report: &Report) -> String {
    report.unit_id.as_ref().map(UnitId::to_string).unwrap_or_default()
}
