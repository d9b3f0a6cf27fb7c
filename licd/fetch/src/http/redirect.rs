//! The target of a redirect.

use licd_protocol::{Scheme, Url, without_userinfo};
use percent_encoding::{CONTROLS, percent_encode};
use ureq::http::{HeaderMap, header};

use crate::error::FetchError;

/// The target of a redirect: any port of a web server, because UMS and its load balancers listen on
/// freely configured ports.
pub(super) fn target(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let location = headers.get(header::LOCATION).map_or(&b""[..], |value| value.as_bytes());
    // Servers send letters other than ASCII unencoded, in UTF-8 or another encoding.
    let location = match str::from_utf8(location) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => percent_encode(location, CONTROLS).to_string(),
    };
    if location.is_empty() {
        return Err(FetchError::RedirectWithoutLocation);
    }
    let next = from.join(&location);
    let next = next.map_err(|why| FetchError::InvalidRedirect(without_userinfo(&location), why))?;
    if !next.scheme().is_web() {
        return Err(FetchError::RedirectToOtherScheme(next.origin()));
    }
    if from.scheme() == Scheme::Https && next.scheme() == Scheme::Http {
        return Err(FetchError::RedirectToPlaintext(next.origin()));
    }
    Ok(next)
}
