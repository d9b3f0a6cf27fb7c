//! The two buses: licd's, which is listened to, and the desktop's. Beside `news.rs` the only file that
//! knows zbus.

mod news;

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::time::{Duration, Instant};

use zbus::connection::{Builder, Connection};
use zbus::export::futures_core::Stream;
use zbus::{DBusError as _, Error, MatchRule, MessageStream, Variant};
use zruntime::SharedRuntime;

use crate::args::Address;

pub(crate) use news::{Event, News};
pub(crate) use zbus::block_on;

const BUS: &str = "org.freedesktop.DBus";
/// Desktop Notifications Specification: name and interface, and its object.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
const NOTIFICATIONS_PATH: &str = "/org/freedesktop/Notifications";

/// Who shows the notices, where a desktop says so.
const APP_NAME: &str = "IGEL OS";
/// An icon that every theme has (Icon Naming Specification).
const ICON: &str = "dialog-information";
/// How long a notification stays: enough to read a hundred words.
const READING_TIME: Duration = Duration::from_secs(45);

/// How long a bus may take to let us in, and somebody to answer: the limit of D-Bus itself.
const ANSWER: Duration = Duration::from_secs(25);
/// Signals that may wait while something is shown; they all say the same: look again.
const QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

/// The desktop of a user.
pub(crate) struct Desktop {
    connection: Connection,
    runtime: SharedRuntime,
    patience: Duration,
    /// What the user does with notifications.
    signals: MessageStream,
}

/// Something to show.
pub(crate) struct Notification<'a> {
    /// One line.
    pub(crate) title: &'a str,
    /// Plain text.
    pub(crate) body: &'a str,
    /// Whether it is of consequence.
    pub(crate) urgency: Urgency,
    /// What the user can answer: the key of each button and its words.
    pub(crate) actions: Vec<(&'a str, &'a str)>,
    /// The body where no buttons can be shown.
    pub(crate) without_actions: &'a str,
    /// The one it takes the place of.
    pub(crate) replaces: Option<u32>,
}

/// How a notification presses, and how long it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// It is for those who care.
    Low,
    /// It can be read and goes.
    Normal,
    /// It stays until it is answered or taken away.
    Critical,
}

/// A notification that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The number it is known by.
    pub(crate) id: u32,
    /// Whether it has buttons.
    pub(crate) is_answerable: bool,
}

/// There is nobody who shows notifications.
#[derive(Debug)]
pub(crate) struct Nobody {
    waited: Duration,
    reason: Error,
}

impl fmt::Display for Nobody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (waited, reason) = (self.waited.as_secs(), words(&self.reason));
        write!(f, "{NOTIFICATIONS}: shows nothing within {waited} seconds ({reason})")
    }
}

impl Desktop {
    /// Connects to the bus of the session. `patience`: how long somebody who shows notifications is
    /// waited for.
    ///
    /// # Errors
    /// Why not, in words.
    pub(crate) async fn connect(bus: &Address, patience: Duration) -> Result<Self, String> {
        let runtime = SharedRuntime::current().map_err(|error| system_words(&error))?;
        let connection = connect(bus, &runtime).await?;
        let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
        let rule = rule.sender(NOTIFICATIONS).interface(NOTIFICATIONS).build();
        let signals =
            async { MessageStream::for_match_rule(rule?, &connection, Some(QUEUE)).await };
        let signals = signals.await.map_err(|error| words(&error))?;
        Ok(Self { connection, runtime, patience, signals })
    }

    /// Shows a notification. Waits for somebody who does it.
    ///
    /// # Errors
    /// [`Nobody`].
    pub(crate) async fn show(&self, notification: &Notification<'_>) -> Result<Shown, Nobody> {
        let end = Instant::now() + self.patience;
        // Listening before trying.
        let mut appearance = owners(&self.connection, NOTIFICATIONS).await;
        loop {
            let reason = match self.try_to_show(notification).await {
                Ok(shown) => return Ok(shown),
                Err(reason) => reason,
            };
            let nobody = |reason| Nobody { waited: self.patience, reason };
            let Ok(appearance) = &mut appearance else { return Err(nobody(reason)) };
            let next = poll_fn(|context| Pin::new(&mut *appearance).poll_next(context));
            match self.runtime.timeout_at(end, next).await {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(nobody(reason)),
            }
        }
    }

    async fn try_to_show(&self, notification: &Notification<'_>) -> zbus::Result<Shown> {
        let capabilities = self.call("GetCapabilities", &()).await?;
        let capabilities: Vec<String> = capabilities.body().deserialize()?;
        let can = |name: &str| capabilities.iter().any(|capability| capability == name);
        let is_answerable = can("actions") && !notification.actions.is_empty();
        let body = match is_answerable || notification.without_actions.is_empty() {
            true => notification.body,
            false => notification.without_actions,
        };
        let body = if can("body-markup") { escaped(body) } else { body.to_owned() };
        let buttons = notification.actions.iter().filter(|_| is_answerable);
        let actions: Vec<&str> = buttons.flat_map(|(key, words)| [*key, *words]).collect();
        let (urgency, stays): (u8, _) = match notification.urgency {
            Urgency::Low => (0, READING_TIME),
            Urgency::Normal => (1, READING_TIME),
            // Zero: until it is closed.
            Urgency::Critical => (2, Duration::ZERO),
        };
        let hints = HashMap::from([
            ("urgency", Variant::from(urgency)),
            ("suppress-sound", Variant::from(true)),
        ]);
        let replaces = notification.replaces.unwrap_or_default();
        let milliseconds = i32::try_from(stays.as_millis()).unwrap_or(i32::MAX);
        let title = notification.title;
        let arguments =
            (APP_NAME, replaces, ICON, title, body.as_str(), actions, hints, milliseconds);
        let id = self.call("Notify", &arguments).await?.body().deserialize()?;
        Ok(Shown { id, is_answerable })
    }

    /// Takes a notification away, if it is still there.
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

async fn connect(bus: &Address, runtime: &SharedRuntime) -> Result<Connection, String> {
    let builder = match bus {
        Address::System => Builder::system(),
        Address::Session => Builder::session(),
        Address::At(address) => Builder::address(address.as_str()),
    };
    let connection = builder.method_timeout(ANSWER).build();
    match runtime.timeout(ANSWER, connection).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(words(&error)),
        Err(_) => Err(format!("no answer within {} seconds", ANSWER.as_secs())),
    }
}

/// The comings and goings of a name.
async fn owners(connection: &Connection, name: &str) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
    let rule = rule.sender(BUS).interface(BUS).member("NameOwnerChanged").add_arg(name);
    MessageStream::for_match_rule(rule.build()?, connection, Some(QUEUE)).await
}

/// The error without what only programmers read.
fn words(error: &Error) -> String {
    match error {
        Error::MethodError(_, Some(message), _) => message.clone(),
        // Of the bus itself, or of whoever uses its words.
        Error::FDO(error) => error.description().map_or_else(|| error.to_string(), str::to_owned),
        Error::InputOutput(error) | Error::Connection(error, _) => system_words(error),
        error => error.to_string(),
    }
}

/// The error without the number that Rust adds.
fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let bare = number.and_then(|number| text.strip_suffix(&number));
    bare.unwrap_or(&text).to_owned()
}

/// The text where `<`, `>` and `&` begin markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_said_in_words_alone() {
        let said = words(&io::Error::from_raw_os_error(13).into());
        assert_eq!(said, "Permission denied");
    }

    #[test]
    fn markup_is_spelled_out() {
        assert_eq!(escaped("a < b & \"c\" > d"), "a &lt; b &amp; \"c\" &gt; d");
        assert_eq!(escaped("für Ihre Geräte"), "für Ihre Geräte");
    }
}
