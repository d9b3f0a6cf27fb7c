//! The bus: the only files that know zbus.
//!
//! The connection lives on zbus's own thread, which also runs every method. So no method waits for
//! anything but its caller's authority and the loop's answer, none reads a file, and all take
//! `&self`: zbus keeps an interface locked while a `&mut self` method runs, readers included.
//! What the loop has to say goes through an outbox in one row, so that a reply is never ahead of
//! the signals that belong before it.

mod authority;
mod caller;
mod deployment;
mod error;
mod gate;
mod job;
mod license;
mod logind;
mod manager;
mod outbox;
mod park;

use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use licd_rules::Notice;
use zbus::Connection;
use zbus::connection::Builder;
use zbus::fdo::ObjectManager;
use zruntime::{Shared as Runtime, Task, mpmc};

use crate::args::Address;
use crate::hub::{Hub, News, Published};
use crate::jobs::{Job, JobId};
use authority::Authority;
use deployment::Deployment;
use gate::Gate;
use manager::Manager;
use outbox::{Outbox, Sending};
use park::block_on_for;

/// The name on the bus.
pub(crate) const NAME: &str = "com.igel.License1";
/// The object of the daemon, the licences and jobs being below it.
const PATH: &str = "/com/igel/License1";

/// How long a bus may take for the handshake and the name: what systemd gives a service to start,
/// less what is needed to say so.
pub(crate) const START: Duration = Duration::from_secs(30);

/// A connection that owns the name.
pub(crate) struct Bus {
    connection: Connection,
    hub: Arc<Hub>,
    outbox: mpmc::Sender<Sending>,
    task: Task<(), Runtime>,
}

/// Why the bus cannot be served.
#[derive(Debug)]
pub(crate) enum StartError {
    /// Another process is what this one wants to be.
    NameTaken(Address),
    /// Anything else that the bus or the way to it says.
    Refused(Address, zbus::Error),
    /// No answer within this time.
    Silent(Address, Duration),
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
                    "{bus}: cannot be served as {NAME}: {reason}; is it running, and does \
                           its policy allow the name?"
                )
            }
            Self::Silent(bus, limit) => {
                write!(f, "{bus}: does not answer within {} seconds", limit.as_secs())
            }
        }
    }
}

impl Bus {
    /// Serves everything that is published, then takes the name: whoever sees the name gets an
    /// answer.
    ///
    /// # Errors
    /// [`StartError`]
    pub(crate) fn start(
        address: &Address,
        hub: &Arc<Hub>,
        limit: Duration,
    ) -> Result<Self, StartError> {
        let (sender, receiver) = mpmc::unbounded();
        let authority = Arc::new(Authority::default());
        let outbox = Outbox::new(Arc::clone(hub), Arc::clone(&authority));
        let connect = connect(address, hub, &outbox, authority);
        let connection = match block_on_for(limit, connect) {
            Some(Ok(connection)) => connection,
            Some(Err(zbus::Error::NameTaken)) => {
                return Err(StartError::NameTaken(address.clone()));
            }
            Some(Err(error)) => return Err(StartError::Refused(address.clone(), error)),
            None => return Err(StartError::Silent(address.clone(), limit)),
        };
        // Outside any block_on of zbus this goes where the connection is: to the thread of zbus.
        let task = zruntime::spawn(outbox.run(connection.clone(), receiver));
        Ok(Self { connection, hub: Arc::clone(hub), outbox: sender, task })
    }

    /// Tells how what is published now differs from what was told last.
    pub(crate) fn announce(&self, published: Arc<Published>) {
        self.send(Sending::Announce(published));
    }

    /// Tells people of an end that is near or has come.
    pub(crate) fn expiry_notice(&self, notice: Notice) {
        self.send(Sending::ExpiryNotice(notice));
    }

    /// Shows a job.
    pub(crate) fn job_began(&self, job: Arc<Job>) {
        self.send(Sending::JobBegan(job));
    }

    /// Tells how far a job is.
    pub(crate) fn job_went_on(&self, job: Arc<Job>) {
        self.send(Sending::JobWentOn(job));
    }

    /// Tells how a job ended.
    pub(crate) fn job_ended(&self, job: Arc<Job>, verdict: &'static str, message: String) {
        self.send(Sending::JobEnded { job, verdict, message });
    }

    /// Shows a job no longer.
    pub(crate) fn forget_job(&self, id: JobId) {
        self.send(Sending::JobForgotten(id));
    }

    /// Tells that something else is planned for the restart that a deployment wants.
    pub(crate) fn plan_changed(&self) {
        self.send(Sending::PlanChanged);
    }

    /// Asks logind who is at the device and what blocks a restart; [`News::Logind`] is the answer.
    pub(crate) fn ask_logind(&self) {
        let (connection, hub) = (self.connection.clone(), Arc::clone(&self.hub));
        let ask = async move { hub.tell(News::Logind(logind::look(&connection).await)) };
        zruntime::spawn(ask).detach();
    }

    /// Has logind restart the device; [`News::Restarting`] is the answer.
    pub(crate) fn restart(&self) {
        let (connection, hub) = (self.connection.clone(), Arc::clone(&self.hub));
        let order = async move { hub.tell(News::Restarting(logind::restart(&connection).await)) };
        zruntime::spawn(order).detach();
    }

    /// Does something when everything sent before is written, such as answering a call.
    pub(crate) fn then(&self, act: impl FnOnce() + Send + 'static) {
        self.send(Sending::Then(Box::new(act)));
    }

    /// Never waits; when the bus is gone, [`crate::hub::News::BusGone`] tells.
    fn send(&self, item: Sending) {
        let _ = self.outbox.try_send(item);
    }

    /// Gives up the name, waits until the methods that run have answered, and leaves. Whether that
    /// was done within `limit`.
    pub(crate) fn stop(self, limit: Duration) -> bool {
        let Self { connection, hub: _, outbox, task } = self;
        let _ = outbox.try_send(Sending::Stop);
        let leave = async {
            let _ = task.await;
            connection.graceful_shutdown().await;
        };
        block_on_for(limit, leave).is_some()
    }
}

/// Connects through a gate, serves, and takes the name.
async fn connect(
    address: &Address,
    hub: &Arc<Hub>,
    outbox: &Outbox,
    authority: Arc<Authority>,
) -> zbus::Result<Connection> {
    let address = match address {
        Address::System => zbus::Address::system()?,
        Address::Session => zbus::Address::session()?,
        Address::At(address) => zbus::Address::try_from(address.as_str())?,
    };
    let builder = Builder::socket(Gate::connect(&address).await?)
        .serve_at(PATH, Manager::new(Arc::clone(hub), Arc::clone(&authority)))
        .serve_at(PATH, Deployment::new(Arc::clone(hub), authority))
        .serve_at(PATH, ObjectManager)
        .name(NAME)
        // Without these two, whoever may own the name could take it over, and we from others.
        .allow_name_replacements(false)
        .replace_existing_names(false);
    let serve = |builder: Builder<'static>, (path, license)| builder.serve_at(path, license);
    outbox.licenses().fold(builder, serve).build().await
}
