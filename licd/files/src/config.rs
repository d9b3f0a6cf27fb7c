//! The configuration: the layers of `licd.toml`.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use licd_fs::about::{self, About};
use licd_fs::printable::escaped_path;
use licd_fs::textfile::ReadError;
use licd_protocol::{Proxy, Url};
use licd_rules::Generation;
use license_format::Date;
use serde::Deserialize;

mod layers;
mod roots;
mod values;

pub use roots::{ROOT_KEYS, roots, trust_note};
pub use values::CertificatePin;

/// Limit of a configuration file in bytes: several times the size of the packaged one with its comments.
pub const FILE_BYTES: u64 = 64 * 1024;
/// Limit of files in `licd.toml.d`.
pub const FRAGMENTS: usize = 64;

/// The settings of the image builder and the administrator. An empty string counts as unset, so that a
/// later layer can reset the value of an earlier one.
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

/// The conditions for accepting a trust document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [trust]")]
pub struct Trust {
    /// The number of distinct root keys that must have signed it: 1 to
    /// [`SIGNATURES`](license_format::limits::SIGNATURES), 2 by default.
    #[serde(deserialize_with = "values::threshold")]
    pub threshold: NonZeroUsize,
}

/// Values that override those of `os-release`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [system]")]
pub struct System {
    /// The generation of the operating system.
    #[serde(deserialize_with = "values::generation")]
    pub generation: Option<Generation>,
    /// The version: `[0-9A-Za-z.+~_-]{1,64}`.
    #[serde(deserialize_with = "values::version")]
    pub version: Option<String>,
    /// The day of the release.
    #[serde(deserialize_with = "values::released")]
    pub released: Option<Date>,
}

/// The starter period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [starter]")]
pub struct Starter {
    /// The days in which a device that was never licensed counts as having an evaluation; 0 by
    /// default.
    #[serde(deserialize_with = "values::days")]
    pub days: u16,
}

/// The network access for downloads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [network]")]
pub struct Network {
    /// The absolute path of a PEM bundle that replaces the system's certificate authorities.
    #[serde(deserialize_with = "values::file")]
    pub ca_file: Option<PathBuf>,
    /// The proxy; if unset, the usual environment variables apply.
    #[serde(deserialize_with = "values::proxy")]
    pub proxy: Option<Proxy>,
    /// The timeout of a connection; 10 seconds by default.
    #[serde(rename = "connect_timeout_seconds", deserialize_with = "values::seconds")]
    pub connect_timeout: Duration,
    /// The timeout of a download; 120 seconds by default.
    #[serde(rename = "total_timeout_seconds", deserialize_with = "values::seconds")]
    pub total_timeout: Duration,
    /// The logins for servers, at most [`LOGINS`].
    #[serde(rename = "login", deserialize_with = "values::logins")]
    pub logins: Vec<Login>,
}

/// Limit of logins: many times as many as servers provide licences.
pub const LOGINS: usize = 32;

/// `[[network.login]]`: the login for one server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section [[network.login]]")]
pub struct Login {
    /// The server, as in [`Url::host`]. No other server gets the password.
    #[serde(deserialize_with = "values::host")]
    pub host: String,
    /// The user.
    #[serde(deserialize_with = "values::user")]
    pub user: String,
    /// The absolute path of a file whose first line is the password.
    #[serde(deserialize_with = "values::password_file")]
    pub password_file: PathBuf,
}

/// The UMS server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [ums]")]
pub struct Ums {
    /// The only certificate that is accepted from the server.
    #[serde(deserialize_with = "values::pin")]
    pub certificate_sha256: Option<CertificatePin>,
}

/// The licensing service that answers first-boot requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "the section [activation]")]
pub struct Activation {
    /// The address, `https://…` or `http://…`.
    #[serde(deserialize_with = "values::service_url")]
    pub url: Option<Url>,
    /// Where a person reads its terms: an address, or a path on this device.
    #[serde(deserialize_with = "values::terms")]
    pub terms: Option<String>,
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

/// Why a part of the configuration is ignored.
#[derive(Debug)]
pub enum ConfigError {
    /// A file cannot be used.
    Unusable {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: ReadError,
    },
    /// A directory has too many files.
    TooMany {
        /// The directory.
        dir: PathBuf,
        /// The number of files that are read, in order of their names.
        limit: usize,
    },
    /// A file does not hold exactly one root key.
    NotAKey {
        /// The file.
        file: PathBuf,
    },
}

impl About for ConfigError {
    fn subject(&self) -> String {
        match self {
            Self::Unusable { file: path, .. }
            | Self::TooMany { dir: path, .. }
            | Self::NotAKey { file: path } => escaped_path(path),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unusable { error, .. } => {
                format!("{error}; the whole file is ignored until it is corrected")
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

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unusable { error, .. } => Some(error),
            Self::TooMany { .. } | Self::NotAKey { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
