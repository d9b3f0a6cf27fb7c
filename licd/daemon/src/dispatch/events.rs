//! The events that the daemon decides on.

use std::collections::BTreeSet;
use std::time::Duration;

use licd_files::settings::Settings;
use licd_machine::links::Link;

use super::{Facts, Lack, More, Origin};
use crate::jobs::JobId;
use crate::shared::Unsettled;

/// Stands for a call of the bus that has no answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The daemon owns its name on the bus. What the first refresh left to do, and the settings it
    /// read.
    Started { left: Unsettled, lacks: BTreeSet<Lack>, settings: Option<Box<Settings>> },
    /// The service manager asks for a reload.
    Hangup,
    /// Time alone may have changed what is in force.
    AlarmRang,
    /// A problem of the daemon itself, which the report names, has come or gone.
    ProblemChanged,
    /// Something can no longer be watched.
    Unwatched,
    /// The regular poll of the download links is due.
    PollDue,
    /// Files or mounts changed.
    FilesChanged,
    /// Network interfaces changed.
    LinksChanged,
    /// The network interfaces; `None` if the kernel did not list them.
    LinksListed(Option<Vec<Link>>),
    /// How long the next attempt to activate waits.
    ActivationPlanned(Duration),
    /// [`super::State::due`] has come, or another event has been handled.
    TimePassed,
    /// A caller, authorised where need be, asks for something.
    Order(Ticket, Order),
    /// The caller with this unique name has left the bus.
    CallerGone(String),
    /// The system had no thread or descriptor left for this work.
    NotStarted(Work),
    /// The documents of an import were read.
    Read(JobId),
    /// The thread that read the documents of an import panicked.
    ReadFailed(JobId),
    /// A refresh ended.
    Refreshed(Facts),
    /// The thread that refreshed panicked, or could not be started.
    RefreshFailed,
    /// A removal or a change of settings ended; its answer is under the ticket.
    Written(Ticket, Effect),
    /// An attempt to settle ended, and left this to do.
    Settled(Unsettled),
    /// The bus closed the connection.
    BusLost,
    /// The connection is back.
    BusJoined,
    /// The connection is not back.
    BusUnreachable(Unreachable),
    /// The service manager stops the daemon.
    Stop,
    /// The time for the end of work is over.
    StopTimedOut,
}

/// An order of a caller.
#[derive(Debug)]
pub(crate) enum Order {
    /// An import.
    Import { owner: String, origin: Origin, answer: ImportAnswer, more: More },
    /// A removal or a change of settings.
    Write,
    /// To remove the request of an activation, whose attempt the caller has cancelled.
    Withdraw(JobId),
    /// To take a user's answer about the restart, on which `licd_rules::Plan` decides.
    Answer,
    /// A refresh of everything.
    Refresh,
    /// A poll of the download links.
    Poll,
    /// The activation of the device.
    Activate { owner: String },
}

/// When the caller of an import is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportAnswer {
    /// As soon as the job's object is there.
    Object,
    /// By the verdict.
    Verdict,
}

/// Work that runs on a thread of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reading the documents of an import.
    Import(JobId),
    /// A removal or a change of settings.
    Write,
    /// An attempt to settle.
    Settle,
}

/// The effect of a removal or a change of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: the device is as it was.
    Unchanged,
    /// The device may be another one.
    Changed,
    /// The same, and another process keeps the store from being closed.
    LeftOpen,
}

/// Why the connection to the bus is not back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// There is no bus.
    Absent,
    /// The bus is there and does not answer.
    Silent,
}
