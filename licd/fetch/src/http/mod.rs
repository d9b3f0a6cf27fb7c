//! HTTP and HTTPS.

mod connect;

use std::io::{self, Write};
use std::time::Duration;

use ureq::http::{HeaderMap, Response, header};
use ureq::unversioned::transport::Connector as _;
use ureq::unversioned::transport::{ConnectProxyConnector, TcpConnector};
use ureq::{Agent, Body as Incoming, Error, ProxyProtocol, Timeout};

use crate::address::{Address, Credentials, Scheme};
use crate::body::Body;
use crate::fault::{Failed, Fault};
use crate::job::Job;
use crate::output::Output;
use crate::protocol::Answer;
use crate::proxy::Proxy;
use connect::{AbsoluteForm, Names, Reached, TlsLink};

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Bytes of a server's head; nginx and Apache send at most 8 KiB.
const HEAD_BYTES: usize = 32 * 1024;
/// Bytes of an entity tag or a date that are kept for the next request.
const TAG_BYTES: usize = 1024;

/// Fetches the file of `job`, following redirects.
///
/// # Errors
/// [`Failed`]; what was handed on by then is not the whole file.
pub(crate) fn fetch<W: Write>(job: &Job, output: &Output<W>) -> Result<(), Failed> {
    let mut here = job.address.clone();
    for _ in 0..=REDIRECTS {
        job.watchdog.asks(&here.host);
        let response = ask(job, &here)?;
        match take(job, &here, response, output).map_err(|fault| fault.of(&here.host))? {
            None => return Ok(()),
            Some(next) => here = next,
        }
    }
    Err(Fault::Redirects(REDIRECTS).of(&here.host))
}

/// Takes what one server answers: the file, or the next address to ask.
fn take<W: Write>(
    job: &Job,
    here: &Address,
    response: Response<Incoming>,
    output: &Output<W>,
) -> Result<Option<Address>, Fault> {
    let headers = response.headers();
    match response.status().as_u16() {
        200 => {
            output.header(answer(job, headers, false))?;
            deliver(job, response, output).map(|()| None)
        }
        304 if job.is_conditional() => output.header(answer(job, headers, true)).map(|()| None),
        301 | 302 | 303 | 307 | 308 => {
            let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            redirected(here, location.ok_or(Fault::Nowhere)?).map(Some)
        }
        status => Err(Fault::Status { status, retry_after: retry_after(headers) }),
    }
}

/// Asks one server, or the proxy before it. Until a connection stands, it is the proxy that fails.
fn ask(job: &Job, here: &Address) -> Result<Response<Incoming>, Failed> {
    let proxy = job.proxy.as_ref().filter(|proxy| proxy.serves(&here.host));
    let reached = Reached::default();
    request(job, here, proxy, &reached).map_err(|error| {
        let fault = fault(job, error);
        match proxy {
            Some(proxy) if !reached.is_so() => Failed { asked: proxy.asked(), fault },
            _ => fault.of(&here.host),
        }
    })
}

fn request(
    job: &Job,
    here: &Address,
    proxy: Option<&Proxy>,
    reached: &Reached,
) -> Result<Response<Incoming>, Error> {
    // RFC 9112 §3.2.2: what is not tunnelled goes to a proxy in absolute form. Proxies commonly
    // refuse a tunnel to any port but 443.
    let (tunnel, plain) = match here.scheme {
        Scheme::Https => (proxy, None),
        _ => (None, proxy),
    };
    let names =
        Names { instead: proxy.cloned(), watchdog: job.watchdog.clone(), within: job.connect };
    let chain =
        ().chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(reached.clone())
            .chain(AbsoluteForm { is_wanted: plain.is_some() })
            .chain(TlsLink { config: job.tls.config.clone() });
    let config = Agent::config_builder()
        .user_agent(concat!("licd/", env!("CARGO_PKG_VERSION")))
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
        .proxy(tunnel.map(tunnel_of).transpose()?)
        .build();
    let agent = Agent::with_parts(config, chain, names);
    let mut request = agent.get(here.to_string());
    if let Some(credentials) = job.credentials.as_ref().filter(|_| is_entrusted(job, here)) {
        request = request.header(header::AUTHORIZATION, credentials.basic());
    }
    if let Some(credentials) = plain.and_then(|proxy| proxy.credentials.as_ref()) {
        request = request.header(header::PROXY_AUTHORIZATION, credentials.basic());
    }
    if let Some(etag) = &job.etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    if let Some(date) = &job.last_modified {
        request = request.header(header::IF_MODIFIED_SINCE, date);
    }
    request.call()
}

fn tunnel_of(proxy: &Proxy) -> Result<ureq::Proxy, Error> {
    let host = proxy.authority_host();
    let builder = ureq::Proxy::builder(ProxyProtocol::Http).host(&host).port(proxy.port);
    match &proxy.credentials {
        Some(Credentials { user, password }) => builder.username(user).password(password),
        None => builder,
    }
    .build()
}

/// Whether this server is given the credentials: it is the one of the address, or the same host
/// after a redirect to https.
fn is_entrusted(job: &Job, here: &Address) -> bool {
    let upgraded = |a: &Address| a.scheme == Scheme::Http && a.port == 80 && here.port == 443;
    let asked = &job.address;
    here.host == asked.host
        && (here.origin() == asked.origin() || here.scheme == Scheme::Https && upgraded(asked))
}

/// Where a redirect leads: to any port of a web server, since UMS and what stands before it answer on
/// whichever port they were given.
fn redirected(here: &Address, location: &str) -> Result<Address, Fault> {
    let next = here.join(location)?;
    if !next.scheme.is_web() {
        return Err(Fault::RedirectScheme(next.origin()));
    }
    if here.scheme == Scheme::Https && next.scheme == Scheme::Http {
        return Err(Fault::Downgrade(next.origin()));
    }
    Ok(next)
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
    let packed = coding.is_some_and(|coding| {
        [&b"gzip"[..], b"x-gzip"].iter().any(|name| coding.eq_ignore_ascii_case(name))
    });
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
        Error::ConnectProxyFailed(why) if why.contains("407") => {
            Fault::Status { status: 407, retry_after: None }
        }
        Error::ConnectProxyFailed(why) => Fault::Proxy(why),
        Error::InvalidProxyUrl => Fault::ProxyAddress,
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
