//! What is asked of the worker, and what it answers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Proxy, Url, proxy, url};

/// What to fetch, and how.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Where the file is. A user in it counts if [`user`](Self::user) is not set.
    #[serde(with = "url")]
    pub url: Url,
    /// Who asks. Sent to the host of the address only, never to where it redirects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password that goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// PEM bundle in place of the system's, an absolute path. It is opened before the worker gives
    /// up its rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// SHA-256 of the certificate (DER, 64 hex digits) that is taken for that of the address's
    /// host, whoever issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Whether, beside it, any certificate will do that an authority vouches for.
    #[serde(default)]
    pub pin_or_authority: bool,
    /// The proxy for `https` and `http`.
    #[serde(default, with = "proxy", skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Hosts that are reached without it, as in the environment variable of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// Milliseconds until a name must have an address.
    pub name_ms: u64,
    /// Milliseconds after that until a connection must stand, TLS agreed.
    pub connect_ms: u64,
    /// Milliseconds that a server may stay silent.
    pub idle_ms: u64,
    /// Milliseconds until everything must be there, further attempts included.
    pub total_ms: u64,
    /// Bytes that the file may have, and its transfer.
    pub max_bytes: u64,
    /// The entity tag of what is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its date of change, as the server wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Whether the clock is right. If not, a certificate whose only fault is its dates will do.
    pub clock_trusted: bool,
}

/// What the server says of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Its entity tag, for the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its date of change, for the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The file is still the one that the request named; no bytes follow.
    #[serde(default)]
    pub not_modified: bool,
    /// A certificate was taken whose dates do not fit the clock.
    #[serde(default)]
    pub clock_ignored: bool,
}

/// Which verdict a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// There is no getting at the file now; it may come later.
    SourceUnreachable,
    /// The server does not give it, or is none to take it from.
    SourceRefused,
    /// It is larger than a licence can be.
    SourceTooLarge,
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The verdict.
    pub code: Code,
    /// The server or proxy that was asked.
    pub asked: Asked,
    /// What came of that, for people. It holds no password.
    pub message: String,
}

/// What was asked for the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// The host of this name.
    Host(String),
    /// The proxy at this address, which stands before the host.
    Proxy(String),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => f.write_str(host),
            Self::Proxy(proxy) => write!(f, "proxy {proxy}"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.asked, self.message)
    }
}
