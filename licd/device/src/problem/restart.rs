//! What keeps the restart that a deployment wants from being had.

use licd_fs::about::About;
use licd_fs::statefile::SaveError;

/// Why the restart cannot be had now.
#[derive(Debug, Clone)]
pub enum RestartProblem {
    /// This program has asked logind to block a restart.
    Blocked(String),
    /// logind refuses it, for this reason.
    Refused(String),
    /// logind does not answer, for this reason.
    NoLogind(String),
    /// There is no bus to reach logind by.
    NoBus,
    /// It cannot be recorded that this restart is ordered.
    Unrecorded(SaveError),
}

impl About for RestartProblem {
    fn subject(&self) -> String {
        "restart".to_owned()
    }

    fn message(&self) -> String {
        match self {
            Self::Blocked(program) => {
                format!("blocked by {program}; it comes when that has ended")
            }
            Self::Refused(reason) => {
                format!("refused by logind ({reason}); licd tries again every minute")
            }
            Self::NoLogind(reason) => {
                format!("logind does not answer ({reason}); restart the device by hand")
            }
            Self::NoBus => "the connection to the bus is lost; licd tries again".to_owned(),
            Self::Unrecorded(error) => format!(
                "{error}; without that record licd does not restart the device, which could then \
                 restart again and again; restart it by hand"
            ),
        }
    }
}
