//! What the kernel had no descriptor for when licd started is watched later.

use std::fs;

use acceptance::World;
use acceptance::faults::point::{Aim, Fault, ThreadName};
use acceptance::faults::tracer::{End, Trace, Traced};
use acceptance::harness::Story;
use acceptance::story;
use acceptance::wait::{self, DEADLINE};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(mounts_that_could_not_be_watched_are_named_and_watched_later),
    story!(a_clock_that_could_not_be_watched_is_named_and_watched_later),
    story!(interfaces_that_could_not_be_watched_are_named_and_watched_later),
    story!(the_alarm_of_a_poll_that_could_not_be_set_is_set_later),
    story!(what_the_kernel_forbids_to_watch_is_no_problem),
];

/// A device with the hardware of this machine, whose events licd listens to, and a link that it polls later.
fn world() -> World {
    let world = World::new();
    let link = "[system.remotemanager]\nlicense_urls = [\"https://127.0.0.1/a.lic\"]\n";
    world.write("/etc/licd/settings.toml", link);
    for tree in ["/sys", "/proc"] {
        fs::remove_dir_all(world.path(tree)).unwrap();
    }
    world
}

/// Runs licd until this is true of its process.
fn run(world: &World, aim: Option<Aim>, is_right: impl Fn(Pid) -> bool) -> Trace {
    let mut licd = world.program("licd");
    licd.arg("--bus").arg(world.bus.address());
    let licd = Traced::start(&licd, aim);
    let right = wait::within(DEADLINE, || is_right(licd.pid()).then_some(()));
    let _ = kill(licd.pid(), Signal::SIGTERM);
    let trace = licd.wait(DEADLINE);
    assert!(right.is_some(), "{trace:?}");
    assert_eq!(trace.end, End::Exited(0), "{trace:?}");
    trace
}

/// Whether licd has published a report that names nothing that is not watched.
fn is_watched(world: &World) -> bool {
    let report = fs::read(world.path("/run/licd/status.json")).ok();
    let report = report.and_then(|report| serde_json::from_slice::<Value>(&report).ok());
    report.is_some_and(|report| !report["problems"].to_string().contains("not watched"))
}

/// The number of timers of a process.
fn timers(pid: Pid) -> usize {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets.filter(|target| target.as_os_str() == "anon_inode:[timerfd]").count()
}

/// Runs licd with this error of one of the calls of its loop, with this name and object, the first or a later
/// one, until it is right. Returns what it said.
fn failing(
    (name, about, nth): (&str, &str, usize),
    errno: Errno,
    is_right: impl Fn(&World, Pid) -> bool,
) -> String {
    let run = |aim| {
        let world = world();
        run(&world, aim, |pid| is_right(&world, pid))
    };
    let calls = run(None).calls;
    let found = calls.iter().filter(|(_, call)| call.name == name && call.about == about);
    let mut found = found.filter(|(place, _)| place.thread == ThreadName::named("licd"));
    let place = found.nth(nth).unwrap_or_else(|| panic!("no {name} in {calls:?}")).0;
    let trace = run(Some(Aim { place, fault: Fault::Fail(errno) }));
    assert!(trace.hit.is_some(), "{trace:?}");
    trace.err
}

const MOUNTS: (&str, &str, usize) = ("openat", "/proc/self/mountinfo", 0);
const CLOCK: (&str, &str, usize) = ("timerfd_create", "", 0);
/// After the timers of the clock, of the bus and of the next change by time.
const POLL: (&str, &str, usize) = ("timerfd_create", "", 3);
const LINKS: (&str, &str, usize) = ("socket", "", 0);

fn mounts_that_could_not_be_watched_are_named_and_watched_later() {
    let said = failing(MOUNTS, Errno::EMFILE, |world, _| is_watched(world));
    assert!(said.contains("mounts: are not watched, because"), "{said}");
}

fn a_clock_that_could_not_be_watched_is_named_and_watched_later() {
    let said = failing(CLOCK, Errno::EMFILE, |world, _| is_watched(world));
    assert!(said.contains("clock: is not watched, because"), "{said}");
}

fn interfaces_that_could_not_be_watched_are_named_and_watched_later() {
    let said = failing(LINKS, Errno::ENFILE, |world, _| is_watched(world));
    assert!(said.contains("network interfaces: are not watched, because"), "{said}");
}

fn the_alarm_of_a_poll_that_could_not_be_set_is_set_later() {
    let _ = failing(POLL, Errno::EMFILE, |_, pid| timers(pid) == 4);
}

fn what_the_kernel_forbids_to_watch_is_no_problem() {
    let said = failing(MOUNTS, Errno::EACCES, |world, _| is_watched(world));
    assert!(!said.contains("not watched"), "{said}");
    let once = "mounts: changes will not be noticed by themselves (Permission denied)";
    assert_eq!(said.matches(once).count(), 1, "{said}");
}
