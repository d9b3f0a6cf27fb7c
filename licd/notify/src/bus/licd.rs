//! The connection to licd, and the events on both buses.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use licd_protocol::{BusAddress, system_message};
use zbus::connection::Connection;
use zbus::export::futures_core::Stream;
use zbus::{Error, MatchRule, Message, MessageStream};
use zruntime::SharedRuntime;

use super::{NotificationServer, QUEUE, connect, message, owner_changes};

const LICD: &str = "com.igel.License1";
const LICD_PATH: &str = "/com/igel/License1";
const MANAGER: &str = "com.igel.License1.Manager";
const DEPLOYMENT: &str = "com.igel.License1.Deployment";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// An event on either bus.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// licd has published something, or has started or ended.
    Published,
    /// The user has pressed the button with this key of this notification.
    ActionInvoked(u32, String),
    /// The user has closed this notification, or it has expired.
    NotificationClosed(u32),
    /// The connection to one of the buses is lost.
    Disconnected,
}

/// The connection to licd.
pub(crate) struct Licd {
    connection: Connection,
    /// Its signals, the changes of the restart, and the changes of its owner.
    streams: [MessageStream; 3],
}

impl Licd {
    /// Subscribes to the signals of licd, which need not have started yet.
    ///
    /// # Errors
    /// The reason, for a message.
    pub(crate) async fn connect(bus: &BusAddress) -> Result<Self, String> {
        let runtime = SharedRuntime::current().map_err(|error| system_message(&error))?;
        let connection = connect(bus, &runtime).await?;
        let listen = async {
            let signals = MatchRule::builder().msg_type(zbus::message::Type::Signal);
            let signals = signals.sender(LICD).interface(MANAGER).build()?;
            let signals = MessageStream::for_match_rule(signals, &connection, Some(QUEUE)).await?;
            let restart = MatchRule::builder().msg_type(zbus::message::Type::Signal);
            let restart = restart.sender(LICD).interface(PROPERTIES).add_arg(DEPLOYMENT).build()?;
            let restart = MessageStream::for_match_rule(restart, &connection, Some(QUEUE)).await?;
            Ok([signals, restart, owner_changes(&connection, LICD).await?])
        };
        let streams = listen.await.map_err(|error: Error| message(&error))?;
        Ok(Self { connection, streams })
    }

    /// Passes the user's answer on.
    ///
    /// # Errors
    /// licd's reason to refuse it, for a message.
    pub(crate) async fn answer(&self, answer: &str) -> Result<(), String> {
        let to = (Some(LICD), LICD_PATH, Some(DEPLOYMENT));
        let call = self.connection.call_method(to.0, to.1, to.2, "Answer", &answer);
        call.await.map(drop).map_err(|error| message(&error))
    }

    /// Waits for the next event on either bus.
    pub(crate) async fn next(&mut self, server: &mut NotificationServer) -> Event {
        let NotificationServer { connection, signals, .. } = server;
        let mut closed = pin!(connection.closed());
        poll_fn(|context| {
            if closed.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Disconnected);
            }
            for stream in &mut self.streams {
                if let Poll::Ready(message) = Pin::new(stream).poll_next(context) {
                    return Poll::Ready(match message {
                        Some(Ok(_)) => Event::Published,
                        Some(Err(_)) | None => Event::Disconnected,
                    });
                }
            }
            while let Poll::Ready(message) = Pin::new(&mut *signals).poll_next(context) {
                match message {
                    Some(Ok(message)) => {
                        if let Some(event) = event(&message) {
                            return Poll::Ready(event);
                        }
                    }
                    Some(Err(_)) | None => return Poll::Ready(Event::Disconnected),
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The event that a signal of the notification server stands for.
fn event(signal: &Message) -> Option<Event> {
    /// Reasons of `NotificationClosed`: it has expired, or the user has closed it.
    const BY_USER: [u32; 2] = [1, 2];
    let (header, body) = (signal.header(), signal.body());
    match header.member()?.as_str() {
        "ActionInvoked" => body.deserialize().ok().map(|(id, key)| Event::ActionInvoked(id, key)),
        "NotificationClosed" => {
            let (id, reason) = body.deserialize().ok()?;
            BY_USER.contains(&reason).then_some(Event::NotificationClosed(id))
        }
        _ => None,
    }
}
