//! The target of a redirect.

use licd_protocol::{Scheme, Url, without_userinfo};
use percent_encoding::{CONTROLS, percent_encode};
use ureq::http::{HeaderMap, header};

use super::auth::is_requested_server;
use crate::error::FetchError;
use crate::job::Job;

/// The next request.
pub(super) struct Target<'a> {
    pub(super) url: Url,
    /// The text to post there; `None` gets the file.
    pub(super) post: Option<&'a str>,
}

/// What a redirect with this status asks for. 302 and 303 lead to the answer of a POST, as in
/// browsers; the other ones move the service (RFC 9110 §15.4), which gets the text again if it is on
/// the same server.
pub(super) fn next<'a>(
    job: &Job,
    from: &Target<'a>,
    status: u16,
    headers: &HeaderMap,
) -> Result<Target<'a>, FetchError> {
    let url = target(&from.url, headers)?;
    let post = from.post.filter(|_| !matches!(status, 302 | 303));
    if post.is_some() && !is_requested_server(job, &url) {
        return Err(FetchError::RedirectOfPost(url.origin()));
    }
    Ok(Target { url, post })
}

/// The target of a redirect: any port of a web server, because UMS and its load balancers listen on
/// freely configured ports.
fn target(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
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
