//! The notification server of the desktop (Desktop Notifications Specification 1.2).

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};

use licd_client::{CallError, connect, owner_changes};
use licd_protocol::BusAddress;
use zbus::connection::Connection;
use zbus::export::futures_core::Stream;
use zbus::{Error, MatchRule, MessageStream, Variant};
use zruntime::SharedRuntime;

use super::{ANSWER, QUEUE};

/// The bus name and the interface.
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// The application name that some desktops show.
const APP_NAME: &str = "IGEL OS";
/// An icon of every theme (Icon Naming Specification).
const ICON: &str = "dialog-information";
/// The expiry timeout of a notification: enough to read a hundred words.
const EXPIRY: Duration = Duration::from_secs(45);

/// A connection to the notification server.
pub(crate) struct NotificationServer {
    pub(super) connection: Connection,
    runtime: SharedRuntime,
    /// How long to wait for a server to appear.
    timeout: Duration,
    /// Its signals about actions and closed notifications.
    pub(super) signals: MessageStream,
}

/// A notification.
pub(crate) struct Notification<'a> {
    /// One line.
    pub(crate) summary: &'a str,
    /// Plain text.
    pub(crate) body: &'a str,
    /// The urgency.
    pub(crate) urgency: Urgency,
    /// The key and the label of each button.
    pub(crate) actions: Vec<(&'a str, &'a str)>,
    /// The body if the server shows no buttons; empty if it is the same.
    pub(crate) body_without_actions: &'a str,
    /// The ID of the notification that it replaces.
    pub(crate) replaces: Option<u32>,
}

/// The urgency level, which also decides when a notification expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// It expires; no function stops.
    Low,
    /// It expires.
    Normal,
    /// It stays until the user answers or the program closes it.
    Critical,
}

/// A notification on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its ID.
    pub(crate) id: u32,
    /// Whether it has buttons.
    pub(crate) has_actions: bool,
}

/// No server has shown the notification in time.
#[derive(Debug)]
pub(crate) struct NotifyError {
    waited: Duration,
    source: CallError,
}

impl fmt::Display for NotifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (waited, reason) = (self.waited.as_secs(), &self.source);
        write!(f, "{NAME}: shows nothing within {waited} seconds ({reason})")
    }
}

impl std::error::Error for NotifyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl NotificationServer {
    /// Connects to the session bus. `timeout`: how long to wait for a server to appear.
    ///
    /// # Errors
    /// The bus is missing or does not answer.
    pub(crate) async fn connect(bus: &BusAddress, timeout: Duration) -> Result<Self, CallError> {
        let runtime = SharedRuntime::current().map_err(Error::from)?;
        let connection = connect(bus, &runtime, ANSWER).await?;
        let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
        let rule = rule.sender(NAME).interface(NAME).build()?;
        let signals = MessageStream::for_match_rule(rule, &connection, Some(QUEUE)).await?;
        Ok(Self { connection, runtime, timeout, signals })
    }

    /// Shows a notification. Waits for a server that does.
    ///
    /// # Errors
    /// [`NotifyError`]
    pub(crate) async fn show(&self, notification: &Notification<'_>) -> Result<Shown, NotifyError> {
        let end = Instant::now() + self.timeout;
        // A server may appear between the attempt and the wait.
        let mut appearance = owner_changes(&self.connection, NAME).await;
        loop {
            let source = match self.notify(notification).await {
                Ok(shown) => return Ok(shown),
                Err(source) => source.into(),
            };
            let failed = |source| NotifyError { waited: self.timeout, source };
            let Ok(appearance) = &mut appearance else { return Err(failed(source)) };
            let next = poll_fn(|context| Pin::new(&mut *appearance).poll_next(context));
            match self.runtime.timeout_at(end, next).await {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(failed(source)),
            }
        }
    }

    async fn notify(&self, notification: &Notification<'_>) -> zbus::Result<Shown> {
        let capabilities = self.call("GetCapabilities", &()).await?;
        let capabilities: Vec<String> = capabilities.body().deserialize()?;
        let can = |name: &str| capabilities.iter().any(|capability| capability == name);
        let has_actions = can("actions") && !notification.actions.is_empty();
        let body = match has_actions || notification.body_without_actions.is_empty() {
            true => notification.body,
            false => notification.body_without_actions,
        };
        let body = if can("body-markup") { escaped(body) } else { body.to_owned() };
        let buttons = notification.actions.iter().filter(|_| has_actions);
        let actions: Vec<&str> = buttons.flat_map(|(key, label)| [*key, *label]).collect();
        let (urgency, expiry): (u8, _) = match notification.urgency {
            Urgency::Low => (0, EXPIRY),
            Urgency::Normal => (1, EXPIRY),
            // Zero means that it never expires.
            Urgency::Critical => (2, Duration::ZERO),
        };
        let hints = HashMap::from([
            ("urgency", Variant::from(urgency)),
            ("suppress-sound", Variant::from(true)),
        ]);
        let replaces = notification.replaces.unwrap_or_default();
        let expiry = i32::try_from(expiry.as_millis()).unwrap_or(i32::MAX);
        let arguments =
            (APP_NAME, replaces, ICON, notification.summary, body.as_str(), actions, hints, expiry);
        let id = self.call("Notify", &arguments).await?.body().deserialize()?;
        Ok(Shown { id, has_actions })
    }

    /// Closes a notification, if it is still open.
    pub(crate) async fn close(&self, id: u32) {
        let _ = self.call("CloseNotification", &id).await;
    }

    async fn call<B>(&self, method: &str, body: &B) -> zbus::Result<zbus::Message>
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        self.connection.call_method(Some(NAME), PATH, Some(NAME), method, body).await
    }
}

/// The text with the characters of markup replaced.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_markup_are_replaced() {
        assert_eq!(escaped("a < b & \"c\" > d"), "a &lt; b &amp; \"c\" &gt; d");
        assert_eq!(escaped("für Ihre Geräte"), "für Ihre Geräte");
    }
}
