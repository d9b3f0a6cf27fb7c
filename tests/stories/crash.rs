//! Killed at any moment, the programs leave nothing half, and lose nothing that they had accepted.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::{World, story};

pub(crate) const STORIES: &[Story] = &[
    story!(killing_licctl_in_an_import_leaves_no_partial_file),
    story!(the_next_start_closes_a_partition_left_open_by_a_killed_licctl, needs root),
    story!(killing_licd_in_an_import_loses_no_accepted_licence),
    story!(the_next_start_closes_a_partition_left_open_by_a_killed_licd, needs root),
];

/// Imports that are killed, each a little later after its beginning than the one before.
const KILLS: u32 = 60;

/// The licence of a number, a pack of its own.
fn licence(number: u32) -> String {
    maker::licence().pack(&format!("WE-{number:05}")).sign()
}

/// How long an import takes that nobody kills.
fn undisturbed(import: impl FnOnce()) -> Duration {
    let began = Instant::now();
    import();
    began.elapsed()
}

/// The packs that count. There may be no file that does not, whole or half.
fn packs(world: &World) -> Vec<String> {
    let status = world.status();
    assert_eq!(status["rejected"].to_string(), "[]");
    let licenses = status["licenses"].as_array().unwrap();
    licenses.iter().map(|license| license["pack"].as_str().unwrap().to_owned()).collect()
}

fn assert_whole(world: &World, accepted: &[u32]) {
    let packs = packs(world);
    for number in accepted {
        let pack = format!("WE-{number:05}");
        assert!(packs.contains(&pack), "{pack} was accepted and is gone");
    }
}

/// Starts an import without a daemon, kills it after `delay`, and tells whether it was done before.
fn import_and_kill(world: &World, number: u32, delay: Duration) -> bool {
    let file = world.file("a.lic", licence(number));
    let mut command = world.licctl_command();
    command.args(["import", &file]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    thread::sleep(delay);
    let _ = child.kill();
    child.wait().unwrap().success()
}

fn kill_licctl(world: &World) {
    let file = world.file("first.lic", licence(99999));
    let took = undisturbed(|| drop(world.licctl(["import", &file]).with_code(0)));
    let mut accepted = vec![99999];
    for number in 0..KILLS {
        // From the first to past the last moment of an import.
        let delay = took * 3 * number / (2 * KILLS);
        if import_and_kill(world, number, delay) {
            accepted.push(number);
        }
        assert_whole(world, &accepted);
    }
    // The next writer clears away.
    let _ = world.import(licence(88888)).with_code(0);
    let rest = |name: &String| !name.ends_with(".lic");
    assert!(!world.stored().iter().any(rest), "{:?}", world.stored());
}

fn killing_licctl_in_an_import_leaves_no_partial_file() {
    kill_licctl(&World::new());
}

fn the_next_start_closes_a_partition_left_open_by_a_killed_licctl() {
    let world = World::mounted();
    kill_licctl(&world);
    assert!(world.partition().is_read_only());
    // What a kill between opening and closing leaves, made by hand, since it is hard to hit.
    world.partition().make_writable();
    fs::write(world.licenses().join(".licd-1-0.tmp"), "half").unwrap();
    let daemon = world.start();
    assert!(world.partition().is_read_only());
    assert_eq!(daemon.status()["store"]["state"], "read-only");
    assert!(!world.licenses().join(".licd-1-0.tmp").exists());
}

fn kill_licd(world: &World) {
    let mut accepted = Vec::new();
    let took = undisturbed(|| {
        let daemon = world.start();
        let file = world.file("first.lic", licence(99999));
        let _ = daemon.licctl(["import", &file]).with_code(0);
        assert!(daemon.stop().success());
    });
    for number in 0..KILLS / 2 {
        let daemon = world.start();
        let file = world.file("a.lic", licence(number));
        let mut command = daemon.licctl_command();
        command.args(["import", &file]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::sleep(took * number / KILLS);
        daemon.kill();
        // licctl learns from the bus that nobody answers any more.
        if child.wait().unwrap().success() {
            accepted.push(number);
        }
        assert_whole(world, &accepted);
    }
    let daemon = world.start();
    let rest = |name: &String| !name.ends_with(".lic");
    assert!(!world.stored().iter().any(rest), "{:?}", world.stored());
    assert_eq!(daemon.status()["state"], "valid");
}

fn killing_licd_in_an_import_loses_no_accepted_licence() {
    kill_licd(&World::new());
}

fn the_next_start_closes_a_partition_left_open_by_a_killed_licd() {
    let world = World::mounted();
    kill_licd(&world);
    assert!(world.partition().is_read_only());
}
