//! What follows from an event.

use std::path::PathBuf;

use licd_rules::Selector;

use super::events::{JobPath, Purpose};
use super::form::{Field, Tick};

/// An action. The bus carries out those of the first group, the view the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Has the daemon import from a source that it opens itself.
    Import(Order),
    /// Opens these files and hands them to the daemon.
    ImportFiles(Vec<PathBuf>, Purpose),
    /// Has the daemon ask for an evaluation licence.
    Activate(Person),
    /// Cancels a job.
    CancelJob(JobPath),
    /// Cancels the import of files.
    CancelFiles,
    /// Cancels the activation that waits.
    Withdraw,
    /// Removes licences.
    Remove(Selector),
    /// Has the daemon survey the device again.
    Refresh,

    /// Finds out where the terms of the evaluation are.
    FindTerms,
    /// Lists the USB drives.
    ListSticks,
    /// Opens the file chooser.
    ChooseFiles(Purpose),
    /// Moves the focus to a text.
    FocusField(Field),
    /// Moves the focus to a check box.
    FocusTick(Tick),
    /// Empties a text.
    ClearField(Field),
    /// Closes the window.
    Close,
}

/// An import from a source that the daemon opens.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The source as the bus takes it.
    pub(crate) source: String,
    /// The user of the server, and the password.
    pub(crate) login: Option<(String, String)>,
    /// The proxy; the configured one if empty.
    pub(crate) proxy: String,
    /// What to do with the licence.
    pub(crate) purpose: Purpose,
}

/// Leaves out the password.
impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let user = self.login.as_ref().map(|(user, _)| user);
        f.debug_struct("Order").field("source", &self.source).field("user", &user).finish()
    }
}

/// The person who asks for an evaluation licence, and who has accepted the terms.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) company: String,
    pub(crate) email: String,
    /// The proxy; the configured one if empty.
    pub(crate) proxy: String,
}

/// Leaves out what is personal.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person")
    }
}
