//! Problems with the licence partition.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use licd_fs::about::About;
use licd_fs::look::Unavailable;
use licd_fs::printable::{escaped, escaped_path};
use licd_rules::names;
use licd_store::{Closed, ENTRIES, Holder, RESERVE, Stray};

/// Strays that the report names one by one; a copied archive must not fill it.
const NAMED: usize = 16;

/// A problem with the licence partition or its files.
#[derive(Debug, Clone)]
pub enum PartitionProblem {
    /// The partition is still writable because these processes hold it.
    Open(Vec<Holder>),
    /// The partition is nearly full.
    NearlyFull,
    /// The partition holds more files than licd reads.
    TooManyFiles,
    /// A file looks like a licence, but licd does not read it.
    Stray(Stray),
    /// The number of further strays.
    MoreStrays(usize),
    /// A file is unavailable, and its last known content counts.
    Unread(Unavailable),
}

impl PartitionProblem {
    /// One problem for each stray, and one for all beyond [`NAMED`].
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
                "has less than {} KiB left, so licd stores nothing from sticks and links; remove \
                 licences that are no longer needed",
                RESERVE / 1024
            ),
            Self::TooManyFiles => format!(
                "holds more than {ENTRIES} files, and the rest do not count; remove those that are not \
                 for this device"
            ),
            Self::Stray(stray) => match quoted(&path(stray)) {
                Some(file) => format!(
                    "{}; import it with “licctl import {file}”, then remove it",
                    why_not_read(stray)
                ),
                None => format!("{}; rename it and import it", why_not_read(stray)),
            },
            Self::MoreStrays(more) => format!(
                "holds {more} more files that look like licences but are not read; list them with “find \
                 /license”"
            ),
            Self::Unread(unavailable) => {
                format!("{}; its last known content counts", unavailable.message())
            }
        }
    }
}

fn path(stray: &Stray) -> PathBuf {
    let (Stray::Misplaced(path) | Stray::Misnamed(path)) = stray;
    Path::new("/license").join(path)
}

/// A path as one shell word (POSIX XCU §2.2.2); `None` if it is not printable.
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
        Stray::Misplaced(_) => "is outside the directory that licd reads",
        Stray::Misnamed(path) if is_like_trust(path) => "is not read: its name must be trust.note",
        Stray::Misnamed(_) => "is not read: its name must end in .lic",
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
    fn an_unprintable_name_must_be_changed_first() {
        assert!(cure("a\u{1b}[31m.lic.txt").ends_with("; rename it and import it"));
    }
}
