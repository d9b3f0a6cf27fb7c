//! The configuration, `licd.toml` in its layers.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use licd_fs::about::{self, About};
use licd_fs::look::{Looked, look};
use licd_fs::root::Root;
use licd_fs::textfile::{self, Flaw, escaped_path};
use licd_protocol::{Proxy, Url};
use licd_rules::Generation;
use license_format::Date;
use serde::Deserialize;
use toml::{Table, Value};

mod roots;
mod values;

pub use roots::{ROOT_KEYS, roots, trust_note};
pub use values::CertificatePin;

/// Bytes of one file of the configuration: the packaged one, all comments included, several times
/// over.
pub const FILE_BYTES: u64 = 64 * 1024;
/// Files of `licd.toml.d` that are read; more than any image and its administrators need.
pub const FRAGMENTS: usize = 64;

/// The layers, the first being the one that every other wins over; the fragments come last.
const LAYERS: [&str; 2] = ["/usr/lib/licd/licd.toml", "/etc/licd/licd.toml"];
const FRAGMENT_DIR: &str = "/etc/licd/licd.toml.d";

/// What an image builder or an administrator can set. A text that is empty in a file counts as one
/// that is not set, so that a later layer can take an earlier one's value back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[trust]`
    pub trust: Trust,
    /// `[system]`
    pub system: System,
    /// `[starter]`
    pub starter: Starter,
    /// `[network]`
    pub network: Network,
    /// `[ums]`
    pub ums: Ums,
    /// `[activation]`
    pub activation: Activation,
    /// `[deployment]`
    pub deployment: Deployment,
}

/// What it takes to believe a trust document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [trust]")]
pub struct Trust {
    /// Distinct root keys that must have signed it: 1 to
    /// [`SIGNATURES`](license_format::limits::SIGNATURES), 2 by default.
    #[serde(deserialize_with = "values::threshold")]
    pub threshold: NonZeroUsize,
}

/// What stands in for the facts of `os-release`; what is not set here is taken from there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [system]")]
pub struct System {
    /// The generation of the operating system.
    #[serde(deserialize_with = "values::generation")]
    pub generation: Option<Generation>,
    /// Its version: `[0-9A-Za-z.+~_-]{1,64}`.
    #[serde(deserialize_with = "values::version")]
    pub version: Option<String>,
    /// The day it was released.
    #[serde(deserialize_with = "values::released")]
    pub released: Option<Date>,
}

/// The starter period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [starter]")]
pub struct Starter {
    /// Days that a device that was never licensed counts as having an evaluation; 0, the default,
    /// for none.
    #[serde(deserialize_with = "values::days")]
    pub days: u16,
}

/// How licences are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [network]")]
pub struct Network {
    /// PEM bundle of certificate authorities in place of the system's: an absolute path.
    #[serde(deserialize_with = "values::file")]
    pub ca_file: Option<PathBuf>,
    /// The proxy; if not set, the usual environment variables count.
    #[serde(deserialize_with = "values::proxy")]
    pub proxy: Option<Proxy>,
    /// How long a connection may take to come about; 10 seconds by default.
    #[serde(rename = "connect_timeout_seconds", deserialize_with = "values::seconds")]
    pub connect_timeout: Duration,
    /// How long one licence may take to arrive; 120 seconds by default.
    #[serde(rename = "total_timeout_seconds", deserialize_with = "values::seconds")]
    pub total_timeout: Duration,
    /// Who asks at servers that want to know, at most [`LOGINS`].
    #[serde(rename = "login", deserialize_with = "values::logins")]
    pub logins: Vec<Login>,
}

/// Servers that a user and password can be set for: many times those that hand out licences.
pub const LOGINS: usize = 32;

/// `[[network.login]]`: who asks at one server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section [[network.login]]")]
pub struct Login {
    /// The server, as [`Url::host`] has it. No other server is told.
    #[serde(deserialize_with = "values::host")]
    pub host: String,
    /// The user.
    #[serde(deserialize_with = "values::user")]
    pub user: String,
    /// The file whose first line is the password: an absolute path.
    #[serde(deserialize_with = "values::password_file")]
    pub password_file: PathBuf,
}

/// The UMS server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [ums]")]
pub struct Ums {
    /// The certificate that alone is taken for the server's.
    #[serde(deserialize_with = "values::pin")]
    pub certificate_sha256: Option<CertificatePin>,
}

/// The licensing service that answers first-boot requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [activation]")]
pub struct Activation {
    /// Its address, `https://…` or `http://…`.
    #[serde(deserialize_with = "values::service_url")]
    pub url: Option<Url>,
}

/// What follows a deployment by UMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [deployment]")]
pub struct Deployment {
    /// Whether one that changes what is allowed ends with a restart of the device; true by default.
    pub restart: bool,
}

impl Default for Deployment {
    fn default() -> Self {
        Self { restart: true }
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self { threshold: NonZeroUsize::MIN.saturating_add(1) }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            ca_file: None,
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(120),
            logins: Vec::new(),
        }
    }
}

/// Something below the configuration's directories that is left out, and why.
#[derive(Debug)]
pub enum Problem {
    /// A file that cannot be used.
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        flaw: Flaw,
    },
    /// A directory with more files than are read.
    TooMany {
        /// The directory.
        dir: PathBuf,
        /// Files that are read of it, the first by name.
        limit: usize,
    },
    /// A file that holds something other than one root key.
    NotAKey {
        /// The file.
        file: PathBuf,
    },
}

impl About for Problem {
    fn subject(&self) -> String {
        match self {
            Self::Unusable { file: path, .. }
            | Self::TooMany { dir: path, .. }
            | Self::NotAKey { file: path } => escaped_path(path),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unusable { flaw, .. } => {
                format!("{flaw}; the whole file is left out until it is corrected")
            }
            Self::TooMany { limit, .. } => {
                format!("holds too many files; the first {limit} by name count, merge the others")
            }
            Self::NotAKey { .. } => "is not one verifier key (NAME+HASH+BASE64); put one root key \
                                     in each file"
                .to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for Problem {}

impl Config {
    /// Reads every layer there is. One that cannot be used is left out whole and reported; the
    /// others count, key by key, the later ones winning.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Vec<Problem>)> {
        let mut problems = Vec::new();
        let fragments = files(&root.path(FRAGMENT_DIR), "toml", FRAGMENTS, &mut problems)?;
        let mut config = Self::default();
        let mut keys = Table::new();
        for file in LAYERS.iter().map(|layer| root.path(layer)).chain(fragments) {
            let text = textfile::read_text(&file, FILE_BYTES)?;
            let next = text.and_then(|text| match text {
                Some(text) => Self::overlaid(&mut keys, &text),
                None => Ok(config.clone()),
            });
            match next {
                Ok(next) => config = next,
                Err(flaw) => problems.push(Problem::Unusable { file, flaw }),
            }
        }
        Ok((config, problems))
    }

    /// The configuration of `keys` with those of `text` laid over them.
    fn overlaid(keys: &mut Table, text: &str) -> Result<Self, Flaw> {
        let wrong = |error| Flaw::toml(text, &error);
        // By itself first: only then does a fault have a line and a column.
        toml::from_str::<Self>(text).map_err(wrong)?;
        let mut next = keys.clone();
        for (section, values) in text.parse::<Table>().map_err(wrong)? {
            match (next.get_mut(&section), values) {
                (Some(Value::Table(below)), Value::Table(above)) => below.extend(above),
                (_, values) => drop(next.insert(section, values)),
            }
        }
        let config = next.clone().try_into().map_err(wrong)?;
        *keys = next;
        Ok(config)
    }
}

/// The files in `dir` whose names end in `.EXTENSION`, in name order, hidden ones left out; at most
/// `limit`. No directory is no files.
fn files(
    dir: &Path,
    extension: &str,
    limit: usize,
    problems: &mut Vec<Problem>,
) -> Looked<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut files: Vec<PathBuf> = match look(dir, entries)? {
        Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let flaw = Flaw::Unreadable(error);
            problems.push(Problem::Unusable { file: dir.to_owned(), flaw });
            Vec::new()
        }
    };
    let hidden =
        |file: &Path| file.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
    files.retain(|file| file.extension() == Some(OsStr::new(extension)) && !hidden(file));
    files.sort();
    if files.len() > limit {
        problems.push(Problem::TooMany { dir: dir.to_owned(), limit });
        files.truncate(limit);
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
