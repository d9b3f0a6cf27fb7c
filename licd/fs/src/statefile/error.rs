//! The errors of state files, and the warnings about them.

use std::fmt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::about::{self, About};
use crate::look::{Unavailable, is_fact};
use crate::printable::escaped_path;
use crate::textfile::ReadError;

/// A warning about a state file.
#[derive(Debug)]
pub enum Warning {
    /// The file was damaged, and was set aside if that was possible.
    SetAside {
        /// The file.
        file: PathBuf,
        /// Its new path, or why it could not be moved.
        kept: Result<PathBuf, Errno>,
        /// The damage.
        damage: String,
        /// The consequence.
        without: &'static str,
    },
    /// This user may not read the file.
    Unreadable {
        /// The file.
        file: PathBuf,
    },
}

/// Why a state file cannot be parsed.
#[derive(Debug)]
pub enum ParseError {
    /// The file cannot be read, or is not TOML.
    Read(ReadError),
    /// The file does not end in the checksum of its content.
    Checksum,
    /// The file has an unknown schema, most likely that of a newer version.
    Schema {
        /// The schema of the file.
        found: i64,
        /// The schema of this version.
        known: i64,
    },
}

/// Why a state file was not saved; the file is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveError {
    /// The file cannot be written.
    Unwritable {
        /// The file.
        file: PathBuf,
        /// The kernel's error.
        why: Errno,
    },
    /// The file could not be read, so that it cannot be changed.
    Unread(Unavailable),
}

impl SaveError {
    /// Whether this system cannot store any state: its directory is read-only or does not exist.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Unwritable { why, .. } if *why == Errno::EROFS || is_fact(*why))
    }

    /// A file that cannot be written.
    pub fn writing(file: &Path, why: Errno) -> Self {
        Self::Unwritable { file: file.to_owned(), why }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Checksum => f.write_str("its checksum is missing or wrong"),
            Self::Schema { found, known } => {
                write!(f, "has schema {found}, which needs another licd; this one knows {known}")
            }
        }
    }
}

impl std::error::Error for ParseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Checksum | Self::Schema { .. } => None,
        }
    }
}

impl About for Warning {
    fn subject(&self) -> String {
        match self {
            Self::SetAside { file, .. } | Self::Unreadable { file } => escaped_path(file),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::SetAside { kept: Ok(kept), damage, without, .. } => {
                format!("{damage}; it is kept as {}, and {without}", escaped_path(kept))
            }
            Self::SetAside { kept: Err(why), damage, without, .. } => {
                format!("{damage}; it could not be set aside ({}), and {without}", why.desc())
            }
            Self::Unreadable { .. } => "may not be read by this user; it is passed over".to_owned(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwritable { file, why } => {
                write!(f, "{}: cannot be written: {}", escaped_path(file), why.desc())
            }
            Self::Unread(unavailable) => unavailable.fmt(f),
        }
    }
}

impl std::error::Error for SaveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unwritable { why, .. } => Some(why),
            Self::Unread(unavailable) => Some(unavailable),
        }
    }
}
