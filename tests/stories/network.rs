//! Imports from servers: every way to import, against good and bad servers.

mod ftp;
mod hostile;
mod http;
mod https;
mod job;
mod login;
mod progress;
mod proxy;
mod ways;

use acceptance::harness::Story;

/// The stories of all submodules.
pub(crate) const CHAPTERS: [&[Story]; 8] = [
    ftp::STORIES,
    hostile::STORIES,
    http::STORIES,
    https::STORIES,
    job::STORIES,
    login::STORIES,
    progress::STORIES,
    proxy::STORIES,
];
