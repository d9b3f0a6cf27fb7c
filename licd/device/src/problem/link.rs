//! Problems with the download links of the settings.

use licd_fs::about::About;
use licd_protocol::UrlError;

use crate::Place;

/// A download link that is no address, so that licd cannot follow it.
#[derive(Debug, Clone)]
pub struct LinkProblem {
    /// The link as it may be shown: without user and password.
    link: String,
    error: UrlError,
}

impl LinkProblem {
    /// The problem of this link of the settings.
    #[must_use]
    pub fn new(link: &str, error: UrlError) -> Self {
        Self { link: Place::refused_name(link.as_ref()), error }
    }
}

impl About for LinkProblem {
    fn subject(&self) -> String {
        format!("download link {}", self.link)
    }

    fn message(&self) -> String {
        format!("{}; correct it in UMS", self.error)
    }
}
