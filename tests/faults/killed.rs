//! What a killed program has left in the kernel and not on the medium: others flush it before they rely
//! on it. `tests/model` has the histories that need it.

use std::path::Path;
use std::process::Command;

use acceptance::faults::calls::Call;
use acceptance::faults::point::{Aim, Fault, Place};
use acceptance::faults::tracer::{End, Traced};
use acceptance::harness::Story;
use acceptance::maker;
use acceptance::story;
use acceptance::wait::DEADLINE;
use acceptance::world::World;
use nix::sys::signal::Signal;

pub(crate) const STORIES: &[Story] = &[
    story!(a_licence_that_is_there_already_is_flushed_before_the_answer),
    story!(a_removal_is_flushed_before_its_record_goes),
    story!(the_record_of_a_removal_is_flushed_before_others_carry_it_out),
    story!(a_replacement_is_remembered_only_once_the_licence_is_flushed),
];

const LICENCES: &str = "license/dsa/licenses";
const STATE: &str = "var/lib/licd";

/// Whether a call concerns a file of this directory, or the directory itself.
fn is_in(call: &Call, dir: &str) -> bool {
    let about = Path::new(&call.about);
    about.ends_with(dir) || about.parent().is_some_and(|parent| parent.ends_with(dir))
}

/// Runs licctl with these arguments on a device, and returns its calls.
fn traced(world: &World, args: &[&str]) -> Vec<(Place, Call)> {
    let trace = Traced::start(&licctl(world, args), None).wait(DEADLINE);
    assert_eq!(trace.end, End::Exited(0), "{args:?}: {}", trace.err);
    trace.calls
}

fn licctl(world: &World, args: &[&str]) -> Command {
    let mut command = world.licctl_command();
    command.arg("--direct").args(args);
    command
}

/// Kills licctl right after its first call of this name in a directory. `world` makes a device, always
/// the same one.
fn killed_after(
    (name, dir): (&str, &str),
    world: impl Fn() -> World,
    args: impl Fn(&World) -> Vec<String>,
) -> World {
    let run = |world: &World, aim| {
        let args = args(world);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        Traced::start(&licctl(world, &args), aim).wait(DEADLINE)
    };
    let calls = run(&world(), None).calls;
    let found = calls.iter().find(|(_, call)| call.name.starts_with(name) && is_in(call, dir));
    let place = found.unwrap_or_else(|| panic!("no {name} in {calls:?}")).0;
    let world = world();
    let killed = run(&world, Some(Aim { place, fault: Fault::KillAfter }));
    assert_eq!(killed.end, End::Killed(Signal::SIGKILL));
    assert!(killed.hit.is_some_and(|call| is_in(&call, dir)));
    world
}

/// Where the first call of this name in a directory is.
fn first(calls: &[(Place, Call)], name: &str, dir: &str) -> Option<usize> {
    calls.iter().position(|(_, call)| call.name.starts_with(name) && is_in(call, dir))
}

fn a_licence_that_is_there_already_is_flushed_before_the_answer() {
    let args =
        |world: &World| vec!["import".to_owned(), world.file("a.lic", maker::licence().sign())];
    let world = killed_after(("rename", LICENCES), World::new, args);
    assert_eq!(world.stored().len(), 1);
    let calls = traced(&world, &["import", &world.file("a.lic", maker::licence().sign())]);
    assert_eq!(first(&calls, "rename", LICENCES), None, "it is stored again");
    assert!(first(&calls, "fsync", LICENCES).is_some(), "{calls:?}");
}

/// A device with a licence, on which licctl is killed right after the first such call of a removal.
fn removal_killed_after(call: (&str, &str)) -> World {
    let stored = || {
        let world = World::new();
        world.copy_by_hand("a.lic", maker::licence().sign());
        world
    };
    killed_after(call, stored, |_| vec!["remove".to_owned(), "all".to_owned()])
}

/// Where a call first flushes the memory of a device as another program has left it: a program that
/// replaces the memory flushes its own temporary file only.
fn flushed_record(calls: &[(Place, Call)]) -> Option<usize> {
    calls.iter().position(|(_, call)| {
        let about = Path::new(&call.about);
        let is_record = about.ends_with(STATE) || about.ends_with(format!("{STATE}/state.toml"));
        call.name.starts_with("fsync") && is_record
    })
}

/// The calls of another import, which carries the removal to its end.
fn carried_out(world: &World) -> Vec<(Place, Call)> {
    traced(world, &["import", &world.file("b.lic", maker::licence().pack("WE-OTHER").sign())])
}

fn a_removal_is_flushed_before_its_record_goes() {
    let world = removal_killed_after(("unlink", LICENCES));
    assert_eq!(world.stored().len(), 0);
    let calls = carried_out(&world);
    let concluded = first(&calls, "rename", STATE).unwrap();
    assert!(flushed_record(&calls).unwrap() < concluded, "{calls:?}");
    assert!(first(&calls, "fsync", LICENCES).unwrap() < concluded, "{calls:?}");
}

fn the_record_of_a_removal_is_flushed_before_others_carry_it_out() {
    let world = removal_killed_after(("rename", STATE));
    assert_eq!(world.stored().len(), 1);
    let calls = carried_out(&world);
    let removed = first(&calls, "unlink", LICENCES).unwrap();
    assert!(flushed_record(&calls).unwrap() < removed, "{calls:?}");
}

fn a_replacement_is_remembered_only_once_the_licence_is_flushed() {
    let stored = || {
        let world = World::new();
        world.copy_by_hand("a.lic", maker::licence().sign());
        world.copy_by_hand("b.lic", maker::licence().pack("WE-OTHER").sign());
        world
    };
    let successor = |world: &World| {
        vec!["import".to_owned(), world.file("c.lic", maker::licence().serial(900).sign())]
    };
    let world = killed_after(("rename", LICENCES), stored, successor);
    assert_eq!(world.stored().len(), 3);
    let calls = traced(&world, &["remove", "pack:WE-OTHER"]);
    let remembered = first(&calls, "rename", STATE).unwrap();
    assert!(first(&calls, "fsync", LICENCES).unwrap() < remembered, "{calls:?}");
}
