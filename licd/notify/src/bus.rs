//! The two buses: licd's, which is listened to, and the desktop's. The only file that knows zbus.

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
}

/// Something to show.
pub(crate) struct Notification<'a> {
    /// One line.
    pub(crate) title: &'a str,
    /// Plain text.
    pub(crate) body: &'a str,
    /// Whether it is of consequence.
    pub(crate) matters: bool,
    /// The one it takes the place of.
    pub(crate) replaces: Option<u32>,
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
        Ok(Self { connection, runtime, patience })
    }

    /// Shows a notification, and returns the number it is known by. Waits for somebody who does it.
    ///
    /// # Errors
    /// [`Nobody`].
    pub(crate) async fn show(&self, notification: &Notification<'_>) -> Result<u32, Nobody> {
        let end = Instant::now() + self.patience;
        // Listening before trying.
        let mut appearance = owners(&self.connection, NOTIFICATIONS).await;
        loop {
            let reason = match self.try_to_show(notification).await {
                Ok(id) => return Ok(id),
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

    async fn try_to_show(&self, notification: &Notification<'_>) -> zbus::Result<u32> {
        let markup = self.call("GetCapabilities", &()).await?;
        let markup: Vec<String> = markup.body().deserialize()?;
        let markup = markup.iter().any(|capability| capability == "body-markup");
        let body = if markup { escaped(notification.body) } else { notification.body.to_owned() };
        // Nothing here is urgent: "critical" would stay on the screen until it is clicked away.
        let urgency: u8 = if notification.matters { 1 } else { 0 };
        let hints = HashMap::from([
            ("urgency", Variant::from(urgency)),
            ("suppress-sound", Variant::from(true)),
        ]);
        let replaces = notification.replaces.unwrap_or_default();
        let milliseconds = i32::try_from(READING_TIME.as_millis()).unwrap_or(i32::MAX);
        let actions: &[&str] = &[];
        let title = notification.title;
        let arguments =
            (APP_NAME, replaces, ICON, title, body.as_str(), actions, hints, milliseconds);
        self.call("Notify", &arguments).await?.body().deserialize()
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

/// What licd has to say.
pub(crate) struct News {
    /// Kept so that the streams go on.
    _connection: Connection,
    /// Its signals, and its coming and going.
    streams: [MessageStream; 2],
}

impl News {
    /// Listens from now on, also if licd is not there yet.
    ///
    /// # Errors
    /// Why not, in words.
    pub(crate) async fn of_licd(bus: &Address) -> Result<Self, String> {
        let runtime = SharedRuntime::current().map_err(|error| system_words(&error))?;
        let connection = connect(bus, &runtime).await?;
        let listen = async {
            let signals = MatchRule::builder().msg_type(zbus::message::Type::Signal);
            let signals = signals.sender(LICD).interface(MANAGER).build()?;
            let signals = MessageStream::for_match_rule(signals, &connection, Some(QUEUE)).await?;
            Ok([signals, owners(&connection, LICD).await?])
        };
        let streams = listen.await.map_err(|error: Error| words(&error))?;
        Ok(Self { _connection: connection, streams })
    }

    /// Waits for news; whether there are, or else one of the two buses is gone.
    pub(crate) async fn next_while(&mut self, desktop: &Desktop) -> bool {
        let mut gone = pin!(desktop.connection.closed());
        poll_fn(|context| {
            if gone.as_mut().poll(context).is_ready() {
                return Poll::Ready(false);
            }
            for stream in &mut self.streams {
                if let Poll::Ready(message) = Pin::new(stream).poll_next(context) {
                    return Poll::Ready(matches!(message, Some(Ok(_))));
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
