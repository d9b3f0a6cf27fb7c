//! HTTP servers, correct and broken.

use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::mpsc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use licd_protocol::{FailureCode, FetchRequest};

use crate::server::{Server, head, listener, ok, pour, status};
use crate::worker::{LIMIT, address, fetch, request};

const LICENSE: &[u8] = b"igel.com/license/v1\npack WE-7Q2KD\n";

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_file_comes_byte_for_byte_with_progress() {
    let file: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let sent = file.clone();
    let server = Server::http(move |_, _| ok("ETag: \"1\"\r\nLast-Modified: x\r\n", &sent));
    let fetched = fetch(&request(&server.url("/WE.lic?unit=1")));
    let total = file.len() as u64;
    assert_eq!(fetched.progress.last(), Some(&(total, Some(total))));
    assert_eq!(fetched.headers.len(), 1);
    assert_eq!(fetched.headers[0].etag.as_deref(), Some("\"1\""));
    assert_eq!(fetched.headers[0].last_modified.as_deref(), Some("x"));
    assert!(fetched.whole() == file);
    assert!(server.heads()[0].starts_with("GET /WE.lic?unit=1 HTTP/1.1\r\n"));
}

#[test]
fn a_server_is_found_by_name_and_over_ipv6() {
    let server = Server::http(|_, _| ok("", LICENSE));
    let url = format!("http://localhost:{}/", server.address.port());
    assert_eq!(fetch(&request(&url)).whole(), LICENSE);
    let server = Server::http_on(listener(Ipv6Addr::LOCALHOST), |_, _| ok("", LICENSE));
    assert_eq!(fetch(&request(&server.url("/"))).whole(), LICENSE);
}

#[test]
fn a_body_without_length_ends_with_its_chunks_or_connection() {
    let server = Server::http(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        [&head[..], b"4\r\nigel\r\n3\r\n.co\r\n0\r\n\r\n"].concat()
    });
    assert_eq!(fetch(&request(&server.url("/"))).whole(), b"igel.co");
    let server = Server::http(|_, _| [&b"HTTP/1.0 200 OK\r\n\r\n"[..], LICENSE].concat());
    assert_eq!(fetch(&request(&server.url("/"))).whole(), LICENSE);
}

#[test]
fn an_html_page_is_passed_on_to_the_verifier() {
    let server = Server::http(|_, _| ok("Content-Type: text/html\r\n", b"<html>log in"));
    assert_eq!(fetch(&request(&server.url("/"))).whole(), b"<html>log in");
}

#[test]
fn only_the_gzip_of_the_transfer_is_unpacked() {
    for (headers, body, file) in [
        ("", gzip(LICENSE), gzip(LICENSE)),
        ("", gzip(&gzip(LICENSE)), gzip(&gzip(LICENSE))),
        ("Content-Encoding: gzip\r\n", gzip(LICENSE), LICENSE.to_vec()),
        ("Content-Encoding: GZIP\r\n", gzip(&gzip(LICENSE)), gzip(LICENSE)),
        ("Content-Encoding: gzip\r\n", LICENSE.to_vec(), LICENSE.to_vec()),
        ("Content-Encoding: gzip, identity\r\n", gzip(LICENSE), LICENSE.to_vec()),
        (
            "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n",
            gzip(LICENSE),
            LICENSE.to_vec(),
        ),
        // Names of no packer, which browsers ignore, too.
        ("Content-Encoding: utf-8\r\n", LICENSE.to_vec(), LICENSE.to_vec()),
        ("Content-Encoding: none\r\n", LICENSE.to_vec(), LICENSE.to_vec()),
    ] {
        let server = Server::http(move |_, _| ok(headers, &body));
        assert_eq!(fetch(&request(&server.url("/"))).whole(), file, "{headers}");
        assert!(server.heads()[0].to_lowercase().contains("accept-encoding: identity\r\n"));
    }
}

#[test]
fn a_gzip_bomb_is_too_large() {
    const PACKED: &str = "Content-Encoding: gzip\r\n";
    let bomb = gzip(&vec![0; usize::try_from(LIMIT).unwrap() + 1]);
    assert!(bomb.len() < 200_000);
    let server = Server::http(move |_, _| ok(PACKED, &bomb));
    let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceTooLarge);
    assert!(message.starts_with("127.0.0.1: sends more than 33554432 bytes; "), "{message}");
    let broken = gzip(LICENSE)[..20].to_vec();
    let server = Server::http(move |_, _| ok(PACKED, &broken));
    let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
    assert!(message.starts_with("127.0.0.1: sends a corrupt or truncated gzip file"), "{message}");
}

#[test]
fn an_endless_body_is_refused_at_the_limit() {
    let (tell, poured) = mpsc::channel();
    let server = Server::start(move |mut stream, _| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        tell.send(pour(stream, &[b'x'; 65536], Duration::ZERO)).unwrap();
    });
    fetch(&request(&server.url("/"))).refusal(FailureCode::SourceTooLarge);
    // The kernel's buffers are sent before the connection closes.
    assert!(poured.recv().unwrap() < 2 * LIMIT);
}

#[test]
fn ten_gigabytes_are_refused_before_the_first_byte() {
    let server =
        Server::http(|_, _| b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n".into());
    let fetched = fetch(&request(&server.url("/")));
    assert!(fetched.file.is_empty());
    fetched.refusal(FailureCode::SourceTooLarge);
    assert_eq!(server.hits(), 1);
}

#[test]
fn a_body_shorter_than_announced_is_refused() {
    let server = Server::http(|_, _| b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nigel".into());
    let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
    assert_eq!(
        message,
        "127.0.0.1: broke off after 4 of 100 bytes (tried 5 times); try again later"
    );
    assert_eq!(server.hits(), 5);
}

#[test]
fn a_body_longer_than_announced_is_cut() {
    let server =
        Server::http(|_, _| b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nigel.com".into());
    assert_eq!(fetch(&request(&server.url("/"))).whole(), b"igel");
}

#[test]
fn a_broken_connection_is_retried_from_the_start() {
    let server = Server::http(|_, hit| {
        let whole = ok("", LICENSE);
        if hit == 0 { whole[..whole.len() - 5].to_vec() } else { whole }
    });
    let fetched = fetch(&request(&server.url("/")));
    assert_eq!(fetched.headers.len(), 2);
    assert_eq!(fetched.whole(), LICENSE);
}

#[test]
fn a_failing_server_is_retried_after_the_wait_it_asks_for() {
    for (line, headers) in [
        ("503 Service Unavailable", "Retry-After: 1\r\n"),
        ("429 Too Many Requests", "Retry-After: 1\r\n"),
        (
            "502 Bad Gateway",
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nRetry-After: Thu, 01 Jan 1970 00:00:01 GMT\r\n",
        ),
    ] {
        let server = Server::http(move |_, hit| match hit {
            0 => status(line, headers),
            _ => ok("", LICENSE),
        });
        let fetched = fetch(&request(&server.url("/")));
        assert!(fetched.took >= Duration::from_secs(1), "{line}");
        assert_eq!(fetched.whole(), LICENSE, "{line}");
    }
}

#[test]
fn an_overlong_retry_after_is_reported_at_once() {
    let server = Server::http(|_, _| status("503 x", "Retry-After: 3600\r\n"));
    let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
    let out_of_order =
        "127.0.0.1: cannot answer now (HTTP 503); it asks to come back in 3600 seconds";
    assert_eq!(message, out_of_order);
    assert_eq!(server.hits(), 1);
}

#[test]
fn a_wait_of_no_time_is_not_reported() {
    let server = Server::http(|_, _| status("503 x", "Retry-After: 0\r\n"));
    let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
    assert_eq!(message, "127.0.0.1: cannot answer now (HTTP 503) (tried 5 times); try again later");
}

#[test]
fn a_refusing_server_is_asked_once_and_the_message_advises() {
    for (line, advice) in [
        ("401 x", "asks for a user and password; give them (HTTP 401)"),
        (
            "403 x",
            "does not give this file to this device or user (HTTP 403); ask the server's administrator",
        ),
        ("404 x", "has no such file; check the address (HTTP 404)"),
        ("410 x", "no longer has this file; ask for a new link (HTTP 410)"),
        ("418 x", "does not give the file (HTTP 418); ask the server's administrator"),
        ("204 x", "does not give the file (HTTP 204); ask the server's administrator"),
        ("304 x", "does not give the file (HTTP 304); ask the server's administrator"),
    ] {
        let server = Server::http(move |_, _| status(line, ""));
        let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceRefused);
        assert_eq!(message, format!("127.0.0.1: {advice}"));
        assert_eq!(server.hits(), 1);
    }
}

#[test]
fn a_file_that_a_proxy_may_have_changed_is_accepted() {
    let server = Server::http(|_, _| {
        let head = format!("HTTP/1.1 203 x\r\nContent-Length: {}\r\n\r\n", LICENSE.len());
        [head.as_bytes(), LICENSE].concat()
    });
    assert_eq!(fetch(&request(&server.url("/"))).whole(), LICENSE);
}

#[test]
fn a_server_that_wants_tls_is_named_by_its_answer() {
    for page in [
        // nginx, Apache, Tomcat, Go.
        "<center>The plain HTTP request was sent to HTTPS port</center>",
        "You're speaking plain HTTP to an SSL-enabled server port.",
        "Bad Request\nThis combination of host and port requires TLS.",
        "Client sent an HTTP request to an HTTPS server.",
    ] {
        let server = Server::http(move |_, _| {
            let answer = String::from_utf8(ok("", page.as_bytes())).unwrap();
            answer.replace("200 OK", "400 Bad Request").into_bytes()
        });
        let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceRefused);
        assert_eq!(message, "127.0.0.1: wants TLS (HTTP 400); use an address with https://");
    }
}

#[test]
fn a_server_of_another_protocol_is_refused() {
    for answer in [&b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..], b"\0\x01\x02\r\n\r\n", &[b'a'; 100_000]] {
        let server = Server::http(move |_, _| answer.to_vec());
        let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
        assert_eq!(
            message,
            "127.0.0.1: does not answer as HTTP servers do; check the address and port"
        );
    }
    let server = Server::http(|_, _| {
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes()
    });
    fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
}

#[test]
fn an_unchanged_file_costs_one_request_and_no_bytes() {
    let server = Server::http(|head, _| {
        let head = head.to_lowercase();
        let known = head.contains("if-none-match: \"7\"\r\n")
            && head.contains("if-modified-since: sun, 22 nov 2026 16:48:10 gmt\r\n");
        if known { status("304 Not Modified", "ETag: \"7\"\r\n") } else { ok("", LICENSE) }
    });
    let fetched = fetch(&FetchRequest {
        etag: Some("\"7\"".to_owned()),
        last_modified: Some("Sun, 22 Nov 2026 16:48:10 GMT".to_owned()),
        ..request(&server.url("/"))
    });
    assert!(fetched.headers[0].not_modified);
    assert_eq!(fetched.whole(), b"");
    assert_eq!(server.hits(), 1);
}

#[test]
fn five_redirects_are_followed_and_a_loop_is_not() {
    let server = Server::http(|head, _| {
        let path = head.split(' ').nth(1).unwrap();
        let step: usize = path.trim_start_matches('/').parse().unwrap_or(99);
        match step {
            0 => ok("", LICENSE),
            99 => status("302 Found", "Location: /99\r\n"),
            step => status("307 x", &format!("Location: {}\r\n", step - 1)),
        }
    });
    assert_eq!(fetch(&request(&server.url("/5"))).whole(), LICENSE);
    for path in ["/6", "/99"] {
        let message = fetch(&request(&server.url(path))).refusal(FailureCode::SourceRefused);
        assert_eq!(message, "127.0.0.1: redirects more than 5 times; ask for a new link");
    }
}

#[test]
fn redirects_to_other_schemes_are_refused() {
    let too_long = format!("Location: /{}\r\n", "x".repeat(8192));
    for (location, why) in [
        ("Location: ftp://127.0.0.1/x\r\n", "redirects to ftp://127.0.0.1, which is no web server"),
        (
            "Location: file:///etc/shadow\r\n",
            "redirects to “file:///etc/shadow”, which cannot be fetched",
        ),
        (
            "Location: http://h:x/\r\n",
            "redirects to “http://h:x/”, which has an invalid port; ask for a new link",
        ),
        (
            "Location: http://my server/\r\n",
            "redirects to “http://my server/”, which names an invalid host; ask for a new link",
        ),
        (&too_long, "…”, which is longer than 8192 bytes; ask for a new link"),
        ("", "redirects without an address"),
        ("Location: \r\n", "redirects without an address"),
    ] {
        let location = location.to_owned();
        let server = Server::http(move |_, _| status("301 x", &location));
        let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceRefused);
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn a_redirect_may_name_any_port() {
    let other = Server::http(|_, _| ok("", LICENSE));
    let location = format!("Location: {}\r\n", other.url("/WE.lic"));
    let server = Server::http(move |_, _| status("302 x", &location));
    let given = FetchRequest {
        user: Some("user".to_owned()),
        password: Some("p:w".to_owned()),
        ..request(&server.url("/"))
    };
    assert_eq!(fetch(&given).whole(), LICENSE);
    // Another server may listen there.
    assert!(!other.heads()[0].to_lowercase().contains("authorization"));
}

#[test]
fn credentials_go_only_to_the_host_of_the_address() {
    let other = Server::http_on(listener(Ipv4Addr::new(127, 0, 0, 2)), |_, _| ok("", LICENSE));
    let leads = format!("Location: {}\r\n", other.url("/"));
    let asked = Server::http(move |head, hit| {
        assert!(head.contains("authorization: Basic dXNlcjpwOnc=\r\n"), "{head}");
        match hit {
            0 => status("302 x", "Location: /again\r\n"),
            _ => status("302 x", &leads),
        }
    });
    let given = FetchRequest {
        user: Some("user".to_owned()),
        password: Some("p:w".to_owned()),
        ..request(&asked.url("/"))
    };
    assert_eq!(fetch(&given).whole(), LICENSE);
    assert_eq!(asked.hits(), 2);
    assert!(!other.heads()[0].to_lowercase().contains("authorization"));
    let in_address = request(&asked.url("/").replace("//", "//user:p%3Aw@"));
    assert_eq!(fetch(&in_address).whole(), LICENSE);
}

#[test]
fn a_message_never_holds_a_password() {
    let server = Server::http(|_, _| status("302 x", "Location: http://u:secret@h:x/\r\n"));
    let mut through_here = request(&server.url("/").replace("//", "//user:secret@"));
    for request in [request("http://user:secret@127.0.0.1:1/"), through_here.clone()] {
        let failure = fetch(&request).failure.unwrap().to_string();
        assert!(!failure.contains("secret"), "{failure}");
    }
    through_here.url = address("http://user:secret@no.invalid/");
    assert!(!fetch(&through_here).failure.unwrap().to_string().contains("secret"));
}

#[test]
fn every_spelling_of_a_redirect_is_followed() {
    for (location, asked) in [
        (
            &b"/deliver?from=https://portal.example/WE.lic"[..],
            "/deliver?from=https://portal.example/WE.lic",
        ),
        ("/Lizenz-für-Büro.lic".as_bytes(), "/Lizenz-f%C3%BCr-B%C3%BCro.lic"),
        (b"/B\xfcro.lic", "/B%FCro.lic"),
        (b"/my licence.lic", "/my%20licence.lic"),
        (b"../../WE.lic", "/WE.lic"),
        (b"./c/../WE.lic#part", "/a/b/WE.lic"),
        (b"?x=1", "/a/b/start?x=1"),
    ] {
        let server = Server::http(move |head, hit| match hit {
            0 => {
                assert!(head.starts_with("GET /a/b/start HTTP"), "{head}");
                let head = [&b"HTTP/1.1 302 x\r\nLocation: "[..], location, b"\r\n"].concat();
                [&head[..], b"Content-Length: 0\r\n\r\n"].concat()
            }
            _ => ok("", LICENSE),
        });
        assert_eq!(fetch(&request(&server.url("/a/b/start"))).whole(), LICENSE, "{asked}");
        assert!(server.heads()[1].starts_with(&format!("GET {asked} HTTP/1.1\r\n")), "{asked}");
    }
}

#[test]
fn an_error_after_a_redirect_names_the_redirect() {
    let gone = Server::http_on(listener(Ipv4Addr::new(127, 0, 0, 2)), |_, _| status("404 x", ""));
    let leads = format!("Location: {}\r\n", gone.url("/gone.lic"));
    let server = Server::http(move |_, _| status("302 x", &leads));
    let message = fetch(&request(&server.url("/WE.lic"))).refusal(FailureCode::SourceRefused);
    let to = gone.url("/gone.lic");
    assert_eq!(
        message,
        format!(
            "127.0.0.2: has no such file; check the address (HTTP 404); 127.0.0.1 redirects to \
             {to}: ask for a new link if that is wrong"
        )
    );
    let server = Server::http(|_, _| status("302 x", "Location: http://no.invalid/\r\n"));
    let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
    assert!(message.starts_with("no.invalid: "), "{message}");
    assert!(message.contains("; 127.0.0.1 redirects to http://no.invalid/: ask for"), "{message}");
}

#[test]
fn a_captive_portal_is_asked_once_and_named() {
    let page = b"HTTP/1.1 511 x\r\nRetry-After: 300\r\nContent-Length: 9\r\n\r\n<html>hi\n";
    let server = Server::http(|_, _| page.to_vec());
    let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
    assert_eq!(
        message,
        "127.0.0.1: is not reached: the network requires a sign-in (HTTP 511); \
         sign in there with a web browser, then try again"
    );
    assert_eq!(server.hits(), 1);
}

#[test]
fn an_unrequested_content_coding_is_named() {
    for coding in ["br", "deflate", "zstd", "gzip, br", "utf-8, br"] {
        let headers = format!("Content-Encoding: {coding}\r\n");
        let server = Server::http(move |_, _| ok(&headers, b"\x0b\x02\x80"));
        let message = fetch(&request(&server.url("/"))).refusal(FailureCode::SourceRefused);
        assert_eq!(
            message,
            format!(
                "127.0.0.1: sends the file packed as {coding} although it was not asked to; have it \
                 send the file unpacked"
            )
        );
        assert_eq!(server.hits(), 1);
    }
    let server = Server::http(|_, _| ok("Content-Encoding: identity\r\n", LICENSE));
    assert_eq!(fetch(&request(&server.url("/"))).whole(), LICENSE);
}

#[test]
fn unsupported_authentication_schemes_are_named() {
    let only = |offers: &str, words: &str| {
        let headers = format!("{offers}\r\n");
        let server = Server::http(move |_, _| status("401 x", &headers));
        let message = fetch(&request(&server.url("/").replace("//", "//anna:p@")));
        let message = message.refusal(FailureCode::SourceRefused);
        assert!(message.contains(words), "{message}");
    };
    only(
        "WWW-Authenticate: NTLM",
        "asks for a user and offers only NTLM, which licd does not support;",
    );
    only(
        "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"",
        "offers only Digest, which licd does not",
    );
    only(
        "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM",
        "offers only Negotiate and NTLM, which licd does not support;",
    );
    only(
        "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"x\"",
        "does not accept this user and password; check them (HTTP 401)",
    );
}

#[test]
fn the_message_explains_a_withheld_password() {
    let other = Server::http(|_, _| status("401 x", "WWW-Authenticate: Basic\r\n"));
    let leads = format!("Location: {}\r\n", other.url("/"));
    let server = Server::http(move |_, _| status("302 x", &leads));
    let url = server.url("/").replace("//", "//anna:p@");
    let message = fetch(&request(&url)).refusal(FailureCode::SourceRefused);
    assert!(message.contains("which only the server of the address gets"), "{message}");
}
