//! What callers send, read without a bus. Tests use it to show arbitrary bytes to the parsers.

use std::io;
use std::os::unix::net::UnixStream;

use zbus::DBusError as _;
use zbus::wire::Endian;
use zbus::wire::serialized::{Context, Data};
use zruntime::SharedRuntime;

use super::error::BusError;
use super::gate::{Arrival, Inbound, Line};
use super::options::{Options, access, application, intent};
use crate::jobs::Source;

/// A message as the daemon takes it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The bytes of a message that is handled.
    Message(Vec<u8>),
    /// A message that is discarded, and the answer to its sender, if there is one.
    Discarded(Option<Vec<u8>>),
}

/// Reads messages from a connection until it ends.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] for bytes that begin no message, and errors of the kernel. What was
/// read before is in `taken`.
pub fn messages(connection: UnixStream, taken: &mut Vec<Taken>) -> io::Result<()> {
    zruntime::block_on(async {
        let line = Line::new(&SharedRuntime::current()?, connection.into())?;
        let mut inbound = Inbound::new(&[]);
        loop {
            taken.push(match inbound.next(&line).await {
                Ok(Arrival::Message(_, frame)) => Taken::Message(frame.bytes),
                Ok(Arrival::TooLong(envelope)) => {
                    let refusal = envelope.refusal("the message is too long");
                    Taken::Discarded(refusal.map(|refusal| refusal.data().bytes().to_vec()))
                }
                Ok(Arrival::Nothing) => Taken::Discarded(None),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            });
        }
    })
}

/// Reads the body of a call of `Import`, little-endian: the name of the source, fit to be shown, or why
/// it is refused. `None` if the bytes are not a string and options.
#[must_use]
pub fn import(body: &[u8]) -> Option<Result<String, String>> {
    let (source, mut options): (String, Options) = arguments(body)?;
    let access = intent(&mut options).and_then(|_| access(options));
    let source = access.and_then(|access| Ok(Source::parse(&source, access)?));
    Some(source.map(|source| source.name()).map_err(message))
}

/// Reads the body of a call of `Activate`, little-endian: why it is refused, if it is. `None` if the bytes
/// are not options.
#[must_use]
pub fn activation(body: &[u8]) -> Option<Result<(), String>> {
    let options: Options = arguments(body)?;
    Some(application(options).map(drop).map_err(message))
}

fn message(error: BusError) -> String {
    error.description().unwrap_or_default().to_owned()
}

fn arguments<T: serde::de::DeserializeOwned + zbus::wire::Type>(body: &[u8]) -> Option<T> {
    let data = Data::new(body, Context::new(Endian::Little, 0));
    data.deserialize::<T>().ok().map(|(arguments, _)| arguments)
}
