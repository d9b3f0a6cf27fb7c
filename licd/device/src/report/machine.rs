//! The machine, as the report shows it.

use std::fmt;

use licd_rules::{ClockState, Generation, words};
use license_format::{Date, UnitId, UnitKind, UnixSeconds};
use serde::{Deserialize, Serialize};

use crate::json::{self, Json};

/// The hardware that the unit ID comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hardware {
    /// Its kind.
    #[serde(with = "crate::json")]
    pub kind: HardwareKind,
    /// The MAC address.
    #[serde(with = "crate::json")]
    pub mac: Option<Mac>,
    /// The serial number of the chassis.
    pub serial: Option<String>,
}

/// The kind of hardware that the unit ID comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HardwareKind {
    /// A network interface.
    Mac,
    /// The USB drive that the system runs from.
    UsbSerial,
    /// The device has no unit ID.
    None,
}

words!(HardwareKind { Mac = "mac", UsbSerial = "udp", None = "none" });

impl From<Option<UnitKind>> for HardwareKind {
    fn from(kind: Option<UnitKind>) -> Self {
        match kind {
            Some(UnitKind::Mac) => Self::Mac,
            Some(UnitKind::UsbSerial) => Self::UsbSerial,
            None => Self::None,
        }
    }
}

/// A MAC address, which reports write with colons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    fn parse(text: &str) -> Option<Self> {
        UnitId::parse_human(text)?.to_mac().map(Self)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.map(|byte| format!("{byte:02X}")).join(":"))
    }
}

json::text!(HardwareKind: HardwareKind::parse, Mac: Mac::parse);

/// The operating system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Os {
    /// 12, 11, or the number of an older system, which is judged as 11.
    #[serde(with = "crate::json")]
    pub generation: Generation,
    /// As `os-release` or the configuration spells it.
    pub version: Option<String>,
    /// The day on which it was released.
    #[serde(with = "crate::json")]
    pub released: Option<Date>,
}

/// The clock.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Clock {
    /// How far it can be trusted.
    #[serde(with = "crate::json")]
    pub state: ClockState,
    /// Its reading when the report was made.
    #[serde(with = "crate::json")]
    pub now: UnixSeconds,
}

/// Ignores the time: reports that differ only in the time are equal.
impl PartialEq for Clock {
    fn eq(&self, other: &Self) -> bool {
        self.state == other.state
    }
}
