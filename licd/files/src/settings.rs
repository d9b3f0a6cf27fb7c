//! The UMS settings, `settings.toml`. The keys are those of the UMS registry, so that a profile maps
//! one to one.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use licd_fs::about::{self, About};
use licd_fs::atomic::Mode;
use licd_fs::look::Looked;
use licd_fs::printable::escaped_path;
use licd_fs::root::Root;
use licd_fs::statefile;
use licd_fs::textfile::{self, ReadError};
use licd_rules::Selector;
use nix::errno::Errno;
use serde::Deserialize;
use toml::de::DeTable;

mod unknown;
mod values;

pub use values::{LICENSE_URLS, POLL_HOURS};

/// Limit of the settings in bytes: a profile may hold the whole registry.
pub const FILE_BYTES: u64 = 1024 * 1024;

const FILE: &str = "/etc/licd/settings.toml";
const LAST_GOOD: &str = "/var/lib/licd/settings.good.toml";

/// Mode of a new file: a download link may hold a password.
const PRIVATE: Mode = Mode::from_bits_truncate(0o600);

/// The settings of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `userinterface`
    pub userinterface: UserInterface,
    /// `system`
    pub system: System,
    /// `licensing`
    pub licensing: Licensing,
}

/// The user interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [userinterface]")]
pub struct UserInterface {
    /// `userinterface.license_notification`
    pub license_notification: LicenseNotification,
}

/// Notices of expiry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [userinterface.license_notification]")]
pub struct LicenseNotification {
    /// Whether users also get notices about the Enterprise Management Pack. A change takes effect at the
    /// next boot; every other setting does at once.
    pub enable_enterprise_management_notification: bool,
}

/// The system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [system]")]
pub struct System {
    /// `system.remotemanager`
    pub remotemanager: RemoteManager,
}

/// Deployment by UMS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [system.remotemanager]")]
pub struct RemoteManager {
    /// Whether licd removes superseded licences from the store.
    pub license_cleanup: bool,
    /// Whether licd asks the user before a deployment restarts the device.
    pub prompt_user_on_ums_actions: bool,
    /// The download links, at most [`LICENSE_URLS`], as strings: an invalid
    /// [`Url`](licd_protocol::Url) must not invalidate the other settings.
    #[serde(deserialize_with = "values::license_urls")]
    pub license_urls: Vec<String>,
    /// The interval at which licd polls the download links, within [`POLL_HOURS`].
    #[serde(deserialize_with = "values::poll_hours")]
    pub license_poll_hours: u16,
}

/// Licences on the device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [licensing]")]
pub struct Licensing {
    /// The removal profile: the licences that licd removes at every start; `none` in the file for none.
    #[serde(deserialize_with = "values::remove")]
    pub remove: Option<Selector>,
}

impl Default for LicenseNotification {
    fn default() -> Self {
        Self { enable_enterprise_management_notification: true }
    }
}

impl Default for RemoteManager {
    fn default() -> Self {
        Self {
            license_cleanup: true,
            prompt_user_on_ums_actions: true,
            license_urls: Vec::new(),
            license_poll_hours: 24,
        }
    }
}

impl Settings {
    /// Parses the text of `settings.toml`, and returns the settings and the unknown keys, dotted and
    /// printable.
    ///
    /// # Errors
    /// [`SettingsError::Refused`]
    pub fn parse(text: &str) -> Result<(Self, Vec<String>), SettingsError> {
        parse(text).map_err(SettingsError::Refused)
    }
}

fn parse(text: &str) -> Result<(Settings, Vec<String>), ReadError> {
    if text.len() as u64 > FILE_BYTES {
        return Err(ReadError::TooLarge(FILE_BYTES));
    }
    let located = |error| ReadError::toml(text, &error);
    let keys = DeTable::parse(text).map_err(located)?;
    let unknown = unknown::list(keys.get_ref());
    let settings = Settings::deserialize(toml::Deserializer::from(keys)).map_err(located)?;
    Ok((settings, unknown))
}

/// The settings in force.
#[derive(Debug, Default)]
#[must_use]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Why they are not those of the file; `None` if they are.
    pub problem: Option<Arc<SettingsError>>,
    /// The unknown keys, dotted and printable.
    pub unknown: Vec<String>,
    /// The text of the settings.
    text: String,
}

/// The settings in force while the file is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// The last valid settings.
    LastGood,
    /// The defaults, because no earlier settings are known.
    Defaults,
}

/// Why settings cannot be read, applied or saved.
#[derive(Debug)]
pub enum SettingsError {
    /// The given text is invalid; the settings are unchanged.
    Refused(ReadError),
    /// The file is broken.
    Broken {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: ReadError,
        /// The settings in force.
        in_force: InForce,
    },
    /// A file cannot be written.
    Unwritable {
        /// The file.
        file: PathBuf,
        /// The kernel's error.
        reason: Errno,
    },
}

impl About for SettingsError {
    fn subject(&self) -> String {
        match self {
            Self::Refused(_) => "settings".to_owned(),
            Self::Broken { file, .. } | Self::Unwritable { file, .. } => escaped_path(file),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Refused(error) => format!("{error}; nothing was changed"),
            Self::Broken { error, in_force, .. } => {
                let consequence = match in_force {
                    InForce::LastGood => "the last good settings stay in force",
                    InForce::Defaults => "the defaults are in force",
                };
                format!("{error}; {consequence} until it is corrected")
            }
            Self::Unwritable { reason, .. } => format!("cannot be written: {}", reason.desc()),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(error) | Self::Broken { error, .. } => Some(error),
            Self::Unwritable { reason, .. } => Some(reason),
        }
    }
}

/// Reads the settings. A missing file means the defaults; while the file is broken, the settings that
/// [`Loaded::keep`] saved are in force.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn load(root: &Root) -> Looked<Loaded> {
    let file = root.path(FILE);
    let error = match read(&file)? {
        Ok(loaded) => return Ok(loaded),
        Err(error) => error,
    };
    let (loaded, in_force) = match read(&root.path(LAST_GOOD))? {
        Ok(loaded) if !loaded.text.is_empty() => (loaded, InForce::LastGood),
        _ => (Loaded::default(), InForce::Defaults),
    };
    let problem = SettingsError::Broken { file, error, in_force };
    Ok(Loaded { problem: Some(Arc::new(problem)), ..loaded })
}

fn read(file: &Path) -> Looked<Result<Loaded, ReadError>> {
    Ok(textfile::read_text(file, FILE_BYTES)?.and_then(|text| {
        let text = text.unwrap_or_default();
        let (settings, unknown) = parse(&text)?;
        Ok(Loaded { settings, problem: None, unknown, text })
    }))
}

/// Applies the settings of `text`: checks it, then replaces the file with exactly this text, including
/// unknown keys. Returns the same as [`Settings::parse`].
///
/// # Errors
/// [`SettingsError::Refused`], [`SettingsError::Unwritable`]; the file is unchanged.
pub fn apply(root: &Root, text: &str) -> Result<(Settings, Vec<String>), SettingsError> {
    let parsed = Settings::parse(text)?;
    let file = root.path(FILE);
    // Replacing the file does not change the users who may read it.
    let mode = fs::metadata(&file)
        .map_or(PRIVATE, |found| Mode::from_bits_truncate(found.permissions().mode()));
    write(&file, text, mode)?;
    Ok(parsed)
}

impl Loaded {
    /// Saves these settings as the last valid ones, unless they are saved already or are not those of
    /// the file.
    ///
    /// # Errors
    /// [`SettingsError::Unwritable`]
    pub fn keep(&self, root: &Root) -> Result<(), SettingsError> {
        let file = root.path(LAST_GOOD);
        let nothing_yet = self.text.is_empty() && !file.exists();
        if self.problem.is_some() || nothing_yet {
            return Ok(());
        }
        write(&file, &self.text, PRIVATE)
    }
}

fn write(file: &Path, text: &str, mode: Mode) -> Result<(), SettingsError> {
    statefile::write_as(file, text.as_bytes(), mode)
        .map_err(|reason| SettingsError::Unwritable { file: file.to_owned(), reason })
}

#[cfg(test)]
mod tests;
