//! What the agent of a device reports, and what it gets as the answer.

use license_format::UnitId;
use serde::{Deserialize, Serialize};

use crate::error::UmsError;

/// The report of an agent.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    /// The random name that the agent gave its installation.
    pub device: String,
    /// The ID of the device's boot.
    pub boot: String,
    /// The UDP port at which the agent can be woken; 0 for none.
    pub wake: u16,
    /// The revision of the settings that the agent has; empty for none.
    pub applied: String,
    /// Whether the configuration is frozen.
    pub frozen: bool,
    /// Whether the device has read everything again since the answer that asked for it.
    #[serde(default)]
    pub refreshed: bool,
    /// The status report of licd.
    pub status: serde_json::Value,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The revision of the device's settings.
    pub revision: String,
    /// The settings, if the agent has another revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// Whether the device has to read everything again.
    pub refresh: bool,
}

/// The parts of a status report that UMS works with.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: String,
    pub(crate) unit_id: Option<String>,
    pub(crate) hardware: Hardware,
    pub(crate) os: Os,
    pub(crate) services: Vec<Service>,
    pub(crate) licenses: Vec<License>,
    #[serde(default)]
    pub(crate) links: Vec<Link>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Hardware {
    pub(crate) mac: Option<String>,
    pub(crate) serial: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Os {
    pub(crate) version: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Service {
    pub(crate) service: String,
    pub(crate) status: String,
    pub(crate) state: String,
    pub(crate) expires: Option<String>,
    pub(crate) pack: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct License {
    pub(crate) pack: String,
    pub(crate) serial: u64,
    pub(crate) term: String,
    pub(crate) state: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) code: String,
}

impl Status {
    /// The unit of the device.
    pub(crate) fn unit(&self) -> Option<UnitId> {
        self.unit_id.as_deref().and_then(UnitId::parse_human)
    }
}

impl License {
    /// Whether the licence counts on the device, or will.
    pub(crate) fn counts(&self) -> bool {
        matches!(self.state.as_str(), "valid" | "warning" | "grace" | "pending")
    }
}

impl Status {
    /// Reads the status of a report, and checks the names in the report.
    pub(crate) fn read(report: &Report) -> Result<Self, UmsError> {
        let is_name = (16..=64).contains(&report.device.len())
            && report.device.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_name {
            return Err(UmsError::Invalid("device", "16 to 64 letters and digits"));
        }
        Self::deserialize(&report.status)
            .map_err(|_| UmsError::Invalid("status", "a status report of licd"))
    }
}
