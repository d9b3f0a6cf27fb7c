//! A D-Bus client of the daemon.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use zbus::connection::{Builder, Connection};
use zbus::export::futures_core::Stream;
use zbus::wire::DynamicDeserialize;
use zbus::{DynamicType, Error, MatchRule, Message, MessageStream, OwnedVariant};

/// The name that the daemon owns.
pub const NAME: &str = "com.igel.License1";
/// Its object.
pub const PATH: &str = "/com/igel/License1";
/// Its interface.
pub const MANAGER: &str = "com.igel.License1.Manager";
/// The interface of properties.
pub const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The time limit for an answer, longer than D-Bus's own.
const ANSWER: Duration = Duration::from_secs(30);

/// The queue of unread signals; more than the daemon sends at once.
const QUEUE: usize = 1024;

/// A connection to a bus.
#[derive(Debug, Clone)]
pub struct Client {
    connection: Connection,
}

/// An error returned by the daemon or the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the D-Bus error.
    pub name: String,
    /// The error's message.
    pub message: String,
}

impl Client {
    /// Connects.
    #[must_use]
    pub fn connect(address: &str) -> Self {
        Self::patient(address, ANSWER)
    }

    /// Connects, and waits for each answer as long as `limit`.
    #[must_use]
    pub fn patient(address: &str, limit: Duration) -> Self {
        let builder = Builder::address(address).method_timeout(limit);
        Self { connection: zbus::block_on(builder.build()).unwrap() }
    }

    /// Calls a method of the daemon's main interface.
    ///
    /// # Errors
    /// The error that was returned.
    pub fn manager<R>(
        &self,
        method: &str,
        body: &(impl Serialize + DynamicType),
    ) -> Result<R, Refusal>
    where
        R: for<'d> DynamicDeserialize<'d>,
    {
        self.call(NAME, PATH, MANAGER, method, body)
    }

    /// Calls any method of any service.
    ///
    /// # Errors
    /// The error that was returned.
    pub fn call<R>(
        &self,
        name: &str,
        path: &str,
        interface: &str,
        method: &str,
        body: &(impl Serialize + DynamicType),
    ) -> Result<R, Refusal>
    where
        R: for<'d> DynamicDeserialize<'d>,
    {
        let call = self.connection.call_method(Some(name), path, Some(interface), method, body);
        let answer = zbus::block_on(call).map_err(refusal)?;
        Ok(answer.body().deserialize().unwrap_or_else(|error| {
            panic!("{method}: answers {}: {error}", answer.body().signature())
        }))
    }

    /// The status report.
    #[must_use]
    pub fn status(&self) -> String {
        self.manager("GetStatus", &()).unwrap()
    }

    /// A property of the daemon's main interface.
    #[must_use]
    pub fn property<T>(&self, name: &str) -> T
    where
        T: TryFrom<OwnedVariant>,
        T::Error: std::fmt::Debug,
    {
        let value: OwnedVariant =
            self.call(NAME, PATH, PROPERTIES, "Get", &(MANAGER, name)).unwrap();
        value.try_into().unwrap()
    }

    /// All properties of an interface of an object of the daemon.
    #[must_use]
    pub fn properties(&self, path: &str, interface: &str) -> HashMap<String, OwnedVariant> {
        self.call(NAME, path, PROPERTIES, "GetAll", &(interface,)).unwrap()
    }

    /// Whether a process owns the daemon's name.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.has_owner(NAME)
    }

    /// Whether a process owns this name.
    #[must_use]
    pub fn has_owner(&self, name: &str) -> bool {
        let dbus = "org.freedesktop.DBus";
        self.call(dbus, "/org/freedesktop/DBus", dbus, "NameHasOwner", &(name,)).unwrap()
    }

    /// Receives every signal of the daemon from now on.
    #[must_use]
    pub fn listen(&self) -> Signals {
        let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
        let rule = rule.sender(NAME).build().unwrap();
        let stream = MessageStream::for_match_rule(rule, &self.connection, NonZero::new(QUEUE));
        let mut stream = zbus::block_on(stream).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let signals = Signals { heard: Arc::clone(&heard), connection: self.connection.clone() };
        // The thread ends with the connection, which ends with the bus.
        thread::spawn(move || {
            zbus::block_on(async {
                while let Some(Ok(message)) =
                    poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await
                {
                    heard.lock().unwrap().push(message);
                }
            });
        });
        signals
    }
}

/// The signals received so far.
#[derive(Debug)]
pub struct Signals {
    heard: Arc<Mutex<Vec<Message>>>,
    connection: Connection,
}

impl Signals {
    /// Waits until every signal that the bus accepted so far was received: a message sent now
    /// arrives after them.
    pub fn catch_up(&self) {
        let seen = self.named("Behind").len();
        let own = self.connection.unique_name().unwrap();
        let send = self.connection.emit_signal(Some(own), "/", "acceptance.Test", "Behind", &());
        zbus::block_on(send).unwrap();
        crate::wait::until("everything is heard", || {
            (self.named("Behind").len() > seen).then_some(())
        });
    }

    /// The signals with this name, in order of arrival.
    #[must_use]
    pub fn named(&self, member: &str) -> Vec<Message> {
        let heard = self.heard.lock().unwrap();
        let is = |message: &&Message| message.header().member().is_some_and(|name| name == member);
        heard.iter().filter(is).cloned().collect()
    }

    /// The new values of the properties of an interface that were announced.
    #[must_use]
    pub fn changes(&self, interface: &str) -> Vec<HashMap<String, OwnedVariant>> {
        self.named("PropertiesChanged")
            .iter()
            .filter_map(|message| {
                let body = message.body();
                let (of, values, _): (String, HashMap<String, OwnedVariant>, Vec<String>) =
                    body.deserialize().unwrap();
                (of == interface).then_some(values)
            })
            .collect()
    }

    /// Discards received signals.
    pub fn forget(&self) {
        self.heard.lock().unwrap().clear();
    }
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::MethodError(name, message, _) => {
            Refusal { name: name.to_string(), message: message.unwrap_or_default() }
        }
        Error::FDO(error) => {
            use zbus::DBusError as _;
            Refusal { name: error.name().to_string(), message: error.to_string() }
        }
        Error::InputOutput(error) if error.kind() == io::ErrorKind::TimedOut => {
            Refusal { name: "no answer".to_owned(), message: error.to_string() }
        }
        other => panic!("the bus fails: {other}"),
    }
}
