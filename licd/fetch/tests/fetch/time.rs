//! Slow servers, at every stage.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use licd_protocol::{FailureCode, FetchRequest};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, socket,
};

use crate::server::{Server, hang, head, ok, pour};
use crate::worker::{fetch, request};

/// A request with short limits.
fn hasty(url: &str) -> FetchRequest {
    FetchRequest { idle_ms: 400, total_ms: 1500, ..request(url) }
}

#[test]
fn a_silent_server_is_unreachable_at_every_stage() {
    let stages = ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"].map(|said| {
        std::thread::spawn(move || {
            let server = Server::start(move |mut stream, _| {
                head(&mut stream);
                stream.write_all(said.as_bytes()).unwrap();
                hang(stream);
            });
            // Enough time for all attempts on a loaded machine.
            let request =
                FetchRequest { idle_ms: 400, total_ms: 30_000, ..request(&server.url("/")) };
            let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
            let silent = "127.0.0.1: connected, but sent nothing for 400 milliseconds";
            assert!(message.starts_with(silent), "after “{said}”: {message}");
        })
    });
    stages.into_iter().for_each(|stage| stage.join().unwrap());
}

#[test]
fn a_silence_is_reported_as_one_before_the_whole_time_is_up() {
    let server = Server::start(|mut stream, _| {
        head(&mut stream);
        hang(stream);
    });
    let request = FetchRequest { idle_ms: 2000, total_ms: 2000, ..request(&server.url("/")) };
    let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
    assert_eq!(message, "127.0.0.1: connected, but sent nothing for 2 seconds; try again later");
}

#[test]
fn a_stalled_tls_handshake_times_out() {
    for drip in [&b""[..], b"\x16"] {
        let server = Server::start(move |stream, _| match drip {
            b"" => hang(stream),
            drip => {
                pour(stream, drip, Duration::from_millis(100));
            }
        });
        let url = server.url("/").replace("http", "https");
        let request = FetchRequest { connect_ms: 500, total_ms: 800, ..request(&url) };
        let fetched = fetch(&request);
        assert!(fetched.took < Duration::from_secs(3));
        fetched.refusal(FailureCode::SourceUnreachable);
    }
}

#[test]
fn a_server_that_never_accepts_times_out() {
    // The backlog of a listener that never accepts fills up, and further connections wait.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    fetch(&hasty(&url)).refusal(FailureCode::SourceUnreachable);
}

#[test]
fn slow_bytes_do_not_extend_the_time_limit() {
    let body = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    for sent in [&b"HTTP/1.1 200 OK\r\nX: "[..], body] {
        let server = Server::start(move |mut stream, _| {
            head(&mut stream);
            stream.write_all(sent).unwrap();
            pour(stream, b"x", Duration::from_millis(100));
        });
        let request = FetchRequest { total_ms: 1500, ..request(&server.url("/")) };
        let fetched = fetch(&request);
        assert!(fetched.took >= Duration::from_millis(1500));
        let message = fetched.refusal(FailureCode::SourceUnreachable);
        let words = "127.0.0.1: did not send everything within 2 seconds; try again, or raise";
        assert!(message.starts_with(words), "{message}");
    }
}

/// A bound port without a listener.
fn unused_port() -> (OwnedFd, SockaddrIn) {
    let port = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(port.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let address = getsockname(port.as_raw_fd()).unwrap();
    (port, address)
}

#[test]
fn a_refused_connection_is_retried_within_the_time_limit() {
    let (_port, gone) = unused_port();
    let message =
        fetch(&request(&format!("http://{gone}/"))).refusal(FailureCode::SourceUnreachable);
    let refuses = "127.0.0.1: refuses the connection; check the server and its port";
    assert_eq!(message, format!("{refuses} (tried 5 times)"));
}

#[test]
fn a_server_that_comes_up_late_is_reached() {
    let (port, address) = unused_port();
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(600));
        listen(&port, Backlog::MAXCONN).unwrap();
        Server::http_on(TcpListener::from(port), |_, _| ok("", b"igel"))
    });
    assert_eq!(fetch(&request(&format!("http://{address}/"))).whole(), b"igel");
    late.join().unwrap();
}

#[test]
fn a_reset_connection_is_retried() {
    let server = Server::start(|mut stream, hit| {
        if hit == 0 {
            // Closing with unread bytes resets the connection.
            stream.read_exact(&mut [0]).unwrap();
            return;
        }
        head(&mut stream);
        stream.write_all(&ok("", b"igel")).unwrap();
    });
    assert_eq!(fetch(&request(&server.url("/"))).whole(), b"igel");
}

#[test]
fn an_unknown_name_fails_at_once() {
    let fetched = fetch(&request("http://ums.invalid/"));
    let message = fetched.refusal(FailureCode::SourceUnreachable);
    assert!(message.starts_with("ums.invalid: "), "{message}");
}
