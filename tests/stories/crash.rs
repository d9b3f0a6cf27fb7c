//! Programs killed at any moment leave no partial file and lose no accepted licence.

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

/// The number of killed imports; each is killed a little later than the previous one.
const KILLS: u32 = 60;

/// A licence with its own pack, by number.
fn licence(number: u32) -> String {
    maker::licence().pack(&format!("WE-{number:05}")).sign()
}

/// The duration of an import that is not killed.
fn undisturbed(import: impl FnOnce()) -> Duration {
    let began = Instant::now();
    import();
    began.elapsed()
}

/// The packs that count. Asserts that the store holds no other file, complete or partial.
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

/// Starts an import without a daemon and kills it after `delay`; returns whether it finished
/// before.
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
        // The delays cover an import from its start to after its end.
        let delay = took * 3 * number / (2 * KILLS);
        if import_and_kill(world, number, delay) {
            accepted.push(number);
        }
        assert_whole(world, &accepted);
    }
    // The next writer cleans up.
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
    // A kill between remounting writable and read-only is hard to hit, so the test remounts by
    // hand.
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
        // The bus tells licctl that the daemon is gone.
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
