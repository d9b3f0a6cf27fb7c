//! The worker in front of the server.

use std::net::SocketAddr;
use std::sync::LazyLock;

use licd_fetch::attempt;
use licd_protocol::{FetchRequest, Frame, FrameError, Url};

use crate::{Server, assert_printable, parts};

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// Fetches from the server what the first byte chooses, whatever host and port the address or a redirect
/// names, and checks what the worker hands on. Lines of `%` separate what the server sends.
///
/// # Panics
/// If the frames are not those of the protocol, too many bytes come, or the message cannot be printed or
/// holds the password.
pub fn fetch(input: &[u8], request: fn(u8) -> FetchRequest) {
    let Some((choice, sent)) = input.split_first() else { return };
    let (request, wire) = (request(*choice), parts(sent).into_iter().map(<[u8]>::to_vec).collect());
    let (limit, password) = (request.max_bytes, request.password.clone());
    let mut output = Vec::new();
    let outcome = SERVER.serve(wire, || attempt(request, |_, _| address(), &mut output));
    let file = file(&output);
    assert!(file.len() as u64 <= limit, "{} bytes", file.len());
    if let Err(failure) = outcome {
        let message = failure.to_string();
        assert_printable(&message);
        assert!(password.is_none_or(|password| !message.contains(&password)), "{message}");
        let frame = Frame::Failure(failure);
        assert!(frame.write(&mut Vec::new()).is_ok(), "the message fits no frame");
    }
}

/// A request with a login and without conditions.
///
/// # Panics
/// If the address is not one.
pub fn request(url: &str) -> FetchRequest {
    FetchRequest {
        url: Url::parse(url).unwrap(),
        user: Some("tech".to_owned()),
        password: Some("Xq7-vergissmeinnicht".to_owned()),
        ca_file: None,
        pin: None,
        pin_or_authority: false,
        proxy: None,
        no_proxy: None,
        name_ms: 1000,
        connect_ms: 5000,
        idle_ms: 5000,
        total_ms: 60_000,
        max_bytes: 1 << 20,
        etag: None,
        last_modified: None,
        clock_trusted: true,
        post: None,
    }
}

fn address() -> Vec<SocketAddr> {
    vec![SERVER.address()]
}

fn file(mut output: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    loop {
        match Frame::read(&mut output) {
            Ok(Frame::Header(_)) => file.clear(),
            Ok(Frame::Data(bytes)) => file.extend(bytes),
            Ok(Frame::Progress { .. }) => {}
            Err(FrameError::Stream(_)) if output.is_empty() => return file,
            other => panic!("{other:?}"),
        }
    }
}
