//! The request to the worker, the header of a file, and the failure.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::proxy::{self, Proxy};
use crate::url::{self, Url};

/// A file to fetch, or a request that a file answers, and the limits to keep.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchRequest {
    /// The address of the file. Its user counts if [`user`](Self::user) is not set.
    #[serde(with = "url")]
    pub url: Url,
    /// The user. The worker sends it to the host of the address only, never to a redirect's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The absolute path of a PEM bundle that replaces the system's. The worker opens it before it
    /// drops its privileges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// SHA-256 of a certificate (DER, 64 hex digits). The worker accepts this certificate of the
    /// address's host from any issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Whether the worker also accepts other certificates that an authority has issued.
    #[serde(default)]
    pub pin_or_authority: bool,
    /// The proxy for `https` and `http`.
    #[serde(default, with = "proxy", skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Hosts to reach without the proxy, as in the environment variable of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// Milliseconds for looking up a name.
    pub name_ms: u64,
    /// Further milliseconds for connecting, with the TLS handshake.
    pub connect_ms: u64,
    /// Milliseconds that a server may stay silent.
    pub idle_ms: u64,
    /// Milliseconds for everything, with further attempts.
    pub total_ms: u64,
    /// The largest size of the file and of its transfer, in bytes.
    pub max_bytes: u64,
    /// The entity tag of the copy that the caller has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The modification date of that copy, in the server's spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Whether the clock is right. With a wrong one, the worker ignores the dates of certificates.
    pub clock_trusted: bool,
    /// A JSON text to send by POST (RFC 9110 §9.3.3); the file is the answer. For `https` and `http`.
    /// The worker sends it to the host of the address only, never to a redirect's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
}

/// The facts that the server states about the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseHeader {
    /// The entity tag, for the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The modification date, for the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The caller's copy is current; no bytes follow.
    #[serde(default)]
    pub not_modified: bool,
    /// The worker accepted a certificate whose dates do not fit the clock.
    #[serde(default)]
    pub clock_ignored: bool,
}

/// The verdict that a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The server cannot be reached now; a later attempt may succeed.
    SourceUnreachable,
    /// The server refuses the file, or the worker refuses the server.
    SourceRefused,
    /// The file is larger than any licence.
    SourceTooLarge,
}

/// Why the worker brings no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchFailure {
    /// The verdict.
    pub code: FailureCode,
    /// The other side of the failed request.
    pub peer: Peer,
    /// The reason and the cure, for people. It never holds a password.
    pub message: String,
}

/// The other side of a failed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// A server, by its host.
    Host(String),
    /// The proxy in front of the server, by its host and port.
    Proxy(String),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => f.write_str(host),
            Self::Proxy(proxy) => write!(f, "proxy {proxy}"),
        }
    }
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.peer, self.message)
    }
}
