//! A survey that lacks facts.

use std::fmt;

use crate::problem::Area;
use crate::{Failure, Problem, Survey};
use licd_fs::look::{Looked, Unavailable};
use licd_rules::Code;

/// A survey that lacks facts because they are unavailable. It may be wrong, so it must not replace
/// a whole one in publications.
pub struct Partial {
    /// The survey without the missing facts.
    pub survey: Survey,
    /// The missing facts, at least one.
    pub missing: Missing,
}

impl Partial {
    /// The survey, if it is whole.
    pub(crate) fn unless_whole(mut survey: Survey, missing: Missing) -> Result<Survey, Box<Self>> {
        if missing.is_empty() {
            return Ok(survey);
        }
        if !missing.is_files_only() {
            survey.mark_stale();
        }
        Err(Box::new(Self { survey, missing }))
    }
}

impl fmt::Debug for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.missing, f)
    }
}

/// The facts that a survey lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Facts about machine, configuration and state. Without one of them a judgement may be wrong.
    facts: Vec<(Area, Unavailable)>,
    /// Files of the store. Another licence only adds, so what is allowed without them stays
    /// allowed.
    files: Vec<(Area, Unavailable)>,
}

impl Missing {
    /// The fact, or its default after recording it as missing.
    pub(crate) fn fact<T: Default>(&mut self, looked: Looked<T>) -> T {
        self.found(Area::System, looked)
    }

    /// Like [`Missing::fact`], for the licence partition.
    pub(crate) fn of_store<T: Default>(&mut self, looked: Looked<T>) -> T {
        self.found(Area::Store, looked)
    }

    fn found<T: Default>(&mut self, area: Area, looked: Looked<T>) -> T {
        looked.unwrap_or_else(|unavailable| {
            self.facts.push((area, unavailable));
            T::default()
        })
    }

    /// Records a missing fact of the machine.
    pub fn add(&mut self, unavailable: Unavailable) {
        self.facts.push((Area::System, unavailable));
    }

    /// Records a missing file that the judgement does not need.
    pub(crate) fn file(&mut self, area: Area, unavailable: Unavailable) {
        self.files.push((area, unavailable));
    }

    /// Whether the survey is whole.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.files.is_empty()
    }

    /// Whether only files of the store are missing.
    #[must_use]
    pub fn is_files_only(&self) -> bool {
        self.facts.is_empty()
    }

    /// Whether only files of the store are missing, and their medium keeps each of them: trying again
    /// soon would not help.
    #[must_use]
    pub fn is_unreadable_files_only(&self) -> bool {
        self.is_files_only() && self.files.iter().all(|(_, file)| file.is_failure_of_medium())
    }

    /// Every missing fact.
    pub fn all(&self) -> impl Iterator<Item = &Unavailable> {
        self.facts.iter().chain(&self.files).map(|(_, unavailable)| unavailable)
    }

    /// Every missing fact, as a problem of the report.
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
        // The two public verdicts that mean “not now”.
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
    fn a_shortage_at_a_file_is_no_unreadable_file() {
        let of = |why| {
            let mut missing = Missing::default();
            missing.file(Area::Store, Unavailable::new("a.lic", Errno::EIO));
            missing.file(Area::Store, Unavailable::new("b.lic", why));
            missing.is_unreadable_files_only()
        };
        assert!(of(Errno::EIO) && !of(Errno::EMFILE));
        assert!(!missing(Errno::EIO).is_unreadable_files_only());
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
