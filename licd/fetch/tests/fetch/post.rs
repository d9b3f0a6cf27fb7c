//! Texts that are posted, and their answers.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use licd_protocol::{FailureCode, FetchRequest};

use crate::server::{Server, head, ok, status};
use crate::worker::{fetch, request, through};

const TEXT: &str = "{\"unit_id\":\"00E0C51C5087\"}\n";

/// What a server received so far: heads and bodies.
type Received = Arc<Mutex<Vec<(String, String)>>>;

/// A server that answers by the number of the request.
fn server(answer: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> (Server, Received) {
    let received = Received::default();
    let seen = Arc::clone(&received);
    let server = Server::start(move |mut stream, hit| {
        let head = head(&mut stream);
        let length = head.to_ascii_lowercase();
        let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).unwrap();
        seen.lock().unwrap().push((head, String::from_utf8(body).unwrap()));
        let _ = stream.write_all(&answer(hit));
    });
    (server, received)
}

fn posting(url: &str) -> FetchRequest {
    FetchRequest { post: Some(TEXT.to_owned()), ..request(url) }
}

#[test]
fn the_answer_to_a_posted_text_is_the_file() {
    let created = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nlic";
    for answer in [ok("", b"lic"), created.to_vec()] {
        let (server, received) = server(move |_| answer.clone());
        assert_eq!(fetch(&posting(&server.url("/activate?a=1"))).whole(), b"lic");
        let received = received.lock().unwrap();
        let [(head, body)] = received.as_slice() else { panic!("{received:?}") };
        assert!(head.starts_with("POST /activate?a=1 HTTP/1.1\r\n"), "{head}");
        assert!(head.to_ascii_lowercase().contains("content-type: application/json\r\n"), "{head}");
        assert_eq!(body, TEXT);
    }
}

#[test]
fn a_busy_service_gets_the_text_again() {
    let (server, received) =
        server(|hit| if hit == 0 { status("503 x", "") } else { ok("", b"lic") });
    assert_eq!(fetch(&posting(&server.url("/"))).whole(), b"lic");
    assert!(received.lock().unwrap().iter().all(|(_, body)| body == TEXT));
    assert_eq!(server.hits(), 2);
}

#[test]
fn a_moved_service_gets_the_text_and_an_answer_elsewhere_does_not() {
    for (redirect, method, text) in [
        ("301 x", "POST ", TEXT),
        ("307 x", "POST ", TEXT),
        ("308 x", "POST ", TEXT),
        ("302 x", "GET ", ""),
        ("303 x", "GET ", ""),
    ] {
        let (server, received) = server(move |hit| match hit {
            0 => status(redirect, "Location: /there\r\n"),
            _ => ok("", b"lic"),
        });
        assert_eq!(fetch(&posting(&server.url("/"))).whole(), b"lic");
        let received = received.lock().unwrap();
        let (head, body) = received.last().unwrap();
        assert!(head.starts_with(&format!("{method}/there ")), "{redirect}: {head}");
        assert_eq!(body, text, "{redirect}");
    }
}

#[test]
fn the_text_is_not_posted_to_another_server() {
    let (other, _) = server(|_| ok("", b"lic"));
    let to = other.url("/");
    let (server, _) = server(move |_| status("307 x", &format!("Location: {to}\r\n")));
    let message = fetch(&posting(&server.url("/"))).refusal(FailureCode::SourceRefused);
    assert!(message.contains("redirects the request to http://127.0.0.1:"), "{message}");
    assert_eq!(other.hits(), 0);
}

#[test]
fn a_refusal_is_explained_in_the_words_of_the_service() {
    let answer = |kind: &str, body: &str| {
        let head = format!("HTTP/1.1 422 x\r\nContent-Type: {kind}\r\n");
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    for (kind, body, expected) in [
        ("text/plain", "no\x1b[31m terms\n", "refuses the request: “no\\u{1b}[31m terms”"),
        ("application/problem+json; charset=utf-8", r#"{"detail":"no terms"}"#, "“no terms”"),
        ("text/html", "<p>no terms", "refuses the request (HTTP 422); ask the server's"),
        ("text/plain", "", "refuses the request (HTTP 422); ask the server's"),
    ] {
        let answer = answer(kind, body);
        let (server, _) = server(move |_| answer.clone());
        let message = fetch(&posting(&server.url("/"))).refusal(FailureCode::SourceRefused);
        assert!(message.contains(expected), "{kind}: {message}");
        assert_eq!(server.hits(), 1);
    }
    let long = answer("text/plain", &"x".repeat(100_000));
    let (server, _) = server(move |_| long.clone());
    let message = fetch(&posting(&server.url("/"))).refusal(FailureCode::SourceRefused);
    assert!(message.len() < 500 && message.contains("x…”"), "{message}");
}

#[test]
fn a_request_that_is_accepted_without_an_answer_is_asked_later() {
    let (server, _) = server(|_| status("202 Accepted", ""));
    let message = fetch(&posting(&server.url("/"))).refusal(FailureCode::SourceUnreachable);
    assert!(message.contains("has accepted the request and not answered it yet"), "{message}");
    assert_eq!(server.hits(), 1);
}

#[test]
fn a_proxy_gets_the_text_with_the_whole_address() {
    let (proxy, received) = server(|_| ok("", b"lic"));
    let proxy = through(&format!("http://{}", proxy.address));
    let request = FetchRequest { proxy, ..posting("http://licensing.example/activate") };
    assert_eq!(fetch(&request).whole(), b"lic");
    let received = received.lock().unwrap();
    let (head, body) = received.last().unwrap();
    assert!(head.starts_with("POST http://licensing.example/activate HTTP/1.1\r\n"), "{head}");
    assert_eq!(body, TEXT);
}

#[test]
fn no_text_is_posted_to_an_ftp_server() {
    let message = fetch(&posting("ftp://127.0.0.1/a")).refusal(FailureCode::SourceUnreachable);
    assert!(message.contains("post has no usable value"), "{message}");
}
