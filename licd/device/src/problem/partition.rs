//! What is wrong with the licence partition.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use licd_fs::about::About;
use licd_fs::look::Unavailable;
use licd_fs::printable::{escaped, escaped_path};
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
            Self::Stray(stray) => match quoted(&path(stray)) {
                Some(file) => format!(
                    "{}; import it with “licctl import {file}”, then remove it",
                    why_not_read(stray)
                ),
                None => format!("{}; rename it and import it", why_not_read(stray)),
            },
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

/// A path as a shell takes it for one word (POSIX XCU §2.2.2); `None` if it cannot be printed as it
/// is.
fn quoted(path: &Path) -> Option<String> {
    let text = path.to_str().filter(|text| escaped(text) == *text)?;
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    Some(match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cure(name: &str) -> String {
        PartitionProblem::Stray(Stray::Misnamed(PathBuf::from(name))).message()
    }

    #[test]
    fn the_command_that_imports_a_stray_is_quoted_for_the_shell() {
        for (name, word) in [
            ("dsa/licenses/WE.lic.txt", "/license/dsa/licenses/WE.lic.txt"),
            ("dsa/trust (1).note", "'/license/dsa/trust (1).note'"),
            ("WE.lic~", "'/license/WE.lic~'"),
            ("$(reboot)'s.lic ", r"'/license/$(reboot)'\''s.lic '"),
        ] {
            let command = format!("import it with “licctl import {word}”");
            assert!(cure(name).contains(&command), "{}", cure(name));
        }
    }

    #[test]
    fn a_name_that_cannot_be_printed_is_to_be_changed_first() {
        assert!(cure("a\u{1b}[31m.lic.txt").ends_with("; rename it and import it"));
    }
}
