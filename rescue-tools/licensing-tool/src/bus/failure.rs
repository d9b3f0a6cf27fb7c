//! Errors of the bus in the words of verdicts.

use licd_client::{CallError, CallErrorKind};
use licd_device::Failure;
use licd_rules::Code;

use crate::state::events::Absence;

/// The daemon's own verdict, or the one that fits an error of the bus.
pub(super) fn failure(error: &CallError) -> Failure {
    let code = match error.kind() {
        CallErrorKind::Verdict(code) => code,
        CallErrorKind::Denied => Code::NotAuthorized,
        CallErrorKind::Busy => Code::Busy,
        CallErrorKind::Arguments => Code::SourceRefused,
        CallErrorKind::Unknown => Code::Unsupported,
        CallErrorKind::Absent | CallErrorKind::Failed | CallErrorKind::Silent => Code::Timeout,
    };
    Failure { code, message: error.to_string() }
}

/// Why the daemon has not sent its report.
pub(super) fn absence(error: &CallError) -> Absence {
    match error.kind() {
        CallErrorKind::Absent => Absence::Daemon,
        _ => Absence::Answer(error.to_string()),
    }
}

/// The report is not one that this program knows.
pub(super) fn unreadable(error: &serde_json::Error) -> Absence {
    Absence::Answer(format!("its report cannot be read: {error}"))
}
