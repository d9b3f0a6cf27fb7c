//! A shortage is never taken for a fact: licctl without file descriptors gives no answer.

use std::process::{Command, Stdio};

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program::{self, Answer};
use acceptance::wait::{self, DEADLINE};
use acceptance::{World, story};

pub(crate) const STORIES: &[Story] = &[
    story!(a_shortage_of_descriptors_is_no_answer),
    story!(doctor_without_descriptors_finds_only_that_it_could_not_look),
    story!(files_that_cannot_be_watched_are_looked_at_and_watched_later, needs root),
];

/// Descriptors, standard input and output included, with which licctl can open a file or two but
/// cannot read the device.
const TOO_FEW: [u32; 2] = [4, 5];

/// A device with two network interfaces, whose licence names the second.
fn world() -> World {
    let world = World::new();
    world.machine().pci_interface("eth1", "00:e0:c5:1c:50:99");
    let _ = world.import(maker::licence().units(&["00E0C51C5099"]).sign()).with_code(0);
    let _ = world.licctl(["feature", "-q", "os"]).with_code(0);
    world
}

/// Runs licctl with at most so many descriptors.
fn licctl(world: &World, descriptors: u32, args: &[&str]) -> Answer {
    let own = world.licctl_command();
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nofile={descriptors}")).arg(own.get_program()).env("LC_ALL", "C");
    program::run(limited.args(own.get_args()).args(args))
}

fn is_reported(answer: &Answer) -> bool {
    answer.err.contains("cannot be looked at now (Too many open files); try again")
}

fn a_shortage_of_descriptors_is_no_answer() {
    let world = world();
    let file = world.path("/request.json");
    let file = file.to_str().unwrap();
    let verbs: [&[&str]; 8] = [
        &["unit-id"],
        &["feature", "os"],
        &["features"],
        &["update-allowed", "2026-01-01"],
        &["status"],
        &["list"],
        &["show", "WE-7Q2KD"],
        &["request", "-o", file],
    ];
    for (few, verb) in TOO_FEW.into_iter().flat_map(|few| verbs.map(|verb| (few, verb))) {
        let answer = licctl(&world, few, verb).with_code(9);
        assert!(answer.out.is_empty() && is_reported(&answer), "{few}: {verb:?}: {answer:?}");
        let answer = licctl(&world, few, &[&["--json"], verb].concat()).with_code(9);
        let json = answer.json();
        assert_eq!(json["code"], "busy", "{few}: {verb:?}: {answer:?}");
        let keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "message", "schema"], "{few}: {verb:?}: {answer:?}");
    }
    assert!(!world.path("/request.json").exists());
    assert_eq!(licctl(&world, 16, &["unit-id"]).with_code(0).out, "00E0C51C5099\n");
}

fn doctor_without_descriptors_finds_only_that_it_could_not_look() {
    let world = world();
    for few in TOO_FEW {
        let answer = licctl(&world, few, &["doctor", "--json"]).with_code(9);
        assert!(is_reported(&answer), "{few}: {answer:?}");
        let checks = answer.json()["checks"].as_array().unwrap().clone();
        assert!(!checks.is_empty(), "{few}: {answer:?}");
        for check in checks {
            assert_eq!((&check["check"], &check["level"]), (&"system".into(), &"wrong".into()));
            let message = check["message"].as_str().unwrap();
            assert!(message.ends_with("(Too many open files); try again"), "{few}: {message}");
        }
    }
}

/// In a user namespace of its own, licd has limits of its own.
fn limit_instances(command: &mut Command) -> &mut Command {
    let own = std::mem::replace(command, Command::new("unshare"));
    let script = "echo 0 >/proc/sys/user/max_inotify_instances && exec \"$@\"";
    command.args(["--user", "--map-root-user", "sh", "-c", script, "sh"]);
    command.arg(own.get_program()).args(own.get_args()).stdout(Stdio::null());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn files_that_cannot_be_watched_are_looked_at_and_watched_later() {
    let world = World::new();
    let daemon = world.start_with(limit_instances);
    let published = || {
        let text = std::fs::read(world.path("/run/licd/status.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&text).unwrap()
    };
    let is_named = || published()["problems"].to_string().contains("are not watched");
    assert!(is_named(), "{}", published());
    let licence = world.copy_by_hand("WE.lic", maker::licence().sign());
    let waited = wait::within(DEADLINE, || (published()["state"] == "valid").then_some(()));
    assert!(waited.is_some() && is_named(), "{}", published());
    let pid = daemon.pid().to_string();
    let raise = "echo 100 >/proc/sys/user/max_inotify_instances";
    program::tool(
        "nsenter",
        ["--target", &pid, "--user", "--preserve-credentials", "sh", "-c", raise],
    );
    assert!(wait::within(DEADLINE, || (!is_named()).then_some(())).is_some(), "{}", published());
    std::fs::remove_file(licence).unwrap();
    let waited = wait::within(DEADLINE, || (published()["state"] == "none").then_some(()));
    assert!(waited.is_some(), "{}", published());
}
