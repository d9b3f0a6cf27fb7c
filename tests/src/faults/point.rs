//! The name of one run: `import licctl:17 EIO once`, `start survey.1:17 kill before`.

use std::fmt;
use std::str::FromStr;

use nix::errno::Errno;

use super::calls::ERRORS;

/// A counted call of a program: its thread, and the number of earlier counted calls of that thread.
/// Calls of a multi-threaded program thus have the same names in every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The thread or process.
    pub thread: ThreadName,
    /// The call, 0 for the thread's first.
    pub number: u32,
}

/// A thread or process of a program, by its kernel name, and a number among threads with that name,
/// in the order of their first counted calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThreadName {
    name: [u8; NAME],
    ordinal: u32,
}

/// The kernel's limit of a thread's name.
const NAME: usize = 16;

impl ThreadName {
    /// The first thread with this name. Only letters, digits and dashes of the name count.
    #[must_use]
    pub fn named(text: &str) -> Self {
        let mut name = [0; NAME];
        for (to, byte) in name.iter_mut().zip(text.trim().bytes()) {
            *to = if byte.is_ascii_alphanumeric() { byte } else { b'-' };
        }
        Self { name, ordinal: 0 }
    }

    /// The next thread with the same name.
    #[must_use]
    pub fn next(self) -> Self {
        Self { ordinal: self.ordinal + 1, ..self }
    }
}

/// The fault to inject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call returns this error and is not carried out.
    Fail(Errno),
    /// This and every later call, of all threads, that can return this error fail.
    FailOnward(Errno),
    /// The program is killed before the call.
    KillBefore,
    /// The program is killed after the call.
    KillAfter,
}

/// A fault at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// The place.
    pub place: Place,
    /// The fault.
    pub fault: Fault,
}

impl Aim {
    /// A kill, as a loss of power is to the program, without a place.
    pub const LOSS_OF_POWER: Self = {
        let thread = ThreadName { name: [0; NAME], ordinal: 0 };
        Self { place: Place { thread, number: 0 }, fault: Fault::KillBefore }
    };
}

/// A fault at a place of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The operation's name.
    pub operation: String,
    /// The fault.
    pub aim: Aim,
}

impl Fault {
    /// Whether the program is killed.
    #[must_use]
    pub fn is_kill(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }

    /// Whether later calls fail as well.
    #[must_use]
    pub fn lasts(self) -> bool {
        matches!(self, Self::FailOnward(_))
    }

    /// The error that is returned.
    #[must_use]
    pub fn errno(self) -> Option<Errno> {
        match self {
            Self::Fail(errno) | Self::FailOnward(errno) => Some(errno),
            _ => None,
        }
    }

    /// The heading for statistics: the error, or `kill`, with its variant.
    #[must_use]
    pub fn heading(self) -> String {
        match self {
            Self::Fail(errno) => format!("{errno:?} once"),
            Self::FailOnward(errno) => format!("{errno:?} onward"),
            Self::KillBefore => "kill before".to_owned(),
            Self::KillAfter => "kill after".to_owned(),
        }
    }
}

impl fmt::Display for ThreadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = String::from_utf8_lossy(&self.name);
        f.write_str(name.trim_end_matches('\0'))?;
        if self.ordinal > 0 { write!(f, ".{}", self.ordinal) } else { Ok(()) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.thread, self.number)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.operation, self.aim.place, self.aim.fault.heading())
    }
}

/// The form of a point's name.
const FORM: &str = "OPERATION THREAD:NUMBER (ERRNO once|onward, or kill before|after)";

impl FromStr for Point {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let &[operation, place, what, how] = words.as_slice() else { return Err(FORM) };
        let (thread, number) = place.split_once(':').ok_or(FORM)?;
        let parse = |number: &str| number.parse().map_err(|_| FORM);
        let (name, ordinal) = thread.split_once('.').unwrap_or((thread, "0"));
        let thread = ThreadName { ordinal: parse(ordinal)?, ..ThreadName::named(name) };
        let place = Place { thread, number: parse(number)? };
        let errno = || ERRORS.into_iter().find(|errno| format!("{errno:?}") == what).ok_or(FORM);
        let fault = match (what, how) {
            ("kill", "before") => Fault::KillBefore,
            ("kill", "after") => Fault::KillAfter,
            (_, "once") => Fault::Fail(errno()?),
            (_, "onward") => Fault::FailOnward(errno()?),
            _ => return Err(FORM),
        };
        Ok(Self { operation: operation.to_owned(), aim: Aim { place, fault } })
    }
}
