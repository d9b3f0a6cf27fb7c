//! Problems for the administrator to repair.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use licd_files::{config, settings};
use licd_fs::about::About;
use licd_fs::look::Unavailable;
use licd_fs::statefile::Warning;
use licd_machine::{links, usb};
use licd_store::StoreError;
use serde::{Deserialize, Serialize};

mod link;
mod machine;
mod partition;
mod request;
mod restart;
mod trust;
mod unwritten;

pub use link::LinkProblem;
pub use machine::{MachineProblem, Watched};
pub use partition::PartitionProblem;
pub use request::RequestProblem;
pub use restart::RestartProblem;
pub use trust::{TrustPlace, TrustProblem};
pub use unwritten::UnwrittenProblem;
pub(crate) use unwritten::Without;

/// A problem for the administrator to repair. JSON holds its subject and message and reads back as
/// [`Problem::Written`], so two problems are equal if these are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "ProblemText", into = "ProblemText")]
pub enum Problem {
    /// The configuration.
    Config(Arc<config::ConfigError>),
    /// The settings.
    Settings(Arc<settings::SettingsError>),
    /// A download link of the settings.
    Link(LinkProblem),
    /// A state file.
    State(Arc<Warning>),
    /// The network interfaces are unknown.
    Links(Arc<links::LinksError>),
    /// The drive of the root file system is unknown.
    RootDrive(Arc<usb::RootDriveError>),
    /// The machine itself.
    Machine(MachineProblem),
    /// The restart after a deployment.
    Restart(RestartProblem),
    /// A trust document.
    Trust(TrustProblem),
    /// The store is unreadable.
    Store(StoreError),
    /// The licence partition or its files.
    Partition(PartitionProblem),
    /// The request of an activation.
    Request(RequestProblem),
    /// A file of licd that could not be written.
    Unwritten(UnwrittenProblem),
    /// A fact is unavailable.
    Unavailable(Area, Unavailable),
    /// As read from JSON.
    Written(ProblemText),
}

/// A part of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The licence partition.
    Store,
    /// Everything else.
    System,
}

/// A problem in JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProblemText {
    subject: String,
    message: String,
}

impl Problem {
    /// Whether a file was set aside. Only the reading that sets it aside reports it.
    pub(crate) fn is_set_aside(&self) -> bool {
        matches!(self, Self::State(warning) if matches!(**warning, Warning::SetAside { .. }))
    }

    /// The part of the device that it concerns.
    #[must_use]
    pub fn area(&self) -> Area {
        match self {
            Self::Store(_) | Self::Partition(_) | Self::Request(_) => Area::Store,
            Self::Unavailable(area, _) => *area,
            Self::Written(written) if Path::new(&written.subject).starts_with("/license") => {
                Area::Store
            }
            Self::Config(_)
            | Self::Settings(_)
            | Self::Link(_)
            | Self::State(_)
            | Self::Links(_)
            | Self::RootDrive(_)
            | Self::Machine(_)
            | Self::Restart(_)
            | Self::Trust(_)
            | Self::Unwritten(_)
            | Self::Written(_) => Area::System,
        }
    }

    fn about(&self) -> &dyn About {
        match self {
            Self::Config(problem) => &**problem,
            Self::Settings(problem) => &**problem,
            Self::Link(problem) => problem,
            Self::State(warning) => &**warning,
            Self::Links(error) => &**error,
            Self::RootDrive(error) => &**error,
            Self::Machine(problem) => problem,
            Self::Restart(problem) => problem,
            Self::Trust(problem) => problem,
            Self::Store(error) => error,
            Self::Partition(problem) => problem,
            Self::Request(problem) => problem,
            Self::Unwritten(problem) => problem,
            Self::Unavailable(_, unavailable) => unavailable,
            Self::Written(written) => written,
        }
    }
}

impl About for Problem {
    fn subject(&self) -> String {
        self.about().subject()
    }

    fn message(&self) -> String {
        self.about().message()
    }
}

impl About for ProblemText {
    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn message(&self) -> String {
        self.message.clone()
    }
}

impl PartialEq for Problem {
    fn eq(&self, other: &Self) -> bool {
        self.subject() == other.subject() && self.message() == other.message()
    }
}

/// Subject and message in one line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject(), self.message())
    }
}

impl From<Problem> for ProblemText {
    fn from(problem: Problem) -> Self {
        Self { subject: problem.subject(), message: problem.message() }
    }
}

/// Converts the parts of a problem into it.
macro_rules! from {
    ($($variant:ident($type:ty)),+ $(,)?) => { $(
        impl From<$type> for Problem {
            fn from(problem: $type) -> Self {
                Self::$variant(problem.into())
            }
        }
    )+ };
}

from!(
    Config(config::ConfigError),
    Settings(Arc<settings::SettingsError>),
    Link(LinkProblem),
    State(Warning),
    State(Arc<Warning>),
    Links(links::LinksError),
    RootDrive(usb::RootDriveError),
    Machine(MachineProblem),
    Restart(RestartProblem),
    Trust(TrustProblem),
    Store(StoreError),
    Partition(PartitionProblem),
    Request(RequestProblem),
    Written(ProblemText),
);

#[cfg(test)]
mod tests {
    use super::*;
    use nix::errno::Errno;
    use std::path::PathBuf;

    fn read_back(problem: &Problem) -> Problem {
        serde_json::from_str(&serde_json::to_string(problem).unwrap()).unwrap()
    }

    #[test]
    fn a_problem_equals_its_json_read_back() {
        let dir = PathBuf::from("/etc/licd/licd.toml.d");
        let problem = Problem::from(config::ConfigError::TooMany { dir, limit: 3 });
        let json = r#"{"subject":"/etc/licd/licd.toml.d","message":"holds too many files; the first 3 by name count, merge the others"}"#;
        assert_eq!(serde_json::to_string(&problem).unwrap(), json);
        assert_eq!(read_back(&problem), problem);
        assert_ne!(read_back(&problem), MachineProblem::OldSystem(10).into());
    }

    #[test]
    fn a_problem_of_the_partition_keeps_its_area_when_read_back() {
        let full = Problem::from(PartitionProblem::NearlyFull);
        assert_eq!((full.area(), read_back(&full).area()), (Area::Store, Area::Store));
        let old = Problem::from(MachineProblem::OldSystem(10));
        assert_eq!((old.area(), read_back(&old).area()), (Area::System, Area::System));
        let file = Unavailable::new("a.lic", Errno::EIO);
        assert_eq!(Problem::Unavailable(Area::Store, file).area(), Area::Store);
    }
}
