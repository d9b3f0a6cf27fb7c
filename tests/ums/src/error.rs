//! The errors of the service.

use std::fmt;

use license_issue::rules::RuleError;
use license_issue::{IssueError, PackError};

/// Why the service does not do what it was asked for.
#[derive(Debug)]
pub enum UmsError {
    /// The database fails.
    Database(rusqlite::Error),
    /// A rule of the portal forbids it.
    Rule(RuleError),
    /// A text is no pack.
    Pack(PackError),
    /// A licence cannot be issued.
    Issue(IssueError),
    /// There is no such thing; its name.
    Unknown(String),
    /// A value does not have the form it needs: its name, and that form.
    Invalid(&'static str, &'static str),
    /// The state of the named thing forbids it, for this reason.
    Conflict(String, &'static str),
    /// The system refuses random bytes.
    Random(getrandom::Error),
    /// A file or a socket fails: its name, and the error.
    Io(String, std::io::Error),
    /// The files of the server's identity are unusable, for this reason.
    Identity(String),
}

impl fmt::Display for UmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "database: {error}"),
            Self::Rule(error) => error.fmt(f),
            Self::Pack(error) => write!(f, "pack: {error}"),
            Self::Issue(error) => write!(f, "licence: {error}"),
            Self::Unknown(name) => write!(f, "{name}: is not known here"),
            Self::Invalid(name, form) => write!(f, "{name}: is not {form}"),
            Self::Conflict(name, reason) => write!(f, "{name}: {reason}"),
            Self::Random(error) => write!(f, "the system gives no random bytes: {error}"),
            Self::Io(name, error) => write!(f, "{name}: {error}"),
            Self::Identity(reason) => write!(f, "identity of the server: {reason}"),
        }
    }
}

impl std::error::Error for UmsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            Self::Rule(error) => Some(error),
            Self::Pack(error) => Some(error),
            Self::Issue(error) => Some(error),
            Self::Random(error) => Some(error),
            Self::Io(_, error) => Some(error),
            Self::Unknown(_) | Self::Invalid(..) | Self::Conflict(..) | Self::Identity(_) => None,
        }
    }
}

macro_rules! from {
    ($($error:ty => $variant:ident),*) => {
        $(impl From<$error> for UmsError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from!(rusqlite::Error => Database, RuleError => Rule, PackError => Pack, IssueError => Issue,
      getrandom::Error => Random);
