//! Why a call has no result.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use licd_protocol::system_message;
use licd_rules::Code;
use zbus::{DBusError as _, Error, fdo};

/// The prefix of licd's own error names.
const ERRORS: &str = "com.igel.License1.Error.";

/// Why a call has no result. Its text is the reason, without the parts for programmers.
#[derive(Debug, Clone)]
pub struct CallError {
    kind: CallErrorKind,
    source: Error,
}

/// The kind of a [`CallError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallErrorKind {
    /// licd refuses, with this verdict.
    Verdict(Code),
    /// licd refuses the arguments.
    Arguments,
    /// The bus or polkit does not let this user call.
    Denied,
    /// A limit is reached, of licd or of the bus.
    Busy,
    /// licd does not run.
    Absent,
    /// An internal error of licd, which goes on.
    Failed,
    /// licd and this program do not understand each other.
    Unknown,
    /// licd or its bus does not answer.
    Silent,
}

impl CallError {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> CallErrorKind {
        self.kind
    }

    pub(crate) fn no_answer(limit: Duration) -> Self {
        let message = format!("no answer within {} seconds", limit.as_secs());
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, message);
        Error::InputOutput(Arc::new(error)).into()
    }

    pub(crate) fn ended() -> Self {
        let error = std::io::Error::other("the connection has ended");
        Error::InputOutput(Arc::new(error)).into()
    }
}

impl From<Error> for CallError {
    fn from(source: Error) -> Self {
        Self { kind: kind(&source), source }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Error::MethodError(_, Some(message), _) => f.write_str(message),
            Error::FDO(error) => match error.description() {
                Some(message) => f.write_str(message),
                None => write!(f, "{error}"),
            },
            Error::InputOutput(error) | Error::Connection(error, _) => {
                f.write_str(&system_message(error))
            }
            error => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

fn kind(error: &Error) -> CallErrorKind {
    match error {
        Error::MethodError(name, ..) => {
            let code = name.as_str().strip_prefix(ERRORS).and_then(Code::from_error_name);
            code.map_or(CallErrorKind::Unknown, CallErrorKind::Verdict)
        }
        Error::FDO(error) => match **error {
            fdo::Error::InvalidArgs(_) => CallErrorKind::Arguments,
            fdo::Error::Failed(_) => CallErrorKind::Failed,
            fdo::Error::AccessDenied(_) | fdo::Error::AuthFailed(_) => CallErrorKind::Denied,
            fdo::Error::LimitsExceeded(_) | fdo::Error::NoMemory(_) => CallErrorKind::Busy,
            fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_) => CallErrorKind::Absent,
            fdo::Error::NotSupported(_)
            | fdo::Error::UnknownMethod(_)
            | fdo::Error::UnknownObject(_)
            | fdo::Error::UnknownInterface(_) => CallErrorKind::Unknown,
            _ => CallErrorKind::Silent,
        },
        Error::InvalidReply | Error::IncorrectType | Error::SignatureMismatch(..) => {
            CallErrorKind::Unknown
        }
        _ => CallErrorKind::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(kind: fn(String) -> fdo::Error) -> (CallErrorKind, String) {
        let error = CallError::from(Error::FDO(Box::new(kind("x".to_owned()))));
        (error.kind(), error.to_string())
    }

    #[test]
    fn errors_of_the_bus_have_a_kind_and_a_reason() {
        type Make = fn(String) -> fdo::Error;
        for (make, kind) in [
            (fdo::Error::Failed as Make, CallErrorKind::Failed),
            (fdo::Error::InvalidArgs, CallErrorKind::Arguments),
            (fdo::Error::UnknownMethod, CallErrorKind::Unknown),
            (fdo::Error::AccessDenied, CallErrorKind::Denied),
            (fdo::Error::LimitsExceeded, CallErrorKind::Busy),
            (fdo::Error::ServiceUnknown, CallErrorKind::Absent),
            (fdo::Error::NoReply, CallErrorKind::Silent),
        ] {
            assert_eq!(kinds(make), (kind, "x".to_owned()));
        }
    }

    #[test]
    fn a_message_of_the_system_has_no_error_number() {
        let error = CallError::from(Error::from(std::io::Error::from_raw_os_error(13)));
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (CallErrorKind::Silent, "Permission denied")
        );
        let error = CallError::no_answer(Duration::from_secs(5));
        assert_eq!(error.to_string(), "no answer within 5 seconds");
    }
}
