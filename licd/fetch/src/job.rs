//! A request that was understood.

use std::net::SocketAddr;
use std::time::Duration;

use licd_protocol::{Login, Request, Url};

use crate::fault::Fault;
use crate::names::Names;
use crate::proxy::Route;
use crate::tls::{Bundle, Pin, Tls, Trust};
use crate::watchdog::Watchdog;

/// What there is to do, before the sandbox is closed.
pub(crate) struct Plan {
    pub(crate) url: Url,
    pub(crate) total: Duration,
    ca_file: Option<String>,
    pin: Option<Pin>,
    pin_or_authority: bool,
    route: Route,
    login: Option<Login>,
    name: Duration,
    connect: Duration,
    idle: Duration,
    limit: u64,
    etag: Option<String>,
    last_modified: Option<String>,
    clock_trusted: bool,
}

/// What there is to do, with everything that it takes.
pub(crate) struct Job {
    pub(crate) url: Url,
    pub(crate) login: Option<Login>,
    pub(crate) route: Route,
    name: Duration,
    pub(crate) connect: Duration,
    pub(crate) idle: Duration,
    pub(crate) limit: u64,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) tls: Tls,
    pub(crate) watchdog: Watchdog,
    names: Names,
}

impl Plan {
    /// Understands a request.
    ///
    /// # Errors
    /// [`Fault::Local`] for what the program that asks should have kept right.
    pub(crate) fn of(request: Request) -> Result<Self, Fault> {
        let given =
            request.user.map(|user| Login { user, password: request.password.unwrap_or_default() });
        let pin = request.pin.as_deref().map(|pin| Pin::parse(pin).ok_or(wrong("pin")));
        let is_header =
            |text: &String| text.bytes().all(|b| b == b' ' || b == b'\t' || b.is_ascii_graphic());
        let tags = [request.etag, request.last_modified];
        if !tags.iter().flatten().all(is_header) {
            return Err(wrong("etag or last_modified"));
        }
        let [etag, last_modified] = tags;
        Ok(Self {
            login: given.or(request.url.login()),
            url: request.url,
            total: Duration::from_millis(request.total_ms),
            ca_file: request.ca_file,
            pin: pin.transpose()?,
            pin_or_authority: request.pin_or_authority,
            route: Route::new(request.proxy, &request.no_proxy.unwrap_or_default()),
            name: span("name_ms", request.name_ms)?,
            connect: span("connect_ms", request.connect_ms)?,
            idle: span("idle_ms", request.idle_ms)?,
            limit: request.max_bytes,
            etag,
            last_modified,
            clock_trusted: request.clock_trusted,
        })
    }

    /// The configured bundle of certificate authorities.
    pub(crate) fn ca_file(&self) -> Option<&str> {
        self.ca_file.as_deref()
    }

    /// With the bundle of authorities, a clock that runs, and somebody to ask for names.
    ///
    /// # Errors
    /// Those of [`Tls::new`].
    pub(crate) fn begin(
        self,
        bundle: Bundle,
        watchdog: Watchdog,
        names: Names,
    ) -> Result<Job, Fault> {
        let tls = Tls::new(Trust {
            bundle,
            pinned: self.pin.map(|pin| (self.url.host().to_owned(), pin)),
            or_authority: self.pin_or_authority,
            clock_trusted: self.clock_trusted,
        })?;
        Ok(Job {
            url: self.url,
            login: self.login,
            route: self.route,
            name: self.name,
            connect: self.connect,
            idle: self.idle,
            limit: self.limit,
            etag: self.etag,
            last_modified: self.last_modified,
            tls,
            watchdog,
            names,
        })
    }
}

impl Job {
    /// The addresses of a host. When the whole time is up before the name's, that is said of the name.
    ///
    /// # Errors
    /// [`Fault::Name`]
    pub(crate) fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Fault> {
        let within = self.name.min(self.watchdog.left().mul_f64(0.9));
        self.names.look_up(host, port, within).map_err(Fault::Name)
    }

    /// Whether "not modified" is an answer.
    pub(crate) fn is_conditional(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// A time-out of zero would be none at all to the system.
fn span(name: &'static str, millis: u64) -> Result<Duration, Fault> {
    if millis == 0 { Err(wrong(name)) } else { Ok(Duration::from_millis(millis)) }
}

fn wrong(key: &'static str) -> Fault {
    Fault::Local { what: "reading the request", error: format!("{key} has no usable value") }
}
