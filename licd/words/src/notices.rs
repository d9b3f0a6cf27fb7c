//! What users read in notices: of an expiry, and of the restart that a deployment wants.

mod content;
mod english;
mod german;
#[cfg(test)]
mod tests;

use licd_rules::{Language, Notice};
use serde::Serialize;

use content::Content;

/// A notice of an expiry in one language.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ExpiryText {
    /// One line.
    pub title: String,
    /// Plain text, a paragraph a line.
    pub body: String,
}

/// What users see of a restart in one language.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RestartText {
    /// One line.
    pub title: &'static str,
    /// Plain text, a paragraph a line.
    pub body: &'static str,
    /// Takes the place of the body where no buttons can be shown.
    pub without_answers: &'static str,
    /// The buttons: restart now, later, cancel.
    pub answers: &'static [&'static str],
}

/// What users see of the plan of a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartNotice {
    /// They are asked.
    Question,
    /// The restart comes after a minute.
    Minute,
    /// It comes when something else has ended.
    Soon,
}

/// The text of a notice of an expiry.
#[must_use]
pub fn expiry(notice: &Notice, language: Language) -> ExpiryText {
    let content = Content::of(notice);
    match language {
        Language::English => english::expiry(&content),
        Language::German => german::expiry(&content),
    }
}

/// The text about a restart.
#[must_use]
pub fn restart(notice: RestartNotice, language: Language) -> RestartText {
    match language {
        Language::English => english::restart(notice),
        Language::German => german::restart(notice),
    }
}
