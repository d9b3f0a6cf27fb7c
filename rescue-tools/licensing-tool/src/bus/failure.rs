//! Errors of the bus in the words of verdicts.

use std::sync::Arc;
use std::time::Duration;

use licd_device::Failure;
use licd_fs::printable;
use licd_rules::Code;
use zbus::{DBusError as _, Error, fdo};

use crate::state::events::Absence;

/// The prefix of the daemon's own error names.
const ERRORS: &str = "com.igel.License1.Error.";

/// The daemon's own verdict, or the one that fits an error of the bus.
pub(super) fn failure(error: &Error) -> Failure {
    if let Error::MethodError(name, message, _) = error
        && let Some(code) = name.as_str().strip_prefix(ERRORS).and_then(Code::from_error_name)
    {
        return Failure { code, message: message.clone().unwrap_or_default() };
    }
    let code = match error {
        Error::FDO(error) => match **error {
            fdo::Error::AccessDenied(_) | fdo::Error::AuthFailed(_) => Code::NotAuthorized,
            fdo::Error::LimitsExceeded(_) | fdo::Error::NoMemory(_) => Code::Busy,
            fdo::Error::InvalidArgs(_) => Code::SourceRefused,
            fdo::Error::UnknownMethod(_) | fdo::Error::UnknownInterface(_) => Code::Unsupported,
            _ => Code::Timeout,
        },
        _ => Code::Timeout,
    };
    Failure { code, message: reason(error) }
}

/// Why the daemon has not sent its report.
pub(super) fn absence(error: &Error) -> Absence {
    match error {
        Error::FDO(fault)
            if matches!(**fault, fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_)) =>
        {
            Absence::Daemon
        }
        error => Absence::Answer(reason(error)),
    }
}

/// The report is not one that this program knows.
pub(super) fn unreadable(error: &serde_json::Error) -> Absence {
    Absence::Answer(format!("its report cannot be read: {error}"))
}

pub(super) fn no_answer(limit: Duration) -> Error {
    let message = format!("no answer within {} seconds", limit.as_secs());
    Error::InputOutput(Arc::new(std::io::Error::new(std::io::ErrorKind::TimedOut, message)))
}

/// The message of an error, without the text that zbus adds.
pub(super) fn reason(error: &Error) -> String {
    match error {
        Error::MethodError(_, Some(message), _) => message.clone(),
        Error::FDO(error) => error.description().map_or_else(|| error.to_string(), str::to_owned),
        Error::InputOutput(error) | Error::Connection(error, _) => printable::reason(error),
        error => error.to_string(),
    }
}
