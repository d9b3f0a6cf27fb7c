//! The two buses: licd's and that of the desktop. Only this module and those below it know zbus.

mod licd;
mod notifications;

use std::num::NonZeroUsize;
use std::time::Duration;

use licd_protocol::{BusAddress, system_message};
use zbus::connection::{Builder, Connection};
use zbus::{DBusError as _, Error, MatchRule, MessageStream};
use zruntime::SharedRuntime;

pub(crate) use self::licd::{Event, Licd};
pub(crate) use notifications::{Notification, NotificationServer, NotifyError, Shown, Urgency};
pub(crate) use zbus::block_on;

const BUS: &str = "org.freedesktop.DBus";

/// The time limit for a connection and for an answer: D-Bus's own default.
const ANSWER: Duration = Duration::from_secs(25);
/// Signals that may wait while a notification is shown. The program reads licd's files after any of
/// licd's signals, so a lost one does no harm.
const QUEUE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

async fn connect(bus: &BusAddress, runtime: &SharedRuntime) -> Result<Connection, String> {
    let builder = match bus {
        BusAddress::System => Builder::system(),
        BusAddress::Session => Builder::session(),
        BusAddress::At(address) => Builder::address(address.as_str()),
    };
    let connection = builder.method_timeout(ANSWER).build();
    match runtime.timeout(ANSWER, connection).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(message(&error)),
        Err(_) => Err(format!("no answer within {} seconds", ANSWER.as_secs())),
    }
}

/// The changes of the owner of a name.
async fn owner_changes(connection: &Connection, name: &str) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal);
    let rule = rule.sender(BUS).interface(BUS).member("NameOwnerChanged").add_arg(name);
    MessageStream::for_match_rule(rule.build()?, connection, Some(QUEUE)).await
}

/// The message of an error, without the parts for programmers.
fn message(error: &Error) -> String {
    match error {
        Error::MethodError(_, Some(message), _) => message.clone(),
        // An error name of the bus itself, which other services use too.
        Error::FDO(error) => error.description().map_or_else(|| error.to_string(), str::to_owned),
        Error::InputOutput(error) | Error::Connection(error, _) => system_message(error),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_system_has_no_error_number() {
        let message = message(&std::io::Error::from_raw_os_error(13).into());
        assert_eq!(message, "Permission denied");
    }
}
