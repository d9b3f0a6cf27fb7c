//! Problems with the restart after a deployment.

use licd_fs::about::About;
use licd_fs::statefile::SaveError;

/// The obstacle to the restart.
#[derive(Debug, Clone)]
pub enum RestartProblem {
    /// This program blocks the restart through logind.
    Blocked(String),
    /// logind refuses it, for this reason.
    Refused(String),
    /// logind does not answer, for this reason.
    NoLogind(String),
    /// The connection to the bus is lost.
    NoBus,
    /// The order to restart cannot be recorded.
    Unrecorded(SaveError),
}

impl About for RestartProblem {
    fn subject(&self) -> String {
        "restart".to_owned()
    }

    fn message(&self) -> String {
        match self {
            Self::Blocked(program) => {
                format!("blocked by {program}; the device restarts when it has ended")
            }
            Self::Refused(reason) => {
                format!("refused by logind ({reason}); licd tries again every minute")
            }
            Self::NoLogind(reason) => {
                format!("logind does not answer ({reason}); restart the device by hand")
            }
            Self::NoBus => "the connection to the bus is lost; licd tries again".to_owned(),
            Self::Unrecorded(error) => format!(
                "{error}; without that record the device could restart again and again, so restart it \
                 by hand"
            ),
        }
    }
}
