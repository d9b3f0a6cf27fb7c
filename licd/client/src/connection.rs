//! A connection to a bus.

use std::num::NonZero;
use std::time::Duration;

use licd_protocol::BusAddress;
use zbus::connection::{Builder, Connection};
use zbus::{MatchRule, MessageStream};
use zruntime::SharedRuntime;

use crate::CallError;

/// Signals that wait while their reader is busy: more than the jobs that licd runs concurrently, and
/// half a minute of the progress of a job.
pub(crate) const QUEUE: Option<NonZero<usize>> = NonZero::new(128);

/// The service that every bus has.
const BUS: &str = "org.freedesktop.DBus";

/// Connects to a bus. `limit`: the time for connecting, and for an answer to a call that has no limit of
/// its own.
///
/// # Errors
/// The bus is missing or does not answer in time.
pub async fn connect(
    bus: &BusAddress,
    runtime: &SharedRuntime,
    limit: Duration,
) -> Result<Connection, CallError> {
    let builder = match bus {
        BusAddress::System => Builder::system(),
        BusAddress::Session => Builder::session(),
        BusAddress::At(address) => Builder::address(address.as_str()),
    };
    match runtime.timeout(limit, builder.method_timeout(limit).build()).await {
        Ok(connection) => Ok(connection?),
        Err(_) => Err(CallError::no_answer(limit)),
    }
}

/// The changes of the owner of a name.
///
/// # Errors
/// The bus refuses the subscription.
pub async fn owner_changes(
    connection: &Connection,
    name: &str,
) -> Result<MessageStream, CallError> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
    let rule = rule.sender(BUS).interface(BUS).member("NameOwnerChanged").add_arg(name);
    Ok(MessageStream::for_match_rule(rule.build()?, connection, QUEUE).await?)
}
