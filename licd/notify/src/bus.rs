//! The two buses, licd's and the desktop's. Only this file uses zbus.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use zbus::connection::{Builder, Connection};
use zbus::export::futures_core::Stream;
use zbus::{DBusError as _, Error, MatchRule, MessageStream, Variant};
use zruntime::SharedRuntime;

use crate::args::Address;

pub(crate) use zbus::block_on;

const LICD: &str = "com.igel.License1";
const MANAGER: &str = "com.igel.License1.Manager";
const BUS: &str = "org.freedesktop.DBus";
/// Name, interface and object path in the Desktop Notifications Specification.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
const NOTIFICATIONS_PATH: &str = "/org/freedesktop/Notifications";

/// The application name that a desktop may show.
const APP_NAME: &str = "IGEL OS";
/// An icon of every theme (Icon Naming Specification).
const ICON: &str = "dialog-information";
/// How long a notification stays: enough to read a hundred words.
const EXPIRE_TIMEOUT: Duration = Duration::from_secs(45);

/// The timeout of a connection and of a method call: the default of D-Bus.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);
/// Limit of queued signals. All have the same meaning: read the notices again.
const QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

/// The desktop of a user.
pub(crate) struct Desktop {
    connection: Connection,
    runtime: SharedRuntime,
    /// How long to wait for a notification server.
    server_timeout: Duration,
}

/// A notification to show.
pub(crate) struct Notification<'a> {
    /// One line.
    pub(crate) title: &'a str,
    /// Plain text.
    pub(crate) body: &'a str,
    /// The urgency.
    pub(crate) urgency: Urgency,
    /// The ID of the notification that it replaces.
    pub(crate) replaces: Option<u32>,
}

/// The urgency of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// No function stops working.
    Low,
    /// A function stops working.
    Normal,
}

/// What [`News::next`] waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// licd has sent a signal, started or stopped.
    News,
    /// The connection to a bus is closed.
    BusGone,
}

/// No notification server has shown a notification in time.
#[derive(Debug)]
pub(crate) struct NoServerError {
    waited: Duration,
    cause: Error,
}

impl std::error::Error for NoServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl fmt::Display for NoServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (waited, reason) = (self.waited.as_secs(), message(&self.cause));
        write!(f, "{NOTIFICATIONS}: no answer within {waited} seconds ({reason})")
    }
}

impl Desktop {
    /// Connects to the session bus. `server_timeout` is how long to wait for a notification server.
    ///
    /// # Errors
    /// The message for the user.
    pub(crate) async fn connect(bus: &Address, server_timeout: Duration) -> Result<Self, String> {
        let runtime = SharedRuntime::current().map_err(|error| system_message(&error))?;
        let connection = connect(bus, &runtime).await?;
        Ok(Self { connection, runtime, server_timeout })
    }

    /// Shows a notification and returns its ID. Waits for a notification server.
    ///
    /// # Errors
    /// [`NoServerError`].
    pub(crate) async fn show(&self, notification: &Notification<'_>) -> Result<u32, NoServerError> {
        let end = Instant::now() + self.server_timeout;
        // Subscribe before the first attempt.
        let mut owner_changes = owners(&self.connection, NOTIFICATIONS).await;
        loop {
            let cause = match self.try_to_show(notification).await {
                Ok(id) => return Ok(id),
                Err(cause) => cause,
            };
            let error = |cause| NoServerError { waited: self.server_timeout, cause };
            let Ok(owner_changes) = &mut owner_changes else { return Err(error(cause)) };
            let next = poll_fn(|context| Pin::new(&mut *owner_changes).poll_next(context));
            match self.runtime.timeout_at(end, next).await {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(error(cause)),
            }
        }
    }

    async fn try_to_show(&self, notification: &Notification<'_>) -> zbus::Result<u32> {
        let capabilities = self.call("GetCapabilities", &()).await?;
        let capabilities: Vec<String> = capabilities.body().deserialize()?;
        let has_markup = capabilities.iter().any(|capability| capability == "body-markup");
        let body =
            if has_markup { escaped(notification.body) } else { notification.body.to_owned() };
        // Never critical (2): the notification would stay on the screen until the user closes it.
        let urgency: u8 = match notification.urgency {
            Urgency::Low => 0,
            Urgency::Normal => 1,
        };
        let hints = HashMap::from([
            ("urgency", Variant::from(urgency)),
            ("suppress-sound", Variant::from(true)),
        ]);
        let replaces = notification.replaces.unwrap_or_default();
        let milliseconds = i32::try_from(EXPIRE_TIMEOUT.as_millis()).unwrap_or(i32::MAX);
        let actions: &[&str] = &[];
        let title = notification.title;
        let arguments =
            (APP_NAME, replaces, ICON, title, body.as_str(), actions, hints, milliseconds);
        self.call("Notify", &arguments).await?.body().deserialize()
    }

    /// Closes a notification, if it is still shown.
    pub(crate) async fn close(&self, id: u32) {
        let _ = self.call("CloseNotification", &id).await;
    }

    async fn call<B>(&self, method: &str, body: &B) -> zbus::Result<zbus::Message>
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        let to = (Some(NOTIFICATIONS), NOTIFICATIONS_PATH, Some(NOTIFICATIONS));
        self.connection.call_method(to.0, to.1, to.2, method, body).await
    }
}

/// A subscription to licd's signals.
pub(crate) struct News {
    /// Keeps the streams open.
    _connection: Connection,
    /// licd's signals, and the changes of its name's owner.
    streams: [MessageStream; 2],
}

impl News {
    /// Subscribes, even before licd has started.
    ///
    /// # Errors
    /// The message for the user.
    pub(crate) async fn of_licd(bus: &Address) -> Result<Self, String> {
        let runtime = SharedRuntime::current().map_err(|error| system_message(&error))?;
        let connection = connect(bus, &runtime).await?;
        let subscribe = async {
            let signals = MatchRule::builder().msg_type(zbus::message::Type::Signal);
            let signals = signals.sender(LICD).interface(MANAGER).build()?;
            let signals = MessageStream::for_match_rule(signals, &connection, Some(QUEUE)).await?;
            Ok([signals, owners(&connection, LICD).await?])
        };
        let streams = subscribe.await.map_err(|error: Error| message(&error))?;
        Ok(Self { _connection: connection, streams })
    }

    /// Waits for an event on either bus.
    pub(crate) async fn next(&mut self, desktop: &Desktop) -> Event {
        let mut gone = pin!(desktop.connection.closed());
        poll_fn(|context| {
            if gone.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::BusGone);
            }
            for stream in &mut self.streams {
                if let Poll::Ready(signal) = Pin::new(stream).poll_next(context) {
                    let is_news = matches!(signal, Some(Ok(_)));
                    return Poll::Ready(if is_news { Event::News } else { Event::BusGone });
                }
            }
            Poll::Pending
        })
        .await
    }
}

async fn connect(bus: &Address, runtime: &SharedRuntime) -> Result<Connection, String> {
    let builder = match bus {
        Address::System => Builder::system(),
        Address::Session => Builder::session(),
        Address::At(address) => Builder::address(address.as_str()),
    };
    let connection = builder.method_timeout(CALL_TIMEOUT).build();
    match runtime.timeout(CALL_TIMEOUT, connection).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(message(&error)),
        Err(_) => Err(format!("no answer within {} seconds", CALL_TIMEOUT.as_secs())),
    }
}

/// The changes of a name's owner.
async fn owners(connection: &Connection, name: &str) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
    let rule = rule.sender(BUS).interface(BUS).member("NameOwnerChanged").add_arg(name);
    MessageStream::for_match_rule(rule.build()?, connection, Some(QUEUE)).await
}

/// The message of a zbus error for the user.
fn message(error: &Error) -> String {
    match error {
        Error::MethodError(_, Some(text), _) => text.clone(),
        // An error of the bus, or of a service with the same error name.
        Error::FDO(error) => error.description().map_or_else(|| error.to_string(), str::to_owned),
        Error::InputOutput(error) | Error::Connection(error, _) => system_message(error),
        error => error.to_string(),
    }
}

/// The message of a system error, without the number that Rust appends.
fn system_message(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let bare = number.and_then(|number| text.strip_suffix(&number));
    bare.unwrap_or(&text).to_owned()
}

/// Escapes a text for a notification server with markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_is_reported_without_its_number() {
        let text = message(&io::Error::from_raw_os_error(13).into());
        assert_eq!(text, "Permission denied");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escaped("a < b & \"c\" > d"), "a &lt; b &amp; \"c\" &gt; d");
        assert_eq!(escaped("für Ihre Geräte"), "für Ihre Geräte");
    }
}
