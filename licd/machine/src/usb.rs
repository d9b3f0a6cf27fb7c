//! The USB drive that the system runs from, if it does.

mod descriptor;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use licd_fs::about::{self, About};
use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::textfile::reason;
use license_format::UnitId;

use crate::block::{MOUNTINFO, Stack};

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
    /// Out of reach, below an overlay or in memory, while a file system on a USB drive is mounted:
    /// that drive may hold the system.
    OutOfReach {
        /// Where the file system of the USB drive is mounted.
        mount: PathBuf,
    },
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

impl About for Error {
    fn subject(&self) -> String {
        MOUNTINFO.to_owned()
    }

    fn message(&self) -> String {
        let Self::Mounts { source } = self;
        format!("cannot be read ({}); is proc mounted?", reason(source))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
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
/// The inner [`Error`]: the machine has no list of mounts; a simulated machine without one runs from
/// no USB drive.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn root_drive(root: &Root) -> Looked<Result<RootDrive, Error>> {
    let stack = match Stack::of(root)? {
        Ok(stack) => stack,
        Err(source) => return Ok(Err(Error::Mounts { source })),
    };
    let blocks = stack.root_devices()?;
    if blocks.is_empty() {
        let mount = stack.mount_on_usb()?.map(Path::to_owned);
        return Ok(Ok(mount.map_or(RootDrive::NotUsb, |mount| RootDrive::OutOfReach { mount })));
    }
    let search = Search { stack, can_ask: !root.is_simulated() };
    // Each once: asking one for its serial number may take a second.
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
    /// Whether the USB devices of the tree are there to be asked.
    can_ask: bool,
}

impl Search {
    fn drive(&self, device: &Path) -> Looked<RootDrive> {
        let serial = match self.stack.tree().attribute(device, "serial")? {
            Some(serial) => Some(serial),
            None => self.asked_serial(device)?,
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

    /// The kernel asks once, when a device is plugged in, and a slow drive may fail to answer then.
    fn asked_serial(&self, device: &Path) -> Looked<Option<String>> {
        let number = |name| -> Looked<Option<u8>> {
            Ok(self.stack.tree().attribute(device, name)?.and_then(|number| number.parse().ok()))
        };
        match (number("busnum")?, number("devnum")?) {
            (Some(bus), Some(address)) if self.can_ask => descriptor::serial(bus, address),
            _ => Ok(None),
        }
    }
}
