//! The restart that a deployment wants, as licd publishes it.

use licd_files::publish;
use licd_fs::look::Looked;
use serde::Deserialize;

use crate::{Device, Problem};

/// What programs other than that of the session read in `/run/licd/restart.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Restart {
    /// The start of the system that it is about.
    pub boot: String,
    /// What is planned.
    pub plan: String,
    /// Why the restart cannot be had now.
    pub problem: Option<Problem>,
}

impl Device {
    /// What licd has published of the restart; `None` if there is nothing that can be understood.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn published_restart(&self) -> Looked<Option<Restart>> {
        let text = publish::published_restart(self.root())?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}
