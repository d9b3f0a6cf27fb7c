//! Licences from servers: every way to import one, against servers good and bad.

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

/// All chapters of this part.
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
