//! `bench`: compares the cost of an import with that of a survey, with release builds, and fails
//! above a limit. It compares ratios within one run, so the machine's speed cancels out.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a figure that cannot be taken is a failed test"
)]

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use acceptance::{World, maker};

/// The number of measurements; the median counts.
const TIMES: usize = 3;

/// A ratio and its limit.
struct Benchmark {
    what: &'static str,
    measured: Duration,
    unit: Duration,
    most: f64,
}

fn main() -> ExitCode {
    let bars: [fn() -> Benchmark; 2] = [twenty_files, many_files_through_the_daemon];
    let mut code = ExitCode::SUCCESS;
    for take in bars {
        let Benchmark { what, measured, unit, most } = take();
        let ratio = measured.as_secs_f64() / unit.as_secs_f64();
        let verdict = if ratio <= most { "ok" } else { "ABOVE" };
        println!("{verdict:<6} {what}: {ratio:.2} (at most {most}): {measured:.1?} to {unit:.1?}");
        if ratio > most {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// 20 files into a store of 2,000, relative to one file.
fn twenty_files() -> Benchmark {
    let world = stored(2_000);
    let mut packs = (0..).map(|number| format!("NEW-{number:05}"));
    let mut import = |count: usize| {
        let files = files(&world, packs.by_ref().take(count));
        world
            .licctl(["--direct", "import"].into_iter().chain(files.iter().map(String::as_str)))
            .with_code(0)
            .took
    };
    let (mut one, mut twenty) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        one.push(import(1));
        twenty.push(import(20));
    }
    let what = "20 files into 2,000, to one file";
    Benchmark { what, measured: median(twenty), unit: median(one), most: 1.5 }
}

/// 256 files through the daemon into a store of 10,000, relative to a survey.
fn many_files_through_the_daemon() -> Benchmark {
    let world = stored(10_000);
    let daemon = world.start();
    let mut packs = (0..).map(|number| format!("NEW-{number:05}"));
    let (mut surveys, mut imports) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        surveys.push(world.licctl(["--direct", "status", "--json"]).with_code(0).took);
        let files = files(&world, packs.by_ref().take(256));
        let args = ["import"].into_iter().chain(files.iter().map(String::as_str));
        imports.push(daemon.licctl(args).with_code(0).took);
    }
    let what = "256 files into 10,000 through the daemon, to one survey";
    Benchmark { what, measured: median(imports), unit: median(surveys), most: 2.0 }
}

/// A device with `count` licences, each with its own pack.
fn stored(count: u32) -> World {
    let world = World::new();
    fs::create_dir_all(world.licenses()).unwrap();
    for n in 0..count {
        let licence = maker::licence().pack(&format!("WE-{n:05}")).sign();
        fs::write(world.licenses().join(format!("{n}.lic")), licence).unwrap();
    }
    world
}

fn files(world: &World, packs: impl Iterator<Item = String>) -> Vec<String> {
    packs.map(|pack| world.file(&pack, maker::licence().pack(&pack).sign())).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
