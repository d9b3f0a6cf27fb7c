//! The message and the advice for each error.

use std::borrow::Cow;
use std::fmt;
use std::io;

use rustls::AlertDescription as Alert;
use rustls::Error as Tls;

use super::fetch::{FetchError, LookupError};
use super::text::{Span, io_message, quoted};
use super::{ftp_message, http_message};

/// The advice for an unreachable proxy.
pub(super) const CHECK_PROXY: &str = "check [network] proxy, http_proxy and https_proxy";

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(error) => write!(f, "{error}"),
            Self::Connect(error) => connect(f, error),
            Self::ConnectTimeout(after) => {
                write!(f, "no connection within {}; check that it is reachable", Span(*after))
            }
            Self::ConnectionLost(error) => {
                write!(f, "broke off the connection ({})", io_message(error))
            }
            Self::IdleTimeout(after) => {
                write!(f, "connected, but sent nothing for {}", Span(*after))
            }
            Self::TotalTimeout(after) => {
                write!(f, "did not send everything within {}", Span(*after))
            }
            Self::Truncated { received, announced } => {
                write!(f, "broke off after {received} of {announced} bytes")
            }
            Self::WrongProtocol { protocol } => {
                write!(f, "does not answer as {protocol} servers do; check the address and port")
            }
            Self::Tls(error) => write!(f, "the TLS handshake failed ({})", handshake(error).0),
            Self::Certificate(why) => f.write_str(why),
            Self::NoAuthorities(why) => write!(f, "its certificate cannot be checked: {why}"),
            Self::TooLarge(limit) => write!(f, "sends more than {limit} bytes"),
            Self::CorruptGzip => f.write_str("sends a corrupt or truncated gzip file"),
            Self::Internal { action, message } => write!(f, "{action} failed here: {message}"),
            Self::ReaderGone => f.write_str("the caller no longer reads the file"),
            _ => self.fmt_http(f),
        }
    }
}

impl FetchError {
    /// The cure, unless the message itself gives it.
    pub(super) fn advice(&self) -> Option<&'static str> {
        match self {
            Self::ProxyStatus { status: 400..500, .. } => Some("ask the proxy's administrator"),
            Self::ProxyStatus { .. } => Some(CHECK_PROXY),
            Self::Tls(error) => Some(handshake(error).1),
            Self::Lookup(LookupError::NoSuchName) => Some("check the address"),
            Self::TotalTimeout(_) => Some("try again, or raise [network] total_timeout_seconds"),
            Self::TooManyRedirects(_)
            | Self::RedirectWithoutLocation
            | Self::InvalidRedirect(..) => Some("ask for a new link"),
            Self::TooLarge(_) => Some("no licence is that large, check the address"),
            Self::CorruptGzip => Some("have the file uploaded again"),
            Self::ConnectionLost(_) | Self::IdleTimeout(_) | Self::Truncated { .. } => {
                Some("try again later")
            }
            Self::PostRefused { reason, .. } if reason.is_empty() => {
                Some("ask the server's administrator")
            }
            Self::PostRefused { .. } => Some("correct what it names, and activate again"),
            Self::Status { retry_after: Some(_), .. } => None,
            Self::Status { status, .. } => http_message::advice(*status),
            Self::FtpReply { step, code, .. } => ftp_message::advice(*step, *code),
            _ => None,
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = |servers: &[String]| match servers {
            [one] => format!("name server {}", quoted(one)),
            all => format!("name servers {}", quoted(&all.join(", "))),
        };
        match self {
            Self::NoSuchName => f.write_str("there is no host of this name"),
            Self::NoServer => f.write_str(
                "its name cannot be looked up: this device has no name server; connect it to a \
                 network that gives one, or set one in /etc/resolv.conf",
            ),
            Self::ServerFailure(all) => write!(
                f,
                "its name cannot be looked up now: {} failed or cannot be reached; check this \
                 device's network and DNS",
                servers(all)
            ),
            Self::Timeout(all, after) => write!(
                f,
                "its name cannot be looked up: {} did not answer within {}; check this device's \
                 network and DNS",
                servers(all),
                Span(*after)
            ),
            Self::Other(why) => write!(f, "its name cannot be looked up ({})", quoted(why)),
        }
    }
}

fn connect(f: &mut fmt::Formatter<'_>, error: &io::Error) -> fmt::Result {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            f.write_str("refuses the connection; check the server and its port")
        }
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            f.write_str("is unreachable; check this device's network")
        }
        io::ErrorKind::InvalidInput => f.write_str(
            "its address is valid on one link only, and names no interface; use another address of it",
        ),
        _ => write!(f, "no connection ({})", io_message(error)),
    }
}

/// What a TLS handshake fails for, and the cure.
fn handshake(error: &Tls) -> (Cow<'static, str>, &'static str) {
    const ASK: &str = "ask the server's administrator";
    match error {
        Tls::AlertReceived(Alert::UnrecognisedName) => {
            ("it does not know this host name".into(), "check the address")
        }
        error if is_without_common_version(error) => {
            ("no version or cipher in common".into(), "check that it offers TLS 1.2")
        }
        Tls::AlertReceived(_) => ("it refused".into(), ASK),
        Tls::InvalidMessage(_) => {
            ("it does not speak TLS on this port".into(), "check the address and port")
        }
        other => (quoted(&other.to_string()).into(), ASK),
    }
}

/// RFC 8446 §6.2 on the alerts.
fn is_without_common_version(error: &Tls) -> bool {
    let alerts = [Alert::HandshakeFailure, Alert::ProtocolVersion, Alert::InsufficientSecurity];
    match error {
        Tls::AlertReceived(alert) => alerts.contains(alert),
        Tls::PeerIncompatible(_) => true,
        _ => false,
    }
}
