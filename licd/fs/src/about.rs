//! An error about one thing, with what it is about and what is wrong kept apart.

use std::fmt;

/// An error about one thing. Its text names that thing, and after a colon what is wrong with it.
pub trait About: fmt::Debug {
    /// The thing: a file, a directory, a part of the machine; fit to be printed.
    fn subject(&self) -> String;

    /// What is wrong with it and what to do, for people.
    fn message(&self) -> String;
}

/// Writes the text of an error.
///
/// # Errors
/// Those of the formatter.
pub fn display(error: &impl About, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}: {}", error.subject(), error.message())
}
