//! The tracer on system programs whose calls are known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::faults::calls::{ERRORS, is_counted};
use acceptance::faults::point::{Aim, Fault, Place, Point};
use acceptance::faults::tracer::{End, Trace, Traced};
use acceptance::harness::Story;
use acceptance::story;
use acceptance::wait::DEADLINE;
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;

pub(crate) const STORIES: &[Story] = &[
    story!(a_call_that_fails_returns_the_error_and_is_not_carried_out),
    story!(every_error_reaches_the_program),
    story!(a_single_failure_spares_later_calls_and_a_lasting_one_does_not),
    story!(a_descriptor_is_closed_even_if_closing_it_fails),
    story!(a_program_can_be_killed_before_or_after_a_call),
    story!(threads_and_children_are_followed_and_end_with_the_program),
    story!(a_signal_reaches_the_program_that_is_traced),
    story!(calls_have_the_same_names_in_every_run),
    story!(calls_that_concern_only_the_process_are_not_counted),
    story!(a_looping_program_is_killed),
    story!(a_point_has_one_name),
];

/// A directory with the files `a` and `b` in it.
fn files() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| {
        fs::write(dir.path().join(name), name).unwrap();
        dir.path().join(name)
    });
    (dir, a, b)
}

/// A command by absolute path and without a locale, which avoids search calls.
fn command(program: &str, args: &[&Path]) -> Command {
    let mut command = Command::new(Path::new("/bin").join(program));
    command.args(args).env("LC_ALL", "C");
    command
}

fn shell(script: &str, args: &[&Path]) -> Command {
    let mut command = command("sh", &["-c".as_ref(), script.as_ref(), "sh".as_ref()]);
    command.args(args);
    command
}

/// The place of a command's first call with this name and object.
fn place(command: &Command, name: &str, about: &Path) -> Place {
    let trace = Traced::start(command, None).wait(DEADLINE);
    let is = |call: &acceptance::faults::calls::Call| {
        call.name == name && Path::new(&call.about) == about
    };
    let found = trace.calls.iter().find(|(_, call)| is(call));
    found.unwrap_or_else(|| panic!("no {name} of {} in {trace:?}", about.display())).0
}

/// Runs a command with a fault at its first call with this name and object.
fn at(command: &Command, name: &str, about: &Path, fault: Fault) -> Trace {
    let aim = Aim { place: place(command, name, about), fault };
    let trace = Traced::start(command, Some(aim)).wait(DEADLINE);
    assert_eq!(trace.hit.as_ref().unwrap().name, name);
    trace
}

fn a_call_that_fails_returns_the_error_and_is_not_carried_out() {
    let (_dir, a, b) = files();
    let cat = command("cat", &[&a]);
    let unread = at(&cat, "read", &a, Fault::Fail(Errno::EIO));
    assert_eq!((unread.end, &*unread.out), (End::Exited(1), ""));
    assert!(unread.err.contains("Input/output error"), "{unread:?}");
    let unopened = at(&cat, "openat", &a, Fault::Fail(Errno::EMFILE));
    assert_eq!((unopened.end, &*unopened.out), (End::Exited(1), ""));
    assert!(unopened.err.contains("Too many open files"), "{unopened:?}");
    let rm = command("rm", &["-f".as_ref(), &b]);
    let place = place(&rm, "unlinkat", &b);
    fs::write(&b, "b").unwrap();
    let aim = Aim { place, fault: Fault::Fail(Errno::EROFS) };
    let kept = Traced::start(&rm, Some(aim)).wait(DEADLINE);
    assert_eq!(kept.end, End::Exited(1));
    assert!(kept.err.contains("Read-only file system") && b.exists(), "{kept:?}");
}

fn every_error_reaches_the_program() {
    let (_dir, a, _) = files();
    for errno in ERRORS {
        // Opening a file for reading cannot return all of them.
        let truncate = command("truncate", &["--size=0".as_ref(), &a]);
        let trace = at(&truncate, "openat", &a, Fault::Fail(errno));
        assert_eq!(trace.end, End::Exited(1), "{errno}");
        let error = std::io::Error::from_raw_os_error(errno as i32).to_string();
        let (words, _) = error.split_once(" (").unwrap();
        assert!(trace.err.contains(words), "{errno}: {trace:?}");
    }
}

fn a_single_failure_spares_later_calls_and_a_lasting_one_does_not() {
    let (_dir, a, b) = files();
    let cat = command("cat", &[&a, &b]);
    let once = at(&cat, "read", &a, Fault::Fail(Errno::EIO));
    assert_eq!((once.end, &*once.out), (End::Exited(1), "b"));
    let onward = at(&cat, "read", &a, Fault::FailOnward(Errno::EIO));
    assert_eq!((onward.end, &*onward.out), (End::Exited(1), ""));
    // Calls that cannot return this error succeed.
    assert_eq!(onward.err.lines().count(), 2, "{onward:?}");
}

fn a_descriptor_is_closed_even_if_closing_it_fails() {
    let (_dir, a, _) = files();
    let script = "exec 5>\"$1\"; exec 5>&-; [ -e /proc/$$/fd/5 ] || echo closed";
    let trace = at(&shell(script, &[&a]), "close", &a, Fault::Fail(Errno::EIO));
    assert_eq!(trace.out.trim(), "closed", "{trace:?}");
}

fn a_program_can_be_killed_before_or_after_a_call() {
    for (fault, is_moved) in [(Fault::KillBefore, false), (Fault::KillAfter, true)] {
        let (dir, a, _) = files();
        let to = dir.path().join("c");
        let mv = command("mv", &[&a, &to]);
        let place = place(&mv, "renameat2", &a);
        fs::rename(&to, &a).unwrap();
        let trace = Traced::start(&mv, Some(Aim { place, fault })).wait(DEADLINE);
        assert_eq!(trace.end, End::Killed(Signal::SIGKILL));
        assert_eq!((a.exists(), to.exists()), (!is_moved, is_moved), "{fault:?}");
    }
}

fn threads_and_children_are_followed_and_end_with_the_program() {
    let (_dir, a, _) = files();
    let child = shell("/bin/cat \"$1\"; echo $?", &[&a]);
    let trace = at(&child, "read", &a, Fault::Fail(Errno::EIO));
    assert_eq!((trace.end, trace.out.trim()), (End::Exited(0), "1"));
    // A child that would outlive the program.
    let left = shell("/bin/sleep 600 & exec /bin/cat \"$1\"", &[&a]);
    let trace = at(&left, "read", &a, Fault::KillAfter);
    assert_eq!(trace.end, End::Killed(Signal::SIGKILL));
}

fn a_signal_reaches_the_program_that_is_traced() {
    let trace =
        Traced::start(&shell("trap 'exit 7' TERM; kill -TERM $$", &[]), None).wait(DEADLINE);
    assert_eq!(trace.end, End::Exited(7));
    let trace = Traced::start(&shell("kill -TERM $$", &[]), None).wait(DEADLINE);
    assert_eq!(trace.end, End::Killed(Signal::SIGTERM));
}

fn calls_have_the_same_names_in_every_run() {
    let (_dir, a, _) = files();
    let child = shell("/bin/cat \"$1\"; exec /bin/cat \"$1\"", &[&a]);
    let calls = || {
        let trace = Traced::start(&child, None).wait(DEADLINE);
        // A pipe's inode number differs in every run.
        let named = |about: &str| about.split(':').next().unwrap().to_owned();
        let calls = trace.calls.into_iter();
        let mut calls: Vec<_> = calls.map(|(at, c)| (at, c.name, named(&c.about))).collect();
        calls.sort();
        calls
    };
    let first = calls();
    assert!(first.len() > 10);
    assert_eq!(first, calls());
}

fn calls_that_concern_only_the_process_are_not_counted() {
    for number in [libc::SYS_mmap, libc::SYS_futex, libc::SYS_getpid, libc::SYS_exit_group] {
        assert!(!is_counted(number));
    }
    let trace = Traced::start(&command("true", &[]), None).wait(DEADLINE);
    // The loader opens libraries.
    let is_loaders = |about: &str| about.contains(".so");
    assert!(!trace.calls.iter().any(|(_, call)| is_loaders(&call.about)), "{trace:?}");
}

fn a_looping_program_is_killed() {
    let trace = Traced::start(&shell("while :; do : </dev/null; done", &[]), None).wait(DEADLINE);
    assert_eq!(trace.end, End::Hung);
}

fn a_point_has_one_name() {
    for name in [
        "import licctl:17 EIO once",
        "start survey.2:0 ENOMEM onward",
        "trust licctl:1 kill before",
    ] {
        assert_eq!(name.parse::<Point>().unwrap().to_string(), name);
    }
    for name in ["", "import", "import a:17 EIO", "import 17 EIO once", "import a:1 ELOOP once"] {
        assert!(name.parse::<Point>().is_err(), "{name}");
    }
}
