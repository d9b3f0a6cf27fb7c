//! The USB drive that the system runs from, if it does.

mod descriptor;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;

use license_format::UnitId;

use crate::below::{Below, MOUNTINFO};
use crate::root::Root;
use crate::textfile::reason;

/// What the root file system is on, in the order in which an answer is preferred.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootDrive {
    /// A USB drive whose serial number is this unit ID.
    Unit(UnitId),
    /// A USB drive with a serial number that no unit ID can have.
    UnfitSerial {
        /// The serial number, with control characters escaped.
        serial: String,
    },
    /// A USB drive without serial number.
    NoSerial,
    /// No USB drive, as far as can be told.
    NotUsb,
}

/// Why it cannot be told what the root file system is on.
#[derive(Debug)]
pub enum Error {
    /// The list of mounts cannot be read.
    Mounts {
        /// What the system says.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Mounts { source } = self;
        write!(f, "{MOUNTINFO}: cannot be read ({}); is proc mounted?", reason(source))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let Self::Mounts { source } = self;
        Some(source)
    }
}

/// What the root file system is on (contract of the unit ID): from its mount to its block device,
/// through partitions, device-mapper, RAID and loop devices, to the nearest USB device.
///
/// Of several drives, the preferred answer counts, so that the order in which they were found does
/// not matter.
///
/// # Errors
///
/// [`Error`] if the machine's own mounts cannot be read; a simulated machine without them runs
/// from no USB drive.
pub fn root_drive(root: &Root) -> Result<RootDrive, Error> {
    let below = Below::of(root).map_err(|source| Error::Mounts { source })?;
    let blocks = below.block_devices(Path::new("/"));
    let search = Search { below, can_ask: !root.is_simulated() };
    // Each once: asking one for its serial number may take a second.
    let devices = blocks.iter().filter_map(|block| search.below.usb_device(block));
    let devices: BTreeSet<_> = devices.collect();
    Ok(devices.into_iter().map(|device| search.drive(device)).min().unwrap_or(RootDrive::NotUsb))
}

struct Search {
    below: Below,
    /// Whether the USB devices of the tree are there to be asked.
    can_ask: bool,
}

impl Search {
    fn drive(&self, device: &Path) -> RootDrive {
        let attribute = self.below.tree().attribute(device, "serial");
        match attribute.or_else(|| self.asked_serial(device)) {
            Some(serial) if !serial.trim().is_empty() => UnitId::from_usb_serial(&serial)
                .map_or_else(
                    || RootDrive::UnfitSerial { serial: serial.trim().escape_debug().to_string() },
                    RootDrive::Unit,
                ),
            _ => RootDrive::NoSerial,
        }
    }

    /// The kernel asks once, when a device is plugged in, and a slow drive may fail to answer then.
    fn asked_serial(&self, device: &Path) -> Option<String> {
        let number = |name| self.below.tree().attribute(device, name)?.parse().ok();
        let (bus, address) = (number("busnum")?, number("devnum")?);
        self.can_ask.then(|| descriptor::serial(bus, address))?
    }
}
