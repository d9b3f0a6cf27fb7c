//! What is wrong with the licence partition.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use licd_fs::about::About;
use licd_fs::look::Unavailable;
use licd_fs::printable::escaped_path;
use licd_rules::names;
use licd_store::{Closed, ENTRIES, Holder, RESERVE, Stray};

/// Strays that are named one by one; a copied archive must not fill the report.
const NAMED: usize = 16;

/// Something wrong with the licence partition or with what it holds.
#[derive(Debug, Clone)]
pub enum PartitionProblem {
    /// It is still writable, because these processes hold it.
    Open(Vec<Holder>),
    /// It has little room left.
    NearlyFull,
    /// It holds more licences than are read.
    TooManyFiles,
    /// It holds a file that looks like a licence and is not looked at.
    Stray(Stray),
    /// It holds this many more of them.
    MoreStrays(usize),
    /// A file could not be looked at, and what was read of it last counts.
    Unread(Unavailable),
}

impl PartitionProblem {
    /// One for each stray, and one for all that are beyond [`NAMED`].
    pub(crate) fn strays(strays: Vec<Stray>) -> impl Iterator<Item = Self> {
        let more = strays.len().checked_sub(NAMED).filter(|more| *more > 0);
        strays.into_iter().take(NAMED).map(Self::Stray).chain(more.map(Self::MoreStrays))
    }
}

impl About for PartitionProblem {
    fn subject(&self) -> String {
        match self {
            Self::Open(_) | Self::NearlyFull | Self::MoreStrays(_) => "/license".to_owned(),
            Self::TooManyFiles => "/license/dsa/licenses".to_owned(),
            Self::Stray(stray) => escaped_path(&path(stray)),
            Self::Unread(unavailable) => unavailable.subject(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Open(holders) => {
                let cure = match holders.as_slice() {
                    [] => "close it with “mount -o remount,ro /license”",
                    _ => "end them",
                };
                format!("is {}; {cure}", Closed::HeldBy(holders.clone()))
            }
            Self::NearlyFull => format!(
                "has less than {} KiB left, so what a stick or a link brings is not stored any \
                 more; remove licences that are no longer needed",
                RESERVE / 1024
            ),
            Self::TooManyFiles => format!(
                "holds more than {ENTRIES} files, and what is beyond them does not count; remove \
                 those that are not for this device"
            ),
            Self::Stray(stray) => {
                let (why, file) = (why_not_read(stray), escaped_path(&path(stray)));
                format!("{why}; import it with “licctl import {file}”, then remove it")
            }
            Self::MoreStrays(more) => format!(
                "holds {more} more files that look like licences and are not looked at; “find \
                 /license” lists them"
            ),
            Self::Unread(unavailable) => {
                format!("{}; what was read of it last counts", unavailable.message())
            }
        }
    }
}

fn path(stray: &Stray) -> PathBuf {
    let (Stray::Misplaced(path) | Stray::Misnamed(path)) = stray;
    Path::new("/license").join(path)
}

fn why_not_read(stray: &Stray) -> &'static str {
    match stray {
        Stray::Misplaced(_) => "lies where none is looked for",
        Stray::Misnamed(path) if is_like_trust(path) => {
            "is not looked at, since it is not called trust.note"
        }
        Stray::Misnamed(_) => "is not looked at, since its name does not end in .lic",
    }
}

fn is_like_trust(path: &Path) -> bool {
    path.file_name().map(OsStr::as_encoded_bytes).is_some_and(|name| {
        names::is_trust(name) || name.to_ascii_lowercase().starts_with(b"trust")
    })
}
