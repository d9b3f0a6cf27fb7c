//! A call and its answer.

use std::future::poll_fn;
use std::pin::Pin;

use zbus::connection::Connection;
use zbus::export::futures_core::Stream as _;
use zbus::message::{Message, Type};
use zbus::{Error, MessageStream};

/// Sends a call and returns its answer. zbus sends calls with flags through proxies, whose cache of
/// properties would take 80 kB of a program.
///
/// # Errors
/// The answer is an error, or the connection ends before.
pub(crate) async fn exchange(connection: &Connection, call: &Message) -> Result<Message, Error> {
    // Before the call, or the answer could be missed.
    let mut received = MessageStream::from(connection);
    connection.send(call).await?;
    let serial = call.primary_header().serial_num();
    while let Some(message) = poll_fn(|context| Pin::new(&mut received).poll_next(context)).await {
        let message = message?;
        if message.header().reply_serial() != Some(serial) {
            continue;
        }
        return match message.message_type() {
            Type::Error => Err(message.into()),
            _ => Ok(message),
        };
    }
    Err(Error::from(std::io::Error::other("the connection has ended")))
}
