//! The USB drive that the system runs from.

mod descriptor;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use licd_fs::about::{self, About};
use licd_fs::look::Looked;
use licd_fs::printable::reason;
use licd_fs::root::Root;
use license_format::UnitId;

use crate::block::{MOUNTINFO, Stack};

/// The drive of the root file system, in order of preference.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootDrive {
    /// A USB drive, by the unit ID of its serial number.
    Unit(UnitId),
    /// A USB drive whose serial number is not a valid unit ID.
    UnfitSerial {
        /// The serial number, with control characters escaped.
        serial: String,
    },
    /// A USB drive without a serial number.
    NoSerial,
    /// Unreachable, because the root is an overlay or in memory. A mounted USB drive may hold the system.
    OutOfReach {
        /// The mount point of the USB drive's file system.
        mount: PathBuf,
    },
    /// No known USB drive.
    NotUsb,
}

/// Why the drive of the root file system cannot be found.
#[derive(Debug)]
pub enum RootDriveError {
    /// The list of mounts cannot be read.
    Mounts {
        /// The system's error.
        source: io::Error,
    },
}

impl About for RootDriveError {
    fn subject(&self) -> String {
        MOUNTINFO.to_owned()
    }

    fn message(&self) -> String {
        let Self::Mounts { source } = self;
        format!("cannot be read ({}); check that proc is mounted", reason(source))
    }
}

impl fmt::Display for RootDriveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for RootDriveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let Self::Mounts { source } = self;
        Some(source)
    }
}

/// Finds the drive of the root file system (LF §5): from its mount through
/// partitions, device-mapper, RAID and loop devices to the nearest USB device. Of several drives the
/// preferred one counts, in whatever order they were found.
///
/// The inner [`RootDriveError`] means that the machine has no list of mounts. A simulated machine
/// without one does not run from a USB drive.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn root_drive(root: &Root) -> Looked<Result<RootDrive, RootDriveError>> {
    let stack = match Stack::of(root)? {
        Ok(stack) => stack,
        Err(source) => return Ok(Err(RootDriveError::Mounts { source })),
    };
    let blocks = stack.root_devices()?;
    if blocks.is_empty() {
        let mount = stack.mount_on_usb()?.map(Path::to_owned);
        return Ok(Ok(mount.map_or(RootDrive::NotUsb, |mount| RootDrive::OutOfReach { mount })));
    }
    let search = Search { stack, is_real: !root.is_simulated() };
    // Each drive once: a request for the serial number may take a second.
    let mut devices = BTreeSet::new();
    for block in &blocks {
        devices.extend(search.stack.usb_device(block)?);
    }
    let drives = devices.into_iter().map(|device| search.drive(device));
    let drives = drives.collect::<Looked<Vec<_>>>()?;
    Ok(Ok(drives.into_iter().min().unwrap_or(RootDrive::NotUsb)))
}

struct Search {
    stack: Stack,
    /// Whether the USB devices of the tree exist and accept requests.
    is_real: bool,
}

impl Search {
    fn drive(&self, device: &Path) -> Looked<RootDrive> {
        let serial = match self.stack.tree().attribute(device, "serial")? {
            Some(serial) => Some(serial),
            None => self.serial_by_request(device)?,
        };
        Ok(match serial {
            Some(serial) if !serial.trim().is_empty() => UnitId::from_usb_serial(&serial)
                .map_or_else(
                    || RootDrive::UnfitSerial { serial: serial.trim().escape_debug().to_string() },
                    RootDrive::Unit,
                ),
            _ => RootDrive::NoSerial,
        })
    }

    /// The kernel requests the serial number once, at plug-in, and a slow drive may not answer in time.
    fn serial_by_request(&self, device: &Path) -> Looked<Option<String>> {
        let number = |name| -> Looked<Option<u8>> {
            Ok(self.stack.tree().attribute(device, name)?.and_then(|number| number.parse().ok()))
        };
        match (number("busnum")?, number("devnum")?) {
            (Some(bus), Some(address)) if self.is_real => descriptor::serial(bus, address),
            _ => Ok(None),
        }
    }
}
