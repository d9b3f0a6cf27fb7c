//! FTP servers, correct and broken.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use licd_protocol::{FailureCode, FetchRequest};
use rustls::ServerConfig;

use crate::http::gzip;
use crate::resolver::in_own_network;
use crate::server::{self, Server, hang, pour};
use crate::tls::{Authority, accept};
use crate::worker::{LIMIT, fetch, request};

const LICENSE: &[u8] = b"igel.com/license/v1\n";

/// An FTP server with one file, and its deviations from the protocol.
#[derive(Clone)]
pub(crate) struct Ftp {
    file: Vec<u8>,
    host: IpAddr,
    knows_epsv: bool,
    /// The reply to a command in place of the correct one.
    instead: fn(&str) -> Option<String>,
    /// The action on the data connection.
    give: fn(TcpStream, &[u8]),
    /// The configuration of implicit TLS.
    tls: Option<Arc<ServerConfig>>,
}

/// A running server, and the commands it received.
pub(crate) struct Running {
    server: Server,
    commands: Arc<Mutex<Vec<String>>>,
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("ftp://{}/{path}", self.server.address)
    }

    fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

impl Default for Ftp {
    fn default() -> Self {
        Self {
            file: LICENSE.to_vec(),
            host: Ipv4Addr::LOCALHOST.into(),
            knows_epsv: true,
            instead: |_| None,
            give: |mut data, file| drop(data.write_all(file)),
            tls: None,
        }
    }
}

impl Ftp {
    pub(crate) fn start(self) -> Running {
        let listener = server::listener(self.host);
        self.start_on(listener)
    }

    fn start_on(self, listener: TcpListener) -> Running {
        let commands: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&commands);
        let server = Server::on(listener, move |stream, _| match &self.tls {
            Some(config) => self.converse(accept(config, stream), &seen),
            None => self.converse(stream, &seen),
        });
        Running { server, commands }
    }

    fn converse(&self, stream: impl Read + Write, seen: &Mutex<Vec<String>>) {
        let mut stream = BufReader::new(stream);
        let greeting = (self.instead)("").unwrap_or("220 hello\r\n".into());
        let _ = stream.get_mut().write_all(greeting.as_bytes());
        let mut data: Option<TcpListener> = None;
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|length| length > 0) {
            let line = std::mem::take(&mut line).trim_end().to_owned();
            seen.lock().unwrap().push(line.clone());
            let command = line.split(' ').next().unwrap_or_default();
            let reply = (self.instead)(&line).unwrap_or_else(|| match command {
                "USER" => "331 password?".into(),
                "PASS" => "230 in".into(),
                "TYPE" | "PBSZ" | "PROT" => "200 ok".into(),
                "SIZE" => format!("213 {}", self.file.len()),
                "MDTM" => "213 20261122164810".into(),
                "EPSV" if self.knows_epsv => {
                    let port = listen(&mut data, self.host);
                    format!("229 Entering (|||{port}|)")
                }
                "PASV" => {
                    let port = listen(&mut data, self.host);
                    // Another host's address, as servers behind NAT send.
                    format!("227 Entering (192,0,2,1,{},{})", port / 256, port % 256)
                }
                "RETR" => "150 here it comes".into(),
                _ => "502 not known".into(),
            });
            if stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).is_err() {
                return;
            }
            if reply.starts_with("150")
                && let Some(listener) = data.take()
                && let Ok((connection, _)) = listener.accept()
            {
                match &self.tls {
                    Some(config) => drop(accept(config, connection).write_all(&self.file)),
                    None => (self.give)(connection, &self.file),
                }
                let done = (self.instead)("done").unwrap_or("226 done".into());
                let _ = stream.get_mut().write_all(format!("{done}\r\n").as_bytes());
            }
        }
    }
}

fn listen(data: &mut Option<TcpListener>, host: IpAddr) -> u16 {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    *data = Some(listener);
    port
}

#[test]
fn a_file_comes_byte_for_byte_with_progress_as_anonymous() {
    let file: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let server = Ftp { file: file.clone(), ..Ftp::default() }.start();
    let fetched = fetch(&request(&server.url("dir/WE.lic")));
    let total = file.len() as u64;
    assert_eq!(fetched.progress.last(), Some(&(total, Some(total))));
    assert!(fetched.whole() == file);
    let commands = server.commands();
    for command in ["USER anonymous", "TYPE I", "EPSV", "RETR dir/WE.lic"] {
        assert!(commands.iter().any(|given| given == command), "{commands:?}");
    }
}

#[test]
fn a_file_comes_over_ipv6_and_stays_packed() {
    let server = Ftp { host: Ipv6Addr::LOCALHOST.into(), file: gzip(LICENSE), ..Ftp::default() };
    assert_eq!(fetch(&request(&server.start().url("a.lic.gz"))).whole(), gzip(LICENSE));
}

#[test]
fn the_user_comes_from_the_request_or_the_address() {
    let server = Ftp::default().start();
    let url = server.url("a").replace("//", "//anna:p%20w@");
    assert_eq!(fetch(&request(&url)).whole(), LICENSE);
    let given = FetchRequest {
        user: Some("bert".to_owned()),
        password: Some("secret".to_owned()),
        ..request(&url)
    };
    assert_eq!(fetch(&given).whole(), LICENSE);
    let commands = server.commands().join(",");
    assert!(commands.contains("USER anna,PASS p w") && commands.contains("USER bert,PASS secret"));
}

#[test]
fn data_come_only_from_the_host_of_the_control_connection() {
    let server = Ftp { knows_epsv: false, ..Ftp::default() }.start();
    assert_eq!(fetch(&request(&server.url("a"))).whole(), LICENSE);
    assert!(server.commands().contains(&"PASV".to_owned()));
}

#[test]
fn an_unchanged_file_is_not_sent_again() {
    let server = Ftp::default().start();
    let etag = fetch(&request(&server.url("a"))).headers[0].etag.clone();
    assert!(etag.is_some());
    let fetched = fetch(&FetchRequest { etag, ..request(&server.url("a")) });
    assert!(fetched.headers[0].not_modified);
    assert_eq!(fetched.whole(), b"");
    assert_eq!(server.commands().iter().filter(|line| line.starts_with("RETR")).count(), 1);
}

#[test]
fn a_server_without_extensions_is_supported() {
    let instead = |line: &str| {
        let extension = ["SIZE", "MDTM"].iter().any(|name| line.starts_with(name));
        extension.then(|| "500 what?".to_owned())
    };
    let server = Ftp { instead, ..Ftp::default() }.start();
    let fetched = fetch(&request(&server.url("a")));
    assert_eq!(fetched.headers[0].etag, None);
    assert_eq!(fetched.whole(), LICENSE);
}

#[test]
fn a_server_of_another_protocol_is_refused() {
    for greeting in ["SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0\0\n", "HTTP/1.1 400 Bad Request\r\n\r\n"]
    {
        let server = Server::start(move |mut stream, _| {
            let _ = stream.write_all(greeting.as_bytes());
            hang(stream);
        });
        let url = format!("ftp://{}/a", server.address);
        let message = fetch(&request(&url)).refusal(FailureCode::SourceUnreachable);
        assert!(message.contains("does not answer as FTP servers do"), "{message}");
    }
    let endless = Server::start(|stream, _| {
        pour(stream, &[b'2'; 4096], Duration::ZERO);
    });
    let url = format!("ftp://{}/a", endless.address);
    fetch(&request(&url)).refusal(FailureCode::SourceUnreachable);
}

#[test]
fn the_message_quotes_the_reply_of_a_refusing_server() {
    type Story = (fn(&str) -> Option<String>, &'static str);
    let stories: [Story; 4] = [
        (
            |line| line.starts_with("PASS").then(|| "530 Login incorrect.".into()),
            "rejects this user (Login incorrect.); check user and password",
        ),
        (
            |line| line.starts_with("RETR").then(|| "550 Failed to open file.".into()),
            "does not give this file (Failed to open file.); check the path",
        ),
        (
            |line| line.starts_with("RETR").then(|| "553 \u{1b}[31mno".into()),
            "answered 553 (\\u{1b}[31mno); ask the server's administrator",
        ),
        (
            |line| line.starts_with("USER").then(|| "500 no".into()),
            "answered 500 (no); ask the server's administrator",
        ),
    ];
    for (instead, why) in stories {
        let server = Ftp { instead, ..Ftp::default() }.start();
        let url = server.url("a").replace("//", "//anna:p@");
        let message = fetch(&request(&url)).refusal(FailureCode::SourceRefused);
        assert_eq!(message, format!("127.0.0.1: {why}"));
        assert_eq!(server.server.hits(), 1);
    }
    let instead = |line: &str| line.starts_with("PASS").then(|| "530 Unknown user".into());
    let server = Ftp { instead, ..Ftp::default() }.start();
    let message = fetch(&request(&server.url("a"))).refusal(FailureCode::SourceRefused);
    let words = "127.0.0.1: asks for a user and password (Unknown user); give them";
    assert_eq!(message, words);
}

#[test]
fn pasv_is_tried_when_epsv_fails() {
    let answers: [fn(&str) -> Option<String>; 6] = [
        |line| (line == "EPSV").then(|| "550 Permission denied".into()),
        |line| (line == "EPSV").then(|| "425 Cannot open".into()),
        |line| (line == "EPSV").then(|| "200 ok".into()),
        |line| (line == "EPSV").then(|| "522 Network protocol not supported".into()),
        |line| (line == "EPSV").then(|| "229 Entering".into()),
        // A port without a listener.
        |line| (line == "EPSV").then(|| "229 Entering (|||1|)".into()),
    ];
    for instead in answers {
        let server = Ftp { instead, ..Ftp::default() }.start();
        assert_eq!(fetch(&request(&server.url("a"))).whole(), LICENSE);
        assert!(server.commands().contains(&"PASV".to_owned()));
    }
}

#[test]
fn a_refused_data_connection_is_distinguished_from_a_missing_file() {
    let instead = |line: &str| match line {
        "EPSV" => Some("550 no".to_owned()),
        "PASV" => Some("502 Passive mode not allowed".to_owned()),
        _ => None,
    };
    let server = Ftp { instead, ..Ftp::default() }.start();
    let message = fetch(&request(&server.url("a"))).refusal(FailureCode::SourceRefused);
    assert_eq!(
        message,
        "127.0.0.1: offers no connection for the file (502 Passive mode not allowed); it may do \
         active FTP only, which is not supported; ask for an address with https://"
    );
    let instead = |line: &str| match line {
        "EPSV" => Some("500 what?".to_owned()),
        "PASV" => Some("227 Entering (127,0,0,1,0,1)".to_owned()),
        _ => None,
    };
    let server = Ftp { instead, ..Ftp::default() }.start();
    let message = fetch(&request(&server.url("a"))).refusal(FailureCode::SourceUnreachable);
    assert!(message.contains("refuses the data connection at port 1 ("), "{message}");
}

#[test]
fn a_server_that_wants_more_than_a_password_is_named_as_such() {
    let wants_account = |line: &str| line.starts_with("PASS").then(|| "332 Account?".to_owned());
    let server = Ftp { instead: wants_account, ..Ftp::default() }.start();
    let url = server.url("a").replace("//", "//anna:p@");
    assert_eq!(
        fetch(&request(&url)).refusal(FailureCode::SourceRefused),
        "127.0.0.1: asks for more than a user and password (Account?), which licd does not \
         support; ask for an address with https://"
    );
    let message = fetch(&request(&server.url("a"))).refusal(FailureCode::SourceRefused);
    assert_eq!(message, "127.0.0.1: asks for a user and password (Account?); give them");
}

#[test]
fn a_name_that_is_not_utf_8_is_requested_byte_for_byte() {
    let (tell, told) = mpsc::channel();
    let server = Server::start(move |stream, _| {
        let port = stream.local_addr().unwrap().port();
        let mut stream = BufReader::new(stream);
        let _ = stream.get_mut().write_all(b"220 hello\r\n");
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let reply = match line.get(..4) {
                Some(b"EPSV") => format!("229 Entering (|||{port}|)\r\n"),
                Some(b"RETR") => "550 no\r\n".to_owned(),
                _ => "230 go on\r\n".to_owned(),
            };
            tell.send(std::mem::take(&mut line)).unwrap();
            let _ = stream.get_mut().write_all(reply.as_bytes());
        }
    });
    let request = request(&format!("ftp://{}/B%FCro.lic", server.address));
    fetch(&request).refusal(FailureCode::SourceRefused);
    assert!(told.iter().any(|line| line == b"RETR B\xfcro.lic\r\n"));
}

#[test]
fn multi_line_replies_end_at_their_own_code() {
    let instead = |line: &str| match line.split(' ').next().unwrap_or_default() {
        "" => Some("220-Acme\r\n404 Main Street\r\n500 x\r\n220 ready\r\n".to_owned()),
        "USER" => Some("331-Hello\r\n230 fake\r\n331 password?".to_owned()),
        "PASS" => Some("230-Welcome\r\n530 visitors so far\r\n 230 x\r\n230 in".to_owned()),
        _ => None,
    };
    let server = Ftp { instead, ..Ftp::default() }.start();
    assert_eq!(fetch(&request(&server.url("a"))).whole(), LICENSE);
    assert!(server.commands().contains(&"PASS licd@".to_owned()));
}

#[test]
fn a_request_for_tls_is_recognised_at_every_step() {
    let steps: [fn(&str) -> Option<String>; 7] = [
        // Pure-FTPd.
        |line| {
            line.starts_with("USER")
                .then(|| "421-Sorry, cleartext sessions are not accepted\r\n421 Use TLS".into())
        },
        |line| line.starts_with("RETR").then(|| "521 PROT P required".into()),
        |line| line.is_empty().then(|| "534 Policy requires SSL.\r\n".into()),
        |line| {
            line.starts_with("USER")
                .then(|| "530 Non-anonymous sessions must use encryption.".into())
        },
        |line| line.starts_with("PASS").then(|| "530-Sorry\r\n530 TLS required".into()),
        |line| line.starts_with("USER").then(|| "503 Use AUTH first.".into()),
        |line| line.starts_with("RETR").then(|| "550 SSL/TLS required on the data channel".into()),
    ];
    for instead in steps {
        let server = Ftp { instead, ..Ftp::default() }.start();
        let message = fetch(&request(&server.url("a"))).refusal(FailureCode::SourceRefused);
        assert!(message.starts_with("127.0.0.1: wants TLS ("), "{message}");
        assert!(message.ends_with("); use an address with ftps://"), "{message}");
        assert_eq!(server.server.hits(), 1);
    }
}

#[test]
fn on_port_990_tls_begins_with_the_first_byte() {
    in_own_network("on_port_990_tls_begins_with_the_first_byte", "", || {
        let authority = Authority::new();
        let tls = Some(authority.identity("127.0.0.1", (2020, 2090)).config());
        let listener = TcpListener::bind(("127.0.0.1", 990)).unwrap();
        let server = Ftp { tls, ..Ftp::default() }.start_on(listener);
        let bundle = authority.bundle();
        let url = server.url("a").replace("ftp:", "ftps:");
        let trusting =
            FetchRequest { ca_file: bundle.path().to_str().map(str::to_owned), ..request(&url) };
        assert_eq!(fetch(&trusting).whole(), LICENSE);
        assert!(server.commands().starts_with(&["PBSZ 0".to_owned(), "PROT P".to_owned()]));
    });
}

#[test]
fn implicit_tls_on_another_port_is_named_in_the_message() {
    // A TLS server waits for the client's first record …
    let silent = Server::start(|stream, _| hang(stream));
    // … or sends an alert for bytes that are not TLS.
    let alert = Server::start(|mut stream, _| drop(stream.write_all(&[0x15, 3, 1, 0, 2, 2, 40])));
    for scheme in ["ftp", "ftps"] {
        let url = format!("{scheme}://{}/a", silent.address);
        let request = FetchRequest { idle_ms: 300, total_ms: 700, ..request(&url) };
        let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
        assert!(message.contains("sent nothing for 300 milliseconds"), "{message}");
        assert!(message.contains("use an address with ftps:// and port 990"), "{message}");
        let url = format!("{scheme}://{}/a", alert.address);
        let message = fetch(&self::request(&url)).refusal(FailureCode::SourceRefused);
        assert!(message.contains("begins with TLS, which is done on port 990 only"), "{message}");
    }
}

#[test]
fn control_characters_in_credentials_are_refused() {
    let server = Ftp::default().start();
    let url = server.url("a").replace("//", "//anna%0d%0aDELE%20x:p@");
    let message = fetch(&request(&url)).refusal(FailureCode::SourceRefused);
    assert!(message.contains("hold a character that FTP cannot send"), "{message}");
    assert_eq!(server.commands(), Vec::<String>::new());
}

#[test]
fn a_busy_server_is_retried() {
    static WAS_BUSY: AtomicBool = AtomicBool::new(false);
    let instead = |line: &str| {
        let first = line.is_empty() && !WAS_BUSY.swap(true, Ordering::SeqCst);
        first.then(|| "421 too many users\r\n".to_owned())
    };
    let server = Ftp { instead, ..Ftp::default() }.start();
    assert_eq!(fetch(&request(&server.url("a"))).whole(), LICENSE);
    assert_eq!(server.server.hits(), 2);
}

#[test]
fn a_silent_server_is_unreachable_at_every_stage() {
    for stage in ["", "USER", "PASS", "TYPE", "SIZE", "MDTM", "EPSV", "RETR"] {
        let server = Server::start(move |mut stream, _| {
            if !stage.is_empty() {
                let _ = stream.write_all(b"220 hello\r\n");
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                for line in lines.map_while(Result::ok) {
                    let reply = match line.split(' ').next().unwrap_or_default() {
                        command if command == stage => break,
                        "USER" => "230 in",
                        "TYPE" => "200 ok",
                        "EPSV" => "229 (|||9|)",
                        _ => "500 what?",
                    };
                    let _ = stream.write_all(format!("{reply}\r\n").as_bytes());
                }
            }
            hang(stream);
        });
        let url = format!("ftp://{}/a", server.address);
        let request = FetchRequest { idle_ms: 400, total_ms: 600, ..request(&url) };
        fetch(&request).refusal(FailureCode::SourceUnreachable);
    }
}

#[test]
fn stalled_and_slow_data_end_at_the_time_limit() {
    let silent = |data, _: &[u8]| hang(data);
    let dripping = |data, _: &[u8]| {
        pour(data, b"x", Duration::from_millis(100));
    };
    for give in [silent as fn(TcpStream, &[u8]), dripping] {
        let server = Ftp { file: vec![0; 100_000], give, ..Ftp::default() }.start();
        let request = FetchRequest { idle_ms: 700, total_ms: 1200, ..request(&server.url("a")) };
        fetch(&request).refusal(FailureCode::SourceUnreachable);
    }
}

#[test]
fn a_truncated_file_is_refused() {
    let give = |mut data: TcpStream, file: &[u8]| drop(data.write_all(&file[..5]));
    let server = Ftp { give, ..Ftp::default() }.start();
    let message = fetch(&request(&server.url("a"))).refusal(FailureCode::SourceUnreachable);
    assert_eq!(
        message,
        "127.0.0.1: broke off after 5 of 20 bytes (tried 5 times); try again later"
    );

    let instead = |line: &str| match line {
        line if line.starts_with("SIZE") => Some("500 what?".to_owned()),
        "done" => Some("426 failure writing".to_owned()),
        _ => None,
    };
    let server = Ftp { give, instead, ..Ftp::default() }.start();
    let message = fetch(&request(&server.url("a"))).refusal(FailureCode::SourceUnreachable);
    assert!(message.contains("answered 426"), "{message}");
}

#[test]
fn an_endless_file_is_refused_at_the_limit() {
    static POURED: Mutex<Option<mpsc::Sender<u64>>> = Mutex::new(None);
    let (tell, poured) = mpsc::channel();
    *POURED.lock().unwrap() = Some(tell);
    let instead = |line: &str| line.starts_with("SIZE").then(|| "500 what?".to_owned());
    let give = |data: TcpStream, _: &[u8]| {
        let count = pour(data, &[b'x'; 65536], Duration::ZERO);
        let _ = POURED.lock().unwrap().as_ref().unwrap().send(count);
    };
    let server = Ftp { instead, give, ..Ftp::default() }.start();
    let fetched = fetch(&request(&server.url("a")));
    assert!(fetched.took < Duration::from_secs(6));
    fetched.refusal(FailureCode::SourceTooLarge);
    assert!(poured.recv().unwrap() < 2 * LIMIT);
    let instead = |line: &str| line.starts_with("SIZE").then(|| "213 10737418240".to_owned());
    let server = Ftp { instead, ..Ftp::default() }.start();
    fetch(&request(&server.url("a"))).refusal(FailureCode::SourceTooLarge);
}

#[test]
fn ftps_never_falls_back_to_plaintext() {
    let server = Ftp::default().start();
    let url = server.url("a").replace("ftp:", "ftps:");
    let message = fetch(&request(&url)).refusal(FailureCode::SourceRefused);
    assert!(message.contains("does not offer FTP over TLS (not known)"), "{message}");
    assert!(!server.commands().iter().any(|line| line.starts_with("USER")));
}

#[test]
fn replies_injected_before_tls_are_refused() {
    let server = Server::start(|mut stream, _| {
        let _ = stream.write_all(b"220 hello\r\n");
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let _ = lines.next();
        // Replies to later commands, in the clear.
        let _ = stream.write_all(b"234 go\r\n200 pbsz\r\n200 prot\r\n230 in\r\n");
        thread::spawn(move || hang(stream)).join().unwrap();
    });
    let url = format!("ftps://{}/a", server.address);
    let request = FetchRequest { idle_ms: 400, total_ms: 800, ..request(&url) };
    fetch(&request).refusal(FailureCode::SourceUnreachable);
}
