//! What happens: the user acts, the daemon answers.

use std::path::PathBuf;
use std::sync::Arc;

use licd_device::{Failure, Report, Stick, Withdrawn};
use licd_rules::Selector;

use super::form::{Field, Tick};
use super::{Page, Way};

/// The object path of a job.
pub(crate) type JobPath = String;

/// An event.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    // The user:
    /// Opens a page.
    Opened(Page),
    /// Chooses where a licence comes from.
    Chosen(Way),
    /// Changes a text.
    Typed(Field, String),
    /// Changes a check box.
    Ticked(Tick, bool),
    /// Chooses a USB drive.
    StickChosen(PathBuf),
    /// Wants the file chooser.
    WantsFiles(Purpose),
    /// Has chosen files, to import or to check.
    FilesChosen(Vec<PathBuf>, Purpose),
    /// Starts what the current page is for.
    Started(Purpose),
    /// Cancels what runs.
    Cancelled,
    /// Cancels the request that waits for its answer.
    WantsWithdrawal,
    /// Wants to remove licences; the window asks before it does.
    WantsRemoval(Question),
    /// Chooses the licences to remove, while the window asks.
    RemovalChosen(Selector),
    /// Confirms the removal.
    Confirmed,
    /// Declines it.
    Declined,
    /// Has read the last result.
    Dismissed,
    /// Wants the device to be surveyed again.
    WantsRefresh,
    /// Closes the window.
    Closed,

    // The daemon and its bus:
    /// The status report.
    Reported(Arc<Report>),
    /// The daemon does not answer, and why.
    Absent(Absence),
    /// An import or an activation runs as this job.
    Begun(JobPath),
    /// Bytes that a job has read, and their number, 0 if unknown.
    Progressed(JobPath, u64, u64),
    /// A job has ended.
    Ended(JobPath, Verdict),
    /// The files of the last order were judged or imported.
    FilesDone(Vec<Verdict>),
    /// Files were removed, this many.
    Removed(u32),
    /// The request is cancelled.
    Withdrawn(Withdrawn),
    /// The daemon refuses the last order.
    Refused(Failure),
    /// The daemon refuses to survey the device again.
    NotRefreshed(Failure),

    // The machine:
    /// The USB drives that are plugged in, or why they cannot be listed.
    Sticks(Result<Vec<Stick>, Failure>),
    /// Where the terms of the evaluation are.
    Terms(String),
    /// Time has passed.
    TimePassed,
}

/// Why the daemon does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Absence {
    /// The bus cannot be reached.
    Bus(String),
    /// The daemon is not on the bus.
    Daemon,
    /// The daemon answers with an error.
    Answer(String),
}

/// What to do with a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Store it.
    Import,
    /// Judge it, and change nothing.
    Check,
}

/// The verdict on a source, with a line on each of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// `None` if the job failed without one.
    pub(crate) code: Option<licd_rules::Code>,
    /// The lines, in the daemon's words.
    pub(crate) message: String,
}

/// What the window asks before a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether to remove these licences.
    Licenses(Selector),
    /// Which kind of licences to remove.
    Kind,
}
