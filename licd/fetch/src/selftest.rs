//! `--self-test`: the sandbox, proved from inside.
//!
//! One line a check, `NAME: denied (…)`, `NAME: ALLOWED`, or `NAME: not decided (…)` if something
//! else than the sandbox stood in the way. What this kernel cannot do is said first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::ptrace;
use nix::sys::signal::kill;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::{Uid, chown, getppid, mkdir, setuid, unlink};

use crate::fault::system_words;
use crate::sandbox::{self, Identity, Land};

/// What became of something forbidden.
#[must_use]
enum Outcome {
    Denied(String),
    Allowed,
    Undecided(String),
}

impl Outcome {
    fn of<T>(result: io::Result<T>) -> Self {
        match result {
            Ok(_) => Self::Allowed,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Self::Denied(error.kind().to_string())
            }
            Err(error) => Self::Undecided(system_words(&error)),
        }
    }

    fn of_call<T>(result: Result<T, Errno>) -> Self {
        Self::of(result.map_err(io::Error::from))
    }
}

/// The option by which the self-test starts itself.
pub(crate) const INSIDE: &str = "--self-test-inside";

/// A check: what is tried, and how.
type Check = (&'static str, fn() -> Outcome);

const CHECKS: [Check; 18] = [
    ("create a file", || Outcome::of(File::create("/tmp/licd-fetch-self-test"))),
    ("open a file for writing", || Outcome::of(OpenOptions::new().append(true).open("/dev/null"))),
    ("make a directory", || {
        Outcome::of_call(mkdir("/tmp/licd-fetch-self-test", nix::sys::stat::Mode::S_IRWXU))
    }),
    ("remove a file", || Outcome::of_call(unlink("/etc/hosts"))),
    ("change an owner", || Outcome::of_call(chown("/etc/hosts", Some(Uid::current()), None))),
    ("read /etc/shadow", || Outcome::of(fs::read("/etc/shadow"))),
    ("read /etc/passwd", || Outcome::of(fs::read("/etc/passwd"))),
    ("read its own memory map", || Outcome::of(fs::read("/proc/self/maps"))),
    ("list the root directory", || Outcome::of(fs::read_dir("/").map(drop))),
    ("mount", || {
        Outcome::of_call(mount(Some("none"), "/tmp", Some("tmpfs"), MsFlags::empty(), None::<&str>))
    }),
    ("run a program", || Outcome::of(Command::new("/bin/true").spawn())),
    ("start a thread", || Outcome::of(thread::Builder::new().spawn(|| ()))),
    ("bind a socket", || Outcome::of(TcpListener::bind(("127.0.0.1", 0)))),
    ("talk to a local service", || Outcome::of(UnixStream::connect("/run/dbus/system_bus_socket"))),
    ("open a raw socket", || {
        Outcome::of_call(socket(AddressFamily::Inet, SockType::Raw, SockFlag::empty(), None))
    }),
    ("trace its parent", || Outcome::of_call(ptrace::attach(getppid()))),
    ("signal its parent", || Outcome::of_call(kill(getppid(), None))),
    ("become root again", || Outcome::of_call(setuid(Uid::from_raw(0)))),
];

/// Starts the test as the worker is started: as a child with a pipe and nothing else.
pub(crate) fn run(out: &mut impl Write) -> io::Result<ExitCode> {
    let inside = Command::new(std::env::current_exe()?)
        .arg(INSIDE)
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    out.write_all(&inside.stdout)?;
    Ok(if inside.status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Locks itself in and tries to get out. Fails if anything was allowed or could not be decided.
pub(crate) fn run_inside(out: &mut impl Write) -> io::Result<ExitCode> {
    sandbox::close_inherited().map_err(io::Error::other)?;
    let walls = sandbox::enter().map_err(io::Error::other)?;
    sandbox::close().map_err(io::Error::other)?;
    report(out, &walls)?;
    let mut held = true;
    for (name, attempt) in CHECKS {
        held &= line(out, name, attempt())?;
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(out: &mut impl Write, walls: &sandbox::Walls) -> io::Result<()> {
    match walls.identity {
        Identity::Dropped(uid) => writeln!(out, "user: {uid}, root no longer")?,
        Identity::OnlyUserHere => writeln!(out, "user: the only one of this user namespace")?,
        Identity::Kept(uid) => writeln!(out, "user: {uid}, as it was started")?,
    }
    let land = match walls.land {
        Land::Full => "files, serving and signals",
        Land::Partial => "part of what newer kernels do",
        Land::None => "not in this kernel; system calls are filtered nevertheless",
    };
    writeln!(out, "landlock: {land}")
}

/// Says what became of a check, and whether the wall held.
fn line(out: &mut impl Write, name: &str, outcome: Outcome) -> io::Result<bool> {
    match outcome {
        Outcome::Denied(why) => writeln!(out, "{name}: denied ({why})").map(|()| true),
        Outcome::Allowed => writeln!(out, "{name}: ALLOWED").map(|()| false),
        Outcome::Undecided(why) => writeln!(out, "{name}: not decided ({why})").map(|()| false),
    }
}
