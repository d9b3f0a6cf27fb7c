//! The German table, by what a message is about.

mod files;
mod format;
mod ftp;
mod http;
mod problems;
mod programs;
mod sources;
mod store;
mod subjects;
mod system;
mod tls;
mod verdicts;

use super::Entry;

/// The templates. Earlier ones win.
pub(super) const TABLES: &[&[Entry]] = &[
    verdicts::TABLE,
    files::TABLE,
    problems::TABLE,
    store::TABLE,
    http::TABLE,
    ftp::TABLE,
    tls::TABLE,
    sources::TABLE,
    programs::TABLE,
    system::TABLE,
    // Some of its reasons may be any text.
    format::TABLE,
];

/// The subjects of problems.
pub(super) const SUBJECTS: &[&[Entry]] = &[subjects::TABLE];
