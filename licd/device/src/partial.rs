//! A survey that could not look at everything.

use std::fmt;

use crate::problem::Area;
use crate::{Failure, Problem, Survey};
use licd_fs::look::{Looked, Unavailable};
use licd_rules::Code;

/// A survey from which something is missing that could not be looked at. What it says may be wrong,
/// so it must not be published in the place of an earlier one that is whole.
pub struct Partial {
    /// What could be read.
    pub survey: Survey,
    /// What could not be looked at, at least one thing.
    pub missing: Missing,
}

impl Partial {
    /// The survey, if nothing is missing from it.
    pub(crate) fn unless_whole(mut survey: Survey, missing: Missing) -> Result<Survey, Box<Self>> {
        if missing.is_empty() {
            return Ok(survey);
        }
        if !missing.is_files_only() {
            survey.holds_no_longer();
        }
        Err(Box::new(Self { survey, missing }))
    }
}

impl fmt::Debug for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.missing, f)
    }
}

/// What a survey could not look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Parts of the machine, of the configuration and of what is remembered. Without one of them no
    /// judgement is to be trusted.
    facts: Vec<(Area, Unavailable)>,
    /// Files of the store. A licence more would take nothing away, so what is allowed without them
    /// is allowed.
    files: Vec<(Area, Unavailable)>,
}

impl Missing {
    /// What a look brought; the default if it could not be taken, which is noted.
    pub(crate) fn fact<T: Default>(&mut self, looked: Looked<T>) -> T {
        self.found(Area::System, looked)
    }

    /// The same of a look at the licence partition.
    pub(crate) fn of_store<T: Default>(&mut self, looked: Looked<T>) -> T {
        self.found(Area::Store, looked)
    }

    fn found<T: Default>(&mut self, area: Area, looked: Looked<T>) -> T {
        looked.unwrap_or_else(|unavailable| {
            self.facts.push((area, unavailable));
            T::default()
        })
    }

    /// Notes a part of the machine.
    pub fn add(&mut self, unavailable: Unavailable) {
        self.facts.push((Area::System, unavailable));
    }

    /// Notes a file without which the judgement stands.
    pub(crate) fn file(&mut self, area: Area, unavailable: Unavailable) {
        self.files.push((area, unavailable));
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.files.is_empty()
    }

    /// Whether only files of the store are missing.
    #[must_use]
    pub fn is_files_only(&self) -> bool {
        self.facts.is_empty()
    }

    /// Everything that is missing.
    pub fn all(&self) -> impl Iterator<Item = &Unavailable> {
        self.facts.iter().chain(&self.files).map(|(_, unavailable)| unavailable)
    }

    /// The same, as problems of a report.
    pub fn problems(&self) -> impl Iterator<Item = Problem> {
        let all = self.facts.iter().chain(&self.files).cloned();
        all.map(|(area, unavailable)| Problem::Unavailable(area, unavailable))
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = self.all();
        match all.next() {
            Some(first) => first.fmt(f)?,
            None => return f.write_str("nothing is missing"),
        }
        match all.count() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl From<&Unavailable> for Failure {
    fn from(unavailable: &Unavailable) -> Self {
        // Of the verdicts that the contract has, the two that say "not now".
        let code = match unavailable.is_failure_of_medium() {
            true => Code::SourceUnreachable,
            false => Code::Busy,
        };
        Self::new(code, unavailable.to_string())
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Self::from(&unavailable)
    }
}

impl From<&Missing> for Failure {
    fn from(missing: &Missing) -> Self {
        let first = missing.all().next().map(Self::from);
        let code = first.map_or(Code::Busy, |failure| failure.code);
        Self::new(code, missing.to_string())
    }
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    fn missing(why: Errno) -> Missing {
        let mut missing = Missing::default();
        let found: Vec<u8> = missing.fact(Err(Unavailable::new("/etc/x", why)));
        assert!(found.is_empty());
        missing
    }

    #[test]
    fn a_shortage_means_try_again_and_a_failing_medium_means_unreachable() {
        assert_eq!(Failure::from(&missing(Errno::EMFILE)).code, Code::Busy);
        assert_eq!(Failure::from(&missing(Errno::EIO)).code, Code::SourceUnreachable);
    }

    #[test]
    fn the_first_is_named_and_the_others_are_counted() {
        let mut missing = missing(Errno::ENFILE);
        missing.file(Area::Store, Unavailable::new("a.lic", Errno::EIO));
        assert!(!missing.is_files_only() && !missing.is_empty());
        let message = Failure::from(&missing).message;
        assert!(message.starts_with("/etc/x: ") && message.ends_with(" (and 1 more)"), "{message}");
    }
}
