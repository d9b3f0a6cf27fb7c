//! An FTP server that tests can make misbehave.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::Server;

/// A server that returns one file for every name.
#[derive(Debug)]
pub struct Ftp {
    server: Server,
    commands: Arc<Mutex<Vec<String>>>,
}

impl Ftp {
    /// Serves the file. `instead` overrides the answer to a command (empty: the greeting); `give`
    /// sends the data.
    pub fn start(
        file: impl Into<Vec<u8>>,
        instead: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        give: fn(TcpStream, &[u8]),
    ) -> Self {
        let file = file.into();
        let commands: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&commands);
        let server = Server::start(move |stream| converse(&stream, &file, &instead, give, &seen));
        Self { server, commands }
    }

    /// Serves the file correctly.
    pub fn honest(file: impl Into<Vec<u8>>) -> Self {
        Self::start(file, |_| None, send)
    }

    /// A URL on this server, with a user before the host (`anna@`) or none.
    #[must_use]
    pub fn url(&self, user: &str) -> String {
        format!("ftp://{user}{}/WE.lic", self.server.address)
    }

    /// The commands received so far.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

/// Sends the whole file.
pub fn send(mut data: TcpStream, file: &[u8]) {
    let _ = data.write_all(file);
}

fn converse(
    mut stream: &TcpStream,
    file: &[u8],
    instead: impl Fn(&str) -> Option<String>,
    give: fn(TcpStream, &[u8]),
    seen: &Mutex<Vec<String>>,
) {
    let greeting = instead("").unwrap_or("220 hello".to_owned());
    let _ = stream.write_all(format!("{greeting}\r\n").as_bytes());
    let mut data: Option<TcpListener> = None;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        seen.lock().unwrap().push(line.clone());
        let reply = instead(&line).unwrap_or_else(|| match line.split(' ').next().unwrap() {
            "USER" => "331 password?".to_owned(),
            "PASS" => "230 in".to_owned(),
            "TYPE" => "200 ok".to_owned(),
            "SIZE" => format!("213 {}", file.len()),
            "EPSV" => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                let port = listener.local_addr().unwrap().port();
                data = Some(listener);
                format!("229 Entering (|||{port}|)")
            }
            "RETR" => "150 here it comes".to_owned(),
            _ => "502 not known".to_owned(),
        });
        if stream.write_all(format!("{reply}\r\n").as_bytes()).is_err() {
            return;
        }
        if reply.starts_with("150")
            && let Some(listener) = data.take()
            && let Ok((connection, _)) = listener.accept()
        {
            give(connection, file);
            let _ = stream.write_all(b"226 done\r\n");
        }
    }
}
