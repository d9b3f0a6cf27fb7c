//! The licence partition: read-only except during writes, full, failing, held open, missing.

use std::fs::{self, File};
use std::process::{Child, Command};

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::{World, program, story};
use nix::errno::Errno;
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(the_partition_is_read_only_again_after_every_change, needs root),
    story!(a_rescue_shell_without_proc_imports_all_the_same, needs root),
    story!(the_rescue_shells_recipe_works_while_the_daemon_runs, needs root),
    story!(a_partition_left_writable_is_closed_by_the_next_change, needs root),
    story!(a_process_holding_a_removed_file_is_named_until_it_lets_go, needs root),
    story!(a_full_partition_keeps_its_files_and_is_reported, needs root),
    story!(a_write_protected_partition_is_reported_as_the_cause, needs root),
    story!(the_daemon_survives_a_vanishing_partition, needs root),
];

/// The exit code if the store cannot be written.
const UNWRITABLE: i32 = 7;

fn errno(refused: std::io::Result<()>) -> Errno {
    Errno::from_raw(refused.unwrap_err().raw_os_error().unwrap())
}

/// Asserts that the partition is read-only, by its mount options and by a write.
fn assert_closed(world: &World) {
    assert!(world.partition().is_read_only(), "{:?}", world.partition().options());
    assert_eq!(errno(fs::write(world.path("/license/x"), "")), Errno::EROFS);
    assert_eq!(world.status()["store"]["state"], "read-only");
}

fn the_partition_is_read_only_again_after_every_change() {
    for with_daemon in [false, true] {
        let world = World::mounted();
        let before = world.partition().options();
        let daemon = with_daemon.then(|| world.start());
        let licctl = |args: &[&str]| match &daemon {
            Some(daemon) => daemon.licctl(args),
            None => world.licctl(args),
        };
        assert_closed(&world);
        let file = world.file("a.lic", maker::licence().sign());
        let trust = world.file("trust.note", maker::trust(2, &[]));
        let changes: [&[&str]; 5] = [
            &["import", &file],
            &["import", &trust],
            &["request"],
            &["remove", "all"],
            &["import", &file],
        ];
        for change in changes {
            let _ = licctl(change).with_code(0);
            assert_closed(&world);
            assert_eq!(world.partition().options(), before);
        }
        let _ = licctl(&["import", &world.file("b.lic", "nonsense")]).with_code(3);
        assert_closed(&world);
        assert_eq!(world.status()["state"], "valid");
    }
}

fn a_rescue_shell_without_proc_imports_all_the_same() {
    let world = World::mounted();
    let empty = world.root().with_extension("empty");
    fs::create_dir(&empty).unwrap();
    let licctl = |args: &[&str]| {
        let mut shell = Command::new("unshare");
        shell.args(["--mount", "sh", "-c", "mount --bind \"$0\" /proc && exec \"$@\""]).arg(&empty);
        let licctl = world.licctl_command();
        shell.arg(licctl.get_program()).args(licctl.get_args()).args(args).env("LC_ALL", "C");
        program::run(&mut shell)
    };
    let state = || licctl(&["status", "--json"]).with_code(0).json()["store"]["state"].take();
    assert_eq!(state(), "read-only");
    let file = world.file("a.lic", maker::licence().sign());
    let _ = licctl(&["import", &file]).with_code(0);
    assert_eq!(state(), "read-only");
    assert_closed(&world);
    assert_eq!(world.status()["state"], "valid");
}

fn the_rescue_shells_recipe_works_while_the_daemon_runs() {
    let world = World::mounted();
    let daemon = world.start();
    // mount -o remount,rw; cp; mount -o remount,ro
    world.copy_by_hand("by hand.lic", maker::licence().sign());
    daemon.until("the licence counts", |status| status["state"] == "valid");
    world.by_hand(|licenses| fs::remove_file(licenses.join("by hand.lic")).unwrap());
    daemon.until("the licence is gone", |status| status["state"] == "none");
    assert_closed(&world);
}

fn a_partition_left_writable_is_closed_by_the_next_change() {
    let world = World::mounted();
    let daemon = world.start();
    world.partition().make_writable();
    daemon.until("the state is reported", |status| status["store"]["state"] == "writable");
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    assert_closed(&world);
}

/// A process that holds a file of the store open.
struct Holder(Child);

impl Holder {
    fn of(path: &std::path::Path) -> Self {
        Self(Command::new("sleep").arg("600").stdin(File::open(path).unwrap()).spawn().unwrap())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn problems(status: &Value) -> String {
    status["problems"].to_string()
}

fn a_process_holding_a_removed_file_is_named_until_it_lets_go() {
    let world = World::mounted();
    let daemon = world.start();
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    let holder = Holder::of(&world.licenses().join(&world.stored()[0]));
    let _ = daemon.licctl(["remove", "all"]).with_code(0);

    let open = daemon.status();
    assert_eq!(open["store"]["state"], "writable");
    let named = format!("process {} (sleep)", holder.0.id());
    assert!(problems(&open).contains(&named), "{open}");
    let doctor = daemon.licctl(["doctor"]).with_code(1);
    assert!(doctor.flowed().contains(&named), "{doctor:?}");
    // Meanwhile only the mount is read-only; the daemon and other writers can still write.
    assert_eq!(errno(fs::write(world.path("/license/x"), "")), Errno::EROFS);
    let _ = daemon.import(maker::licence().sign()).with_code(0);

    drop(holder);
    daemon.until("the partition is closed", |status| {
        status["store"]["state"] == "read-only" && !problems(status).contains(&named)
    });
    assert_closed(&world);
    assert_eq!(world.status()["state"], "valid");

    // Without a daemon, the next change remounts it read-only.
    drop(daemon);
    let holder = Holder::of(&world.licenses().join(&world.stored()[0]));
    let _ = world.licctl(["remove", "all"]).with_code(0);
    assert_eq!(world.status()["store"]["state"], "writable");
    drop(holder);
    let _ = world.import(maker::licence().sign()).with_code(0);
    assert_closed(&world);
}

fn a_full_partition_keeps_its_files_and_is_reported() {
    let world = World::mounted_with(1 << 20);
    let _ = world.import(maker::licence().sign()).with_code(0);
    world.by_hand(|licenses| {
        let mut filler = File::create(licenses.join("../../filler")).unwrap();
        for block in [16 * 1024, 1024] {
            while std::io::Write::write_all(&mut filler, &vec![7; block]).is_ok() {}
        }
        filler.sync_all().unwrap();
    });
    let stored = world.stored();
    let report = world.report();
    let daemon = world.start();
    // Too large for the file system to store it in an inode.
    let other = maker::licence().pack("WE-OTHER").mass(1000).sign();
    for answer in [world.import(&other), daemon.import(&other)] {
        let answer = answer.with_code(UNWRITABLE);
        assert_eq!(answer.verdict(), "store-full");
        assert!(answer.message().contains("what was there is untouched"), "{answer:?}");
        assert_closed(&world);
        assert_eq!((world.stored(), world.report()), (stored.clone(), report.clone()));
    }
    // Removing licences works on a full partition, and frees enough space.
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    world.by_hand(|licenses| fs::remove_file(licenses.join("../../filler")).unwrap());
    assert_eq!(daemon.import(&other).with_code(0).verdict(), "valid");
}

fn a_write_protected_partition_is_reported_as_the_cause() {
    let world = World::mounted();
    let _ = world.import(maker::licence().sign()).with_code(0);
    let protection = world.partition().write_protect();
    let daemon = world.start();
    let other = maker::licence().pack("WE-OTHER").sign();
    for answer in [world.import(&other), daemon.import(&other)] {
        let answer = answer.with_code(UNWRITABLE);
        assert_eq!(answer.verdict(), "store-unwritable");
        assert!(answer.message().contains("its device is read-only"), "{answer:?}");
    }
    let _ = daemon.licctl(["remove", "all"]).with_code(UNWRITABLE);
    assert_eq!(daemon.status()["state"], "valid");
    drop(protection);
    let _ = daemon.import(&other).with_code(0);
    assert_closed(&world);
}

fn the_daemon_survives_a_vanishing_partition() {
    let world = World::mounted();
    let daemon = world.start();
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    world.partition().vanish();
    let status = daemon.until("it is missing", |status| status["store"]["state"] == "missing");
    assert_eq!((&status["state"], &status["store"]["licenses"]), (&"none".into(), &0.into()));
    // Nothing is written to the empty mount point, where the next mount would hide it.
    for answer in [world.import(maker::licence().sign()), daemon.import(maker::licence().sign())] {
        let answer = answer.with_code(UNWRITABLE);
        assert_eq!(answer.verdict(), "store-unwritable");
        assert!(answer.message().contains("there is no licence partition"), "{answer:?}");
    }
    world.partition().appear();
    let status = daemon.until("it is back", |status| status["state"] == "valid");
    assert_eq!(status["store"]["state"], "read-only");
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    assert_closed(&world);
    assert!(daemon.stop().success());
}
