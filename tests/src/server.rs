//! Servers on this machine: scripted ones and real ones. Each has its own port.

pub mod certificate;
pub mod ftp;
pub mod nginx;
pub mod proxy;
pub mod vsftpd;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::wait;

/// Longer than any download in these tests.
const LONG: Duration = Duration::from_secs(60);
/// The attempts to start a server, each on another port in case the port is taken.
const STARTS: usize = 5;

/// A scripted server; it runs until the test program exits.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its address.
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Calls `serve` for every connection, each on its own thread.
    pub fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Self { address: listener.local_addr().unwrap(), heads: Arc::default() };
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        server
    }

    /// Reads the head of each request and calls `serve`.
    pub fn http(serve: impl Fn(&str, TcpStream) + Send + Sync + 'static) -> Self {
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let server = Self::start(move |mut stream| {
            let head = head(&mut stream);
            seen.lock().unwrap().push(head.clone());
            serve(&head, stream);
        });
        Self { heads, ..server }
    }

    /// Gives every request the same answer.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::http(move |_, stream| reply(stream, &answer))
    }

    /// A URL on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The heads of the requests received so far.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
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

/// A response with a body and its length.
#[must_use]
pub fn ok(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A response without a body.
#[must_use]
pub fn status(line: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\n{headers}Content-Length: 0\r\n\r\n").into_bytes()
}

/// Answers a request whose body may not have been read: closing at once could take the answer back.
pub fn reply(mut stream: TcpStream, answer: &[u8]) {
    // The client may close the connection early.
    if stream.write_all(answer).and_then(|()| stream.shutdown(Shutdown::Write)).is_ok() {
        hang(stream);
    }
}

/// Stays silent until the client disconnects.
pub fn hang(mut stream: TcpStream) {
    stream.set_read_timeout(Some(LONG)).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Sends these bytes repeatedly, with a pause after each write, until the client disconnects.
pub fn pour(mut stream: impl Write, bytes: &[u8], pause: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < LONG && stream.write_all(bytes).is_ok() {
        thread::sleep(pause);
    }
}

/// Starts a program that listens on the port it is given, and waits until it does.
fn listening(name: &str, start: impl Fn(u16) -> Child) -> (Child, u16) {
    for _ in 0..STARTS {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut process = start(port);
        let up = wait::until(name, || match process.try_wait().unwrap() {
            Some(_) => Some(false),
            None => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(true),
        });
        if up {
            return (process, port);
        }
    }
    panic!("{name} does not come up");
}
