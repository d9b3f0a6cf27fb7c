//! Our own links in the HTTP library's chain of connectors.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

use crate::error::FetchError;

/// The name of this program in requests.
pub(super) const USER_AGENT: &str = concat!("licd/", env!("CARGO_PKG_VERSION"));
/// Bytes of a response head; nginx and Apache send at most 8 KiB.
pub(super) const HEAD_BYTES: usize = 32 * 1024;

/// Addresses that were looked up beforehand: the library's own look-up starts a thread for its
/// time-out, which the sandbox forbids.
#[derive(Debug)]
pub(super) struct Addresses(pub(super) Vec<SocketAddr>);

impl Resolver for Addresses {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        self.0.iter().take(MAX_ADDRESSES).for_each(|address| addresses.push(*address));
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// The most addresses that the library holds.
const MAX_ADDRESSES: usize = 8;

/// Whether the connection stands: to the server, or to a proxy that answers in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Connected(Arc<AtomicBool>);

impl Connected {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<In: Transport> Connector<In> for Connected {
    type Out = In;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<In>, Error> {
        self.0.fetch_or(chained.is_some(), Ordering::Relaxed);
        Ok(chained)
    }
}

/// Turns the request line into the absolute form for a proxy.
#[derive(Debug)]
pub(super) struct AbsoluteForm {
    pub(super) is_enabled: bool,
}

impl<In: Transport> Connector<In> for AbsoluteForm {
    type Out = Either<In, AbsoluteTransport<In>>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let authority = details.uri.authority().map(|authority| authority.as_str());
        let origin = format!("http://{}", authority.unwrap_or_default());
        Ok(chained.map(|inner| match self.is_enabled {
            true => Either::B(AbsoluteTransport { inner, origin: Some(origin) }),
            false => Either::A(inner),
        }))
    }
}

#[derive(Debug)]
pub(super) struct AbsoluteTransport<T> {
    inner: T,
    /// The prefix of the path, until the request line was sent.
    origin: Option<String>,
}

impl<T: Transport> Transport for AbsoluteTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(origin) = self.origin.take() else {
            return self.inner.transmit_output(amount, timeout);
        };
        let output = self.inner.buffers().output();
        let head = output.get(..amount).unwrap_or_default();
        // RFC 9112 §3: the method, and a blank before the path.
        let method = head.iter().position(|b| *b == b' ').map_or(0, |at| at + 1);
        let (method, rest) = head.split_at_checked(method).unwrap_or_default();
        let line = [method, origin.as_bytes(), rest].concat();
        let room = output.get_mut(..line.len());
        room.ok_or(Error::LargeResponseHeader(line.len(), amount))?.copy_from_slice(&line);
        self.inner.transmit_output(line.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

/// TLS with our own certificate verifier, which the library's link does not accept.
pub(super) struct TlsLink {
    pub(super) config: Arc<ClientConfig>,
}

impl fmt::Debug for TlsLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsLink")
    }
}

impl<In: Transport> Connector<In> for TlsLink {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = details.uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|_| Error::Tls("host name"))?;
        let mut conn = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| Error::Other(Box::new(FetchError::Tls(error))))?;
        let mut sock = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        sock.set_timeout(details.timeout);
        conn.complete_io(&mut sock)?;
        let buffers = LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        Ok(Some(Either::B(TlsTransport { buffers, stream: StreamOwned { conn, sock } })))
    }
}

pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
