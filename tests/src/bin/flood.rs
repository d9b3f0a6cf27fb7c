//! `flood KIND SOCKET SECONDS`: calls the daemon without end, as a hostile user could, and prints
//! the number of calls.
//!
//! It speaks the bus protocol itself, because no library sends such messages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a flood that cannot be made is a failed test"
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::caller;
use acceptance::client::{MANAGER, NAME, PATH, PROPERTIES};
use nix::errno::Errno;
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

/// Reads answers and counts them.
fn listen(stream: UnixStream, answers: &AtomicU64) {
    let mut stream = BufReader::with_capacity(1 << 16, stream);
    while let Ok(kind) = caller::receive(&mut stream) {
        if caller::is_answer(kind) {
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn fire(stream: &UnixStream, shot: &Payload, end: Instant) -> bool {
    let mut at = 0;
    while at < shot.bytes.len() {
        let descriptors = if at == 0 { &shot.descriptors[..] } else { &[] };
        match caller::send(stream, &shot.bytes[at..], descriptors) {
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
    let stream = caller::connect(Path::new(socket));
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
