//! licd cannot write its records or the files for other programs: `problems` says so until it can.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program;
use acceptance::{World, story};
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(an_unrecorded_removal_is_a_problem_until_it_is_recorded, needs root),
    story!(records_that_cannot_be_written_are_a_problem_until_they_can, needs root),
    story!(a_state_that_cannot_be_published_is_a_problem_until_it_can, needs root),
];

const STATE: &str = "/var/lib/licd";
const RUN: &str = "/run/licd";

/// A file system over a directory of the device.
struct Mount(PathBuf);

impl Mount {
    /// The directory itself, read-only.
    fn read_only(world: &World, dir: &str) -> Self {
        let dir = world.path(dir);
        fs::create_dir_all(&dir).unwrap();
        program::tool("mount", [Path::new("--bind"), &dir, &dir]);
        let mount = Self(dir);
        program::tool("mount", [Path::new("-oremount,ro,bind"), &mount.0]);
        mount
    }

    /// A file system without a free page.
    fn full(world: &World, dir: &str) -> Self {
        let dir = world.path(dir);
        fs::create_dir_all(&dir).unwrap();
        program::tool("mount", ["-ttmpfs", "-osize=64k", "tmpfs", dir.to_str().unwrap()]);
        let mount = Self(dir);
        mount.fill();
        mount
    }

    /// Takes all its room.
    fn fill(&self) {
        let _ = fs::write(self.0.join("ballast"), vec![0; 1 << 20]);
    }

    /// Gives the room back.
    fn empty(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        program::tool("umount", [Path::new("--lazy"), &self.0]);
    }
}

/// The message of the problem whose subject ends so.
fn problem(status: &Value, subject: &str) -> Option<String> {
    let problems = status["problems"].as_array().unwrap();
    let of = |one: &&Value| one["subject"].as_str().unwrap().ends_with(subject);
    problems.iter().find(of).map(|one| one["message"].as_str().unwrap().to_owned())
}

/// Waits until licd no longer has a problem.
fn is_well_again(daemon: &Daemon<'_>) {
    daemon.refresh();
    let _ =
        daemon.until("there is no problem", |status| status["problems"] == Value::Array(vec![]));
}

fn an_unrecorded_removal_is_a_problem_until_it_is_recorded() {
    let world = World::new();
    let daemon = world.start();
    let licence = maker::licence().sign();
    let _ = daemon.import(&licence).with_code(0);
    let read_only = Mount::read_only(&world, STATE);
    let answer = daemon.licctl(["remove", "all"]).with_code(0);
    assert_eq!(answer.out.trim(), "all: 1 licence removed");
    let expected = "cannot be written (Read-only file system), so the removed licences may come back \
                    from sticks and links; make its file system writable";
    assert_eq!(problem(&daemon.status(), "/licd/state.toml").as_deref(), Some(expected));
    daemon.refresh();
    assert_eq!(problem(&daemon.status(), "/licd/state.toml").as_deref(), Some(expected));
    drop(read_only);
    is_well_again(&daemon);
    assert!(daemon.stop().success());
    // The removal is recorded by now.
    let file = world.file("again.lic", licence);
    let daemon = world.start();
    let again = daemon.licctl(["import", "--json", "--automatic", &file]);
    assert_eq!(again.verdict(), "removed");
}

fn records_that_cannot_be_written_are_a_problem_until_they_can() {
    for (reason, cure) in [
        ("Read-only file system", "make its file system writable"),
        ("No space left on device", "make room in its file system"),
    ] {
        let world = World::new();
        let is_full = reason.starts_with("No space");
        let mount = if is_full { Mount::full } else { Mount::read_only }(&world, STATE);
        let daemon = world.start();
        for file in ["/licd/clock.a", "/licd/trust.note"] {
            let status = daemon.until(file, |status| problem(status, file).is_some());
            let expected = format!(
                "cannot be written ({reason}), so licd forgets at its next start what it records there; \
                 {cure}"
            );
            assert_eq!(problem(&status, file), Some(expected));
        }
        if is_full {
            mount.empty();
            is_well_again(&daemon);
        } else {
            drop(mount);
            is_well_again(&daemon);
        }
        assert!(world.path("/var/lib/licd/trust.note").exists() || is_full);
    }
}

fn a_state_that_cannot_be_published_is_a_problem_until_it_can() {
    let world = World::new();
    fs::create_dir_all(world.path(RUN)).unwrap();
    let run = Mount::full(&world, RUN);
    run.empty();
    let daemon = world.start();
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    assert_eq!(problem(&daemon.status(), RUN), None);
    run.fill();
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    let message = problem(&daemon.status(), RUN).unwrap();
    assert!(message.starts_with("cannot be written ("), "{message}");
    let rest = "No space left on device), so other programs see an old state; make room in its file \
                system";
    assert!(message.ends_with(rest), "{message}");
    run.empty();
    is_well_again(&daemon);
    let published = fs::read_to_string(world.path("/run/licd/status.json")).unwrap();
    let published: Value = serde_json::from_str(&published).unwrap();
    assert_eq!(
        (&published["state"], &published["problems"]),
        (&"none".into(), &Value::Array(vec![]))
    );
}
