//! Requests through a proxy and around it.

use std::io::{self, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use licd_protocol::{FailureCode, FetchRequest};

use crate::server::{Server, hang, head, ok, status};
use crate::tls::{Authority, https};
use crate::worker::{fetch, request, through};

const LICENSE: &[u8] = b"igel.com/license/v1\n";

/// A proxy that tunnels every name to this port.
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
    let request = FetchRequest {
        proxy: through(&format!("http://u:p@{}", proxy.address)),
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
    let through = FetchRequest {
        proxy: through(&format!("http://u:p@{}", proxy.address)),
        ca_file: bundle.path().to_str().map(str::to_owned),
        ..request("https://ums.example:8443/WE.lic")
    };
    assert_eq!(fetch(&through).whole(), LICENSE);
    let other = Authority::new().bundle();
    let ca_file = other.path().to_str().map(str::to_owned);
    fetch(&FetchRequest { ca_file, ..through }).refusal(FailureCode::SourceRefused);
}

#[test]
fn an_exempt_host_is_reached_directly() {
    let proxy = Server::http(|_, _| status("500 x", ""));
    let server = Server::http(|_, _| ok("", LICENSE));
    let request = FetchRequest {
        proxy: through(&format!("http://{}", proxy.address)),
        no_proxy: Some("example.com, 127.0.0.0/8".to_owned()),
        ..request(&server.url("/"))
    };
    assert_eq!(fetch(&request).whole(), LICENSE);
    let port = server.address.port();
    let at_port = FetchRequest { no_proxy: Some(format!("127.0.0.1:{port}")), ..request };
    assert_eq!(fetch(&at_port).whole(), LICENSE);
    assert_eq!(proxy.hits(), 0);
}

#[test]
fn the_message_names_a_refusing_proxy() {
    let refused = FailureCode::SourceRefused;
    for (line, headers, login, code, words) in [
        (
            "407 x",
            "Proxy-Authenticate: Basic realm=\"x\"\r\n",
            "",
            refused,
            "asks for a user and password; set them in [network] proxy (HTTP 407)",
        ),
        (
            "407 x",
            "Proxy-Authenticate: Basic realm=\"x\"\r\n",
            "u:p@",
            refused,
            "does not accept its user and password; check them in [network] proxy, or wherever the \
             proxy is set (HTTP 407)",
        ),
        (
            "407 x",
            "Proxy-Authenticate: NTLM\r\n",
            "u:p@",
            refused,
            "asks for a user and offers only NTLM, which licd does not support; have Basic \
             allowed there, or this device let through without a login (HTTP 407)",
        ),
    ] {
        let proxy = Server::http(move |_, _| status(line, headers));
        let address = proxy.address;
        for scheme in ["http", "https"] {
            let request = FetchRequest {
                proxy: through(&format!("http://{login}{address}")),
                ..request(&format!("{scheme}://ums.example/WE.lic"))
            };
            let message = fetch(&request).refusal(code);
            assert_eq!(message, format!("proxy {address}: {words}"));
        }
    }
}

#[test]
fn a_forbidding_proxy_is_distinguished_from_a_failing_one() {
    for (line, code, words) in [
        (
            "403 Not for thin clients",
            FailureCode::SourceRefused,
            "does not connect to the server (HTTP 403, Not for thin clients); ask the proxy's \
             administrator",
        ),
        (
            "502 Bad Gateway",
            FailureCode::SourceUnreachable,
            "does not connect to the server (HTTP 502, Bad Gateway) (tried 5 times); check \
             [network] proxy, http_proxy and https_proxy",
        ),
    ] {
        let proxy = Server::http(move |_, _| status(line, ""));
        let request = FetchRequest {
            proxy: through(&format!("http://{}", proxy.address)),
            ..request("https://ums.example/WE.lic")
        };
        let message = fetch(&request).refusal(code);
        assert_eq!(message, format!("proxy {}: {words}", proxy.address));
    }
    // In the clear, the answer may come from the server, unless the proxy marks it.
    for (headers, words) in [
        (
            "X-Squid-Error: ERR_ACCESS_DENIED 0\r\n",
            "does not connect to the server (HTTP 403, ERR_",
        ),
        ("", "the server, or proxy 127.0.0.1:"),
    ] {
        let proxy = Server::http(move |_, _| status("403 Forbidden", headers));
        let request = FetchRequest {
            proxy: through(&format!("http://{}", proxy.address)),
            ..request("http://ums.example/WE.lic")
        };
        let message = fetch(&request).refusal(FailureCode::SourceRefused);
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn the_message_names_an_unreachable_proxy() {
    // No other test serves at this host.
    let gone = TcpListener::bind(("127.0.0.77", 0)).unwrap().local_addr().unwrap().to_string();
    for url in ["http://ums.example/WE.lic", "https://ums.example/WE.lic"] {
        for (proxy, named) in [
            (format!("http://u:secret@{gone}"), format!("proxy {gone}: refuses the connection")),
            ("http://no.invalid:3128".to_owned(), "proxy no.invalid:3128: ".to_owned()),
            ("no.invalid".to_owned(), "proxy no.invalid:1080: ".to_owned()),
        ] {
            let request = FetchRequest { proxy: through(&proxy), ..request(url) };
            let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
            assert!(message.starts_with(&named), "{message}");
            assert!(message.ends_with("; check [network] proxy, http_proxy and https_proxy"));
            assert!(!message.contains("secret"), "{message}");
        }
    }
}

#[test]
fn a_proxy_that_closes_without_an_answer_is_asked_again() {
    for said in ["", "HTTP/1.1 200 Connec"] {
        let proxy = Server::http(move |_, _| said.into());
        let request = FetchRequest {
            proxy: through(&format!("http://{}", proxy.address)),
            ..request("https://ums.example/WE.lic")
        };
        let message = fetch(&request).refusal(FailureCode::SourceUnreachable);
        let broke_off = format!("proxy {}: broke off the connection (", proxy.address);
        assert!(message.starts_with(&broke_off), "{message}");
        assert_eq!(proxy.hits(), 5, "after “{said}”");
    }
}

#[test]
fn a_server_without_tls_is_named_instead_of_its_proxy() {
    let authority = Authority::new().bundle();
    let server = Server::start(|stream, _| hang(stream));
    let proxy = tunnel(server.address.port());
    let through = FetchRequest {
        proxy: through(&format!("http://u:p@{}", proxy.address)),
        ca_file: authority.path().to_str().map(str::to_owned),
        connect_ms: 500,
        idle_ms: 500,
        total_ms: 2000,
        ..request("https://ums.example:8443/WE.lic")
    };
    let message = fetch(&through).refusal(FailureCode::SourceUnreachable);
    assert!(message.starts_with("ums.example: "), "{message}");
}
