//! The acceptance tests. Each file covers one promise, or a family of promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed test is what comes of it, and figures are for those who read its output"
)]

mod activation;
mod bus;
mod changes;
mod corpus;
mod crash;
mod damage;
mod dates;
mod deployments;
mod documents;
mod downloads;
mod exit_codes;
mod floods;
mod fullscreen;
mod importing;
mod keys;
mod many_files;
mod memory;
mod network;
mod notices;
mod notified;
mod partition;
mod published;
mod races;
mod replacement;
mod report;
mod shortages;
mod starter;
mod sticks;
mod strange_files;
mod together;
mod unwritable;
mod vendor;
mod verbs;
mod violence;
mod window;

use std::process::ExitCode;

fn main() -> ExitCode {
    let parts = [
        bus::STORIES,
        changes::STORIES,
        corpus::STORIES,
        crash::STORIES,
        damage::STORIES,
        dates::STORIES,
        downloads::STORIES,
        exit_codes::STORIES,
        floods::STORIES,
        importing::STORIES,
        keys::STORIES,
        many_files::STORIES,
        memory::STORIES,
        notices::STORIES,
        notified::STORIES,
        partition::STORIES,
        published::STORIES,
        races::STORIES,
        replacement::STORIES,
        report::STORIES,
        shortages::STORIES,
        starter::STORIES,
        sticks::STORIES,
        strange_files::STORIES,
        together::STORIES,
        unwritable::STORIES,
        vendor::STORIES,
        verbs::STORIES,
        violence::STORIES,
    ];
    let divided = activation::CHAPTERS.into_iter().chain(deployments::CHAPTERS);
    let divided = divided.chain(documents::CHAPTERS);
    let divided = divided.chain(network::CHAPTERS);
    let divided = divided.chain(fullscreen::CHAPTERS).chain(window::CHAPTERS);
    let chapters: Vec<_> = parts.into_iter().chain(divided).collect();
    acceptance::harness::run(&chapters)
}
