//! Imports that the daemon does by itself: their options, and cancelling them.

use std::os::fd::BorrowedFd;

use licd_device::{FileVerdict, Intent, Login};

use super::Backend;

/// The options of an import by the daemon.
pub(crate) struct JobOptions<'a> {
    pub(crate) intent: Intent,
    /// The credentials for a server.
    pub(crate) login: Option<&'a Login>,
    /// The address of a proxy, with its credentials.
    pub(crate) proxy: Option<&'a str>,
}

impl Default for JobOptions<'_> {
    fn default() -> Self {
        Self { intent: Intent::Explicit, login: None, proxy: None }
    }
}

/// How to cancel what runs here.
#[derive(Clone, Copy)]
pub(crate) struct CancelBy<'a> {
    /// Whether the user has asked for it.
    pub(crate) is_asked: &'a dyn Fn() -> bool,
    /// Becomes readable then.
    pub(crate) readable: BorrowedFd<'a>,
}

/// What becomes of a job that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    GoOn,
    Cancel,
}

impl Backend {
    /// Has the daemon import from a source that the daemon opens itself; `None` without a daemon. The
    /// daemon reports one verdict on all files. `watch` learns of the bytes read and in all (0: unknown).
    pub(crate) fn import_by_daemon(
        &self,
        source: &str,
        options: JobOptions<'_>,
        watch: impl FnMut(u64, u64) -> Wish,
    ) -> Option<FileVerdict> {
        let daemon = self.daemon()?;
        let file = source.to_owned();
        Some(match daemon.import_from(source, &options, watch) {
            Ok((code, lines)) => {
                let message = lines.replace('\n', "; ");
                FileVerdict { file, code, message, pack: None, units: Vec::new() }
            }
            Err(failure) => FileVerdict::unread(source, failure),
        })
    }
}
