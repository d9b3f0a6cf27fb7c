//! The daemon's D-Bus client. No other room depends on zbus.

mod job;

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::future::poll_fn;
use std::num::NonZero;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use licd_device::{Failure, Intent};
use licd_fs::printable;
use licd_protocol::BusAddress;
use licd_rules::{Code, Reason};
use serde::Serialize;
use zbus::connection::{Builder, Connection};
use zbus::export::futures_core::Stream as _;
use zbus::proxy::{CacheProperties, MethodFlags, Proxy};
use zbus::wire::DynamicDeserialize;
use zbus::{DBusError as _, DynamicType, Error, Fd, MatchRule, MessageStream, Variant, fdo};
use zruntime::SharedRuntime;

use crate::args::Access;

const NAME: &str = "com.igel.License1";
const PATH: &str = "/com/igel/License1";
const MANAGER: &str = "com.igel.License1.Manager";
const JOB: &str = "com.igel.License1.Job";
/// The prefix of the daemon's own error names.
const ERRORS: &str = "com.igel.License1.Error.";
const BUS: (&str, &str, &str) =
    ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");

/// The time limit for connecting. A running bus accepts within milliseconds; a user of the rescue
/// shell should not wait for one that hangs.
const CONNECT: Duration = Duration::from_secs(5);
/// The time limit for an answer: D-Bus's own default.
const ANSWER: Duration = Duration::from_secs(25);
/// The time limit for an import: the daemon's limit for a source, plus time for the store.
const IMPORT: Duration = Duration::from_secs(150);

/// Concurrent imports: the daemon's limit of files per caller.
const AT_ONCE: usize = 64;
/// Queued `Finished` signals: more than the jobs that run concurrently.
const JOBS: usize = 128;

/// A connection to the running daemon.
pub(crate) struct Daemon {
    connection: Connection,
    runtime: SharedRuntime,
}

impl Daemon {
    /// Connects to the daemon if the arguments allow it and the daemon runs.
    pub(crate) fn wanted(args: &Access) -> Option<Self> {
        let bus = match (&args.bus, args.direct) {
            (_, true) => None,
            (Some(bus), false) => Some(bus),
            // The daemon on the system bus serves the device, not another root directory.
            (None, false) => (args.root == Path::new("/")).then_some(&BusAddress::System),
        };
        bus.and_then(Self::find)
    }

    /// The daemon on this bus; `None` if the bus is missing or no daemon owns the name.
    fn find(bus: &BusAddress) -> Option<Self> {
        let builder = match bus {
            BusAddress::System => Builder::system(),
            BusAddress::Session => Builder::session(),
            BusAddress::At(address) => Builder::address(address.as_str()),
        };
        zbus::block_on(async {
            let runtime = SharedRuntime::current().ok()?;
            let connection = runtime.timeout(CONNECT, builder.build()).await.ok()?.ok()?;
            let daemon = Self { connection, runtime };
            let owned: bool = daemon.call(BUS, "NameHasOwner", CONNECT, &NAME).await.ok()?;
            owned.then_some(daemon)
        })
    }

    pub(crate) fn status(&self) -> Result<String, Failure> {
        self.ask("GetStatus", ANSWER, &())
    }

    pub(crate) fn check_update(
        &self,
        released: &str,
        version: Option<&str>,
    ) -> Result<Reason, Failure> {
        let (_, reason): (bool, String) = match version {
            Some(version) => self.ask("CheckUpdateTo", ANSWER, &(version, released))?,
            None => self.ask("CheckUpdate", ANSWER, &released)?,
        };
        Reason::parse(&reason).ok_or_else(|| unknown(&reason))
    }

    pub(crate) fn remove(&self, selector: &str) -> Result<u32, Failure> {
        self.ping()?;
        self.ask("Remove", IMPORT, &(selector, HashMap::<&str, Variant<'_>>::new()))
    }

    /// Imports files concurrently and returns the verdict and message for each. Files are submitted in
    /// order, and the daemon keeps that order.
    pub(crate) fn import(
        &self,
        files: &[(&str, &File)],
        intent: Intent,
    ) -> Vec<Result<(Code, String), Failure>> {
        let done = self
            .ping()
            .and_then(|()| zbus::block_on(self.import_together(files, intent)).map_err(failure));
        done.unwrap_or_else(|failure| files.iter().map(|_| Err(failure.clone())).collect())
    }

    async fn import_together(
        &self,
        files: &[(&str, &File)],
        intent: Intent,
    ) -> zbus::Result<Vec<Result<(Code, String), Failure>>> {
        let mut ended = self.ended_jobs().await?;
        let mut words: Vec<(String, String)> = Vec::new();
        let mut answers: Vec<_> = files.iter().map(|_| None).collect();
        let mut waiting: VecDeque<usize> = (0..files.len()).collect();
        let mut calls = Vec::new();
        let mut at_once = AT_ONCE;
        poll_fn(|context| {
            // A job's signal precedes its answer; draining first keeps the queue short.
            while let Poll::Ready(Some(signal)) = Pin::new(&mut ended).poll_next(context) {
                words.extend(signal.and_then(|signal| signal.body().deserialize()).ok());
            }
            loop {
                while calls.len() < at_once
                    && let Some(place) = waiting.pop_front()
                    && let Some((name, file)) = files.get(place)
                {
                    let body = (Fd::from(file.as_fd()), *name, options(intent));
                    calls.push((place, Box::pin(self.import_one(body))));
                }
                let before = calls.len();
                calls.retain_mut(|(place, call)| match call.as_mut().poll(context) {
                    Poll::Pending => true,
                    Poll::Ready(Err(Failure { code: Code::Busy, .. })) if before > 1 => {
                        // Other callers import too: lower the concurrency and retry this file.
                        at_once = (before / 2).max(1);
                        waiting.push_front(*place);
                        false
                    }
                    Poll::Ready(answer) => {
                        if let Some(slot) = answers.get_mut(*place) {
                            *slot = Some(answer);
                        }
                        false
                    }
                });
                if calls.len() == before {
                    break;
                }
            }
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let with_words = |(answer, (name, _)): (Option<Result<Code, Failure>>, &(&str, &File))| {
            let code = answer.unwrap_or_else(|| Err(unanswered()))?;
            let is_own = |(verdict, words): &(String, String)| {
                verdict == code.as_str()
                    && words.strip_prefix(name).is_some_and(|rest| rest.starts_with(": "))
            };
            let own = words.iter().position(is_own).map(|place| words.remove(place));
            Ok((code, own.map(|(_, words)| words).unwrap_or_default()))
        };
        Ok(answers.into_iter().zip(files).map(with_words).collect())
    }

    async fn import_one(
        &self,
        body: (Fd<'_>, &str, HashMap<&'static str, Variant<'static>>),
    ) -> Result<Code, Failure> {
        let word: String =
            self.call((NAME, PATH, MANAGER), "ImportFd", IMPORT, &body).await.map_err(failure)?;
        verdict(&word)
    }

    /// Subscribes to `Finished` signals.
    async fn ended_jobs(&self) -> zbus::Result<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(NAME)
            .interface(JOB)
            .member("Finished")
            .build()?;
        MessageStream::for_match_rule(rule, &self.connection, NonZero::new(JOBS)).await
    }

    /// Checks that the daemon responds before a call that may take long.
    fn ping(&self) -> Result<(), Failure> {
        let to = (NAME, PATH, "org.freedesktop.DBus.Peer");
        zbus::block_on(self.call(to, "Ping", CONNECT, &())).map_err(failure)
    }

    fn ask<B, R>(&self, member: &str, limit: Duration, body: &B) -> Result<R, Failure>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        zbus::block_on(self.call((NAME, PATH, MANAGER), member, limit, body)).map_err(failure)
    }

    /// Calls a method with autostart disabled, so that the call never starts the daemon.
    async fn call<B, R>(
        &self,
        (name, path, interface): (&str, &str, &str),
        member: &str,
        limit: Duration,
        body: &B,
    ) -> zbus::Result<R>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let proxy = zbus::proxy::Builder::<Proxy<'_>>::new(&self.connection)
            .destination(name)
            .path(path)
            .interface(interface)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        // zbus offers no other call that takes flags and returns the answer; it has no time limit.
        let call = proxy.call_with_flags(member, MethodFlags::NO_AUTO_START, body);
        match self.runtime.timeout(limit, call).await {
            Ok(answer) => answer?.ok_or(Error::InvalidReply),
            Err(_) => Err(no_answer(limit)),
        }
    }
}

/// The failure reported for a file that the daemon did not answer for.
pub(crate) fn unanswered() -> Failure {
    Failure { code: Code::Timeout, message: "licd: has not answered; try again".to_owned() }
}

fn no_answer(limit: Duration) -> Error {
    Error::InputOutput(Arc::new(std::io::Error::new(
        std::io::ErrorKind::TimedOut,
        format!("no answer within {} seconds", limit.as_secs()),
    )))
}

/// The options of an import.
fn options(intent: Intent) -> HashMap<&'static str, Variant<'static>> {
    let automatic = (intent == Intent::Automatic).then(|| ("automatic", true.into()));
    automatic.into_iter().collect()
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

/// Maps an error to the daemon's own verdict, or to the verdict that fits a D-Bus error.
fn failure(error: Error) -> Failure {
    if let Error::MethodError(name, message, _) = &error
        && let Some(code) = name.as_str().strip_prefix(ERRORS).and_then(Code::from_error_name)
    {
        return Failure { code, message: message.clone().unwrap_or_default() };
    }
    let reason = reason(&error);
    let (code, message) = match error {
        Error::FDO(error) => match *error {
            // An internal error of the daemon, which keeps running.
            fdo::Error::Failed(_) => (Code::Timeout, reason),
            fdo::Error::InvalidArgs(_)
            | fdo::Error::NotSupported(_)
            | fdo::Error::UnknownMethod(_)
            | fdo::Error::UnknownObject(_)
            | fdo::Error::UnknownInterface(_) => other_version(&reason),
            // The bus's own message is for the author of its policy; the bus logs it.
            fdo::Error::AccessDenied(_) | fdo::Error::AuthFailed(_) => {
                let message = "licd: the bus does not let this user call it; run licctl as root";
                (Code::NotAuthorized, message.to_owned())
            }
            fdo::Error::LimitsExceeded(_) | fdo::Error::NoMemory(_) => {
                (Code::Busy, format!("licd: {reason}; try again later"))
            }
            _ => silent(&reason),
        },
        Error::MethodError(..) => other_version(&reason),
        Error::InvalidReply | Error::IncorrectType | Error::SignatureMismatch(..) => {
            other_version(&reason)
        }
        _ => silent(&reason),
    };
    Failure { code, message }
}

/// Daemon and licctl do not understand each other.
fn other_version(reason: &str) -> (Code, String) {
    let message = format!("licd: is of another version ({reason}); update it, or use --direct");
    (Code::Timeout, message)
}

/// The daemon has exited or hangs.
fn silent(reason: &str) -> (Code, String) {
    (Code::Timeout, format!("licd: {reason}; restart it, or use --direct"))
}

/// The message of an error, without the text that zbus adds.
fn reason(error: &Error) -> String {
    match error {
        Error::MethodError(_, Some(message), _) => message.clone(),
        Error::FDO(error) => error.description().map_or_else(|| error.to_string(), str::to_owned),
        Error::InputOutput(error) | Error::Connection(error, _) => printable::reason(error),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bus_errors_map_to_a_code_and_a_cure() {
        type Kind = fn(String) -> fdo::Error;
        let denied = "licd: the bus does not let this user call it; run licctl as root";
        let restart = "licd: x; restart it, or use --direct";
        let version = "licd: is of another version (x); update it, or use --direct";
        for (kind, code, message) in [
            (fdo::Error::Failed as Kind, Code::Timeout, "x"),
            (fdo::Error::InvalidArgs, Code::Timeout, version),
            (fdo::Error::UnknownMethod, Code::Timeout, version),
            (fdo::Error::AccessDenied, Code::NotAuthorized, denied),
            (fdo::Error::LimitsExceeded, Code::Busy, "licd: x; try again later"),
            (fdo::Error::ServiceUnknown, Code::Timeout, restart),
            (fdo::Error::NoReply, Code::Timeout, restart),
        ] {
            let mapped = failure(Error::FDO(Box::new(kind("x".to_owned()))));
            assert_eq!((mapped.code, mapped.message.as_str()), (code, message));
        }
    }

    #[test]
    fn a_silent_daemon_gets_a_cure_and_no_errno() {
        let mapped = failure(no_answer(CONNECT));
        assert_eq!(mapped.code, Code::Timeout);
        let words = "licd: no answer within 5 seconds; restart it, or use --direct";
        assert_eq!(mapped.message, words);
        let mapped = failure(std::io::Error::from_raw_os_error(104).into());
        assert_eq!(mapped.message, "licd: Connection reset by peer; restart it, or use --direct");
    }
}
