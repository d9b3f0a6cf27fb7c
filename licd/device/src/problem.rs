//! What an administrator should know and repair.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that an administrator should know and repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it is about: a file, a directory, a part of the machine.
    pub subject: String,
    /// What is wrong with it and what to do, for people.
    pub message: String,
}

impl Problem {
    /// A problem with this subject.
    pub fn new(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { subject: subject.into(), message: message.into() }
    }

    /// An error, whose text names its subject first and then, after a colon, says what is wrong. A
    /// text that does not is about the system.
    pub fn told(error: impl fmt::Display) -> Self {
        let text = error.to_string();
        match text.split_once(": ") {
            Some((subject, message)) => Self::new(subject, message),
            None => Self::new("system", text),
        }
    }
}

/// Subject and message in one line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_of_an_error_is_what_its_text_names_first() {
        let problem = Problem::told("/etc/licd/licd.toml: line 2, column 1: is no key: correct it");
        assert_eq!(problem.subject, "/etc/licd/licd.toml");
        assert_eq!(problem.message, "line 2, column 1: is no key: correct it");
        assert_eq!(Problem::told("out of order"), Problem::new("system", "out of order"));
    }
}
