//! The methods of licd.

use std::collections::HashMap;
use std::future::Future;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use licd_protocol::BusAddress;
use licd_rules::Selector;
use serde::Serialize;
use zbus::connection::Connection;
use zbus::message::Message;
use zbus::wire::DynamicDeserialize;
use zbus::{DynamicType, Error, Fd, OwnedObjectPath, OwnedVariant};
use zruntime::SharedRuntime;

use crate::caller::{ANSWER, Caller, LIFE};
use crate::exchange::exchange;
use crate::options::{Applicant, ImportOptions, Options};
use crate::{CallError, CallErrorKind, connect};
use crate::{DEPLOYMENT, JOB, MANAGER, NAME, OBJECT_MANAGER, PATH, PROPERTIES};

const BUS: (&str, &str, &str) =
    ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");

/// How often a job is looked for that another one may replace: attempts are a minute apart or more.
const ROUNDS: usize = 3;

/// A connection to the bus of licd. licd need not run yet.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
    runtime: SharedRuntime,
    caller: Caller,
}

impl Client {
    /// Connects to the bus.
    ///
    /// # Errors
    /// The bus is missing or does not answer in time.
    pub async fn connect(bus: &BusAddress, caller: Caller) -> Result<Self, CallError> {
        let runtime = SharedRuntime::current().map_err(Error::from)?;
        let connection = connect(bus, &runtime, caller.connecting()).await?;
        Ok(Self { connection, runtime, caller })
    }

    /// Whether licd owns its name.
    ///
    /// # Errors
    /// As of every call: [`CallError`].
    pub async fn is_running(&self) -> Result<bool, CallError> {
        self.call(BUS, "NameHasOwner", LIFE, &NAME).await
    }

    /// Asks licd for a sign of life, before a call that may take long.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn ping(&self) -> Result<(), CallError> {
        self.call((NAME, PATH, "org.freedesktop.DBus.Peer"), "Ping", LIFE, &()).await
    }

    /// The status report as JSON.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn status(&self) -> Result<String, CallError> {
        self.manager("GetStatus", ANSWER, &()).await
    }

    /// Has the device surveyed again.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn refresh(&self) -> Result<(), CallError> {
        self.manager("Refresh", self.caller.patience(), &()).await
    }

    /// Whether a release of this date, and of this version if given, may be installed: the word of the
    /// reason.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn check_update(
        &self,
        released: &str,
        version: Option<&str>,
    ) -> Result<String, CallError> {
        let (_, reason): (bool, String) = match version {
            Some(version) => self.manager("CheckUpdateTo", ANSWER, &(version, released)).await?,
            None => self.manager("CheckUpdate", ANSWER, &released).await?,
        };
        Ok(reason)
    }

    /// Removes licences; answers with their number.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn remove(&self, selector: &Selector) -> Result<u32, CallError> {
        let body = (selector.to_string(), Options::new());
        self.manager("Remove", self.caller.patience(), &body).await
    }

    /// Begins an import from a source that licd opens; answers with the path of its job.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn import(
        &self,
        source: &str,
        options: &ImportOptions<'_>,
    ) -> Result<String, CallError> {
        self.begin("Import", &(source, options.by_name())).await
    }

    /// Imports a file that this program has opened; answers with the word of the verdict.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn import_file(
        &self,
        file: BorrowedFd<'_>,
        name: &str,
        options: &ImportOptions<'_>,
    ) -> Result<String, CallError> {
        let body = (Fd::from(file), name, options.by_name());
        self.manager("ImportFd", self.caller.patience(), &body).await
    }

    /// Sends a request for a licence; answers with the path of the job.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn activate(&self, applicant: &Applicant<'_>) -> Result<String, CallError> {
        self.begin("Activate", &applicant.by_name()).await
    }

    /// Cancels a job.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn cancel(&self, job: &str) -> Result<(), CallError> {
        self.call((NAME, job, JOB), "Cancel", self.caller.patience(), &()).await
    }

    /// The bytes that a job has read, and how many there are (0: unknown).
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn progress(&self, job: &str) -> Result<(u64, u64), CallError> {
        let value: OwnedVariant =
            self.call((NAME, job, PROPERTIES), "Get", ANSWER, &(JOB, "Progress")).await?;
        Ok(value.try_into().map_err(|_| Error::IncorrectType)?)
    }

    /// Cancels the activation: the attempt that runs, and the request that waits. Answers whether there
    /// was one, once its request is gone.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn cancel_activation(&self) -> Result<bool, CallError> {
        let mut found = false;
        for _ in 0..ROUNDS {
            let mut is_replaced = false;
            for job in self.activations().await? {
                match self.cancel(&job).await {
                    Ok(()) => found = true,
                    Err(error) if error.kind() == CallErrorKind::Unknown => is_replaced = true,
                    Err(error) => return Err(error),
                }
            }
            if !is_replaced {
                break;
            }
        }
        Ok(found)
    }

    /// The paths of the jobs of activations that run or wait.
    async fn activations(&self) -> Result<Vec<String>, CallError> {
        type Properties = HashMap<String, OwnedVariant>;
        let objects: HashMap<OwnedObjectPath, HashMap<String, Properties>> =
            self.call((NAME, PATH, OBJECT_MANAGER), "GetManagedObjects", ANSWER, &()).await?;
        let word = |properties: &Properties, name: &str| {
            let value = properties.get(name).and_then(|value| value.try_clone().ok());
            value.and_then(|value| String::try_from(value).ok()).unwrap_or_default()
        };
        let is_open = |job: &Properties| {
            word(job, "Kind") == "activation" && word(job, "State") != "finished"
        };
        let open = objects.iter().filter(|(_, has)| has.get(JOB).is_some_and(is_open));
        Ok(open.map(|(path, _)| path.to_string()).collect())
    }

    /// Passes on the answer to the question about a restart.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn answer(&self, answer: &str) -> Result<(), CallError> {
        self.call((NAME, PATH, DEPLOYMENT), "Answer", self.caller.patience(), &answer).await
    }

    /// Begins a call whose answer is awaited later, so that others can go out meanwhile. Dropping the result
    /// gives the call up.
    ///
    /// # Errors
    /// As of the call; [`CallError`]
    pub fn begin_call<T, F>(
        &self,
        name: &'static str,
        call: F,
    ) -> impl Future<Output = Result<T, CallError>> + use<T, F>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, CallError>> + Send + 'static,
    {
        let begun = self.runtime.spawn(name, call);
        async { begun.await.map_err(Error::from)? }
    }

    /// Waits until the connection has ended.
    pub async fn ended(&self) {
        self.connection.closed().await;
    }

    /// Ends the connection, and with it every import of a file that was begun on it.
    pub async fn close(self) {
        // A connection that is closed badly is closed as well.
        let _ = self.connection.close().await;
    }

    /// The result of `work`; `None` if it takes longer than `limit`.
    pub async fn within<F: Future>(&self, limit: Duration, work: F) -> Option<F::Output> {
        self.runtime.timeout(limit, work).await.ok()
    }

    /// Waits.
    pub async fn sleep(&self, pause: Duration) {
        self.runtime.sleep(pause).await;
    }

    async fn begin<B>(&self, member: &str, body: &B) -> Result<String, CallError>
    where
        B: Serialize + DynamicType,
    {
        let job: OwnedObjectPath = self.manager(member, self.caller.patience(), body).await?;
        Ok(job.to_string())
    }

    async fn manager<B, R>(&self, member: &str, limit: Duration, body: &B) -> Result<R, CallError>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        self.call((NAME, PATH, MANAGER), member, limit, body).await
    }

    async fn call<B, R>(
        &self,
        (name, path, interface): (&str, &str, &str),
        member: &str,
        limit: Duration,
        body: &B,
    ) -> Result<R, CallError>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let call = Message::method_call(path, member).destination(name).interface(interface);
        let call = call.with_flags(self.caller.flags()).build(body)?;
        match self.within(limit, exchange(&self.connection, &call)).await {
            Some(answer) => Ok(answer?.body().deserialize()?),
            None => Err(CallError::no_answer(limit)),
        }
    }
}
