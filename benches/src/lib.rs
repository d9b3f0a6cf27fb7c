//! Devices to measure, and what the tools of the system measure of a program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a figure that cannot be taken is a failed test"
)]

pub mod import;
pub mod measure;
pub mod service;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use acceptance::{World, maker};
use wait4::Wait4;

/// A device that has been in use: one licence, and the marks and the memory of an earlier start.
///
/// # Panics
/// If licd does not start or stop.
#[must_use]
pub fn device() -> World {
    let world = stored(1);
    assert!(world.start().stop().success());
    world
}

/// A device with this many licences, each with its own pack.
#[must_use]
pub fn stored(licences: u32) -> World {
    let world = World::new();
    fs::create_dir_all(world.licenses()).unwrap();
    for n in 0..licences {
        let licence = maker::licence().pack(&format!("WE-{n:05}")).sign();
        fs::write(world.licenses().join(format!("{n}.lic")), licence).unwrap();
    }
    world
}

/// A path as an argument.
///
/// # Panics
/// If it is not UTF-8.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The time and the processor time of one run of a program.
///
/// # Panics
/// If it fails.
pub fn taken(command: &mut Command) -> (Duration, Duration) {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    let ended = command.spawn().and_then(Wait4::wait4);
    let ended = ended.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(ended.status.success(), "{command:?}: {}", ended.status);
    (began.elapsed(), ended.rusage.utime + ended.rusage.stime)
}
