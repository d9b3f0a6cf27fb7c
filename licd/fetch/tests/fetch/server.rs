//! Servers under the control of a test.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than the life of any worker in these tests.
const LONG: Duration = Duration::from_secs(60);

/// A listener on a free port.
pub(crate) fn listener(host: impl Into<IpAddr>) -> TcpListener {
    TcpListener::bind((host.into(), 0)).unwrap()
}

/// A server on a free port; it runs until the test program ends.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Connections so far.
    hits: Arc<AtomicUsize>,
    /// The heads of the requests so far.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Calls `serve` for every connection, with its number from 0.
    pub(crate) fn start(serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Self {
        Self::on(listener(Ipv4Addr::LOCALHOST), serve)
    }

    /// The same on an existing listener.
    pub(crate) fn on(
        listener: TcpListener,
        serve: impl Fn(TcpStream, usize) + Send + Sync + 'static,
    ) -> Self {
        let server = Self {
            address: listener.local_addr().unwrap(),
            hits: Arc::default(),
            heads: Arc::default(),
        };
        let hits = Arc::clone(&server.hits);
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let hit = hits.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream, hit));
            }
        });
        server
    }

    /// Reads the head of a request, then answers with these bytes.
    pub(crate) fn http(answer: impl Fn(&str, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::http_on(listener(Ipv4Addr::LOCALHOST), answer)
    }

    pub(crate) fn http_on(
        listener: TcpListener,
        answer: impl Fn(&str, usize) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let server = Self::on(listener, move |mut stream, hit| {
            let head = head(&mut stream);
            seen.lock().unwrap().push(head.clone());
            let _ = stream.write_all(&answer(&head, hit));
        });
        Self { heads, ..server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// The head of a request, up to its empty line.
pub(crate) fn head(stream: &mut impl Read) -> String {
    let mut reader = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
    head
}

/// An answer with its length.
pub(crate) fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An answer without a body.
pub(crate) fn status(line: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\n{headers}Content-Length: 0\r\n\r\n").into_bytes()
}

/// Stays silent until the client disconnects.
pub(crate) fn hang(mut stream: TcpStream) {
    stream.set_read_timeout(Some(LONG)).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Sends these bytes repeatedly, with a pause after each, until the client disconnects. Returns the
/// number of bytes sent.
pub(crate) fn pour(mut stream: impl Write, bytes: &[u8], pause: Duration) -> u64 {
    let begun = Instant::now();
    let mut poured = 0;
    while begun.elapsed() < LONG && stream.write_all(bytes).is_ok() {
        poured += bytes.len() as u64;
        thread::sleep(pause);
    }
    poured
}
