//! The errors of the agent.

use std::{error, fmt, io};

/// Why a report or settings do not get through.
#[derive(Debug)]
pub(crate) enum AgentError {
    /// licd or its bus.
    Licd(zbus::Error),
    /// UMS.
    Ums(ureq::Error),
    /// A file or an address: its name, and the error.
    File(String, io::Error),
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Licd(error) => write!(f, "licd: {error}"),
            Self::Ums(error) => write!(f, "UMS: {error}"),
            Self::File(name, error) => write!(f, "{name}: {error}"),
        }
    }
}

impl error::Error for AgentError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(match self {
            Self::Licd(error) => error,
            Self::Ums(error) => error,
            Self::File(_, error) => error,
        })
    }
}
