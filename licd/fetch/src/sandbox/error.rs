//! The error of the sandbox.

use std::fmt;

/// Why a part of the sandbox cannot be set up.
#[derive(Debug)]
pub(crate) struct SandboxError {
    /// The action that fails.
    action: &'static str,
    /// The system's message.
    message: String,
}

impl SandboxError {
    /// Makes an error of this action from the system's message.
    pub(super) fn of(action: &'static str) -> impl Fn(&dyn fmt::Display) -> Self {
        move |message| Self { action, message: message.to_string() }
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.action, self.message)
    }
}

impl std::error::Error for SandboxError {}
