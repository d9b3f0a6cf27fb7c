//! The worker in front of the server.

use std::net::SocketAddr;
use std::sync::LazyLock;

use licd_fetch::attempt;
use licd_protocol::{FetchFailure, FetchRequest, Frame, FrameError};

use crate::{Server, Wire, assert_printable};

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// Fetches from the server, whatever host and port the address or a redirect names, and checks what the
/// worker hands on.
///
/// # Panics
/// If the frames are not those of the protocol, too many bytes come, or the message cannot be printed or
/// holds the password.
pub fn fetched(request: FetchRequest, wire: Wire) -> Result<Vec<u8>, FetchFailure> {
    let (limit, password) = (request.max_bytes, request.password.clone());
    let mut output = Vec::new();
    let outcome = SERVER.serve(wire, || attempt(request, |_, _| address(), &mut output));
    let file = file(&output);
    assert!(file.len() as u64 <= limit, "{} bytes", file.len());
    if let Err(failure) = &outcome {
        let message = failure.to_string();
        assert_printable(&message);
        assert!(password.is_none_or(|password| !message.contains(&password)), "{message}");
        let frame = Frame::Failure(failure.clone());
        assert!(frame.write(&mut Vec::new()).is_ok(), "the message fits no frame");
    }
    outcome.map(|()| file)
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
