//! Errors that keep their subject apart from their message.

use std::fmt;

/// An error with a subject. Its text is `SUBJECT: MESSAGE`.
pub trait About: fmt::Debug {
    /// The file, directory or part of the machine, printable.
    fn subject(&self) -> String;

    /// The problem and its cure, for users.
    fn message(&self) -> String;
}

/// Writes the text of an error.
///
/// # Errors
/// Those of the formatter.
pub fn display(error: &impl About, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}: {}", error.subject(), error.message())
}
