//! A start in two steps: connecting needs only the bus, so that the first survey runs meanwhile; serving
//! needs what is published.

use std::sync::Arc;
use std::time::Duration;

use licd_protocol::BusAddress;
use zbus::Connection;
use zbus::connection::Builder;
use zbus::fdo::{ObjectManager, ReleaseNameReply, RequestNameFlags, RequestNameReply};
use zruntime::mpmc;

use super::authority::Authority;
use super::block_on::block_on_for;
use super::deployment::Deployment;
use super::gate::{Entrance, Gate};
use super::manager::Manager;
use super::objects::Objects;
use super::outgoing::Announcer;
use super::{Bus, NAME, PATH, StartError};
use crate::shared::Shared;

/// The name of the bus itself, and of its interface.
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// A connection that serves nothing yet. Calls wait.
pub(crate) struct Connected {
    address: BusAddress,
    connection: Connection,
    entrance: Entrance,
}

impl Connected {
    /// Connects to a bus.
    ///
    /// # Errors
    /// [`StartError`]
    pub(crate) fn to(address: &BusAddress, limit: Duration) -> Result<Self, StartError> {
        let (connection, entrance) = within(limit, address, connect(address))?;
        Ok(Self { address: address.clone(), connection, entrance })
    }

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
        within(limit, &address, async { serving.await? })?;
        let announcer = Announcer::new(objects, report, entrance);
        // Outside any block_on of zbus this goes where the connection is: to the thread of zbus.
        let task = zruntime::spawn(announcer.run(connection.clone(), receiver));
        Ok(Bus { connection, shared: Arc::clone(shared), queue: sender, task })
    }
}

/// Waits for a step of a start.
fn within<T>(
    limit: Duration,
    address: &BusAddress,
    step: impl Future<Output = zbus::Result<T>>,
) -> Result<T, StartError> {
    match block_on_for(limit, step) {
        Some(Ok(done)) => Ok(done),
        Some(Err(zbus::Error::NameTaken)) => Err(StartError::NameTaken(address.clone())),
        Some(Err(error)) => Err(StartError::Refused(address.clone(), error)),
        None => Err(StartError::Silent(address.clone(), limit)),
    }
}

async fn connect(address: &BusAddress) -> zbus::Result<(Connection, Entrance)> {
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
    server.at(PATH, Manager::new(Arc::clone(shared), Arc::clone(authority))).await?;
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

async fn ask_bus(
    connection: &Connection,
    method: &'static str,
    body: &(impl serde::Serialize + zbus::wire::DynamicType),
) -> zbus::Result<zbus::Message> {
    connection.call_method(Some(BUS), BUS_PATH, Some(BUS), method, body).await
}
