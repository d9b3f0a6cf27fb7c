//! Imports of files, which this program opens with the rights of its user.

use std::future::{Future, poll_fn};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;

use licd_client::{CallError, Caller, Client, ImportOptions, Signal, Signals, Topic};
use licd_device::Device;
use licd_fs::printable;
use licd_protocol::BusAddress;
use licd_rules::Code;
use zruntime::mpmc::Receiver;

use super::{calls, failure};
use crate::state::events::{Event, Purpose, Verdict};

/// Imports files one after the other, on a connection of their own: closing it cancels the import, since
/// the answer to a descriptor does not name its job. Dropping the sender of `cancelled` does that.
pub(super) async fn import(
    address: BusAddress,
    files: Vec<PathBuf>,
    purpose: Purpose,
    cancelled: Receiver<()>,
) -> Event {
    let client = match Client::connect(&address, Caller::Desktop).await {
        Ok(client) => client,
        Err(error) => return Event::Refused(failure::failure(&error)),
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
    client.close().await;
    Event::FilesDone(verdicts)
}

async fn import_all(
    client: &Client,
    files: &[PathBuf],
    purpose: Purpose,
    verdicts: &mut Vec<Verdict>,
) {
    let mut ended = Signals::listen(client, &[Topic::Ends]).await;
    for path in files {
        verdicts.push(import_one(client, path, purpose, &mut ended).await);
    }
}

async fn import_one(
    client: &Client,
    path: &Path,
    purpose: Purpose,
    ended: &mut Result<Signals, CallError>,
) -> Verdict {
    let name = printable::escaped_path(Path::new(path.file_name().unwrap_or(path.as_os_str())));
    let file = match Device::open(path) {
        Ok(file) => file,
        Err(failure) => {
            let message = format!("{name}: {}", failure.message);
            return Verdict { code: Some(failure.code), message };
        }
    };
    let options = ImportOptions { purpose: calls::purpose(purpose), ..ImportOptions::default() };
    match client.import_file(file.as_fd(), &name, &options).await {
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

/// The message about this file among the ends of jobs so far: a job's signal precedes its answer.
async fn own_message(ended: &mut Result<Signals, CallError>, name: &str) -> Option<String> {
    let ended = ended.as_mut().ok()?;
    poll_fn(|context| {
        while let Poll::Ready(signal) = ended.poll_next(context) {
            match signal {
                Signal::Ended { message, .. }
                    if message.strip_prefix(name).is_some_and(|rest| rest.starts_with(": ")) =>
                {
                    return Poll::Ready(Some(message));
                }
                Signal::Lost(_) => break,
                _ => {}
            }
        }
        Poll::Ready(None)
    })
    .await
}
