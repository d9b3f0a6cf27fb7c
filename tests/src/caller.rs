//! Callers that speak the bus protocol themselves, because no library calls as a hostile user can.

use std::io::{self, BufRead as _, BufReader, IoSlice, Read, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use zbus::Message;

/// The first bytes of a message, which tell its kind and length.
const HEAD: usize = 16;
/// The kinds of messages that answer a call: a method's return, and an error.
const ANSWERS: [u8; 2] = [2, 3];

/// Connects to a bus as the user that this process runs as. The answer to its `Hello` is the first
/// message to read.
///
/// # Panics
/// If the bus refuses.
#[must_use]
pub fn connect(socket: &Path) -> UnixStream {
    let mut stream = UnixStream::connect(socket).unwrap();
    let user: String =
        nix::unistd::geteuid().to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
    let hello = Message::method_call("/org/freedesktop/DBus", "Hello")
        .destination("org.freedesktop.DBus")
        .interface("org.freedesktop.DBus")
        .build(&())
        .unwrap();
    write!(stream, "\0AUTH EXTERNAL {user}\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n").unwrap();
    let mut answers = BufReader::with_capacity(1, stream.try_clone().unwrap());
    for _ in 0..2 {
        answers.read_line(&mut String::new()).unwrap();
    }
    stream.write_all(hello.data().bytes()).unwrap();
    stream
}

/// Sends the start of a message with these descriptors; returns how many bytes.
///
/// # Errors
/// Those of sendmsg(2).
pub fn send(stream: &UnixStream, bytes: &[u8], descriptors: &[RawFd]) -> nix::Result<usize> {
    let rights = [ControlMessage::ScmRights(descriptors)];
    let rights = if descriptors.is_empty() { &[] } else { &rights[..] };
    let bytes = [IoSlice::new(bytes)];
    sendmsg::<()>(stream.as_raw_fd(), &bytes, rights, MsgFlags::MSG_NOSIGNAL, None)
}

/// Reads one message; returns its kind.
///
/// # Errors
/// Those of reading.
pub fn receive(stream: &mut impl Read) -> io::Result<u8> {
    let mut head = [0; HEAD];
    stream.read_exact(&mut head)?;
    let number = |at: usize| u64::from(u32::from_le_bytes(head[at..at + 4].try_into().unwrap()));
    let rest = number(12).next_multiple_of(8) + number(4);
    io::copy(&mut stream.take(rest), &mut io::sink())?;
    Ok(head[1])
}

/// Whether a message of this kind answers a call.
#[must_use]
pub fn is_answer(kind: u8) -> bool {
    ANSWERS.contains(&kind)
}

/// Whether a message of this kind is an error.
#[must_use]
pub fn is_error(kind: u8) -> bool {
    kind == ANSWERS[1]
}
