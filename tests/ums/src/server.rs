//! The servers: HTTPS for devices, HTTP for administrators, and the datagrams that wake agents.

mod console;
mod devices;
mod page;
mod reply;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::{sleep, timeout};

use crate::error::UmsError;
use crate::ums::Ums;
use reply::Reply;

pub use tls::Identity;

/// The largest report of a device: the report of a full licence partition, with room to spare.
const BODY: usize = 1 << 20;
/// The longest wait for a handshake or for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// The pause between two rounds of deployment, unless all intervals are shorter.
const ROUND: Duration = Duration::from_secs(1);

/// The listening sockets of the service.
#[derive(Debug)]
pub struct Sockets {
    devices: TcpListener,
    console: TcpListener,
    wake: UdpSocket,
}

impl Sockets {
    /// Binds the sockets: to these addresses for devices and for administrators.
    ///
    /// # Errors
    /// An address is taken or not of this machine.
    pub async fn bind(devices: SocketAddr, console: SocketAddr) -> Result<Self, UmsError> {
        let named = |name: SocketAddr| move |error| UmsError::Io(name.to_string(), error);
        let any = SocketAddr::new(devices.ip(), 0);
        Ok(Self {
            devices: TcpListener::bind(devices).await.map_err(named(devices))?,
            console: TcpListener::bind(console).await.map_err(named(console))?,
            wake: UdpSocket::bind(any).await.map_err(named(any))?,
        })
    }

    /// The addresses for devices and for administrators.
    ///
    /// # Errors
    /// The system does not name them.
    pub fn addresses(&self) -> Result<(SocketAddr, SocketAddr), UmsError> {
        let failed = |error| UmsError::Io("socket".to_owned(), error);
        Ok((self.devices.local_addr().map_err(failed)?, self.console.local_addr().map_err(failed)?))
    }

    /// Serves until the process ends. Each round of deployment comes `round` after the one before.
    pub async fn serve(self, ums: Arc<Ums>, identity: Identity, round: Option<Duration>) {
        let console = Arc::clone(&ums);
        tokio::spawn(serve_console(self.console, console));
        tokio::spawn(deploy(self.wake, Arc::clone(&ums), round.unwrap_or(ROUND)));
        serve_devices(self.devices, ums, identity).await;
    }
}

async fn serve_devices(listener: TcpListener, ums: Arc<Ums>, identity: Identity) {
    loop {
        let Some((stream, peer)) = accept(&listener).await else { continue };
        let (ums, tls) = (Arc::clone(&ums), identity.acceptor());
        tokio::spawn(async move {
            let Ok(Ok(stream)) = timeout(HEAD, tls.accept(stream)).await else { return };
            let from = peer.ip().to_string();
            serve_connection(stream, |call| devices::answer(&ums, &call, &from)).await;
        });
    }
}

async fn serve_console(listener: TcpListener, ums: Arc<Ums>) {
    loop {
        let Some((stream, _)) = accept(&listener).await else { continue };
        let ums = Arc::clone(&ums);
        tokio::spawn(async move {
            serve_connection(stream, |call| console::answer(&ums, &call)).await;
        });
    }
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are written at once.
            let _ = stream.set_nodelay(true);
            Some((stream, peer))
        }
        Err(_) => {
            // Out of descriptors: connections that end make room.
            sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// A request with its whole body.
struct Call {
    method: Method,
    path: String,
    query: String,
    headers: hyper::HeaderMap,
    body: Bytes,
}

/// Serves the requests of a connection. Answers take about a millisecond, so they run where they are.
async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    answer: impl Fn(Call) -> Reply,
) {
    let answer = &answer;
    let service = service_fn(|request: Request<Incoming>| async move {
        let reply = match call(request).await {
            Some(call) => answer(call),
            None => Reply::error(413, "the request is too large or was cut off"),
        };
        reply.into_response()
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD);
    // The other side may leave at any moment.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn call(request: Request<Incoming>) -> Option<Call> {
    let (head, body) = request.into_parts();
    let body = timeout(HEAD, Limited::new(body, BODY).collect()).await.ok()?.ok()?;
    Some(Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    })
}

/// Runs rounds of deployment. What fails is tried again in the next round.
async fn deploy(socket: UdpSocket, ums: Arc<Ums>, round: Duration) {
    loop {
        sleep(round).await;
        for wake in ums.tick().unwrap_or_default() {
            // A datagram that does not arrive only delays the agent's report.
            let _ = socket.send_to(b"wake", &wake.0).await;
        }
    }
}
