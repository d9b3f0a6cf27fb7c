//! The connection to licd, and the events on both buses.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use licd_client::{CallError, Caller, Client, Signal, Signals, Topic};
use licd_protocol::BusAddress;
use zbus::Message;
use zbus::export::futures_core::Stream;

use super::NotificationServer;

/// What may change what licd has published.
const TOPICS: [Topic; 3] = [Topic::Report, Topic::Restart, Topic::Presence];

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
    client: Client,
    signals: Signals,
}

impl Licd {
    /// Subscribes to the signals of licd, which need not have started yet.
    ///
    /// # Errors
    /// The bus is missing or does not answer.
    pub(crate) async fn connect(bus: &BusAddress) -> Result<Self, CallError> {
        let client = Client::connect(bus, Caller::Desktop).await?;
        let signals = Signals::listen(&client, &TOPICS).await?;
        Ok(Self { client, signals })
    }

    /// Passes the user's answer on.
    ///
    /// # Errors
    /// licd refuses it, or does not answer.
    pub(crate) async fn answer(&self, answer: &str) -> Result<(), CallError> {
        self.client.ping().await?;
        self.client.answer(answer).await
    }

    /// Waits for the next event on either bus.
    pub(crate) async fn next(&mut self, server: &mut NotificationServer) -> Event {
        let NotificationServer { connection, signals, .. } = server;
        let mut closed = pin!(connection.closed());
        poll_fn(|context| {
            if closed.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Disconnected);
            }
            if let Poll::Ready(signal) = self.signals.poll_next(context) {
                return Poll::Ready(match signal {
                    Signal::Lost(_) => Event::Disconnected,
                    _ => Event::Published,
                });
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
