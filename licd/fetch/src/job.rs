//! A request that was understood.

use std::time::Duration;

use crate::address::{Address, Credentials};
use crate::fault::Fault;
use crate::protocol::Request;
use crate::proxy::Proxy;
use crate::tls::{Pin, Tls, Trust};
use crate::watchdog::Watchdog;

/// Bytes of a bundle of certificate authorities: Debian's of 2026, a quarter of a megabyte, sixteen
/// times over.
pub(crate) const BUNDLE_BYTES: u64 = 4 << 20;
/// Where the system keeps its bundle: Debian and its kin, Red Hat and its kin, others.
pub(crate) const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What there is to do, before the sandbox is closed.
pub(crate) struct Plan {
    pub(crate) address: Address,
    pub(crate) total: Duration,
    ca_file: Option<String>,
    pin: Option<Pin>,
    pin_or_authority: bool,
    proxy: Option<Proxy>,
    credentials: Option<Credentials>,
    connect: Duration,
    idle: Duration,
    limit: u64,
    etag: Option<String>,
    last_modified: Option<String>,
    clock_trusted: bool,
}

/// What there is to do, with everything that it takes.
pub(crate) struct Job {
    pub(crate) address: Address,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) connect: Duration,
    pub(crate) idle: Duration,
    pub(crate) limit: u64,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) tls: Tls,
    pub(crate) watchdog: Watchdog,
}

impl Plan {
    /// Understands a request.
    ///
    /// # Errors
    /// [`Fault::Address`], [`Fault::ProxyAddress`], or [`Fault::Local`] for what the program that
    /// asks should have kept right.
    pub(crate) fn of(request: Request) -> Result<Self, Fault> {
        let (address, in_address) = Address::parse(&request.url)?;
        let given = request
            .user
            .map(|user| Credentials { user, password: request.password.unwrap_or_default() });
        let pin = request.pin.as_deref().map(|pin| Pin::parse(pin).ok_or(wrong("pin")));
        let no_proxy = request.no_proxy.unwrap_or_default();
        let proxy = request.proxy.map(|proxy| Proxy::parse(&proxy, &no_proxy));
        let is_header =
            |text: &String| text.bytes().all(|b| b == b' ' || b == b'\t' || b.is_ascii_graphic());
        let tags = [request.etag, request.last_modified];
        if !tags.iter().flatten().all(is_header) {
            return Err(wrong("etag or last_modified"));
        }
        let [etag, last_modified] = tags;
        Ok(Self {
            address,
            total: Duration::from_millis(request.total_ms),
            ca_file: request.ca_file,
            pin: pin.transpose()?,
            pin_or_authority: request.pin_or_authority,
            proxy: proxy.transpose()?,
            credentials: given.or(in_address),
            connect: span("connect_ms", request.connect_ms)?,
            idle: span("idle_ms", request.idle_ms)?,
            limit: request.max_bytes,
            etag,
            last_modified,
            clock_trusted: request.clock_trusted,
        })
    }

    /// The files of which the first that can be read has the certificate authorities.
    pub(crate) fn bundles(&self) -> Vec<String> {
        match &self.ca_file {
            Some(file) => vec![file.clone()],
            None => BUNDLES.map(str::to_owned).into(),
        }
    }

    /// With the bundle of authorities and a clock that runs.
    ///
    /// # Errors
    /// Those of [`Tls::new`].
    pub(crate) fn begin(
        self,
        bundle_name: String,
        bundle: Vec<u8>,
        watchdog: Watchdog,
    ) -> Result<Job, Fault> {
        let tls = Tls::new(Trust {
            bundle,
            bundle_name,
            pinned: self.pin.map(|pin| (self.address.host.clone(), pin)),
            or_authority: self.pin_or_authority,
            clock_trusted: self.clock_trusted,
        })?;
        Ok(Job {
            address: self.address,
            credentials: self.credentials,
            proxy: self.proxy,
            connect: self.connect,
            idle: self.idle,
            limit: self.limit,
            etag: self.etag,
            last_modified: self.last_modified,
            tls,
            watchdog,
        })
    }
}

impl Job {
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
