//! Why a response brings no file.

use std::time::Duration;

use licd_protocol::{Proxy, Url};
use ureq::Body as Incoming;
use ureq::http::{HeaderMap, Response, header};

use super::auth::{credentials_for, schemes};
use super::post::{self, body};
use super::redirect::Target;
use crate::error::{CredentialsSent, FetchError};
use crate::job::Job;
use crate::tls::client_certificate;

/// The header by which squid, the most common proxy, marks its own refusals.
const SQUID_ERROR: &str = "x-squid-error";

/// The error for a response whose status brings no file.
pub(super) fn error(
    job: &Job,
    target: &Target<'_>,
    proxy: Option<&Proxy>,
    response: Response<Incoming>,
) -> FetchError {
    let status = response.status().as_u16();
    let is_tls = target.url.scheme().is_tls();
    match of_head(job, &target.url, proxy, response.headers(), status) {
        FetchError::Status { .. } if target.post.is_some() && post::is_refused(status) => {
            FetchError::PostRefused { status, reason: post::reason(response) }
        }
        FetchError::Status { .. } if status == 400 && !is_tls && wants_tls(&body(response)) => {
            FetchError::TlsRequired(status)
        }
        // nginx refuses after the handshake.
        FetchError::Status { .. } if status == 400 && is_tls && job.tls.client_asked() => {
            client_certificate()
        }
        error => error,
    }
}

/// Whether a page says that the port is one for TLS, as those of nginx, Apache, Tomcat and Go do. In
/// lower case, the words would be those of any link.
fn wants_tls(page: &str) -> bool {
    page.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| ["HTTPS", "SSL", "TLS"].contains(&word))
}

/// The error for a status, as far as the head of the response shows it.
fn of_head(
    job: &Job,
    url: &Url,
    proxy: Option<&Proxy>,
    headers: &HeaderMap,
    status: u16,
) -> FetchError {
    match (status, proxy) {
        (401, _) => {
            let schemes = schemes(headers, header::WWW_AUTHENTICATE);
            FetchError::Unauthorized(schemes, credentials_for(job, url))
        }
        (403, Some(_)) if let Some(reason) = headers.get(SQUID_ERROR) => {
            let reason = reason.to_str().unwrap_or_default().to_owned();
            FetchError::ProxyStatus { status, reason }
        }
        (403, Some(proxy)) if !url.scheme().is_tls() => {
            FetchError::Forbidden { proxy: proxy.to_string() }
        }
        (407, Some(proxy)) => {
            let sent = match proxy.credentials() {
                Some(_) => CredentialsSent::Yes,
                None => CredentialsSent::No,
            };
            FetchError::ProxyUnauthorized(schemes(headers, header::PROXY_AUTHENTICATE), sent)
        }
        // To wait does not sign in to the network.
        (511, _) => FetchError::Status { status, retry_after: None },
        _ => FetchError::Status { status, retry_after: retry_after(headers) },
    }
}

/// The wait that the server asks for (RFC 9110 §10.2.3). A date counts from the server's own, because
/// this device's clock may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let after = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return (seconds > 0).then(|| Duration::from_secs(seconds));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    date(after)?.duration_since(date(text(header::DATE)?)?).ok()
}
