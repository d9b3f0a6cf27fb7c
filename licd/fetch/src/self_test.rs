//! `--self-test`: tests the sandbox from inside.
//!
//! It prints the features of this kernel, then one line per check: `NAME: denied (…)`,
//! `NAME: ALLOWED`, or `NAME: not decided (…)` if another error came before the sandbox.

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

use crate::error::system_message;
use crate::sandbox::{self, Confinement, Identity, LandlockStatus};

/// The result of a forbidden action.
#[must_use]
enum CheckResult {
    Denied(String),
    Allowed,
    Undecided(String),
}

impl CheckResult {
    fn of<T>(result: io::Result<T>) -> Self {
        match result {
            Ok(_) => Self::Allowed,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Self::Denied(error.kind().to_string())
            }
            Err(error) => Self::Undecided(system_message(&error)),
        }
    }

    fn of_call<T>(result: Result<T, Errno>) -> Self {
        Self::of(result.map_err(io::Error::from))
    }
}

/// The option of the child process.
pub(crate) const INSIDE: &str = "--self-test-inside";

/// The name of a forbidden action, and the attempt.
type Check = (&'static str, fn() -> CheckResult);

const CHECKS: [Check; 18] = [
    ("create a file", || CheckResult::of(File::create("/tmp/licd-fetch-self-test"))),
    ("open a file for writing", || {
        CheckResult::of(OpenOptions::new().append(true).open("/dev/null"))
    }),
    ("make a directory", || {
        CheckResult::of_call(mkdir("/tmp/licd-fetch-self-test", nix::sys::stat::Mode::S_IRWXU))
    }),
    ("remove a file", || CheckResult::of_call(unlink("/etc/hosts"))),
    ("change an owner", || CheckResult::of_call(chown("/etc/hosts", Some(Uid::current()), None))),
    ("read /etc/shadow", || CheckResult::of(fs::read("/etc/shadow"))),
    ("read /etc/passwd", || CheckResult::of(fs::read("/etc/passwd"))),
    ("read its own memory map", || CheckResult::of(fs::read("/proc/self/maps"))),
    ("list the root directory", || CheckResult::of(fs::read_dir("/").map(drop))),
    ("mount", || {
        CheckResult::of_call(mount(
            Some("none"),
            "/tmp",
            Some("tmpfs"),
            MsFlags::empty(),
            None::<&str>,
        ))
    }),
    ("run a program", || CheckResult::of(Command::new("/bin/true").spawn())),
    ("start a thread", || CheckResult::of(thread::Builder::new().spawn(|| ()))),
    ("bind a socket", || CheckResult::of(TcpListener::bind(("127.0.0.1", 0)))),
    ("talk to a local service", || {
        CheckResult::of(UnixStream::connect("/run/dbus/system_bus_socket"))
    }),
    ("open a raw socket", || {
        CheckResult::of_call(socket(AddressFamily::Inet, SockType::Raw, SockFlag::empty(), None))
    }),
    ("trace its parent", || CheckResult::of_call(ptrace::attach(getppid()))),
    ("signal its parent", || CheckResult::of_call(kill(getppid(), None))),
    ("become root again", || CheckResult::of_call(setuid(Uid::from_raw(0)))),
];

/// Runs the test in a child process, started like a worker: with a pipe and nothing else.
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

/// Enters the sandbox and tries to escape. It fails if an action was allowed or not decided.
pub(crate) fn run_inside(out: &mut impl Write) -> io::Result<ExitCode> {
    sandbox::close_inherited_descriptors().map_err(io::Error::other)?;
    let confinement = sandbox::confine().map_err(io::Error::other)?;
    sandbox::filter_system_calls().map_err(io::Error::other)?;
    report(out, &confinement)?;
    let mut passed = true;
    for (name, attempt) in CHECKS {
        passed &= print_result(out, name, attempt())?;
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(out: &mut impl Write, confinement: &Confinement) -> io::Result<()> {
    match confinement.identity {
        Identity::Dropped(uid) => writeln!(out, "user: {uid}, root no longer")?,
        Identity::SoleUser => writeln!(out, "user: the only one of this user namespace")?,
        Identity::Kept(uid) => writeln!(out, "user: {uid}, as it was started")?,
    }
    let landlock = match confinement.landlock {
        LandlockStatus::Full => "files, serving and signals",
        LandlockStatus::Partial => "part of what newer kernels do",
        LandlockStatus::None => "not in this kernel; system calls are filtered nevertheless",
    };
    writeln!(out, "landlock: {landlock}")
}

/// Prints the result of a check. Returns whether the sandbox denied the action.
fn print_result(out: &mut impl Write, name: &str, result: CheckResult) -> io::Result<bool> {
    match result {
        CheckResult::Denied(why) => writeln!(out, "{name}: denied ({why})").map(|()| true),
        CheckResult::Allowed => writeln!(out, "{name}: ALLOWED").map(|()| false),
        CheckResult::Undecided(why) => writeln!(out, "{name}: not decided ({why})").map(|()| false),
    }
}
