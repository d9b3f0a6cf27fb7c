//! Problems with the machine.

use std::path::PathBuf;

use licd_fs::about::About;
use licd_fs::printable::escaped_path;

/// A problem with a machine fact that licences depend on.
#[derive(Debug, Clone)]
pub enum MachineProblem {
    /// The USB drive that the system runs from has no serial number.
    DriveWithoutSerial,
    /// The serial number of that drive cannot be a unit ID.
    UnfitSerial {
        /// The number.
        serial: String,
    },
    /// The device of the root file system is not visible, and a USB drive is mounted.
    DriveOutOfReach {
        /// The mount point of a file system on that drive.
        mount: PathBuf,
    },
    /// The system generation predates the licences.
    OldSystem(u8),
    /// The kernel has no inotify instance or watch left for the daemon.
    Unwatched,
}

impl About for MachineProblem {
    fn subject(&self) -> String {
        match self {
            Self::DriveWithoutSerial | Self::UnfitSerial { .. } | Self::DriveOutOfReach { .. } => {
                "USB drive".to_owned()
            }
            Self::OldSystem(_) => "operating system".to_owned(),
            Self::Unwatched => "files".to_owned(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::DriveWithoutSerial => "has no serial number, so licences are bound to the \
                                         network interface"
                .to_owned(),
            Self::UnfitSerial { serial } => format!(
                "has serial number “{serial}”, which cannot be a unit ID, so licences are bound to the \
                 network interface"
            ),
            Self::DriveOutOfReach { mount } => format!(
                "may hold the system (mounted at {}), but the root file system does not lead there, so \
                 licences are bound to the network interface; to bind them to the drive, link its \
                 partition's device file from /run/systemd/volatile-root before licd starts",
                escaped_path(mount)
            ),
            Self::OldSystem(major) => format!(
                "OS {major} predates these licences, which are judged as on OS 11; update it"
            ),
            Self::Unwatched => "are not watched, because the kernel has no inotify instance or \
                                watch left, so licd reads them now and then; raise \
                                fs.inotify.max_user_instances and fs.inotify.max_user_watches"
                .to_owned(),
        }
    }
}
