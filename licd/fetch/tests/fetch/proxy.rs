//! Through a proxy and around it.

use std::io::{self, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use licd_fetch::protocol::{Code, Request};

use crate::server::{Server, hang, head, ok, status};
use crate::tls::{Authority, https};
use crate::worker::{fetch, request};

const LICENSE: &[u8] = b"igel.com/license/v1\n";

/// A proxy that tunnels to this port, whatever name it is asked for.
fn tunnel(port: u16) -> Server {
    Server::start(move |mut stream, _| {
        let asked = head(&mut stream);
        assert!(asked.starts_with("CONNECT ums.example:8443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("Proxy-Authorization: Basic dTpw\r\n"), "{asked}");
        let mut target = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let (mut from, mut to) = (stream.try_clone().unwrap(), target.try_clone().unwrap());
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
        });
        let _ = io::copy(&mut target, &mut stream);
        let _ = stream.shutdown(Shutdown::Both);
    })
}

#[test]
fn plain_http_goes_to_a_proxy_in_absolute_form() {
    let proxy = Server::http(|_, _| ok("", LICENSE));
    let request = Request {
        proxy: Some(format!("http://u:p@{}", proxy.address)),
        ..request("http://ums.example:9080/WE.lic?x")
    };
    assert_eq!(fetch(&request).whole(), LICENSE);
    let head = &proxy.heads()[0];
    assert!(head.starts_with("GET http://ums.example:9080/WE.lic?x HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("host: ums.example:9080\r\n"));
    assert!(head.to_lowercase().contains("proxy-authorization: basic dtpw\r\n"));
}

#[test]
fn https_goes_through_a_tunnel_and_is_checked_at_its_end() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    let identity = authority.identity("ums.example", (2020, 2090));
    let server = https(identity, ok("", LICENSE));
    let proxy = tunnel(server.address.port());
    let through = Request {
        proxy: Some(format!("http://u:p@{}", proxy.address)),
        ca_file: bundle.path().to_str().map(str::to_owned),
        ..request("https://ums.example:8443/WE.lic")
    };
    assert_eq!(fetch(&through).whole(), LICENSE);
    let other = Authority::new().bundle();
    let ca_file = other.path().to_str().map(str::to_owned);
    fetch(&Request { ca_file, ..through }).refusal(Code::SourceRefused);
}

#[test]
fn a_host_on_the_list_is_asked_directly() {
    let proxy = Server::http(|_, _| status("500 x", ""));
    let server = Server::http(|_, _| ok("", LICENSE));
    let request = Request {
        proxy: Some(format!("http://{}", proxy.address)),
        no_proxy: Some("example.com, 127.0.0.0/8".to_owned()),
        ..request(&server.url("/"))
    };
    assert_eq!(fetch(&request).whole(), LICENSE);
    assert_eq!(proxy.hits(), 0);
}

#[test]
fn a_proxy_that_says_no_is_told_so() {
    for (line, code, why) in [
        ("407 Proxy Authentication Required", Code::SourceRefused, "the proxy asks for a user and"),
        ("403 Forbidden", Code::SourceUnreachable, "the proxy does not connect to it"),
    ] {
        let proxy = Server::http(move |_, _| status(line, ""));
        let request = Request {
            proxy: Some(format!("http://{}", proxy.address)),
            ..request("https://ums.example/WE.lic")
        };
        let message = fetch(&request).refusal(code);
        assert!(message.starts_with(&format!("ums.example: {why}")), "{message}");
    }
}

#[test]
fn a_proxy_that_is_none_is_refused_before_anything_is_asked() {
    let request = Request {
        proxy: Some("socks5://127.0.0.1:1080".to_owned()),
        ..request("https://ums.example/WE.lic")
    };
    let message = fetch(&request).refusal(Code::SourceRefused);
    assert_eq!(
        message,
        "proxy socks5://127.0.0.1:1080: is not of the form http://HOST:PORT; check [network] proxy, \
         http_proxy and https_proxy"
    );
}

#[test]
fn a_proxy_that_is_not_reached_is_what_the_message_names() {
    // No other test serves at this host, whatever port it is given.
    let gone = TcpListener::bind(("127.0.0.77", 0)).unwrap().local_addr().unwrap().to_string();
    for url in ["http://ums.example/WE.lic", "https://ums.example/WE.lic"] {
        for (proxy, named) in [
            (format!("http://u:secret@{gone}"), format!("proxy {gone}: refuses the connection")),
            ("http://no.invalid:3128".to_owned(), "proxy no.invalid:3128: ".to_owned()),
            ("no.invalid".to_owned(), "proxy no.invalid:1080: ".to_owned()),
        ] {
            let request = Request { proxy: Some(proxy), ..request(url) };
            let message = fetch(&request).refusal(Code::SourceUnreachable);
            assert!(message.starts_with(&named), "{message}");
            assert!(message.ends_with("; check [network] proxy, http_proxy and https_proxy"));
            assert!(!message.contains("secret"), "{message}");
        }
    }
}

#[test]
fn behind_a_proxy_it_is_the_server_that_does_not_speak_tls() {
    let authority = Authority::new().bundle();
    let server = Server::start(|stream, _| hang(stream));
    let proxy = tunnel(server.address.port());
    let through = Request {
        proxy: Some(format!("http://u:p@{}", proxy.address)),
        ca_file: authority.path().to_str().map(str::to_owned),
        connect_ms: 500,
        idle_ms: 500,
        total_ms: 2000,
        ..request("https://ums.example:8443/WE.lic")
    };
    let message = fetch(&through).refusal(Code::SourceUnreachable);
    assert!(message.starts_with("ums.example: "), "{message}");
}
