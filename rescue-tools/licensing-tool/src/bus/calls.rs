//! The calls of the daemon's methods.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use licd_device::Report;
use licd_protocol::BusAddress;
use licd_rules::Selector;
use serde::Serialize;
use zbus::connection::{Builder, Connection};
use zbus::proxy::{CacheProperties, MethodFlags, Proxy};
use zbus::wire::DynamicDeserialize;
use zbus::{DynamicType, Error, Message, OwnedObjectPath, OwnedVariant, Variant};
use zruntime::SharedRuntime;

use super::failure;
use crate::state::actions::{Order, Person};
use crate::state::events::{Event, JobPath, Purpose};

pub(super) const NAME: &str = "com.igel.License1";
pub(super) const MANAGER: &str = "com.igel.License1.Manager";
pub(super) const JOB: &str = "com.igel.License1.Job";
const PATH: &str = "/com/igel/License1";

/// The time limit for connecting, and for a report, which the daemon has at hand.
const ANSWER: Duration = Duration::from_secs(25);
/// The time limit for what a person may have to type a password for: polkit's two minutes, and then
/// those of a source.
pub(super) const PERSON: Duration = Duration::from_secs(300);

/// Options of a method, by name.
pub(super) type Options = HashMap<&'static str, Variant<'static>>;

/// The daemon as its methods.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) connection: Connection,
    pub(super) runtime: SharedRuntime,
}

impl Client {
    /// Connects to the bus.
    ///
    /// # Errors
    /// The reason, for people.
    pub(super) async fn connect(
        address: &BusAddress,
        runtime: &SharedRuntime,
    ) -> Result<Self, String> {
        let builder = match address {
            BusAddress::System => Builder::system(),
            BusAddress::Session => Builder::session(),
            BusAddress::At(address) => Builder::address(address.as_str()),
        };
        match runtime.timeout(ANSWER, builder.build()).await {
            Ok(Ok(connection)) => Ok(Self { connection, runtime: runtime.clone() }),
            Ok(Err(error)) => Err(failure::reason(&error)),
            Err(_) => Err(failure::reason(&failure::no_answer(ANSWER))),
        }
    }

    /// Calls a method. polkit may ask the user for a password meanwhile.
    pub(super) async fn call<B, R>(
        &self,
        (path, interface): (&str, &str),
        member: &str,
        limit: Duration,
        body: &B,
    ) -> zbus::Result<R>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let proxy = zbus::proxy::Builder::<Proxy<'_>>::new(&self.connection)
            .destination(NAME)
            .path(path)
            .interface(interface)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let flags = MethodFlags::ALLOW_INTERACTIVE_AUTH;
        match self.runtime.timeout(limit, proxy.call_with_flags(member, flags, body)).await {
            Ok(answer) => answer?.ok_or(Error::InvalidReply),
            Err(_) => Err(failure::no_answer(limit)),
        }
    }

    async fn manager<B, R>(&self, member: &str, limit: Duration, body: &B) -> zbus::Result<R>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        self.call((PATH, MANAGER), member, limit, body).await
    }

    /// Hands over a descriptor; answers with the verdict.
    pub(super) async fn import_fd<B>(&self, body: &B) -> zbus::Result<String>
    where
        B: Serialize + DynamicType,
    {
        self.manager("ImportFd", PERSON, body).await
    }
}

/// Asks for the report.
pub(super) async fn report(client: Client) -> Event {
    let report: zbus::Result<String> = client.manager("GetStatus", ANSWER, &()).await;
    match report {
        Ok(text) => match serde_json::from_str::<Report>(&text) {
            Ok(report) => Event::Reported(Arc::new(report)),
            Err(error) => Event::Absent(failure::unreadable(&error)),
        },
        Err(error) => Event::Absent(failure::absence(&error)),
    }
}

/// Begins an import from a source that the daemon opens.
pub(super) async fn import(client: Client, order: Order) -> Event {
    let mut options = options(order.purpose, order.proxy);
    if let Some((user, password)) = order.login {
        options.extend([("user", user.into()), ("password", password.into())]);
    }
    begun(client.manager("Import", PERSON, &(order.source, options)).await)
}

/// The options that an import has whatever its source.
pub(super) fn options(purpose: Purpose, proxy: String) -> Options {
    let check = (purpose == Purpose::Check).then(|| ("check", true.into()));
    let proxy = (!proxy.is_empty()).then(|| ("proxy", proxy.into()));
    check.into_iter().chain(proxy).collect()
}

/// Begins the request for an evaluation licence.
pub(super) async fn activate(client: Client, person: Person) -> Event {
    let mut options = options(Purpose::Import, person.proxy);
    options.extend([
        ("name", person.name.into()),
        ("company", person.company.into()),
        ("email", person.email.into()),
        ("accept_terms", true.into()),
    ]);
    begun(client.manager("Activate", PERSON, &options).await)
}

fn begun(job: zbus::Result<OwnedObjectPath>) -> Event {
    match job {
        Ok(job) => Event::Begun(job.to_string()),
        Err(error) => Event::Refused(failure::failure(&error)),
    }
}

/// Removes licences.
pub(super) async fn remove(client: Client, selector: Selector) -> Event {
    let body = (selector.to_string(), Options::new());
    match client.manager("Remove", PERSON, &body).await {
        Ok(count) => Event::Removed(count),
        Err(error) => Event::Refused(failure::failure(&error)),
    }
}

/// Has the device surveyed again, and asks for the report.
pub(super) async fn refresh(client: Client) -> Event {
    let done: zbus::Result<()> = client.manager("Refresh", PERSON, &()).await;
    match done {
        Ok(()) => report(client).await,
        Err(error) => Event::Refused(failure::failure(&error)),
    }
}

/// Cancels a job. Its end follows as a signal, also where the job has ended by itself meanwhile.
pub(super) async fn cancel(client: Client, job: JobPath) {
    let _: zbus::Result<()> = client.call((&job, JOB), "Cancel", ANSWER, &()).await;
}

/// The progress in a change of a job's properties.
pub(super) fn progress(message: &Message) -> Option<(u64, u64)> {
    type Changes = (String, HashMap<String, OwnedVariant>, Vec<String>);
    let (_, mut changes, _): Changes = message.body().deserialize().ok()?;
    changes.remove("Progress")?.try_into().ok()
}
