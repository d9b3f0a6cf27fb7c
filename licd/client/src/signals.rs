//! What licd signals, as one stream of events.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use zbus::export::futures_core::Stream as _;
use zbus::{MatchRule, Message, MessageStream, OwnedVariant};

use crate::connection::{QUEUE, owner_changes};
use crate::{CallError, Client, DEPLOYMENT, JOB, MANAGER, NAME, PROPERTIES};

/// A subject to listen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Changes of the report, and notices of expiry.
    Report,
    /// The ends of jobs.
    Ends,
    /// The progress of jobs.
    Progress,
    /// The restart after a deployment.
    Restart,
    /// The coming and going of licd.
    Presence,
}

/// An event.
#[derive(Debug, Clone)]
pub enum Signal {
    /// The report has changed.
    Changed,
    /// A notice of expiry is due.
    Notice,
    /// A job has ended.
    Ended {
        /// Its path.
        job: String,
        /// The word of the verdict.
        verdict: String,
        /// The lines about its files.
        message: String,
    },
    /// A job goes on.
    Progressed {
        /// Its path.
        job: String,
        /// Bytes read.
        done: u64,
        /// Bytes in all, 0 if unknown.
        total: u64,
    },
    /// The plan of the restart has changed.
    Restart,
    /// licd has come.
    Came,
    /// licd has gone.
    Went,
    /// The connection is lost.
    Lost(CallError),
}

/// The signals of licd on some topics.
pub struct Signals {
    streams: Vec<(Topic, MessageStream)>,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The bus refuses a subscription.
    pub async fn listen(client: &Client, topics: &[Topic]) -> Result<Self, CallError> {
        let mut streams = Vec::new();
        for topic in topics {
            streams.push((*topic, stream(client, *topic).await?));
        }
        Ok(Self { streams })
    }

    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The next signal, if it is there. Those of a topic keep their order, and earlier topics of the list
    /// come first.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Signal> {
        for (topic, stream) in &mut self.streams {
            while let Poll::Ready(message) = Pin::new(&mut *stream).poll_next(context) {
                let signal = match message {
                    Some(Ok(message)) => signal(*topic, &message),
                    Some(Err(error)) => Some(Signal::Lost(error.into())),
                    None => Some(Signal::Lost(CallError::ended())),
                };
                // A signal of another form is of a later version.
                if let Some(signal) = signal {
                    return Poll::Ready(signal);
                }
            }
        }
        Poll::Pending
    }
}

async fn stream(client: &Client, topic: Topic) -> Result<MessageStream, CallError> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(NAME);
    let rule = match topic {
        Topic::Report => rule.interface(MANAGER),
        Topic::Ends => rule.interface(JOB).member("Finished"),
        Topic::Progress => rule.interface(PROPERTIES).add_arg(JOB),
        Topic::Restart => rule.interface(PROPERTIES).add_arg(DEPLOYMENT),
        Topic::Presence => return owner_changes(&client.connection, NAME).await,
    };
    Ok(MessageStream::for_match_rule(rule.build()?, &client.connection, QUEUE).await?)
}

fn signal(topic: Topic, message: &Message) -> Option<Signal> {
    let header = message.header();
    let job = || Some(header.path()?.to_string());
    match topic {
        Topic::Report => match header.member()?.as_str() {
            "Changed" => Some(Signal::Changed),
            "ExpiryNotice" => Some(Signal::Notice),
            _ => None,
        },
        Topic::Ends => {
            let (verdict, message) = message.body().deserialize().ok()?;
            Some(Signal::Ended { job: job()?, verdict, message })
        }
        Topic::Progress => {
            let (done, total) = progress(message)?;
            Some(Signal::Progressed { job: job()?, done, total })
        }
        Topic::Restart => Some(Signal::Restart),
        Topic::Presence => {
            let (_, _, owner): (String, String, String) = message.body().deserialize().ok()?;
            Some(if owner.is_empty() { Signal::Went } else { Signal::Came })
        }
    }
}

/// The progress in a change of a job's properties.
fn progress(message: &Message) -> Option<(u64, u64)> {
    type Changes = (String, HashMap<String, OwnedVariant>, Vec<String>);
    let (_, mut changes, _): Changes = message.body().deserialize().ok()?;
    changes.remove("Progress")?.try_into().ok()
}
