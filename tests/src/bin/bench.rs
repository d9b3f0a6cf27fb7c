//! `bench [WORD…]`: measures what many licences and imports cost, with release builds, and fails above
//! a bar. Most bars compare figures of one run, so that the speed of the machine cancels out. With
//! words, only the bars whose name has one of them are measured.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a figure that cannot be taken is a failed test"
)]

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::client::Client;
use acceptance::daemon::Daemon;
use acceptance::desktop::Running;
use acceptance::{World, maker, program, wait};

/// How long a daemon is watched that has nothing to do.
const REST: Duration = Duration::from_secs(10 * 60);
/// The number of measurements; the median counts.
const TIMES: usize = 3;

/// A figure and its bar.
struct Bar {
    what: String,
    measured: f64,
    most: f64,
    /// The figures that it comes from.
    from: String,
}

impl Bar {
    fn ratio(what: &str, (measured, unit): (Duration, Duration), most: f64) -> Self {
        let (what, ratio) = (what.to_owned(), measured.as_secs_f64() / unit.as_secs_f64());
        Self { what, measured: ratio, most, from: format!("{measured:.1?} to {unit:.1?}") }
    }
}

type Measure = fn() -> Vec<Bar>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let all: [(&str, Measure); 6] = [
        ("direct", twenty_files),
        ("batch", many_files_through_the_daemon),
        ("answers", answers_during_imports),
        ("memory", memory_after_imports),
        ("start", starts),
        ("idle", wake_ups),
    ];
    let mut code = ExitCode::SUCCESS;
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(&**word));
    for bar in all.iter().filter(|(name, _)| wanted(name)).flat_map(|(_, measure)| measure()) {
        let Bar { what, measured, most, from } = bar;
        let verdict = if measured <= most { "ok" } else { "ABOVE" };
        println!("{verdict:<6} {what}: {measured:.2} (at most {most}): {from}");
        if measured > most {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// 20 files into a store of 2,000, relative to one file.
fn twenty_files() -> Vec<Bar> {
    let world = stored(2_000);
    let mut packs = new_packs();
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
    vec![Bar::ratio(what, (median(twenty), median(one)), 1.5)]
}

/// 256 files through the daemon into a store of 10,000, relative to a survey.
fn many_files_through_the_daemon() -> Vec<Bar> {
    let world = stored(10_000);
    let daemon = world.start();
    let mut packs = new_packs();
    let (mut surveys, mut imports) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        surveys.push(world.licctl(["--direct", "status", "--json"]).with_code(0).took);
        imports.push(import(&world, &daemon, packs.by_ref().take(256)));
    }
    let what = "256 files into 10,000 through the daemon, to one survey";
    vec![Bar::ratio(what, (median(imports), median(surveys)), 2.0)]
}

/// The slowest of 100 answers while files are imported, relative to the median without an import, and to
/// those of a service that only answers: where licd is no slower, the machine is.
fn answers_during_imports() -> Vec<Bar> {
    let world = stored(1_000);
    let daemon = world.start();
    let client = daemon.client();
    let device = World::new();
    let bare = Bare::start(&device, &world.path("/run/licd/status.json"));
    let mut packs = new_packs();
    let quiet = sorted((0..2_000).map(|_| answer(&client)).collect());
    let (busy, beside) = thread::scope(|scope| {
        let importing = scope.spawn(|| {
            for _ in 0..TIMES {
                import(&world, &daemon, packs.by_ref().take(256));
            }
        });
        let (mut busy, mut beside) = (Vec::new(), Vec::new());
        while !importing.is_finished() {
            busy.push(answer(&client));
            beside.push(answer(&bare.client));
        }
        (sorted(busy), sorted(beside))
    });
    let p99 = |times: &[Duration]| times[times.len() * 99 / 100];
    let (p50, p99, of_bare) = (quiet[quiet.len() / 2], p99(&busy), p99(&beside));
    vec![
        Bar::ratio("CheckFeature during imports, p99 to the p50 without", (p99, p50), 2.0),
        Bar::ratio("CheckFeature during imports, p99 to a bare service's", (p99, of_bare), 1.4),
    ]
}

/// A service with licd's name that does nothing else than answer, on the bus of another device.
struct Bare {
    client: Client,
    _process: Running,
}

impl Bare {
    fn start(device: &World, report: &Path) -> Self {
        let mut command = Command::new(program::path("bare"));
        let process = Running::start(command.arg(device.bus.address()).arg(report));
        let client = Client::connect(device.bus.address());
        wait::until("the bare service answers", || client.is_owned().then_some(()));
        Self { client, _process: process }
    }
}

/// Memory after 1,000 imports, with 4,000 licences, relative to a fresh start, and for each licence.
fn memory_after_imports() -> Vec<Bar> {
    let one = stored(1);
    let daemon = one.start();
    let _ = daemon.client().status();
    let small = resident(&daemon);
    let world = stored(3_000);
    let daemon = world.start();
    let mut packs = new_packs();
    for _ in 0..10 {
        import(&world, &daemon, packs.by_ref().take(100));
    }
    let after = resident(&daemon);
    daemon.stop();
    let daemon = world.start();
    let _ = daemon.client().status();
    let fresh = resident(&daemon);
    let mb = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let from = format!("{:.1} MB to {:.1} MB", mb(after), mb(fresh));
    let each = after.saturating_sub(small) as f64 / 4_000.0 / 1024.0;
    vec![
        Bar {
            what: "memory after 1,000 imports with 4,000 licences, to a fresh start".to_owned(),
            measured: after as f64 / fresh as f64,
            most: 1.5,
            from: from.clone(),
        },
        Bar {
            what: "kB for each of 4,000 licences".to_owned(),
            measured: each,
            most: 1.0,
            from: format!("{:.1} MB to {:.1} MB", mb(after), mb(small)),
        },
    ]
}

/// What each licence adds to the time of a start, in milliseconds.
fn starts() -> Vec<Bar> {
    let one = start_time(1);
    [1_000, 4_000]
        .into_iter()
        .map(|count| {
            let many = start_time(count);
            let each = many.saturating_sub(one).as_secs_f64() * 1000.0 / f64::from(count - 1);
            let what = format!("ms for each of {count} licences at the start");
            Bar { what, measured: each, most: 0.06, from: format!("{many:.1?} beyond {one:.1?}") }
        })
        .collect()
}

fn start_time(licenses: u32) -> Duration {
    let world = stored(licenses);
    let start = || {
        let begun = Instant::now();
        let daemon = world.start();
        let took = begun.elapsed();
        daemon.stop();
        took
    };
    median((0..2 * TIMES).map(|_| start()).collect())
}

/// How often the threads of a daemon wake up that has nothing to do, for an hour.
fn wake_ups() -> Vec<Bar> {
    let world = stored(1);
    let daemon = world.start();
    let _ = daemon.client().status();
    thread::sleep(Duration::from_secs(10));
    let before = switches(&daemon);
    thread::sleep(REST);
    let count = switches(&daemon) - before;
    let an_hour = f64::from(count) * 3600.0 / REST.as_secs_f64();
    let (what, from) = ("wake-ups an hour at rest".to_owned(), format!("{count} in {REST:?}"));
    vec![Bar { what, measured: an_hour, most: 2.0, from }]
}

/// How often the threads of a daemon have gone to sleep.
fn switches(daemon: &Daemon<'_>) -> u32 {
    let tasks = fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap();
    let of = |task: fs::DirEntry| -> u32 {
        let status = fs::read_to_string(task.path().join("status")).unwrap();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.unwrap().trim().parse().unwrap()
    };
    tasks.map(|task| of(task.unwrap())).sum()
}

fn answer(client: &Client) -> Duration {
    let begun = Instant::now();
    let _: (bool, String, String) = client.manager("CheckFeature", &"os").unwrap();
    begun.elapsed()
}

/// The resident memory in bytes, once it has come to rest.
fn resident(daemon: &Daemon<'_>) -> u64 {
    thread::sleep(Duration::from_secs(1));
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
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

fn new_packs() -> impl Iterator<Item = String> + Send {
    (0..).map(|number| format!("NEW-{number:05}"))
}

fn files(world: &World, packs: impl Iterator<Item = String>) -> Vec<String> {
    packs.map(|pack| world.file(&pack, maker::licence().pack(&pack).sign())).collect()
}

/// Imports new licences through the daemon.
fn import(world: &World, daemon: &Daemon<'_>, packs: impl Iterator<Item = String>) -> Duration {
    let files = files(world, packs);
    let args = ["import"].into_iter().chain(files.iter().map(String::as_str));
    daemon.licctl(args).with_code(0).took
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

fn median(times: Vec<Duration>) -> Duration {
    let times = sorted(times);
    times[times.len() / 2]
}
