//! What an administrator should know and repair.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use licd_files::{config, settings};
use licd_fs::about::About;
use licd_fs::look::Unavailable;
use licd_fs::statefile::Notice;
use licd_machine::{links, usb};
use licd_store::StoreError;
use serde::{Deserialize, Serialize};

mod machine;
mod partition;
mod restart;
mod trust;

pub use machine::MachineProblem;
pub use partition::PartitionProblem;
pub use restart::RestartProblem;
pub use trust::{TrustPlace, TrustProblem};

/// Something that an administrator should know and repair. In JSON it is a subject and a message, and
/// what is read from there is [`Problem::Written`]; so two of them are equal if these are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Problem {
    /// Of the configuration.
    Config(Arc<config::ConfigError>),
    /// Of the settings.
    Settings(Arc<settings::SettingsError>),
    /// Of what is remembered.
    State(Arc<Notice>),
    /// The network interfaces are not known.
    Links(Arc<links::LinksError>),
    /// It is not known what the system runs from.
    RootDrive(Arc<usb::RootDriveError>),
    /// Of the machine itself.
    Machine(MachineProblem),
    /// Of the restart that a deployment wants.
    Restart(RestartProblem),
    /// Of the trust documents.
    Trust(TrustProblem),
    /// The store cannot be read.
    Store(StoreError),
    /// Of the licence partition and what it holds.
    Partition(PartitionProblem),
    /// Something could not be looked at.
    Unavailable(Area, Unavailable),
    /// As another process wrote it.
    Written(Written),
}

/// Which part of the device something is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The licence partition.
    Store,
    /// All the rest.
    System,
}

/// A problem in JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Written {
    subject: String,
    message: String,
}

impl Problem {
    /// Which part of the device it is of.
    #[must_use]
    pub fn area(&self) -> Area {
        match self {
            Self::Store(_) | Self::Partition(_) => Area::Store,
            Self::Unavailable(area, _) => *area,
            Self::Written(written) if Path::new(&written.subject).starts_with("/license") => {
                Area::Store
            }
            Self::Config(_)
            | Self::Settings(_)
            | Self::State(_)
            | Self::Links(_)
            | Self::RootDrive(_)
            | Self::Machine(_)
            | Self::Restart(_)
            | Self::Trust(_)
            | Self::Written(_) => Area::System,
        }
    }

    fn about(&self) -> &dyn About {
        match self {
            Self::Config(problem) => &**problem,
            Self::Settings(problem) => &**problem,
            Self::State(notice) => &**notice,
            Self::Links(error) => &**error,
            Self::RootDrive(error) => &**error,
            Self::Machine(problem) => problem,
            Self::Restart(problem) => problem,
            Self::Trust(problem) => problem,
            Self::Store(error) => error,
            Self::Partition(problem) => problem,
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

impl About for Written {
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

impl From<Problem> for Written {
    fn from(problem: Problem) -> Self {
        Self { subject: problem.subject(), message: problem.message() }
    }
}

/// Makes a problem of what it is made of.
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
    State(Notice),
    State(Arc<Notice>),
    Links(links::LinksError),
    RootDrive(usb::RootDriveError),
    Machine(MachineProblem),
    Restart(RestartProblem),
    Trust(TrustProblem),
    Store(StoreError),
    Partition(PartitionProblem),
    Written(Written),
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
    fn a_problem_is_written_as_subject_and_message_and_equals_what_is_read_back() {
        let dir = PathBuf::from("/etc/licd/licd.toml.d");
        let problem = Problem::from(config::ConfigError::TooMany { dir, limit: 3 });
        let json = r#"{"subject":"/etc/licd/licd.toml.d","message":"holds too many files; the first 3 by name count, merge the others"}"#;
        assert_eq!(serde_json::to_string(&problem).unwrap(), json);
        assert_eq!(read_back(&problem), problem);
        assert_ne!(read_back(&problem), MachineProblem::OldSystem(10).into());
    }

    #[test]
    fn what_is_wrong_with_the_partition_is_of_the_store_also_once_it_is_read_back() {
        let full = Problem::from(PartitionProblem::NearlyFull);
        assert_eq!((full.area(), read_back(&full).area()), (Area::Store, Area::Store));
        let old = Problem::from(MachineProblem::OldSystem(10));
        assert_eq!((old.area(), read_back(&old).area()), (Area::System, Area::System));
        let file = Unavailable::new("a.lic", Errno::EIO);
        assert_eq!(Problem::Unavailable(Area::Store, file).area(), Area::Store);
    }
}
