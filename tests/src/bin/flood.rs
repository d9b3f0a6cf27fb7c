//! `flood KIND SOCKET SECONDS`: calls the daemon without end, as a hostile user could, and prints
//! the number of calls.
//!
//! It implements the bus protocol itself, because no library sends such messages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a flood that cannot be made is a failed test"
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IoSlice, Read, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::client::{MANAGER, NAME, PATH, PROPERTIES};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use zbus::message::Flags;
use zbus::{Fd, Message, Variant};

/// The number of unanswered calls: less than the bus's limit, beyond which the bus itself would
/// answer.
const WINDOW: u64 = 100;
/// The bus's limit of a message's length.
const LONG: usize = 31 << 20;
/// The system bus's limit of descriptors in a message.
const DESCRIPTORS: usize = 16;

/// A message that is sent repeatedly.
struct Payload {
    bytes: Vec<u8>,
    descriptors: Vec<RawFd>,
    is_answered: bool,
}

fn call(interface: &str, member: &str, flags: Flags) -> zbus::message::Builder<'static> {
    let call = Message::method_call(PATH, member.to_owned()).destination(NAME);
    call.interface(interface.to_owned()).with_flags(flags)
}

fn shot(message: &Message) -> Payload {
    let descriptors = message.data().fds().iter().map(|fd| fd.as_raw_fd()).collect();
    // The message and its descriptors live until the program exits.
    std::mem::forget(message.clone());
    let is_answered = !message.header().primary().flags().contains(Flags::NO_REPLY_EXPECTED);
    Payload { bytes: message.data().bytes().to_vec(), descriptors, is_answered }
}

fn shots(kind: &str) -> Vec<Payload> {
    let plain = |interface: &str, member: &str| {
        shot(&call(interface, member, Flags::empty()).build(&()).unwrap())
    };
    match kind {
        "small" => vec![
            plain(MANAGER, "GetStatus"),
            plain(MANAGER, "ListServices"),
            shot(&call(MANAGER, "CheckFeature", Flags::empty()).build(&"os").unwrap()),
        ],
        "status" | "deaf" => vec![plain(MANAGER, "GetStatus")],
        "objects" => vec![
            plain("org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
            plain("org.freedesktop.DBus.Introspectable", "Introspect"),
            shot(&call(PROPERTIES, "GetAll", Flags::empty()).build(&MANAGER).unwrap()),
            plain("org.freedesktop.DBus.Peer", "Ping"),
        ],
        "silent" => ["GetStatus", "Refresh", "Poll", "CheckFeature"]
            .iter()
            .map(|member| {
                shot(&call(MANAGER, member, Flags::NO_REPLY_EXPECTED).build(&()).unwrap())
            })
            .collect(),
        "slow" => vec![plain(MANAGER, "Refresh"), plain(MANAGER, "Poll")],
        "long" => ["ApplySettings", "CheckFeature", "GetStatus"]
            .iter()
            .map(|member| {
                shot(&call(MANAGER, member, Flags::empty()).build(&"x".repeat(LONG)).unwrap())
            })
            .collect(),
        "descriptors" => descriptors(),
        "odd" => odd(),
        other => panic!("{other}: no kind of flood"),
    }
}

fn descriptors() -> Vec<Payload> {
    let null = || Fd::from(std::os::fd::OwnedFd::from(File::open("/dev/null").unwrap()));
    let many = || (0..DESCRIPTORS).map(|_| null()).collect::<Vec<_>>();
    let mut shots: Vec<_> = ["GetStatus", "ImportFd", "Refresh"]
        .iter()
        .map(|member| shot(&call(MANAGER, member, Flags::empty()).build(&many()).unwrap()))
        .collect();
    let options = HashMap::<&str, Variant<'_>>::new();
    let import = call(MANAGER, "ImportFd", Flags::empty()).build(&(null(), "x", options));
    shots.push(shot(&import.unwrap()));
    shots
}

/// Messages other than calls, and calls of missing methods.
fn odd() -> Vec<Payload> {
    let mut unknown = shot(&call(MANAGER, "GetStatus", Flags::empty()).build(&()).unwrap());
    unknown.bytes[1] = 5;
    unknown.is_answered = false;
    let signal = Message::signal(PATH, "org.freedesktop.DBus", "NameOwnerChanged");
    let signal = signal.destination(NAME).build(&(NAME, NAME, "")).unwrap();
    let long_path = format!("/{}", "x".repeat(100_000));
    let far = Message::method_call(long_path, "GetStatus").destination(NAME);
    let far = far.with_flags(Flags::NO_REPLY_EXPECTED);
    vec![
        unknown,
        Payload { is_answered: false, ..shot(&signal.clone()) },
        shot(&far.build(&()).unwrap()),
        shot(&call(MANAGER, "Fly", Flags::empty()).build(&()).unwrap()),
        shot(&call("com.igel.None", "Fly", Flags::empty()).build(&()).unwrap()),
    ]
}

/// Connects as the user that this process runs as.
fn connect(socket: &str) -> UnixStream {
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

/// Reads answers and counts them.
fn listen(stream: UnixStream, answers: &AtomicU64) {
    let mut stream = BufReader::with_capacity(1 << 16, stream);
    let mut head = [0; 16];
    while stream.read_exact(&mut head).is_ok() {
        let number =
            |at: usize| u64::from(u32::from_le_bytes(head[at..at + 4].try_into().unwrap()));
        let rest = number(12).next_multiple_of(8) + number(4);
        if io::copy(&mut (&mut stream).take(rest), &mut io::sink()).is_err() {
            return;
        }
        if head[1] == 2 || head[1] == 3 {
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn fire(stream: &UnixStream, shot: &Payload, end: Instant) -> bool {
    let mut at = 0;
    while at < shot.bytes.len() {
        let rights = [ControlMessage::ScmRights(&shot.descriptors)];
        let rights = if at == 0 && !shot.descriptors.is_empty() { &rights[..] } else { &[] };
        let bytes = [IoSlice::new(&shot.bytes[at..])];
        match sendmsg::<()>(stream.as_raw_fd(), &bytes, rights, MsgFlags::MSG_NOSIGNAL, None) {
            Ok(sent) => at += sent,
            // Too many descriptors in flight, or the bus is not reading.
            Err(Errno::ETOOMANYREFS | Errno::EAGAIN) if Instant::now() < end => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(_) => return false,
        }
    }
    true
}

fn main() {
    let words: Vec<_> = std::env::args().collect();
    let [_, kind, socket, seconds] = &words[..] else { panic!("flood KIND SOCKET SECONDS") };
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let mut shots = shots(kind);
    let stream = connect(socket);
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    // The first answer is that to Hello.
    let answers = Arc::new(AtomicU64::new(0));
    if kind != "deaf" {
        let (own, heard) = (stream.try_clone().unwrap(), Arc::clone(&answers));
        thread::spawn(move || listen(own, &heard));
    }
    let (mut serial, mut asked) = (1_u32, 1);
    'flood: while Instant::now() < end {
        for shot in &mut shots {
            while kind != "deaf"
                && asked - answers.load(Ordering::Relaxed).min(asked) >= WINDOW
                && Instant::now() < end
            {
                thread::sleep(Duration::from_micros(200));
            }
            serial += 1;
            shot.bytes[8..12].copy_from_slice(&serial.to_le_bytes());
            if !fire(&stream, shot, end) {
                break 'flood;
            }
            asked += u64::from(shot.is_answered);
        }
    }
    // A client that does not read must stay connected, or the bus would drop its queue.
    if kind == "deaf" {
        thread::sleep(end.saturating_duration_since(Instant::now()));
    }
    println!("{serial} {}", answers.load(Ordering::Relaxed));
}
