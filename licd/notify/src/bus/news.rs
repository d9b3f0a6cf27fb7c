//! What happens on the two buses, and what licd is asked there.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use zbus::connection::Connection;
use zbus::export::futures_core::Stream;
use zbus::{Error, MatchRule, Message, MessageStream};
use zruntime::SharedRuntime;

use super::{Desktop, QUEUE, connect, owners, system_words, words};
use crate::args::Address;

const LICD: &str = "com.igel.License1";
const LICD_PATH: &str = "/com/igel/License1";
const MANAGER: &str = "com.igel.License1.Manager";
const DEPLOYMENT: &str = "com.igel.License1.Deployment";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// What the program waits for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// licd has something new to say.
    News,
    /// The user has pressed the button with this key of this notification.
    Chosen(u32, String),
    /// This notification was closed by the user, or because its time was over.
    Closed(u32),
    /// One of the two buses is gone.
    BusGone,
}

/// What licd has to say.
pub(crate) struct News {
    connection: Connection,
    /// Its signals, what becomes of a restart, and its coming and going.
    streams: [MessageStream; 3],
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
            let restart = MatchRule::builder().msg_type(zbus::message::Type::Signal);
            let restart = restart.sender(LICD).interface(PROPERTIES).add_arg(DEPLOYMENT).build()?;
            let restart = MessageStream::for_match_rule(restart, &connection, Some(QUEUE)).await?;
            Ok([signals, restart, owners(&connection, LICD).await?])
        };
        let streams = listen.await.map_err(|error: Error| words(&error))?;
        Ok(Self { connection, streams })
    }

    /// Tells licd what the user answers.
    ///
    /// # Errors
    /// Why licd does not take it, in words.
    pub(crate) async fn answer(&self, answer: &str) -> Result<(), String> {
        let to = (Some(LICD), LICD_PATH, Some(DEPLOYMENT));
        let call = self.connection.call_method(to.0, to.1, to.2, "Answer", &answer);
        call.await.map(drop).map_err(|error| words(&error))
    }

    /// Waits until something happens on either bus.
    pub(crate) async fn next(&mut self, desktop: &mut Desktop) -> Event {
        let Desktop { connection, signals, .. } = desktop;
        let mut gone = pin!(connection.closed());
        poll_fn(|context| {
            if gone.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::BusGone);
            }
            for stream in &mut self.streams {
                if let Poll::Ready(message) = Pin::new(stream).poll_next(context) {
                    let is_news = matches!(message, Some(Ok(_)));
                    return Poll::Ready(if is_news { Event::News } else { Event::BusGone });
                }
            }
            while let Poll::Ready(message) = Pin::new(&mut *signals).poll_next(context) {
                match message {
                    Some(Ok(message)) => {
                        if let Some(event) = event(&message) {
                            return Poll::Ready(event);
                        }
                    }
                    Some(Err(_)) | None => return Poll::Ready(Event::BusGone),
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// What the user does, by a signal of the specification.
fn event(signal: &Message) -> Option<Event> {
    /// Reasons of `NotificationClosed`: its time was over, or the user closed it.
    const BY_USER: [u32; 2] = [1, 2];
    let (header, body) = (signal.header(), signal.body());
    match header.member()?.as_str() {
        "ActionInvoked" => body.deserialize().ok().map(|(id, key)| Event::Chosen(id, key)),
        "NotificationClosed" => {
            let (id, reason) = body.deserialize().ok()?;
            BY_USER.contains(&reason).then_some(Event::Closed(id))
        }
        _ => None,
    }
}
