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
    /// The kernel has nothing left for the daemon to watch this with.
    Unwatched(Watched),
}

/// What the daemon watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// The store, the memory, the settings and the configuration.
    Files,
    /// The mounts, the licence partition's among them.
    Mounts,
    /// The wall clock, which people and time servers set.
    Clock,
    /// The times at which something is due.
    Times,
    /// The network interfaces.
    Links,
}

impl Watched {
    /// All of it, in the order in which the report names it.
    pub const ALL: [Self; 5] = [Self::Files, Self::Mounts, Self::Clock, Self::Times, Self::Links];

    /// The subject of the problem that it is not watched.
    #[must_use]
    pub fn subject(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Mounts => "mounts",
            Self::Clock => "clock",
            Self::Times => "timers",
            Self::Links => "network interfaces",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Files => {
                "are not watched, because the kernel has no inotify instance or watch left, so licd \
                 reads them now and then; raise fs.inotify.max_user_instances and \
                 fs.inotify.max_user_watches"
            }
            Self::Mounts => {
                "are not watched, because the kernel has no descriptor or memory left, so licd looks \
                 now and then whether the licence partition has changed; end programs that use them up"
            }
            Self::Clock => {
                "is not watched, because the kernel has no descriptor or memory left, so licd reads it \
                 now and then; end programs that use them up"
            }
            Self::Times => {
                "are not set, because the kernel has no descriptor or memory left, so licd looks now and \
                 then what is due; end programs that use them up"
            }
            Self::Links => {
                "are not watched, because the kernel has no descriptor or memory left, so licd lists them \
                 now and then; end programs that use them up"
            }
        }
    }
}

impl About for MachineProblem {
    fn subject(&self) -> String {
        match self {
            Self::DriveWithoutSerial | Self::UnfitSerial { .. } | Self::DriveOutOfReach { .. } => {
                "USB drive".to_owned()
            }
            Self::OldSystem(_) => "operating system".to_owned(),
            Self::Unwatched(what) => what.subject().to_owned(),
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
            Self::Unwatched(what) => what.message().to_owned(),
        }
    }
}
