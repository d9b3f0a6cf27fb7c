//! The restart after a deployment, as licd publishes it.

use licd_files::publish;
use licd_fs::look::Looked;
use serde::Deserialize;

use crate::{Device, Problem};

/// The content of `/run/licd/restart.json` for programs outside the session.
#[derive(Debug, Clone, Deserialize)]
pub struct Restart {
    /// The boot ID of the system start that the plan belongs to.
    pub boot: String,
    /// The plan.
    pub plan: String,
    /// The obstacle to the restart.
    pub problem: Option<Problem>,
}

impl Device {
    /// The restart that licd has published; `None` without one that this version understands.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn published_restart(&self) -> Looked<Option<Restart>> {
        let text = publish::published_restart(self.root())?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}
