//! Why the network interfaces cannot be listed.

use std::fmt;
use std::io;

use licd_fs::about::{self, About};
use licd_fs::printable::reason;
use nix::errno::Errno;

/// The interfaces of sysfs.
pub(super) const CLASS: &str = "/sys/class/net";

/// Why the network interfaces cannot be listed.
#[derive(Debug)]
pub enum LinksError {
    /// The list of interfaces in sysfs cannot be read.
    Class {
        /// The system's error.
        source: io::Error,
    },
    /// The kernel does not answer on rtnetlink.
    Kernel {
        /// The kernel's error.
        errno: Errno,
    },
}

impl About for LinksError {
    fn subject(&self) -> String {
        match self {
            Self::Class { .. } => CLASS.to_owned(),
            Self::Kernel { .. } => "network interfaces".to_owned(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Class { source } => {
                format!("cannot be read ({}); check that sysfs is mounted", reason(source))
            }
            Self::Kernel { errno } => {
                format!("cannot be listed over rtnetlink ({}); allow AF_NETLINK", errno.desc())
            }
        }
    }
}

impl fmt::Display for LinksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for LinksError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Class { source } => Some(source),
            Self::Kernel { errno } => Some(errno),
        }
    }
}
