//! The messages for errors of HTTP.

use std::fmt;
use std::time::Duration;

use super::fetch::{CredentialsSent, FetchError};
use super::text::{Span, explained, quoted};

impl FetchError {
    /// Writes the message of an error of HTTP.
    pub(super) fn fmt_http(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status, retry_after } => status_message(f, *status, *retry_after),
            Self::PostRefused { status, reason } if reason.is_empty() => {
                write!(f, "refuses the request (HTTP {status})")
            }
            Self::PostRefused { status, reason } => {
                write!(f, "refuses the request: “{}” (HTTP {status})", explained(reason))
            }
            Self::RedirectOfPost(to) => write!(
                f,
                "redirects the request to {}, which does not get it; correct the address",
                quoted(to)
            ),
            Self::TlsRequired(status) => {
                write!(f, "wants TLS (HTTP {status}); use an address with https://")
            }
            Self::Unauthorized(schemes, sent) => unauthorized(f, schemes, *sent),
            Self::ProxyUnauthorized(schemes, sent) => proxy_unauthorized(f, schemes, *sent),
            Self::ProxyStatus { status, reason } if reason.is_empty() => {
                write!(f, "does not connect to the server (HTTP {status})")
            }
            Self::ProxyStatus { status, reason } => {
                let reason = quoted(reason);
                write!(f, "does not connect to the server (HTTP {status}, {reason})")
            }
            Self::Forbidden { proxy } => write!(
                f,
                "the server, or proxy {} before it, does not give this file to this device or user \
                 (HTTP 403); ask their administrators",
                quoted(proxy)
            ),
            Self::ContentCoding(name) => write!(
                f,
                "sends the file packed as {} although it was not asked to; have it send the file \
                 unpacked",
                quoted(name)
            ),
            Self::TooManyRedirects(most) => write!(f, "redirects more than {most} times"),
            Self::RedirectWithoutLocation => f.write_str("redirects without an address"),
            Self::InvalidRedirect(to, why) => {
                write!(f, "redirects to “{}”, which {}", quoted(to), why.fault())
            }
            Self::RedirectToPlaintext(to) => {
                let to = quoted(to);
                write!(f, "redirects from https to {to}, which is not followed; ask for a new link")
            }
            Self::RedirectToOtherScheme(to) => {
                let to = quoted(to);
                write!(f, "redirects to {to}, which is no web server; ask for a new link")
            }
            _ => self.fmt_ftp(f),
        }
    }
}

fn status_message(
    f: &mut fmt::Formatter<'_>,
    status: u16,
    retry_after: Option<Duration>,
) -> fmt::Result {
    let meaning = match status {
        403 => "does not give this file to this device or user",
        404 => "has no such file; check the address",
        410 => "no longer has this file; ask for a new link",
        202 => "has accepted the request and not answered it yet",
        429 => "limits requests",
        511 => "is not reached: the network requires a sign-in",
        500..=599 => "cannot answer now",
        _ => "does not give the file",
    };
    write!(f, "{meaning} (HTTP {status})")?;
    match retry_after {
        Some(wait) => write!(f, "; it asks to come back in {}", Span(wait)),
        None => Ok(()),
    }
}

/// The cure for a status, unless the message itself gives it.
pub(super) fn advice(status: u16) -> Option<&'static str> {
    match status {
        404 | 410 => None,
        511 => Some("sign in there with a web browser, then try again"),
        202 | 408 | 425 | 429 | 500.. => Some("try again later"),
        _ => Some("ask the server's administrator"),
    }
}

/// The only authentication scheme that the worker supports.
const BASIC: &str = "Basic";

/// The schemes of a server or proxy that does not accept Basic; `None` if it does, or names none.
fn unsupported(schemes: &[String]) -> Option<String> {
    if schemes.is_empty() || schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(BASIC)) {
        return None;
    }
    Some(format!("offers only {}, which licd does not support", quoted(&schemes.join(" and "))))
}

fn unauthorized(
    f: &mut fmt::Formatter<'_>,
    schemes: &[String],
    sent: CredentialsSent,
) -> fmt::Result {
    match (unsupported(schemes), sent) {
        (Some(why), _) => write!(
            f,
            "asks for a user and {why}; ask for an address without a login, or have Basic allowed \
             there (HTTP 401)"
        ),
        (None, CredentialsSent::No) => {
            f.write_str("asks for a user and password; give them (HTTP 401)")
        }
        (None, CredentialsSent::Yes) => {
            f.write_str("does not accept this user and password; check them (HTTP 401)")
        }
        (None, CredentialsSent::Withheld) => f.write_str(
            "asks for a user and password, which only the server of the address gets (HTTP 401)",
        ),
    }
}

fn proxy_unauthorized(
    f: &mut fmt::Formatter<'_>,
    schemes: &[String],
    sent: CredentialsSent,
) -> fmt::Result {
    match (unsupported(schemes), sent) {
        (Some(why), _) => write!(
            f,
            "asks for a user and {why}; have Basic allowed there, or this device let through \
             without a login (HTTP 407)"
        ),
        (None, CredentialsSent::Yes) => f.write_str(
            "does not accept its user and password; check them in [network] proxy, or wherever the \
             proxy is set (HTTP 407)",
        ),
        (None, _) => {
            f.write_str("asks for a user and password; set them in [network] proxy (HTTP 407)")
        }
    }
}
