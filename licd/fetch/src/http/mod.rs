//! HTTP and HTTPS.

mod auth;
mod coding;
mod connect;
mod post;
mod redirect;
mod refusal;
mod tunnel;

use std::io::{self, Write};

use licd_protocol::{Proxy, ResponseHeader, Scheme};
use ureq::config::Config;
use ureq::http::{HeaderMap, Method, Request, Response, header};
use ureq::unversioned::transport::{Connector as _, TcpConnector};
use ureq::{Agent, Body as Incoming, Error, Timeout};

use crate::error::{CredentialsSent, FetchError, Redirect, RequestError};
use crate::job::Job;
use crate::output::Output;
use crate::transfer::Body;
use auth::{basic, credentials_for};
use connect::{AbsoluteForm, Addresses, Connected, HEAD_BYTES, TlsLink, USER_AGENT};
use redirect::Target;
use tunnel::Tunnel;

/// The most redirects that the worker follows.
const MAX_REDIRECTS: usize = 5;
/// Bytes of an entity tag or a date for the next request; longer ones are dropped.
const TAG_BYTES: usize = 1024;

/// Fetches the file of `job`, or the answer to its request, following redirects.
///
/// # Errors
/// [`RequestError`]; the output may already hold a part of the file.
pub(crate) fn fetch<W: Write>(job: &Job, output: &Output<W>) -> Result<(), RequestError> {
    let mut target = Target { url: job.url.clone(), post: job.post.as_deref() };
    let mut followed = None;
    for _ in 0..=MAX_REDIRECTS {
        job.watchdog.set_host(target.url.host());
        match request_once(job, &target, output).map_err(|error| error.after(followed.clone()))? {
            None => return Ok(()),
            Some(next) => {
                followed = Some(Redirect::new(&target.url, &next.url));
                target = next;
            }
        }
    }
    Err(FetchError::TooManyRedirects(MAX_REDIRECTS).of(target.url.host()))
}

/// Sends one request to a server or its proxy. Returns the target if the answer is a redirect.
fn request_once<'a, W: Write>(
    job: &Job,
    target: &Target<'a>,
    output: &Output<W>,
) -> Result<Option<Target<'a>>, RequestError> {
    let url = &target.url;
    let proxy = job.route.to(url);
    let addresses = match proxy {
        Some(proxy) => job.look_up(proxy.host(), proxy.port()),
        None => job.look_up(url.host(), url.port()),
    };
    let connected = Connected::default();
    let located = |error: FetchError| error.between(proxy, connected.get(), url.host());
    let addresses = Addresses(addresses.map_err(located)?);
    let response = send(job, target, proxy, addresses, &connected);
    let failed = |error| match fetch_error(job, error) {
        // The time went to the handshake, which the server does not answer.
        FetchError::ConnectTimeout(after) if connected.get() => FetchError::IdleTimeout(after),
        error => error,
    };
    let response = response.map_err(|error| located(failed(error)))?;
    handle(job, target, proxy, response, output).map_err(located)
}

/// Writes the file to the output, or returns the target of a redirect.
fn handle<'a, W: Write>(
    job: &Job,
    target: &Target<'a>,
    proxy: Option<&Proxy>,
    response: Response<Incoming>,
    output: &Output<W>,
) -> Result<Option<Target<'a>>, FetchError> {
    let headers = response.headers();
    match response.status().as_u16() {
        // RFC 9110 §15.3: a POST may create its answer (201), and a proxy may have changed the file
        // (203), which the verifier would notice.
        200 | 201 | 203 => {
            output.header(response_header(job, headers, false))?;
            forward(job, response, output).map(|()| None)
        }
        304 if job.is_conditional() => {
            output.header(response_header(job, headers, true)).map(|()| None)
        }
        status @ (301 | 302 | 303 | 307 | 308) => {
            redirect::next(job, target, status, headers).map(Some)
        }
        _ => Err(refusal::error(job, target, proxy, response)),
    }
}

fn send(
    job: &Job,
    target: &Target<'_>,
    proxy: Option<&Proxy>,
    addresses: Addresses,
    connected: &Connected,
) -> Result<Response<Incoming>, Error> {
    let url = &target.url;
    // RFC 9112 §3.2.2: a proxy gets plain HTTP in absolute form. Proxies commonly refuse a tunnel to
    // any port but 443.
    let (tunnel, plain) = match url.scheme() {
        Scheme::Https => (proxy, None),
        _ => (None, proxy),
    };
    let proxy_credentials = proxy.and_then(Proxy::credentials);
    let chain =
        ().chain(TcpConnector::default())
            .chain(Tunnel { is_enabled: tunnel.is_some(), credentials: proxy_credentials.clone() })
            .chain(connected.clone())
            .chain(AbsoluteForm { is_enabled: plain.is_some() })
            .chain(TlsLink { config: job.tls.config.clone() });
    let agent = Agent::with_parts(config(job), chain, addresses);
    let mut request = Request::builder().uri(url.without_userinfo());
    if let (Some(own), CredentialsSent::Yes) = (&job.credentials, credentials_for(job, url)) {
        request = request.header(header::AUTHORIZATION, basic(own));
    }
    if let (Some(own), Some(_)) = (&proxy_credentials, plain) {
        request = request.header(header::PROXY_AUTHORIZATION, basic(own));
    }
    if let Some(etag) = &job.etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    if let Some(date) = &job.last_modified {
        request = request.header(header::IF_MODIFIED_SINCE, date);
    }
    match target.post {
        None => agent.run(request.body(())?),
        Some(text) => {
            let request = request.method(Method::POST).header(header::CONTENT_TYPE, post::JSON);
            agent.run(request.body(text)?)
        }
    }
}

fn config(job: &Job) -> Config {
    Agent::config_builder()
        .user_agent(USER_AGENT)
        // Packing on the fly changes entity tags, after which some servers never answer "not
        // modified" again.
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
        .build()
}

fn response_header(job: &Job, headers: &HeaderMap, not_modified: bool) -> ResponseHeader {
    let text = |name| {
        let value = headers.get(name)?.to_str().ok()?;
        (value.len() <= TAG_BYTES).then(|| value.to_owned())
    };
    ResponseHeader {
        etag: text(header::ETAG),
        last_modified: text(header::LAST_MODIFIED),
        not_modified,
        clock_ignored: job.tls.clock_ignored(),
    }
}

fn forward<W: Write>(
    job: &Job,
    response: Response<Incoming>,
    output: &Output<W>,
) -> Result<(), FetchError> {
    let packed = coding::is_packed(response.headers())?;
    let incoming = response.into_body();
    let body = Body { total: incoming.content_length(), packed, limit: job.limit };
    body.forward(incoming.into_reader(), |error| fetch_error(job, error.into()), output)
}

/// The error of a failed request.
fn fetch_error(job: &Job, error: Error) -> FetchError {
    match error {
        Error::Io(error) => io_error(job, error),
        Error::Timeout(Timeout::Connect) => FetchError::ConnectTimeout(job.connect),
        Error::Timeout(_) => FetchError::IdleTimeout(job.idle),
        Error::Other(error) => match error.downcast::<FetchError>() {
            Ok(error) => *error,
            Err(_) => FetchError::WrongProtocol { protocol: "HTTP" },
        },
        _ => FetchError::WrongProtocol { protocol: "HTTP" },
    }
}

fn io_error(job: &Job, error: io::Error) -> FetchError {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused
        | Kind::InvalidInput
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable
        | Kind::PermissionDenied => FetchError::Connect(error),
        Kind::TimedOut | Kind::WouldBlock => FetchError::IdleTimeout(job.idle),
        _ => match error.downcast::<rustls::Error>() {
            Ok(error) => job.tls.handshake_error(error),
            Err(error) => FetchError::ConnectionLost(error),
        },
    }
}
