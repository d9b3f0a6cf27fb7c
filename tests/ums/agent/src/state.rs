//! What the agent remembers, and which settings hold while the configuration is frozen.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::error::AgentError;

/// The settings of licensing, which arrive while everything else is frozen: section and key.
const LICENSING: [(&[&str], &str); 4] = [
    (&[], "licensing"),
    (&["system", "remotemanager"], "license_urls"),
    (&["system", "remotemanager"], "license_poll_hours"),
    (&["system", "remotemanager"], "license_cleanup"),
];

/// The state of the agent, in one file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// The random name of this installation.
    pub(crate) device: String,
    /// The revision of `received`.
    pub(crate) revision: String,
    /// The settings as UMS sent them.
    pub(crate) received: String,
    /// The settings in force: those that were received, or what the frozen configuration leaves of
    /// them.
    pub(crate) in_force: String,
}

impl State {
    /// Reads the state. A missing or damaged file is a new installation.
    pub(crate) fn load(file: &Path) -> Result<Self, AgentError> {
        let failed = |error| AgentError::File(file.display().to_string(), error);
        let mut state: Self = match fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(failed(error)),
        };
        if state.device.is_empty() {
            let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(failed)?;
            state.device = uuid.trim().replace('-', "");
            state.save(file)?;
        }
        Ok(state)
    }

    /// Replaces the file. Settings may hold passwords, so only root reads it.
    pub(crate) fn save(&self, file: &Path) -> Result<(), AgentError> {
        let write = || {
            let text = serde_json::to_vec(self)?;
            let new = file.with_extension("new");
            fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
            let mut open = File::options();
            let mut open = open.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            open.write_all(&text)?;
            open.sync_all()?;
            fs::rename(new, file)
        };
        write().map_err(|error| AgentError::File(file.display().to_string(), error))
    }

    /// The settings that licd must have: as received; in a frozen configuration those in force, with the
    /// settings of licensing as received.
    pub(crate) fn settings(&self, frozen: bool) -> String {
        if !frozen {
            return self.received.clone();
        }
        let read = |text: &str| text.parse::<Table>().unwrap_or_default();
        let (mut settings, mut received) = (read(&self.in_force), read(&self.received));
        for (path, key) in LICENSING {
            let new = section(&mut received, path).and_then(|section| section.remove(key));
            let Some(section) = section(&mut settings, path) else { continue };
            section.remove(key);
            section.extend(new.map(|value| (key.to_owned(), value)));
        }
        settings.to_string()
    }
}

/// The section at a path, made if it is missing; `None` if a value is in its place.
fn section<'t>(table: &'t mut Table, path: &[&str]) -> Option<&'t mut Table> {
    path.iter().try_fold(table, |table, name| {
        table.entry(*name).or_insert_with(|| Table::new().into()).as_table_mut()
    })
}
