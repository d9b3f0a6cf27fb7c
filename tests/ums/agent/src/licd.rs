//! licd on the bus.

use std::future::poll_fn;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use zbus::connection::{Builder, Connection};
use zbus::export::futures_core::Stream as _;
use zbus::wire::DynamicDeserialize;
use zbus::{DynamicType, Error, MatchRule, MessageStream};

use crate::error::AgentError;

const NAME: &str = "com.igel.License1";
const PATH: &str = "/com/igel/License1";
const MANAGER: &str = "com.igel.License1.Manager";
/// D-Bus's own limit for an answer.
const ANSWER: Duration = Duration::from_secs(25);

/// A connection to the bus of licd.
pub(crate) struct Licd(Connection);

impl Licd {
    pub(crate) fn connect(bus: &str) -> Result<Self, AgentError> {
        let builder = if bus == "system" { Builder::system() } else { Builder::address(bus) };
        let connection = zbus::block_on(builder.method_timeout(ANSWER).build());
        connection.map(Self).map_err(AgentError::Licd)
    }

    /// Calls a method of the manager.
    pub(crate) fn call<R>(
        &self,
        method: &str,
        body: &(impl Serialize + DynamicType),
    ) -> Result<R, AgentError>
    where
        R: for<'d> DynamicDeserialize<'d>,
    {
        let call = self.0.call_method(Some(NAME), PATH, Some(MANAGER), method, body);
        let answer = zbus::block_on(call).and_then(|answer| answer.body().deserialize());
        answer.map_err(AgentError::Licd)
    }

    /// Sends a word whenever the report of licd changes or licd starts.
    pub(crate) fn watch(&self, news: &Sender<()>) -> Result<(), AgentError> {
        for (sender, signal) in [(NAME, "Changed"), ("org.freedesktop.DBus", "NameOwnerChanged")] {
            let mut stream = self.stream(sender, signal).map_err(AgentError::Licd)?;
            let news = news.clone();
            thread::spawn(move || {
                let mut next =
                    || zbus::block_on(poll_fn(|context| Pin::new(&mut stream).poll_next(context)));
                while let Some(Ok(_)) = next() {
                    let _ = news.send(());
                }
                // The bus has ended. The next agent finds the next one.
                std::process::exit(1);
            });
        }
        Ok(())
    }

    fn stream(&self, sender: &str, signal: &str) -> Result<MessageStream, Error> {
        let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
        let mut rule = rule.sender(sender).member(signal);
        if sender != NAME {
            rule = rule.arg(0, NAME);
        }
        zbus::block_on(MessageStream::for_match_rule(rule.build()?, &self.0, NonZero::new(64)))
    }
}
