//! The actions that follow from events.

use licd_device::Url;

use super::{NextPoll, Scope, Ticket};
use crate::jobs::JobId;
use crate::shared::Unsettled;

/// Something to carry out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Refresh this much of the device.
    Refresh(Scope),
    /// Import what these jobs have read, and refresh this much.
    Import(Vec<JobId>, Scope),
    /// Publish the result of the refresh of this scope.
    Publish(Scope),
    /// List the network interfaces.
    ListLinks,
    /// Set the alarm of the regular poll.
    SetPoll(NextPoll),
    /// Import what this download link leads to.
    FollowLink(JobId, Url),
    /// Log that this link is not followed for lack of room.
    SkipLink(Url),
    /// Import what the order under the ticket names.
    StartImport(JobId, Ticket),
    /// Ask the licensing service again for what the stored request asks.
    AskAgain(JobId),
    /// Plan the next attempt to activate; [`super::Event::ActivationPlanned`] is the answer.
    PlanActivation(NextPoll),
    /// Leave this job on the bus after its end: its request waits for the next attempt.
    KeepJob(JobId),
    /// Show the request that waits as this job, which does not run.
    ShowRequest(JobId),
    /// Start the removal or change of settings that is under the ticket.
    StartWrite(Ticket),
    /// Plan the restart of the device by the user's answer that is under the ticket.
    TakeAnswer(Ticket),
    /// Try again what is left to do.
    Settle(Unsettled),
    /// End the reading of this import.
    Cancel(JobId),
    /// Show this job on the bus.
    ShowJob(JobId),
    /// Report the end of this import on the bus, and to its caller.
    EndImport(JobId, Option<Ticket>),
    /// Show this job no longer.
    ForgetJob(JobId),
    /// Answer that it is done, after all signals before.
    Answer(Ticket),
    /// Refuse the order.
    Refuse(Ticket, Refused),
    /// Answer that the daemon is stopping or out of resources.
    Drop(Ticket),
    /// Feed the watchdog of the service manager.
    Watchdog,
    /// Give up the connection to the bus, which is lost.
    Disconnect,
    /// Connect to the bus again.
    Rejoin,
    /// End the daemon: the bus is gone.
    GiveUp,
}

/// Why an order is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too many imports run.
    Full,
    /// Too many removals and changes of settings run.
    Writes,
    /// Too many imports of this caller run.
    CallerFull,
    /// Too many files wait.
    Files,
    /// Too many files of this caller wait.
    CallerFiles,
    /// Too many callers wait for the same.
    Waiting,
}
