//! The daemon as the verbs ask it. Each call waits for its answer.

mod job;
mod queue;

use std::future::{Future, poll_fn};
use std::os::fd::AsFd as _;
use std::task::Poll;

use licd_client::{
    CallError, CallErrorKind, Caller, Client, ImportOptions, Purpose, Signal, Signals, Topic,
    block_on,
};
use licd_device::{Failure, Intent};
use licd_protocol::BusAddress;
use licd_rules::{Code, Reason, Selector};

use queue::Queue;

use crate::document::Document;

/// The verdict on a file with its message, or the failure of the call.
pub(crate) type Answer = Result<(Code, String), Failure>;

/// Concurrent imports: the daemon's limit of files per caller.
const AT_ONCE: usize = 64;

/// A connection to the running daemon.
pub(crate) struct Daemon {
    client: Client,
}

impl Daemon {
    /// The daemon on this bus; `None` if the bus is missing or no daemon owns the name.
    pub(crate) fn find(bus: &BusAddress) -> Option<Self> {
        block_on(async {
            let client = Client::connect(bus, Caller::Script).await.ok()?;
            client.is_running().await.ok()?.then_some(Self { client })
        })
    }

    pub(crate) fn status(&self) -> Result<String, Failure> {
        block_on(self.client.status()).map_err(failure)
    }

    pub(crate) fn check_update(
        &self,
        released: &str,
        version: Option<&str>,
    ) -> Result<Reason, Failure> {
        let reason = block_on(self.client.check_update(released, version)).map_err(failure)?;
        Reason::parse(&reason).ok_or_else(|| unknown(&reason))
    }

    pub(crate) fn remove(&self, selector: &Selector) -> Result<u32, Failure> {
        block_on(async {
            self.client.ping().await?;
            self.client.remove(selector).await
        })
        .map_err(failure)
    }

    /// Imports files together and returns the verdict and message for each. Files are submitted in
    /// order, and the daemon keeps that order; of more than [`AT_ONCE`] it takes so many together.
    pub(crate) fn import(&self, documents: &[Document], intent: Intent) -> Vec<Answer> {
        block_on(async {
            let ready = self.ready_to_import();
            self.import_when(ready, documents, intent).await
        })
    }

    /// Does both, without a thread that would keep the connection in between; `None` if there is no daemon.
    pub(crate) fn find_and_import(
        bus: &BusAddress,
        documents: &[Document],
        intent: Intent,
    ) -> Option<Vec<Answer>> {
        block_on(async {
            let daemon = Self { client: Client::connect(bus, Caller::Script).await.ok()? };
            // The bus answers both in turn.
            let ready = daemon.ready_to_import();
            let is_running = daemon.client.is_running().await.ok()?;
            match is_running {
                true => Some(daemon.import_when(ready, documents, intent).await),
                false => None,
            }
        })
    }

    /// Asks for a sign of life and for the signals of an import, without waiting for either.
    fn ready_to_import(&self) -> impl Future<Output = Result<Signals, CallError>> + use<> {
        let [life, signals] = [self.client.clone(), self.client.clone()];
        let life = self.client.begin_call("life", async move { life.ping().await });
        let listen = async move { Signals::listen(&signals, &[Topic::Ends]).await };
        let signals = self.client.begin_call("signals", listen);
        async {
            life.await?;
            signals.await
        }
    }

    async fn import_when(
        &self,
        ready: impl Future<Output = Result<Signals, CallError>>,
        documents: &[Document],
        intent: Intent,
    ) -> Vec<Answer> {
        match ready.await.map_err(failure) {
            Ok(signals) => self.import_together(signals, documents, intent).await,
            Err(failure) => {
                let unopened = |document: &Document| document.file().err();
                let failed = documents.iter().map(unopened);
                failed.map(|own| Err(own.unwrap_or_else(|| failure.clone()))).collect()
            }
        }
    }

    async fn import_together(
        &self,
        mut ended: Signals,
        documents: &[Document],
        intent: Intent,
    ) -> Vec<Answer> {
        let mut words: Vec<(String, String)> = Vec::new();
        let mut answers: Vec<_> = documents.iter().map(|_| None).collect();
        let mut queue = Queue::new(documents.len(), AT_ONCE);
        let mut calls = Vec::new();
        poll_fn(|context| {
            // A job's signal precedes its answer; draining first keeps the queue short.
            while let Poll::Ready(Signal::Ended { verdict, message, .. }) = ended.poll_next(context)
            {
                words.push((verdict, message));
            }
            loop {
                while let Some((place, more)) = queue.next(calls.len())
                    && let Some(document) = documents.get(place)
                {
                    let options = ImportOptions {
                        purpose: purpose(intent),
                        more,
                        ..ImportOptions::default()
                    };
                    calls.push((place, Box::pin(self.import_one(document, options))));
                }
                let (before, mut refused) = (calls.len(), Vec::new());
                calls.retain_mut(|(place, call)| match call.as_mut().poll(context) {
                    Poll::Pending => true,
                    Poll::Ready(Err(Failure { code: Code::Busy, .. })) if before > 1 => {
                        refused.push(*place);
                        false
                    }
                    Poll::Ready(answer) => {
                        if let Some(slot) = answers.get_mut(*place) {
                            *slot = Some(answer);
                        }
                        false
                    }
                });
                queue.again(refused, before);
                if calls.len() == before {
                    break;
                }
            }
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let with_words = |(answer, document): (Option<Result<Code, Failure>>, &Document)| {
            let code = answer.unwrap_or_else(|| Err(unanswered()))?;
            let is_own = |(verdict, words): &(String, String)| {
                verdict == code.as_str()
                    && words
                        .strip_prefix(&*document.name)
                        .is_some_and(|rest| rest.starts_with(": "))
            };
            let own = words.iter().position(is_own).map(|place| words.remove(place));
            Ok((code, own.map(|(_, words)| words).unwrap_or_default()))
        };
        answers.into_iter().zip(documents).map(with_words).collect()
    }

    async fn import_one(
        &self,
        document: &Document,
        options: ImportOptions<'_>,
    ) -> Result<Code, Failure> {
        let file = document.file()?;
        let word = self.client.import_file(file.as_fd(), &document.name, &options).await;
        verdict(&word.map_err(failure)?)
    }
}

/// The failure reported for a file that the daemon did not answer for.
pub(crate) fn unanswered() -> Failure {
    Failure { code: Code::Timeout, message: "licd: has not answered; try again".to_owned() }
}

/// The purpose of an import as the daemon knows it.
fn purpose(intent: Intent) -> Purpose {
    match intent {
        Intent::Automatic => Purpose::Automatic,
        Intent::Check => Purpose::Check,
        Intent::Explicit | Intent::Deployed => Purpose::Explicit,
    }
}

/// Parses a verdict.
fn verdict(word: &str) -> Result<Code, Failure> {
    Code::parse(word).ok_or_else(|| unknown(word))
}

fn unknown(word: &str) -> Failure {
    Failure {
        code: Code::Unsupported,
        message: format!("licd: answers “{word}”, which this licctl does not know"),
    }
}

/// The daemon's own verdict, or the verdict and the cure that fit an error of the bus.
fn failure(error: CallError) -> Failure {
    cured(error.kind(), error.to_string())
}

fn cured(kind: CallErrorKind, reason: String) -> Failure {
    let (code, message) = match kind {
        CallErrorKind::Verdict(code) => (code, reason),
        CallErrorKind::Failed => (Code::Timeout, reason),
        CallErrorKind::Arguments | CallErrorKind::Unknown => (
            Code::Timeout,
            format!("licd: is of another version ({reason}); update it, or use --direct"),
        ),
        // The bus's own message is for the author of its policy; the bus logs it.
        CallErrorKind::Denied => {
            let message = "licd: the bus does not let this user call it; run licctl as root";
            (Code::NotAuthorized, message.to_owned())
        }
        CallErrorKind::Busy => (Code::Busy, format!("licd: {reason}; try again later")),
        CallErrorKind::Absent | CallErrorKind::Silent => {
            (Code::Timeout, format!("licd: {reason}; restart it, or use --direct"))
        }
    };
    Failure { code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_bus_gets_a_code_and_a_cure() {
        let denied = "licd: the bus does not let this user call it; run licctl as root";
        let restart = "licd: x; restart it, or use --direct";
        let version = "licd: is of another version (x); update it, or use --direct";
        for (kind, code, message) in [
            (CallErrorKind::Verdict(Code::StoreFull), Code::StoreFull, "x"),
            (CallErrorKind::Failed, Code::Timeout, "x"),
            (CallErrorKind::Arguments, Code::Timeout, version),
            (CallErrorKind::Unknown, Code::Timeout, version),
            (CallErrorKind::Denied, Code::NotAuthorized, denied),
            (CallErrorKind::Busy, Code::Busy, "licd: x; try again later"),
            (CallErrorKind::Absent, Code::Timeout, restart),
            (CallErrorKind::Silent, Code::Timeout, restart),
        ] {
            let failure = cured(kind, "x".to_owned());
            assert_eq!((failure.code, failure.message.as_str()), (code, message), "{kind:?}");
        }
    }
}
