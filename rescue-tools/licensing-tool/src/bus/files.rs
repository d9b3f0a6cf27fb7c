//! Imports of files, which this program opens with the rights of its user.

use std::future::{Future, poll_fn};
use std::num::NonZero;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::task::Poll;

use licd_device::Device;
use licd_fs::printable;
use licd_protocol::BusAddress;
use licd_rules::Code;
use zbus::export::futures_core::Stream as _;
use zbus::{Fd, MatchRule, MessageStream};
use zruntime::SharedRuntime;
use zruntime::mpmc::Receiver;

use super::calls::{self, Client};
use super::failure;
use crate::state::events::{Event, Purpose, Verdict};

/// Queued ends of jobs, of this and of other callers.
const QUEUE: Option<NonZero<usize>> = NonZero::new(64);

/// Imports files one after the other, on a connection of their own: closing it cancels the import, since
/// the answer to a descriptor does not name its job. Dropping the sender of `cancelled` does that.
pub(super) async fn import(
    address: BusAddress,
    runtime: SharedRuntime,
    files: Vec<PathBuf>,
    purpose: Purpose,
    cancelled: Receiver<()>,
) -> Event {
    let client = match Client::connect(&address, &runtime).await {
        Ok(client) => client,
        Err(message) => {
            return Event::Refused(licd_device::Failure { code: Code::Timeout, message });
        }
    };
    let mut verdicts = Vec::new();
    {
        let mut import = pin!(import_all(&client, &files, purpose, &mut verdicts));
        let mut cancelled = pin!(cancelled.recv());
        poll_fn(|context| match import.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => cancelled.as_mut().poll(context).map(drop),
        })
        .await;
    }
    // A connection that is closed badly is closed as well.
    let _ = client.connection.close().await;
    Event::FilesDone(verdicts)
}

async fn import_all(
    client: &Client,
    files: &[PathBuf],
    purpose: Purpose,
    verdicts: &mut Vec<Verdict>,
) {
    let mut ended = ended_jobs(client).await;
    for path in files {
        verdicts.push(import_one(client, path, purpose, &mut ended).await);
    }
}

async fn import_one(
    client: &Client,
    path: &Path,
    purpose: Purpose,
    ended: &mut zbus::Result<MessageStream>,
) -> Verdict {
    let name = printable::escaped_path(Path::new(path.file_name().unwrap_or(path.as_os_str())));
    let file = match Device::open(path) {
        Ok(file) => file,
        Err(failure) => {
            let message = format!("{name}: {}", failure.message);
            return Verdict { code: Some(failure.code), message };
        }
    };
    let body = (Fd::from(file.as_fd()), name.as_str(), calls::options(purpose, String::new()));
    match client.import_fd(&body).await {
        Ok(word) => {
            let message = own_message(ended, &name).await.unwrap_or_else(|| name.clone());
            Verdict { code: Code::parse(&word), message }
        }
        Err(error) => {
            let failure = failure::failure(&error);
            Verdict { code: Some(failure.code), message: failure.message }
        }
    }
}

async fn ended_jobs(client: &Client) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(calls::NAME)
        .interface(calls::JOB)
        .member("Finished")
        .build()?;
    MessageStream::for_match_rule(rule, &client.connection, QUEUE).await
}

/// The message about this file among the ends of jobs so far: a job's signal precedes its answer.
async fn own_message(ended: &mut zbus::Result<MessageStream>, name: &str) -> Option<String> {
    let ended = ended.as_mut().ok()?;
    poll_fn(|context| {
        while let Poll::Ready(Some(signal)) = Pin::new(&mut *ended).poll_next(context) {
            let words = signal.and_then(|signal| signal.body().deserialize::<(String, String)>());
            if let Ok((_, message)) = words
                && message.strip_prefix(name).is_some_and(|rest| rest.starts_with(": "))
            {
                return Poll::Ready(Some(message));
            }
        }
        Poll::Ready(None)
    })
    .await
}
