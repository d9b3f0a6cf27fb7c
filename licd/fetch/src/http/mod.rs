//! HTTP and HTTPS.

mod connect;
mod tunnel;

use std::io::{self, Write};
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use licd_protocol::{Answer, Login, Proxy, Scheme, Url, without_login};
use percent_encoding::{CONTROLS, percent_encode};
use ureq::http::{HeaderMap, Response, header};
use ureq::unversioned::transport::{Connector as _, TcpConnector};
use ureq::{Agent, Body as Incoming, Error, Timeout};

use crate::body::Body;
use crate::fault::{Failed, Fault, Given, Offers, Redirect};
use crate::job::Job;
use crate::output::Output;
use connect::{AbsoluteForm, Addresses, Reached, TlsLink};
use tunnel::Tunnel;

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Bytes of a server's head; nginx and Apache send at most 8 KiB.
const HEAD_BYTES: usize = 32 * 1024;
/// By which squid, the most common proxy, tells its own refusals from those of servers.
const SQUID: &str = "x-squid-error";
/// Ways of saying who asks that are told of a server; more are not registered in use.
const OFFERS: usize = 6;
/// What we are called.
const USER_AGENT: &str = concat!("licd/", env!("CARGO_PKG_VERSION"));
/// Bytes of an entity tag or a date that are kept for the next request.
const TAG_BYTES: usize = 1024;

/// Fetches the file of `job`, following redirects.
///
/// # Errors
/// [`Failed`]; what was handed on by then is not the whole file.
pub(crate) fn fetch<W: Write>(job: &Job, output: &Output<W>) -> Result<(), Failed> {
    let mut here = job.url.clone();
    let mut redirect = None;
    for _ in 0..=REDIRECTS {
        job.watchdog.asks(here.host());
        match step(job, &here, output).map_err(|failed| failed.behind(redirect.clone()))? {
            None => return Ok(()),
            Some(next) => {
                redirect = Some(Redirect::new(&here, &next));
                here = next;
            }
        }
    }
    Err(Fault::Redirects(REDIRECTS).of(here.host()))
}

/// Asks one server, or the proxy before it, and takes what it answers: the file, or the next address
/// to ask.
fn step<W: Write>(job: &Job, here: &Url, output: &Output<W>) -> Result<Option<Url>, Failed> {
    let proxy = job.route.to(here.host());
    let addresses = match proxy {
        Some(proxy) => job.look_up(proxy.host(), proxy.port()),
        None => job.look_up(here.host(), here.port()),
    };
    let reached = Reached::default();
    let blamed = |fault: Fault| fault.between(proxy, reached.is_so(), here.host());
    let addresses = Addresses(addresses.map_err(blamed)?);
    let asked = ask(job, here, proxy, addresses, &reached);
    let response = asked.map_err(|error| blamed(fault(job, error)))?;
    take(job, here, proxy, response, output).map_err(blamed)
}

fn take<W: Write>(
    job: &Job,
    here: &Url,
    proxy: Option<&Proxy>,
    response: Response<Incoming>,
    output: &Output<W>,
) -> Result<Option<Url>, Fault> {
    let headers = response.headers();
    match response.status().as_u16() {
        200 => {
            output.header(answer(job, headers, false))?;
            deliver(job, response, output).map(|()| None)
        }
        304 if job.is_conditional() => output.header(answer(job, headers, true)).map(|()| None),
        301 | 302 | 303 | 307 | 308 => redirected(here, headers).map(Some),
        401 => {
            Err(Fault::Unauthorized(offers(headers, header::WWW_AUTHENTICATE), given(job, here)))
        }
        403 if headers.contains_key(SQUID) && proxy.is_some() => {
            let reason = headers.get(SQUID).and_then(|why| why.to_str().ok()).unwrap_or_default();
            Err(Fault::ProxyStatus { status: 403, reason: reason.to_owned() })
        }
        403 if let Some(proxy) = proxy.filter(|_| !here.scheme().is_tls()) => {
            Err(Fault::Forbidden { proxy: proxy.to_string() })
        }
        407 if proxy.is_some() => {
            let login = proxy.and_then(Proxy::login);
            let given = if login.is_some() { Given::Yes } else { Given::No };
            Err(Fault::ProxyUnauthorized(offers(headers, header::PROXY_AUTHENTICATE), given))
        }
        status => Err(Fault::Status { status, retry_after: retry_after(headers) }),
    }
}

fn ask(
    job: &Job,
    here: &Url,
    proxy: Option<&Proxy>,
    addresses: Addresses,
    reached: &Reached,
) -> Result<Response<Incoming>, Error> {
    // RFC 9112 §3.2.2: what is not tunnelled goes to a proxy in absolute form. Proxies commonly
    // refuse a tunnel to any port but 443.
    let (tunnel, plain) = match here.scheme() {
        Scheme::Https => (proxy, None),
        _ => (None, proxy),
    };
    let login = proxy.and_then(Proxy::login);
    let chain =
        ().chain(TcpConnector::default())
            .chain(Tunnel { is_wanted: tunnel.is_some(), login: login.clone() })
            .chain(reached.clone())
            .chain(AbsoluteForm { is_wanted: plain.is_some() })
            .chain(TlsLink { config: job.tls.config.clone() });
    let config = Agent::config_builder()
        .user_agent(USER_AGENT)
        // Packing on the fly changes entity tags, and with some servers no request is ever
        // answered "not modified" again.
        .accept_encoding("identity")
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .max_response_header_size(HEAD_BYTES)
        .input_buffer_size(2 * HEAD_BYTES)
        .output_buffer_size(HEAD_BYTES)
        .timeout_connect(Some(job.connect))
        .timeout_per_read(Some(job.idle))
        .timeout_per_write(Some(job.idle))
        .proxy(None)
        .build();
    let agent = Agent::with_parts(config, chain, addresses);
    let mut request = agent.get(here.without_login());
    if let (Some(login), Given::Yes) = (&job.login, given(job, here)) {
        request = request.header(header::AUTHORIZATION, basic(login));
    }
    if let (Some(login), Some(_)) = (&login, plain) {
        request = request.header(header::PROXY_AUTHORIZATION, basic(login));
    }
    if let Some(etag) = &job.etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    if let Some(date) = &job.last_modified {
        request = request.header(header::IF_MODIFIED_SINCE, date);
    }
    request.call()
}

/// Who asks, as HTTP is told (RFC 7617 §2).
fn basic(login: &Login) -> String {
    let Login { user, password } = login;
    format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
}

/// Whether this server is told who asks: it is the one of the address, or the same host after a
/// redirect to https.
fn given(job: &Job, here: &Url) -> Given {
    let asked = &job.url;
    let is_upgraded = asked.scheme() == Scheme::Http && asked.port() == 80 && here.port() == 443;
    let is_same = here.origin() == asked.origin() || here.scheme() == Scheme::Https && is_upgraded;
    match job.login {
        None => Given::No,
        Some(_) if here.host() == asked.host() && is_same => Given::Yes,
        Some(_) => Given::Withheld,
    }
}

/// Where a redirect leads: to any port of a web server, since UMS and what stands before it answer on
/// whichever port they were given.
fn redirected(here: &Url, headers: &HeaderMap) -> Result<Url, Fault> {
    let location = headers.get(header::LOCATION).map_or(&b""[..], |value| value.as_bytes());
    // Servers send their own letters as they are, in UTF-8 or not: these are the bytes they mean.
    let location = match str::from_utf8(location) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => percent_encode(location, CONTROLS).to_string(),
    };
    if location.is_empty() {
        return Err(Fault::Nowhere);
    }
    let next = here.join(&location);
    let next = next.map_err(|why| Fault::RedirectAddress(without_login(&location), why))?;
    if !next.scheme().is_web() {
        return Err(Fault::RedirectScheme(next.origin()));
    }
    if here.scheme() == Scheme::Https && next.scheme() == Scheme::Http {
        return Err(Fault::Downgrade(next.origin()));
    }
    Ok(next)
}

/// The ways of saying who asks in these headers: the words before the first parameter of each
/// challenge (RFC 9110 §11.6.1), at most [`OFFERS`].
fn offers(headers: &HeaderMap, name: header::HeaderName) -> Offers {
    let values = headers.get_all(name);
    offered(values.iter().filter_map(|value| value.to_str().ok()))
}

/// As [`offers`], of the values of the headers. What comes after a comma is a challenge if its first
/// word is a name alone, and a parameter if that is followed by `=`.
fn offered<'a>(values: impl Iterator<Item = &'a str>) -> Offers {
    let mut offers = Offers::new();
    for part in values.flat_map(|value| value.split(',')) {
        let part = part.trim();
        let (word, _) = part.split_once(' ').unwrap_or((part, ""));
        let is_name =
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if is_name && !offers.iter().any(|offer| offer.eq_ignore_ascii_case(word)) {
            offers.push(word.to_owned());
        }
    }
    offers.truncate(OFFERS);
    offers
}

fn answer(job: &Job, headers: &HeaderMap, not_modified: bool) -> Answer {
    let text = |name| {
        let value = headers.get(name)?.to_str().ok()?;
        (value.len() <= TAG_BYTES).then(|| value.to_owned())
    };
    Answer {
        etag: text(header::ETAG),
        last_modified: text(header::LAST_MODIFIED),
        not_modified,
        clock_ignored: job.tls.clock_ignored(),
    }
}

fn deliver<W: Write>(
    job: &Job,
    response: Response<Incoming>,
    output: &Output<W>,
) -> Result<(), Fault> {
    let coding = response.headers().get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    let coding = String::from_utf8_lossy(coding.unwrap_or_default()).trim().to_ascii_lowercase();
    let packed = match coding.as_str() {
        "" | "identity" => false,
        "gzip" | "x-gzip" => true,
        _ => return Err(Fault::Coding(coding)),
    };
    let incoming = response.into_body();
    let body = Body { total: incoming.content_length(), packed, limit: job.limit };
    body.deliver(incoming.into_reader(), |error| fault(job, error.into()), output)
}

/// How long the server asks to wait (RFC 9110 §10.2.3). A date is taken relative to the server's
/// own, since this device's clock may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let after = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    date(after)?.duration_since(date(text(header::DATE)?)?).ok()
}

fn fault(job: &Job, error: Error) -> Fault {
    match error {
        Error::Io(error) => io_fault(job, error),
        Error::Timeout(Timeout::Connect) => Fault::ConnectTimeout(job.connect),
        Error::Timeout(_) => Fault::Silent(job.idle),
        Error::Other(error) => match error.downcast::<Fault>() {
            Ok(fault) => *fault,
            Err(_) => Fault::Garbage { protocol: "HTTP" },
        },
        _ => Fault::Garbage { protocol: "HTTP" },
    }
}

fn io_fault(job: &Job, error: io::Error) -> Fault {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable
        | Kind::PermissionDenied => Fault::Connect(error),
        Kind::TimedOut | Kind::WouldBlock => Fault::Silent(job.idle),
        _ => match error.downcast::<rustls::Error>() {
            Ok(error) => job.tls.fault(error),
            Err(error) => Fault::Dropped(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_told_from_their_parameters() {
        for (values, offers) in [
            (&["NTLM"][..], &["NTLM"][..]),
            (&["Negotiate", "NTLM"], &["Negotiate", "NTLM"]),
            (&["Negotiate, NTLM, ntlm"], &["Negotiate", "NTLM"]),
            (&["Digest realm=\"a b\", nonce=\"x, y\", qop=auth"], &["Digest"]),
            (&["Basic realm=\"x\", Digest realm=\"y\""], &["Basic", "Digest"]),
            (&[""], &[]),
        ] {
            let found = offered(values.iter().copied());
            // A comma within quotes may leave a word behind; what counts is what is first.
            assert_eq!(&found[..offers.len().min(found.len())], offers, "{values:?}");
        }
    }
}
