//! What is to be known of the machine.

use std::path::PathBuf;

use licd_fs::about::About;
use licd_fs::printable::escaped_path;

/// Something about the machine that licences are judged on.
#[derive(Debug, Clone)]
pub enum MachineProblem {
    /// The USB drive that the system runs from has no serial number.
    DriveWithoutSerial,
    /// The serial number of that drive cannot be a unit ID.
    UnfitSerial {
        /// The number.
        serial: String,
    },
    /// The device of the root file system is out of reach, and a USB drive is mounted.
    DriveOutOfReach {
        /// Where a file system of the drive is mounted.
        mount: PathBuf,
    },
    /// The system is of this generation, which licences are not made for.
    OldSystem(u8),
}

impl About for MachineProblem {
    fn subject(&self) -> String {
        match self {
            Self::DriveWithoutSerial | Self::UnfitSerial { .. } | Self::DriveOutOfReach { .. } => {
                "USB drive".to_owned()
            }
            Self::OldSystem(_) => "operating system".to_owned(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::DriveWithoutSerial => "the system runs from one without serial number; its \
                                         licences are bound to the network interface"
                .to_owned(),
            Self::UnfitSerial { serial } => format!(
                "its serial number “{serial}” cannot be a unit ID; its licences are bound to the \
                 network interface"
            ),
            Self::DriveOutOfReach { mount } => format!(
                "the system may run from the one that is mounted at {}, but the root file system \
                 does not lead there; licences are bound to the network interface; if they are to \
                 be bound to the drive, link its partition's device file from \
                 /run/systemd/volatile-root before licd starts",
                escaped_path(mount)
            ),
            Self::OldSystem(major) => format!(
                "OS {major} is older than the licences are made for, and they are judged as on OS \
                 11; update it"
            ),
        }
    }
}
