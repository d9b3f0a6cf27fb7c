//! A server on the loopback interface that answers from a script.

use std::io::Write as _;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

/// Other programs listen on other addresses of the loopback network.
const ADDRESS: &str = "127.77.0.1:0";
/// Stands for the server's port in a script, as EPSV and as PASV write it.
const PORT: &[u8] = b"PORT";
const PORT_BYTES: &[u8] = b"PHIGH,PLOW";

/// What each connection receives, in the order of the connections; later ones are closed at once.
pub type Wire = Vec<Vec<u8>>;

/// A server for one client at a time.
pub struct Server {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    ended: Mutex<Receiver<()>>,
}

#[derive(Default)]
struct Script {
    /// The last answer first.
    answers: Wire,
    /// The client's own end of the connection that ends the script.
    end: Option<SocketAddr>,
    open: Vec<TcpStream>,
}

impl Server {
    /// Starts the server.
    pub fn start() -> Self {
        let listener = TcpListener::bind(ADDRESS).unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let (end, ended) = mpsc::channel();
        let shared = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.lock().unwrap().answer(stream) {
                    end.send(()).unwrap();
                }
            }
        });
        Self { address, script, ended: Mutex::new(ended) }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs a client that the server answers with `wire`.
    pub fn serve<T>(&self, wire: Wire, client: impl FnOnce() -> T) -> T {
        let answers = wire.into_iter().rev().map(|answer| self.with_port(answer)).collect();
        self.script.lock().unwrap().answers = answers;
        let outcome = client();
        // The server accepts in order: once it has seen this connection, it has seen all before it.
        let mut script = self.script.lock().unwrap();
        let last = TcpStream::connect(self.address).unwrap();
        script.end = last.local_addr().ok();
        drop(script);
        self.ended.lock().unwrap().recv().unwrap();
        outcome
    }

    fn with_port(&self, answer: Vec<u8>) -> Vec<u8> {
        let port = self.address.port();
        let [high, low] = port.to_be_bytes();
        let answer = replaced(&answer, PORT_BYTES, format!("{high},{low}").as_bytes());
        replaced(&answer, PORT, port.to_string().as_bytes())
    }
}

impl Script {
    /// Answers a connection and keeps it open for reading. Whether it was the last one.
    fn answer(&mut self, mut stream: TcpStream) -> bool {
        if self.end.is_some() && stream.peer_addr().ok() == self.end {
            *self = Self::default();
            return true;
        }
        // The buffers of the kernel hold an answer; what they do not hold is cut off.
        stream.set_nonblocking(true).unwrap();
        let _ = stream.write_all(&self.answers.pop().unwrap_or_default());
        let _ = stream.shutdown(Shutdown::Write);
        self.open.push(stream);
        false
    }
}

fn replaced(text: &[u8], word: &[u8], by: &[u8]) -> Vec<u8> {
    let mut new = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(word) {
            Some(after) => {
                new.extend(by);
                rest = after;
            }
            None => {
                new.push(*first);
                rest = after;
            }
        }
    }
    new
}
