//! The bus: the only files that know zbus.
//!
//! The connection lives on zbus's own thread, which also runs every method. So no method waits for
//! anything but its caller's authority and the loop's answer, none reads a file, and all take
//! `&self`: zbus keeps an interface locked while a `&mut self` method runs, readers included.
//! Signals and replies of the loop go out through one queue, so that a reply is never ahead of
//! the signals that belong before it.

mod activation;
mod authority;
mod block_on;
mod caller;
mod changes;
mod connected;
mod deployment;
mod error;
mod gate;
mod introspection;
mod job;
mod license;
mod logind;
mod manager;
mod objects;
mod options;
mod outgoing;
pub mod reading;
mod refusals;
mod shown;

use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use licd_device::Report;
use licd_protocol::BusAddress;
use licd_rules::Notice;
use zbus::Connection;
use zruntime::{Shared as Runtime, Task, mpmc};

use crate::jobs::{Job, JobId};
use crate::shared::{News, Shared};
use block_on::block_on_for;
use job::ShownJob;
use outgoing::Outgoing;
use shown::Shown;

pub(crate) use changes::LicenseChanges;
pub(crate) use connected::Connecting;
pub(crate) use gate::Foreign;
pub(crate) use license::{Licenses, Names};

/// The name on the bus.
pub(crate) const NAME: &str = "com.igel.License1";
/// The object of the daemon. Those of licences and jobs are under it.
const PATH: &str = "/com/igel/License1";

/// How long a bus may take for the handshake and the name: less than systemd gives a service to
/// start, so that the daemon can still report it.
pub(crate) const START: Duration = Duration::from_secs(30);

/// A connection that owns the name.
pub(crate) struct Bus {
    connection: Connection,
    shared: Arc<Shared>,
    queue: mpmc::Sender<Outgoing>,
    task: Task<(), Runtime>,
}

/// Why the bus cannot be served.
#[derive(Debug)]
pub(crate) enum StartError {
    /// Another process is what this one wants to be.
    NameTaken(BusAddress),
    /// Any other error of the bus or of the connection.
    Refused(BusAddress, zbus::Error),
    /// No answer within this time.
    Silent(BusAddress, Duration),
}

impl StartError {
    /// Whether there is no bus at all.
    pub(crate) fn is_absence(&self) -> bool {
        let Self::Refused(_, zbus::Error::InputOutput(error)) = self else { return false };
        matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound)
    }
}
impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken(bus) => {
                write!(f, "{NAME}: is owned by another process on the {bus}; only one can be")
            }
            Self::Refused(bus, error) => {
                let reason = error::reason(error);
                write!(
                    f,
                    "{bus}: cannot be served as {NAME}: {reason}; start the bus, and check that \
                     its policy allows the name"
                )
            }
            Self::Silent(bus, limit) => {
                write!(f, "{bus}: does not answer within {} seconds", limit.as_secs())
            }
        }
    }
}

impl Bus {
    /// Connects, serves and takes the name.
    ///
    /// # Errors
    /// [`StartError`]
    pub(crate) fn start(
        address: &BusAddress,
        shared: &Arc<Shared>,
        limit: Duration,
    ) -> Result<Self, StartError> {
        Connecting::to(address, limit).finish()?.serve(shared, limit)
    }

    /// Announces a report that differs from the one announced last, by the licences in particular.
    pub(crate) fn announce(&self, report: &Report, licenses: LicenseChanges) {
        self.send(Outgoing::Announce(Shown::of(report), licenses));
    }

    /// Sends the signal that warns users of an end that is near or has come.
    pub(crate) fn expiry_notice(&self, notice: Notice) {
        self.send(Outgoing::ExpiryNotice(notice));
    }

    /// Shows a job.
    pub(crate) fn job_began(&self, job: Arc<Job>) {
        self.send(Outgoing::JobBegan(ShownJob::new(job)));
    }

    /// Announces the progress of a job.
    pub(crate) fn job_went_on(&self, id: JobId) {
        self.send(Outgoing::JobWentOn(id));
    }

    /// Announces how a job ended.
    pub(crate) fn job_ended(&self, id: JobId, verdict: &'static str, message: String) {
        self.send(Outgoing::JobEnded { id, verdict, message });
    }

    /// Shows a job no longer.
    pub(crate) fn forget_job(&self, id: JobId) {
        self.send(Outgoing::JobForgotten(id));
    }

    /// Announces that the plan for the restart after a deployment has changed.
    pub(crate) fn plan_changed(&self) {
        self.send(Outgoing::PlanChanged);
    }

    /// Asks logind who is at the device and what blocks a restart; [`News::Logind`] is the answer.
    pub(crate) fn ask_logind(&self) {
        let (connection, shared) = (self.connection.clone(), Arc::clone(&self.shared));
        let ask = async move { shared.report(News::Logind(logind::look(&connection).await)) };
        zruntime::spawn(ask).detach();
    }

    /// Has logind restart the device; [`News::Restarting`] is the answer.
    pub(crate) fn restart(&self) {
        let (connection, shared) = (self.connection.clone(), Arc::clone(&self.shared));
        let order =
            async move { shared.report(News::Restarting(logind::restart(&connection).await)) };
        zruntime::spawn(order).detach();
    }

    /// Runs `act`, for example to answer a call, once everything sent before is written.
    pub(crate) fn then(&self, act: impl FnOnce() + Send + 'static) {
        self.send(Outgoing::Then(Box::new(act)));
    }

    /// Never waits. When the bus is gone, [`crate::shared::News::BusGone`] reports it.
    fn send(&self, item: Outgoing) {
        let _ = self.queue.try_send(item);
    }

    /// Releases the name, waits until the running methods have answered, and disconnects. Returns
    /// whether that was done within `limit`.
    pub(crate) fn stop(self, limit: Duration) -> bool {
        let Self { connection, shared: _, queue, task } = self;
        let _ = queue.try_send(Outgoing::Stop);
        let leave = async {
            let _ = task.await;
            connection.graceful_shutdown().await;
        };
        block_on_for(limit, leave).is_some()
    }
}
