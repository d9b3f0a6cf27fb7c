//! A proxy.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::thread;

use super::{Server, ok};

/// Answers every plain request with this file, and opens a tunnel to any host on request.
pub fn start(file: impl Into<Vec<u8>>) -> Server {
    let answer = ok("", file.into());
    Server::http(move |head, mut stream| match head.strip_prefix("CONNECT ") {
        Some(rest) => {
            let target = rest.split(' ').next().unwrap();
            let far = TcpStream::connect(target).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 connected\r\n\r\n");
            join(stream, far);
        }
        None => drop(stream.write_all(&answer)),
    })
}

/// Copies bytes in both directions until one side closes.
fn join(near: TcpStream, far: TcpStream) {
    let (mut from_near, mut to_far) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let there = thread::spawn(move || drop(io::copy(&mut from_near, &mut to_far)));
    let (mut from_far, mut to_near) = (far, near);
    let _ = io::copy(&mut from_far, &mut to_near);
    let _ = to_near.shutdown(std::net::Shutdown::Both);
    let _ = there.join();
}
