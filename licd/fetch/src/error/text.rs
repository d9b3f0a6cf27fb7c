//! Parts of messages.

use std::fmt;
use std::io;
use std::time::Duration;

/// Characters of a quoted text in a message.
const QUOTE_CHARS: usize = 120;

/// The text of another party, escaped and cut for a message.
pub(crate) fn quoted(text: &str) -> String {
    licd_protocol::escaped(text.trim_end(), QUOTE_CHARS)
}

/// Characters of the reason that a service gives for refusing a request: a few sentences.
const REASON_CHARS: usize = 300;

/// The reason of a service, escaped and cut for a message.
pub(crate) fn explained(text: &str) -> String {
    licd_protocol::escaped(text.trim(), REASON_CHARS)
}

/// The message of the system or a library, without the layers of this program.
pub(super) fn io_message(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "closed too early".to_owned(),
        kind if error.raw_os_error().is_some() => kind.to_string(),
        _ => quoted(&error.to_string()),
    }
}

/// A time span in the unit that people would use.
pub(super) struct Span(pub(super) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            millis @ 0..1000 => write!(f, "{millis} milliseconds"),
            1000..1500 => f.write_str("1 second"),
            millis => write!(f, "{} seconds", (millis + 500) / 1000),
        }
    }
}
