//! A reference licensing service and UMS, for tests and demonstrations. Nothing of it is installed on a
//! device.
//!
//! The two sides are kept apart: `portal` holds keys, packs and licences, and changes packs by the rules
//! of [`license_issue`] alone; `fleet` holds devices, decides which of them get licences, and writes
//! their settings. Both keep everything in one database. [`Ums`] joins them, [`server`] serves them:
//!
//! - to devices, by HTTPS: reports of agents, licences, the trust document, activation requests;
//! - to administrators, by HTTP on a private address: one page, and the same as JSON.
//!
//! UMS never connects to a device. It wakes its agent with an empty datagram, and the agent reports; if
//! the datagram does not arrive, the agent reports anyway now and then.

use std::time::{SystemTime, UNIX_EPOCH};

use license_format::UnixSeconds;

mod command;
mod database;
mod error;
mod fleet;
mod orders;
mod portal;
mod schedule;
pub mod server;
mod ums;

pub use command::Command;
pub use error::UmsError;
pub use fleet::profile::RemovalProfile;
pub use fleet::report::{Answer, Report};
pub use fleet::views::{DeviceRow, LicenceRow, LicenceSearch, PackRow, ServiceRow, View};
pub use portal::packs::Distribution;
pub use schedule::{Intervals, Occasion};
pub use ums::{Ums, Wake};

/// The time of this machine.
pub(crate) fn now() -> UnixSeconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
