//! A start in three steps: connecting needs only the bus, so that the thread of zbus does it during the first
//! survey; serving needs what is published.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use licd_protocol::BusAddress;
use zbus::Connection;
use zbus::connection::Builder;
use zbus::fdo::{ObjectManager, ReleaseNameReply, RequestNameFlags, RequestNameReply};
use zruntime::{Shared as Runtime, SharedRuntime, Task, mpmc};

use super::authority::Authority;
use super::block_on::block_on_for;
use super::caller::ask_bus;
use super::deployment::Deployment;
use super::gate::{Entrance, Gate};
use super::manager::Manager;
use super::objects::Objects;
use super::outgoing::Announcer;
use super::{Bus, NAME, PATH, StartError};
use crate::shared::Shared;

/// A connection that is being made.
pub(crate) struct Connecting {
    address: BusAddress,
    limit: Duration,
    end: Instant,
    /// An error if zbus cannot have a thread.
    task: io::Result<Task<zbus::Result<(Connection, Entrance)>, Runtime>>,
}

impl Connecting {
    /// Begins to connect to a bus, on the thread of zbus, which lives as long as the connection. zbus takes a
    /// lack of threads for a fault of the program, so that nothing else should run that could use up what a
    /// thread needs.
    pub(crate) fn to(address: &BusAddress, limit: Duration) -> Self {
        let connect = connect(address.clone());
        let task = SharedRuntime::current().map(|runtime| runtime.spawn("connect", connect));
        Self { address: address.clone(), limit, end: Instant::now() + limit, task }
    }

    /// Waits for the connection, until the limit since it was begun.
    ///
    /// # Errors
    /// [`StartError`]
    pub(crate) fn finish(self) -> Result<Connected, StartError> {
        let Self { address, limit, end, task } = self;
        let left = end.saturating_duration_since(Instant::now());
        match block_on_for(left, async { task?.await? }) {
            Some(Ok((connection, entrance))) => Ok(Connected { address, connection, entrance }),
            Some(Err(error)) => Err(StartError::Refused(address, error)),
            None => Err(StartError::Silent(address, limit)),
        }
    }
}

/// A connection that serves nothing yet. Calls wait.
pub(crate) struct Connected {
    address: BusAddress,
    connection: Connection,
    entrance: Entrance,
}

impl Connected {
    /// Serves what is published, then takes the name: a caller that sees the name gets an answer.
    ///
    /// # Errors
    /// [`StartError`]
    pub(crate) fn serve(self, shared: &Arc<Shared>, limit: Duration) -> Result<Bus, StartError> {
        let Self { address, connection, entrance } = self;
        let (sender, receiver) = mpmc::unbounded();
        let authority = Arc::new(Authority::default());
        let objects = Arc::new(Objects::new(Arc::clone(shared), authority));
        let report = &shared.published().report;
        // On the thread of zbus, which then serves and asks for the name without a word to this one between.
        let served = serve(connection.clone(), entrance.clone(), Arc::clone(&objects));
        let serving = zruntime::spawn(served);
        match block_on_for(limit, async { serving.await? }) {
            Some(Ok(())) => {}
            Some(Err(zbus::Error::NameTaken)) => return Err(StartError::NameTaken(address)),
            Some(Err(error)) => return Err(StartError::Refused(address, error)),
            None => return Err(StartError::Silent(address, limit)),
        }
        let announcer = Announcer::new(objects, report, entrance);
        // Outside any block_on of zbus this goes where the connection is: to the thread of zbus.
        let task = zruntime::spawn(announcer.run(connection.clone(), receiver));
        Ok(Bus { connection, shared: Arc::clone(shared), queue: sender, task })
    }
}

async fn connect(address: BusAddress) -> zbus::Result<(Connection, Entrance)> {
    let address = match address {
        BusAddress::System => zbus::Address::system()?,
        BusAddress::Session => zbus::Address::session()?,
        BusAddress::At(address) => zbus::Address::try_from(address.as_str())?,
    };
    let gate = Gate::connect(&address).await?;
    let entrance = gate.entrance();
    Ok((Builder::socket(gate).build().await?, entrance))
}

async fn serve(
    connection: Connection,
    entrance: Entrance,
    objects: Arc<Objects>,
) -> zbus::Result<()> {
    let Objects { shared, authority, .. } = &*objects;
    let server = connection.object_server();
    let manager = Manager::new(Arc::clone(shared), Arc::clone(authority));
    server.at(PATH, manager.behind(entrance.clone())).await?;
    server.at(PATH, Deployment::new(Arc::clone(shared), Arc::clone(authority))).await?;
    server.at(PATH, ObjectManager).await?;
    // The thread of zbus takes tasks in turn: after this one the object server listens.
    let _ = zruntime::spawn(async {}).await;
    entrance.open(objects);
    take_name(&connection).await
}

/// Takes the name; zbus's own way subscribes to its loss before, which costs two waits for the bus, and no
/// process can take the name over.
async fn take_name(connection: &Connection) -> zbus::Result<()> {
    let flags = RequestNameFlags::DO_NOT_QUEUE;
    let call = ask_bus(connection, "RequestName", &(NAME, flags)).await?;
    match call.body().deserialize::<RequestNameReply>()? {
        RequestNameReply::PrimaryOwner | RequestNameReply::AlreadyOwner => Ok(()),
        RequestNameReply::InQueue | RequestNameReply::Exists => Err(zbus::Error::NameTaken),
    }
}

/// Gives the name up.
pub(super) async fn release_name(connection: &Connection) -> zbus::Result<()> {
    let answer = ask_bus(connection, "ReleaseName", &NAME).await?;
    answer.body().deserialize::<ReleaseNameReply>().map(drop)
}
