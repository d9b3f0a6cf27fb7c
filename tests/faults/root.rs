//! The links of a root directory, which may not be readable now.

use std::fs;
use std::os::unix::fs::symlink;

use acceptance::World;
use acceptance::faults::calls::Call;
use acceptance::faults::point::{Aim, Fault, Place};
use acceptance::faults::tracer::{End, Trace, Traced};
use acceptance::harness::Story;
use acceptance::maker;
use acceptance::story;
use acceptance::wait::DEADLINE;
use nix::errno::Errno;

pub(crate) const STORIES: &[Story] =
    &[story!(a_root_whose_links_cannot_be_read_now_is_no_other_root)];

/// A device with a licence, whose partition is a link.
fn world() -> World {
    let world = World::new();
    let _ = world.import(maker::licence().sign()).with_code(0);
    fs::create_dir(world.path("/data")).unwrap();
    fs::rename(world.path("/license"), world.path("/data/license")).unwrap();
    symlink("/data/license", world.path("/license")).unwrap();
    world
}

fn status(world: &World, aim: Option<Aim>) -> Trace {
    let mut licctl = world.licctl_command();
    licctl.args(["--direct", "status", "--json"]);
    Traced::start(&licctl, aim).wait(DEADLINE)
}

fn a_root_whose_links_cannot_be_read_now_is_no_other_root() {
    let calls = status(&world(), None).calls;
    let aim = |name: &str, end: &str, errno| {
        let is_it = |call: &Call| call.name == name && call.about.ends_with(end);
        let found: Option<&(Place, Call)> = calls.iter().find(|(_, call)| is_it(call));
        let place = found.unwrap_or_else(|| panic!("no {name} of {end} in {calls:?}")).0;
        Aim { place, fault: Fault::Fail(errno) }
    };
    for (name, end, errno, code) in [
        ("readlink", "/device/license", Errno::ENOMEM, 9),
        ("readlink", "/device/license", Errno::EIO, 6),
        ("statx", "/device/sys", Errno::ENOMEM, 9),
    ] {
        let trace = status(&world(), Some(aim(name, end, errno)));
        assert!(trace.hit.is_some(), "{trace:?}");
        assert_eq!(trace.end, End::Exited(code), "{trace:?}");
        assert!(
            trace.err.contains(end) && trace.err.contains("cannot be looked at now"),
            "{trace:?}"
        );
        assert!(!trace.out.contains("\"state\""), "{trace:?}");
    }
}
