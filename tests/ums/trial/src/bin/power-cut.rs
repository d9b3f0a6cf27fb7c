//! 100,000 devices after a power cut, simulated with licd's own schedule of polls: requests per second at
//! UMS, and how long the fleet waits for its licences. Prints a table in Markdown, and the requests of
//! each second of each case as CSV into a file.
//!
//! `power-cut CAPACITY FILE`: the requests per second that UMS can answer, from `capacity`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for one figure of the documentation"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::time::Duration;

use licd_rules::{poll_after_start, poll_again};

const DEVICES: u32 = 100_000;
/// Seconds from the return of power to the start of licd: a device is up after half a minute to a
/// minute.
const BOOT: (f64, f64) = (30.0, 60.0);
/// The interval of regular polls, in hours: the default of the settings.
const HOURS: u16 = 24;
/// Seconds after which a device gives up a request that is not answered.
const TIMEOUT: f64 = 10.0;
/// Seconds of the simulation.
const DAY: usize = 24 * 60 * 60;
const HOUR: usize = 60 * 60;

/// A fleet at the return of power.
struct Case {
    name: &'static str,
    /// How many of a hundred devices lack a licence.
    unlicensed: u32,
    /// Requests per second that UMS answers.
    capacity: f64,
}

/// What happens at UMS.
struct Outcome {
    /// Requests of each second, answered or not.
    requests: Vec<u32>,
    /// Requests that were given up.
    failed: u32,
    /// Seconds until 99 of 100 devices have their licence; `None` if that takes more than a day.
    licensed: Option<f64>,
}

/// Random numbers that are the same in every run (SplitMix64), so that the figures can be checked.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) >> 32).unwrap()
    }

    fn between(&mut self, (least, most): (f64, f64)) -> f64 {
        least + (most - least) * f64::from(self.next()) / f64::from(u32::MAX)
    }
}

#[derive(Clone)]
struct Device {
    is_licensed: bool,
    failures: u32,
}

/// Microseconds, which can be ordered.
fn instant(seconds: f64) -> u64 {
    Duration::from_secs_f64(seconds).as_micros().try_into().unwrap()
}

fn run(case: &Case) -> Outcome {
    let mut chance = Chance(1);
    let mut devices = vec![Device { is_licensed: true, failures: 0 }; DEVICES as usize];
    let mut polls = BinaryHeap::new();
    for (index, device) in devices.iter_mut().enumerate() {
        device.is_licensed = index as u32 % 100 >= case.unlicensed;
        let first = poll_after_start(!device.is_licensed, chance.next());
        let at = chance.between(BOOT) + first.as_secs_f64();
        polls.push(Reverse((instant(at), index)));
    }
    let mut outcome = Outcome { requests: vec![0; DAY], failed: 0, licensed: None };
    let mut wanting = devices.iter().filter(|device| !device.is_licensed).count();
    let (goal, mut free) = (DEVICES as usize / 100, 0.0_f64);
    while let Some(Reverse((at, index))) = polls.pop() {
        let at = at as f64 / 1e6;
        let Some(second) = outcome.requests.get_mut(at as usize) else { break };
        *second += 1;
        let device = &mut devices[index];
        let done = free.max(at) + 1.0 / case.capacity;
        let next = if done - at > TIMEOUT {
            outcome.failed += 1;
            device.failures += 1;
            at + TIMEOUT
        } else {
            free = done;
            device.failures = 0;
            if !std::mem::replace(&mut device.is_licensed, true) {
                wanting -= 1;
                if wanting == goal {
                    outcome.licensed = Some(done);
                }
            }
            done
        };
        let pause = poll_again(HOURS, device.failures, chance.next());
        polls.push(Reverse((instant(next + pause.as_secs_f64()), index)));
    }
    outcome
}

/// A row of the table.
fn row(case: &Case, outcome: &Outcome) -> String {
    let Outcome { requests, failed, licensed } = outcome;
    let mean = |seconds: usize| requests.iter().take(seconds).sum::<u32>() as f64 / seconds as f64;
    let (worst, hour, day) = (requests.iter().max().unwrap(), mean(HOUR), mean(DAY));
    let licensed = match (case.unlicensed, licensed) {
        (0, _) => "at once".to_owned(),
        (_, Some(seconds)) => format!("{seconds:.0} s"),
        (_, None) => "more than a day".to_owned(),
    };
    let Case { name, capacity, .. } = case;
    format!("| {name} | {capacity:.0} | {worst} | {hour:.1} | {day:.2} | {failed} | {licensed} |")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [capacity, file] = arguments.as_slice() else {
        println!("usage: power-cut CAPACITY FILE");
        std::process::exit(2);
    };
    let capacity: f64 = capacity.parse().unwrap();
    let case = |name, unlicensed, capacity| Case { name, unlicensed, capacity };
    let cases = [
        case("all devices are licensed", 0, capacity),
        case("one in ten needs a licence", 10, capacity),
        case("all need a licence", 100, capacity),
        case("all need one; UMS half as fast", 100, capacity / 2.0),
        case("all need one; UMS a tenth as fast", 100, capacity / 10.0),
    ];
    let mut csv = String::from("case,second,requests\n");
    println!(
        "| fleet | capacity /s | worst second | mean of the first hour /s | mean of the day /s | \
         given up | 99 % licensed after |\n|---|---|---|---|---|---|---|"
    );
    for case in cases {
        let outcome = run(&case);
        println!("{}", row(&case, &outcome));
        let requests = outcome.requests.iter().enumerate();
        for (second, count) in requests.filter(|(_, count)| **count > 0) {
            let _ = writeln!(csv, "{},{second},{count}", case.name);
        }
    }
    std::fs::write(file, csv).unwrap();
}
