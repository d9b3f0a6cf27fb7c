//! What the kernel had no descriptor for when licd started is watched later.

use std::fs;

use acceptance::World;
use acceptance::faults::point::{Aim, Fault};
use acceptance::faults::tracer::{End, Trace, Traced};
use acceptance::harness::Story;
use acceptance::story;
use acceptance::wait::{self, DEADLINE};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(mounts_that_could_not_be_watched_are_named_and_watched_later),
    story!(a_clock_that_could_not_be_watched_is_named_and_watched_later),
    story!(interfaces_that_could_not_be_watched_are_named_and_watched_later),
    story!(what_the_kernel_forbids_to_watch_is_no_problem),
];

/// A device with the hardware of this machine, whose events licd listens to.
fn world() -> World {
    let world = World::new();
    for tree in ["/sys", "/proc"] {
        fs::remove_dir_all(world.path(tree)).unwrap();
    }
    world
}

/// Runs licd until its report names nothing that is not watched.
fn run(world: &World, aim: Option<Aim>) -> Trace {
    let mut licd = world.program("licd");
    licd.arg("--bus").arg(world.bus.address());
    let licd = Traced::start(&licd, aim);
    let is_watched = || {
        let report = fs::read(world.path("/run/licd/status.json")).ok()?;
        let report: Value = serde_json::from_slice(&report).ok()?;
        (!report["problems"].to_string().contains("not watched")).then_some(())
    };
    let watched = wait::within(DEADLINE, is_watched);
    let _ = kill(licd.pid(), Signal::SIGTERM);
    let trace = licd.wait(DEADLINE);
    assert!(watched.is_some(), "{trace:?}");
    assert_eq!(trace.end, End::Exited(0), "{trace:?}");
    trace
}

/// Runs licd with this error of its first call of this name and object. Returns what it said.
fn failing((name, about): (&str, &str), errno: Errno) -> String {
    let calls = run(&world(), None).calls;
    let found = calls.iter().find(|(_, call)| call.name == name && call.about == about);
    let place = found.unwrap_or_else(|| panic!("no {name} in {calls:?}")).0;
    let trace = run(&world(), Some(Aim { place, fault: Fault::Fail(errno) }));
    assert!(trace.hit.is_some(), "{trace:?}");
    trace.err
}

const MOUNTS: (&str, &str) = ("openat", "/proc/self/mountinfo");
const CLOCK: (&str, &str) = ("timerfd_create", "");
const LINKS: (&str, &str) = ("socket", "");

fn mounts_that_could_not_be_watched_are_named_and_watched_later() {
    let said = failing(MOUNTS, Errno::EMFILE);
    assert!(said.contains("mounts: are not watched, because"), "{said}");
}

fn a_clock_that_could_not_be_watched_is_named_and_watched_later() {
    let said = failing(CLOCK, Errno::EMFILE);
    assert!(said.contains("clock: is not watched, because"), "{said}");
}

fn interfaces_that_could_not_be_watched_are_named_and_watched_later() {
    let said = failing(LINKS, Errno::ENFILE);
    assert!(said.contains("network interfaces: are not watched, because"), "{said}");
}

fn what_the_kernel_forbids_to_watch_is_no_problem() {
    let said = failing(MOUNTS, Errno::EACCES);
    assert!(!said.contains("not watched"), "{said}");
    let once = "mounts: changes will not be noticed by themselves (Permission denied)";
    assert_eq!(said.matches(once).count(), 1, "{said}");
}
