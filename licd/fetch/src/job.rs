//! A parsed request, and everything that it takes to fulfil it.

use std::net::SocketAddr;
use std::time::Duration;

use licd_protocol::{Credentials, FetchRequest, Url};

use crate::error::FetchError;
use crate::proxy::ProxyRoute;
use crate::resolver::Resolver;
use crate::tls::{Bundle, CertificatePolicy, Pin, Tls};
use crate::watchdog::Watchdog;

/// A parsed request, before the worker enters the sandbox.
pub(crate) struct Plan {
    pub(crate) url: Url,
    pub(crate) total: Duration,
    ca_file: Option<String>,
    pin: Option<Pin>,
    pin_or_authority: bool,
    route: ProxyRoute,
    credentials: Option<Credentials>,
    lookup: Duration,
    connect: Duration,
    idle: Duration,
    limit: u64,
    etag: Option<String>,
    last_modified: Option<String>,
    clock_trusted: bool,
    post: Option<String>,
}

/// A request with TLS, watchdog and resolver.
pub(crate) struct Job {
    pub(crate) url: Url,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) route: ProxyRoute,
    lookup: Duration,
    pub(crate) connect: Duration,
    pub(crate) idle: Duration,
    pub(crate) limit: u64,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// A JSON text to send to the address.
    pub(crate) post: Option<String>,
    pub(crate) tls: Tls,
    pub(crate) watchdog: Watchdog,
    resolver: Resolver,
}

impl Plan {
    /// Parses a request.
    ///
    /// # Errors
    /// [`FetchError::Internal`] for a value that the caller should not have sent.
    pub(crate) fn parse(request: FetchRequest) -> Result<Self, FetchError> {
        let own = request
            .user
            .map(|user| Credentials { user, password: request.password.unwrap_or_default() });
        let pin = request.pin.as_deref().map(|pin| Pin::parse(pin).ok_or_else(|| invalid("pin")));
        let is_header =
            |text: &String| text.bytes().all(|b| b == b' ' || b == b'\t' || b.is_ascii_graphic());
        let tags = [request.etag, request.last_modified];
        if !tags.iter().flatten().all(is_header) {
            return Err(invalid("etag or last_modified"));
        }
        let [etag, last_modified] = tags;
        if request.post.is_some() && !request.url.scheme().is_web() {
            return Err(invalid("post"));
        }
        let total = Duration::from_millis(request.total_ms);
        Ok(Self {
            credentials: own.or(request.url.credentials()),
            url: request.url,
            total,
            ca_file: request.ca_file,
            pin: pin.transpose()?,
            pin_or_authority: request.pin_or_authority,
            route: ProxyRoute::new(request.proxy, &request.no_proxy.unwrap_or_default()),
            lookup: time_out("name_ms", request.name_ms)?,
            connect: phase(time_out("connect_ms", request.connect_ms)?, total),
            idle: phase(time_out("idle_ms", request.idle_ms)?, total),
            limit: request.max_bytes,
            etag,
            last_modified,
            clock_trusted: request.clock_trusted,
            post: request.post,
        })
    }

    /// The path of the configured bundle of certificate authorities.
    pub(crate) fn ca_file(&self) -> Option<&str> {
        self.ca_file.as_deref()
    }

    /// Adds the bundle of authorities, the watchdog and the resolver.
    ///
    /// # Errors
    /// The errors of [`Tls::new`].
    pub(crate) fn prepare(
        self,
        bundle: Bundle,
        watchdog: Watchdog,
        resolver: Resolver,
    ) -> Result<Job, FetchError> {
        let tls = Tls::new(CertificatePolicy {
            bundle,
            pinned: self.pin.map(|pin| (self.url.host().to_owned(), pin)),
            or_authority: self.pin_or_authority,
            clock_trusted: self.clock_trusted,
        })?;
        Ok(Job {
            url: self.url,
            credentials: self.credentials,
            route: self.route,
            lookup: self.lookup,
            connect: self.connect,
            idle: self.idle,
            limit: self.limit,
            etag: self.etag,
            last_modified: self.last_modified,
            post: self.post,
            tls,
            watchdog,
            resolver,
        })
    }
}

impl Job {
    /// The addresses of a host.
    ///
    /// # Errors
    /// [`FetchError::Lookup`]
    pub(crate) fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
        let within = phase(self.lookup, self.watchdog.remaining());
        self.resolver.look_up(host, port, within).map_err(FetchError::Lookup)
    }

    /// Whether the server may answer "not modified".
    pub(crate) fn is_conditional(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// The time of one phase. It leaves a tenth of the whole, so that a slow phase is reported as such
/// before the watchdog ends the worker.
fn phase(time: Duration, whole: Duration) -> Duration {
    time.min(whole.mul_f64(0.9))
}

/// Refuses zero, which the system takes for no time-out.
fn time_out(name: &'static str, millis: u64) -> Result<Duration, FetchError> {
    if millis == 0 { Err(invalid(name)) } else { Ok(Duration::from_millis(millis)) }
}

fn invalid(key: &'static str) -> FetchError {
    let message = format!("{key} has no usable value");
    FetchError::Internal { action: "reading the request", message }
}
