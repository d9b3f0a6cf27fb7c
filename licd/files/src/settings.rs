//! The UMS settings, `settings.toml`. Their keys are those of the UMS registry, so that a profile
//! maps one to one.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use licd_fs::about::{self, About};
use licd_fs::atomic::Mode;
use licd_fs::look::Looked;
use licd_fs::root::Root;
use licd_fs::statefile;
use licd_fs::textfile::{self, Flaw, escaped, escaped_path};
use licd_rules::Selector;
use nix::errno::Errno;
use serde::Deserialize;

mod values;

/// Bytes of the settings: a profile may hold the whole registry.
pub const FILE_BYTES: u64 = 1024 * 1024;
/// Download links; UMS adds one for each deployment and takes it away when it is answered.
pub const LICENSE_URLS: usize = 64;
/// Hours between two looks at the download links: from one to a year.
pub const POLL_HOURS: std::ops::RangeInclusive<u16> = 1..=8760;

const FILE: &str = "/etc/licd/settings.toml";
const LAST_GOOD: &str = "/var/lib/licd/settings.good.toml";

/// Mode of a new file: a download link may hold a password.
const PRIVATE: Mode = Mode::from_bits_truncate(0o600);

/// What UMS can set on a device.
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

/// What users see.
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
    /// Whether they are also shown for the Enterprise Management Pack. A change takes effect when
    /// the device starts next; every other setting does at once.
    pub enable_enterprise_management_notification: bool,
}

/// The system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [system]")]
pub struct System {
    /// `system.remotemanager`
    pub remotemanager: RemoteManager,
}

/// How UMS deploys licences.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [system.remotemanager]")]
pub struct RemoteManager {
    /// Whether files of superseded licences are removed from the store.
    pub license_cleanup: bool,
    /// Whether the user is asked before a deployment restarts the device.
    pub prompt_user_on_ums_actions: bool,
    /// The download links, at most [`LICENSE_URLS`], as they are written: one that is no
    /// [`Url`](licd_protocol::Url) must not keep the other settings out of force.
    #[serde(deserialize_with = "values::license_urls")]
    pub license_urls: Vec<String>,
    /// Hours between two looks at the download links, within [`POLL_HOURS`].
    #[serde(deserialize_with = "values::poll_hours")]
    pub license_poll_hours: u16,
}

/// Licences on the device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, expecting = "the section [licensing]")]
pub struct Licensing {
    /// The removal profile: what is removed at every start; `none` in the file if nothing is.
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
    /// Reads the text of `settings.toml`. Beside the settings come the keys that mean nothing here,
    /// dotted and fit to be printed.
    ///
    /// # Errors
    /// [`Problem::Refused`]
    pub fn parse(text: &str) -> Result<(Self, Vec<String>), Problem> {
        parse(text).map_err(Problem::Refused)
    }
}

fn parse(text: &str) -> Result<(Settings, Vec<String>), Flaw> {
    if text.len() as u64 > FILE_BYTES {
        return Err(Flaw::TooLarge(FILE_BYTES));
    }
    let wrong = |error| Flaw::toml(text, &error);
    let mut unknown = Vec::new();
    let reader = toml::Deserializer::parse(text).map_err(wrong)?;
    let settings =
        serde_ignored::deserialize(reader, |path| unknown.push(escaped(&path.to_string())))
            .map_err(wrong)?;
    Ok((settings, unknown))
}

/// The settings in force.
#[derive(Debug, Default)]
#[must_use]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Why they are not those of the file; `None` if they are.
    pub problem: Option<Arc<Problem>>,
    /// Keys of the settings that mean nothing here, dotted and fit to be printed.
    pub unknown: Vec<String>,
    /// The text of the settings.
    text: String,
}

/// What holds while the file of the settings is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// The settings that were last read without fault.
    LastGood,
    /// The defaults: no earlier settings are known.
    Defaults,
}

/// Why settings are not read, not taken or not kept.
#[derive(Debug)]
pub enum Problem {
    /// The text handed over is not settings; nothing was changed.
    Refused(Flaw),
    /// The file is broken.
    Broken {
        /// The file.
        file: PathBuf,
        /// How.
        flaw: Flaw,
        /// What holds instead.
        in_force: InForce,
    },
    /// A file cannot be written.
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: Errno,
    },
}

impl About for Problem {
    fn subject(&self) -> String {
        match self {
            Self::Refused(_) => "settings".to_owned(),
            Self::Broken { file, .. } | Self::Unwritable { file, .. } => escaped_path(file),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Refused(flaw) => format!("{flaw}; nothing was changed"),
            Self::Broken { flaw, in_force, .. } => {
                let holds = match in_force {
                    InForce::LastGood => "the last good settings stay in force",
                    InForce::Defaults => "the defaults are in force",
                };
                format!("{flaw}; {holds} until it is corrected")
            }
            Self::Unwritable { reason, .. } => format!("cannot be written: {}", reason.desc()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for Problem {}

/// Reads the settings. No file means the defaults; while the file is broken, what [`Loaded::keep`]
/// kept last is in force.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn load(root: &Root) -> Looked<Loaded> {
    let file = root.path(FILE);
    let flaw = match read(&file)? {
        Ok(loaded) => return Ok(loaded),
        Err(flaw) => flaw,
    };
    let (loaded, in_force) = match read(&root.path(LAST_GOOD))? {
        Ok(loaded) if !loaded.text.is_empty() => (loaded, InForce::LastGood),
        _ => (Loaded::default(), InForce::Defaults),
    };
    let problem = Problem::Broken { file, flaw, in_force };
    Ok(Loaded { problem: Some(Arc::new(problem)), ..loaded })
}

fn read(file: &Path) -> Looked<Result<Loaded, Flaw>> {
    Ok(textfile::read_text(file, FILE_BYTES)?.and_then(|text| {
        let text = text.unwrap_or_default();
        let (settings, unknown) = parse(&text)?;
        Ok(Loaded { settings, problem: None, unknown, text })
    }))
}

/// Takes over the settings of `text`: checks it, then replaces the file with exactly this text, the
/// keys that mean nothing here included. Beside the settings come those keys, as from
/// [`Settings::parse`].
///
/// # Errors
/// [`Problem::Refused`], or [`Problem::Unwritable`]; the file is then as it was.
pub fn apply(root: &Root, text: &str) -> Result<(Settings, Vec<String>), Problem> {
    let parsed = Settings::parse(text)?;
    let file = root.path(FILE);
    // Whoever may read the file today may read it tomorrow.
    let mode = fs::metadata(&file)
        .map_or(PRIVATE, |found| Mode::from_bits_truncate(found.permissions().mode()));
    write(&file, text, mode)?;
    Ok(parsed)
}

impl Loaded {
    /// Keeps these settings as those that hold when the file is broken one day. Does nothing if
    /// they are kept already or are themselves not those of the file.
    ///
    /// # Errors
    /// [`Problem::Unwritable`]
    pub fn keep(&self, root: &Root) -> Result<(), Problem> {
        let file = root.path(LAST_GOOD);
        let nothing_yet = self.text.is_empty() && !file.exists();
        if self.problem.is_some() || nothing_yet {
            return Ok(());
        }
        write(&file, &self.text, PRIVATE)
    }
}

fn write(file: &Path, text: &str, mode: Mode) -> Result<(), Problem> {
    statefile::write_as(file, text.as_bytes(), mode)
        .map_err(|reason| Problem::Unwritable { file: file.to_owned(), reason })
}

#[cfg(test)]
mod tests;
