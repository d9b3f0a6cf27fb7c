//! `peers`: what programs cost beside a peer in the same run, and a failure above a bar. Runs of both
//! alternate and the fastest of each counts, since a busy machine only adds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a figure that cannot be taken is a failed test"
)]

use std::fmt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use acceptance::{World, maker, program};
use benches::import::{self, Kind, Route, Times};
use benches::service::{Figures, Other};
use benches::{device, taken, text};

const TIMES: usize = 200;

/// A figure, its peer, and how many times the peer's it may be.
struct Comparison {
    what: &'static str,
    own: Figure,
    peer: Figure,
    most: f64,
    /// The least that a process of its own can cost, which is no bar.
    floor: Option<Figure>,
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
enum Figure {
    Time(Duration),
    Kilobytes(u64),
}

impl Figure {
    fn value(self) -> f64 {
        match self {
            Self::Time(time) => time.as_secs_f64(),
            Self::Kilobytes(kilobytes) => kilobytes as f64,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "{time:.2?}"),
            Self::Kilobytes(kilobytes) => write!(f, "{kilobytes} kB"),
        }
    }
}

impl Comparison {
    fn times(what: &'static str, own: Duration, peer: Duration, most: f64) -> Self {
        Self { what, own: Figure::Time(own), peer: Figure::Time(peer), most, floor: None }
    }

    fn memory(what: &'static str, own: u64, peer: u64, most: f64) -> Self {
        let (own, peer) = (Figure::Kilobytes(own), Figure::Kilobytes(peer));
        Self { what, own, peer, most, floor: None }
    }
}

/// What is compared: `imports` alone if that is the argument.
fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let all: &[fn() -> Vec<Comparison>] = match std::env::args().nth(1).as_deref() {
        Some("imports") => &[imports],
        _ => &[verify, feature, service, imports],
    };
    for Comparison { what, own, peer, most, floor } in all.iter().flat_map(|take| take()) {
        let ratio = own.value() / peer.value();
        let verdict = if ratio <= most { "ok" } else { "ABOVE" };
        let beside = |floor: Figure| {
            format!(
                "; {:.2} of a process that does only this: {floor}",
                own.value() / floor.value()
            )
        };
        let floor = floor.map(beside).unwrap_or_default();
        println!("{verdict:<6} {what}: {ratio:.2} (at most {most}): {own} to {peer}{floor}");
        if ratio > most {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// `licctl verify` beside `minisign -V` of a file of the same size.
fn verify() -> Vec<Comparison> {
    let world = device();
    let content = maker::licence().serial(200).sign();
    let file = world.file("renewal.lic", &content);
    let [public, secret] = ["pub", "sec"].map(|kind| world.root().with_extension(kind));
    let keys = ["-p", text(&public), "-s", text(&secret)];
    program::tool("minisign", ["-G", "-W"].iter().chain(&keys));
    program::tool("minisign", ["-S", "-s", text(&secret), "-m", &file]);
    let mut own = licctl(&world, &["--direct", "verify", &file]);
    let mut peer = Command::new("minisign");
    peer.args(["-V", "-p", text(&public), "-m", &file]);
    let (own, peer) = alternate(&mut own, &mut peer);
    vec![
        Comparison::times("licctl verify to minisign -V, time", own.0, peer.0, 1.5),
        Comparison::times("licctl verify to minisign -V, CPU", own.1, peer.1, 1.5),
    ]
}

/// `licctl feature -q` beside `true`.
fn feature() -> Vec<Comparison> {
    let world = device();
    let mut own = licctl(&world, &["--direct", "feature", "-q", "os"]);
    let (own, peer) = alternate(&mut own, &mut Command::new("true"));
    vec![Comparison::times("licctl feature -q to true, time", own.0, peer.0, 2.0)]
}

/// licd beside a bare service with the same answer.
fn service() -> Vec<Comparison> {
    let world = device();
    let mut bare = Command::new(program::path("bare"));
    bare.arg(world.bus.address()).arg(world.path("/run/licd/status.json"));
    let (own, peer) = Figures::of_both(&world, bare);
    let mut comparisons = others(&world, &own);
    comparisons.extend([
        Comparison::times("licd to a bare service, start", own.start, peer.start, 1.4),
        Comparison::times("licd to a bare service, GetStatus", own.status, peer.status, 1.05),
        Comparison::times("licd to a bare service, CheckFeature", own.feature, peer.feature, 1.05),
        Comparison::memory("licd to a bare service, memory", own.memory, peer.memory, 1.4),
    ]);
    comparisons
}

/// licd beside daemons of other projects, as far as they are installed.
fn others(world: &World, own: &Figures) -> Vec<Comparison> {
    let boltd = Other {
        command: Command::new("/usr/libexec/boltd"),
        name: "org.freedesktop.bolt",
        path: "/org/freedesktop/bolt",
        property: ["org.freedesktop.bolt1.Manager", "Version"],
    };
    let mut command = Command::new("/usr/bin/rauc");
    let conf = world.file("system.conf", "[system]\ncompatible=bench\nbootloader=noop\n");
    command.args(["service", "--conf", &conf, "--override-boot-slot", "none"]);
    let rauc = Other {
        command,
        name: "de.pengutronix.rauc",
        path: "/",
        property: ["de.pengutronix.rauc.Installer", "Operation"],
    };
    let beside = |start, memory, other: Other| {
        if !Path::new(other.command.get_program()).exists() {
            println!("missing: {}", other.command.get_program().display());
            return Vec::new();
        }
        let (took, size) = other.cost(world);
        vec![
            Comparison::times(start, own.start, took, 1.0),
            Comparison::memory(memory, own.memory, size, 1.0),
        ]
    };
    let boltd = beside("licd to boltd, start", "licd to boltd, memory", boltd);
    boltd.into_iter().chain(beside("licd to rauc, start", "licd to rauc, memory", rauc)).collect()
}

/// An import of one file beside the same write by hand. None without root.
fn imports() -> Vec<Comparison> {
    if !nix::unistd::geteuid().is_root() {
        println!("needs root: licctl import");
        return Vec::new();
    }
    let compare = |what, route, kind, most| {
        let Times { import, cycle, process } = import::times(route, kind);
        Comparison {
            floor: Some(Figure::Time(process)),
            ..Comparison::times(what, import, cycle, most)
        }
    };
    vec![
        compare("import of a licence to the bare cycle", Route::Direct, Kind::New, 1.4),
        compare("import of a renewal to the bare cycle", Route::Direct, Kind::Renewal, 1.4),
        compare("import through licd to the bare cycle", Route::Daemon, Kind::New, 1.6),
    ]
}

fn licctl(world: &World, args: &[&str]) -> Command {
    let mut command = world.licctl_command();
    command.args(args);
    command
}

/// The least time and processor time of each.
fn alternate(
    own: &mut Command,
    peer: &mut Command,
) -> ((Duration, Duration), (Duration, Duration)) {
    let mut least = [(Duration::MAX, Duration::MAX); 2];
    for _ in 0..TIMES {
        for (least, command) in least.iter_mut().zip([&mut *own, &mut *peer]) {
            let (time, processor) = taken(command);
            *least = (least.0.min(time), least.1.min(processor));
        }
    }
    (least[0], least[1])
}
