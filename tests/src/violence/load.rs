//! What loads the bus during a round.

use std::collections::HashMap;
use std::io::{self, BufReader, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use zbus::{Fd, Message, Variant};

use super::plan::{Load, Round};
use super::watch::Watch;
use crate::caller;
use crate::client::{MANAGER, NAME, PATH};
use crate::program;
use crate::random::Random;
use crate::wait::DEADLINE;
use crate::world::World;

/// How long callers load the bus in a round.
const TIME: Duration = Duration::from_secs(2);
/// Callers at once.
const CROWD: usize = 1000;
/// Descriptors that give nothing.
const STALLED: usize = 64;
/// Calls of a caller that vanishes, at most.
const CALLS: usize = 8;

/// What was sent in a round.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    pub(super) callers: u64,
    pub(super) calls: u64,
    /// The calls of floods, and their seconds.
    pub(super) flood: (u64, f64),
    pub(super) stalled: u64,
}

/// Loads the bus of a device for a while.
pub(super) fn run(world: &World, round: &Round, watch: &Watch<'_>) -> Sent {
    let socket = world.bus.socket();
    let mut random = Random(round.number);
    match round.load {
        Load::None => Sent::default(),
        Load::Vanishing => vanish(&socket, &mut random),
        Load::Crowd => crowd(&socket, round, watch),
        Load::Flood(kinds) => flood(world, kinds, watch),
        Load::Stalled => stall(&socket),
    }
}

fn call(member: &'static str) -> zbus::message::Builder<'static> {
    Message::method_call(PATH, member).destination(NAME).interface(MANAGER)
}

/// Sends a message whole. The bus may have closed the connection.
fn send(stream: &UnixStream, message: &Message) {
    let descriptors: Vec<_> =
        message.data().fds().iter().map(|descriptor| descriptor.as_raw_fd()).collect();
    let bytes = message.data().bytes();
    loop {
        match caller::send(stream, bytes, &descriptors) {
            // Too many descriptors are on their way.
            Err(Errno::ETOOMANYREFS) => std::thread::yield_now(),
            // Such short messages are sent in one piece.
            _ => return,
        }
    }
}

/// The import of a descriptor.
fn import(descriptor: Fd<'_>) -> Message {
    let options = HashMap::<&str, Variant<'_>>::new();
    call("ImportFd").build(&(descriptor, "caller.lic", options)).unwrap()
}

/// Callers that call and disconnect at once.
fn vanish(socket: &Path, random: &mut Random) -> Sent {
    let mut sent = Sent::default();
    let plain = ["GetStatus", "Refresh", "ListServices", "Poll"]
        .map(|member| call(member).build(&()).unwrap());
    let options = HashMap::<&str, Variant<'_>>::new();
    let removal = call("Remove").build(&("pack:NO-SUCH", options)).unwrap();
    let began = Instant::now();
    while began.elapsed() < TIME {
        let stream = caller::connect(socket);
        for _ in 0..random.below(CALLS) {
            match random.below(plain.len() + 2) {
                0 => send(&stream, &removal),
                1 => {
                    let (reader, mut writer) = io::pipe().unwrap();
                    writer.write_all(b"igel.com/license/v1\npack ").unwrap();
                    send(&stream, &import(Fd::from(reader.as_fd())));
                }
                other => send(&stream, &plain[other - 2]),
            }
            sent.calls += 1;
        }
        sent.callers += 1;
    }
    sent
}

/// A thousand callers that all wait for their answers.
fn crowd(socket: &Path, round: &Round, watch: &Watch<'_>) -> Sent {
    let status = call("GetStatus").build(&()).unwrap();
    let callers: Vec<_> = (0..CROWD).map(|_| caller::connect(socket)).collect();
    for stream in &callers {
        send(stream, &status);
    }
    let unanswered = callers.iter().filter(|stream| !is_answered(stream)).count();
    // A licd that is killed leaves them without an answer.
    if unanswered > 0 && round.kill.is_none() {
        watch.wrong(format!("{unanswered} of {CROWD} callers at once have no answer"));
    }
    let count = u64::try_from(CROWD).unwrap();
    Sent { callers: count, calls: count, ..Sent::default() }
}

/// Whether the answer to the one call after `Hello` is no error.
fn is_answered(stream: &UnixStream) -> bool {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut stream = BufReader::new(stream);
    let mut answer = || loop {
        match caller::receive(&mut stream) {
            Ok(kind) if caller::is_answer(kind) => return !caller::is_error(kind),
            Ok(_) => {}
            Err(_) => return false,
        }
    };
    answer() && answer()
}

/// Programs that call without end, as an ordinary user if this process may switch users.
fn flood(world: &World, kinds: [&str; 2], watch: &Watch<'_>) -> Sent {
    let began = Instant::now();
    let floods = kinds.map(|kind| start(world, kind));
    let mut calls = 0;
    for flood in floods {
        let flood = flood.wait_with_output().unwrap();
        let text = String::from_utf8(flood.stdout).unwrap();
        let count = text.split(' ').next().and_then(|count| count.parse::<u64>().ok());
        match count {
            Some(count) if flood.status.success() => calls += count,
            _ => watch.wrong(format!("a flood ends early: {text}")),
        }
    }
    Sent { callers: 2, calls, flood: (calls, began.elapsed().as_secs_f64()), stalled: 0 }
}

fn start(world: &World, kind: &str) -> Child {
    let dir = world.root().parent().unwrap();
    let mut command = program::as_user(&program::path("flood"), dir);
    let socket = world.bus.socket();
    let words = [kind, socket.to_str().unwrap(), &TIME.as_secs().to_string()];
    command.args(words).stdout(Stdio::piped()).spawn().unwrap()
}

/// Imports of pipes that give half a licence and stay open.
fn stall(socket: &Path) -> Sent {
    let stalled: Vec<_> = (0..STALLED)
        .map(|_| {
            let (reader, mut writer) = io::pipe().unwrap();
            writer.write_all(b"igel.com/license/v1\npack ").unwrap();
            let stream = caller::connect(socket);
            send(&stream, &import(Fd::from(reader.as_fd())));
            (stream, writer)
        })
        .collect();
    // For so long they give nothing.
    std::thread::sleep(TIME);
    let count = u64::try_from(stalled.len()).unwrap();
    Sent { callers: count, calls: count, stalled: count, ..Sent::default() }
}
