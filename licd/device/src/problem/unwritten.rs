//! Problems with the files that licd writes for itself and for other programs.

use std::io;

use licd_fs::about::About;
use licd_fs::printable::escaped_path;
use licd_fs::statefile::SaveError;

use super::Problem;

/// A file of licd that could not be written.
#[derive(Debug, Clone)]
pub struct UnwrittenProblem {
    /// The file or the directory.
    subject: String,
    reason: String,
    kind: io::ErrorKind,
    without: Without,
}

/// What is lost without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    /// What licd records for its next start.
    Records,
    /// The tombstones of licences that were removed on purpose.
    Tombstones,
    /// The state for other programs.
    Report,
}

impl UnwrittenProblem {
    /// A state file.
    pub(crate) fn state(error: &SaveError, without: Without) -> Problem {
        let (subject, reason, kind) = match error {
            SaveError::Unwritable { file, why } => {
                (escaped_path(file), why.desc(), io::Error::from(*why).kind())
            }
            SaveError::Unread(unavailable) => {
                (unavailable.subject(), unavailable.reason(), io::ErrorKind::Other)
            }
        };
        Problem::Unwritten(Self { subject, reason: reason.to_owned(), kind, without })
    }

    /// The files for other programs. `error` names the one that could not be written.
    pub(crate) fn published(error: &io::Error) -> Problem {
        Problem::Unwritten(Self {
            subject: "/run/licd".to_owned(),
            reason: error.to_string(),
            kind: error.kind(),
            without: Without::Report,
        })
    }
}

impl About for UnwrittenProblem {
    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn message(&self) -> String {
        let reason = &self.reason;
        let lost = match self.without {
            Without::Records => format!(
                "cannot be written ({reason}), so licd forgets at its next start what it records there"
            ),
            Without::Tombstones => format!(
                "cannot be written ({reason}), so the removed licences may come back from sticks and \
                 links"
            ),
            Without::Report => {
                format!("cannot be written ({reason}), so other programs see an old state")
            }
        };
        let cure = match self.kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "make room in its file system"
            }
            io::ErrorKind::ReadOnlyFilesystem => "make its file system writable",
            _ => "check its directory, and the kernel's log for errors of its medium",
        };
        format!("{lost}; {cure}")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nix::errno::Errno;

    use super::*;

    #[test]
    fn the_message_names_the_reason_the_loss_and_the_cure() {
        let file = Path::new("/var/lib/licd/state.toml");
        let of = |why, without| {
            UnwrittenProblem::state(&SaveError::writing(file, why), without).to_string()
        };
        assert_eq!(
            of(Errno::EROFS, Without::Tombstones),
            "/var/lib/licd/state.toml: cannot be written (Read-only file system), so the removed \
             licences may come back from sticks and links; make its file system writable"
        );
        assert!(of(Errno::ENOSPC, Without::Records).ends_with("; make room in its file system"));
        let full =
            io::Error::new(io::ErrorKind::StorageFull, "/run/licd/status.json: No space left");
        assert_eq!(
            UnwrittenProblem::published(&full).to_string(),
            "/run/licd: cannot be written (/run/licd/status.json: No space left), so other programs \
             see an old state; make room in its file system"
        );
    }
}
