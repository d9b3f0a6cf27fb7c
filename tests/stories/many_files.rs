//! A store with 10,000 licences is read in bounded time and memory.

use std::fs;
use std::time::{Duration, Instant};

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program::run_measured;
use acceptance::{World, story};

pub(crate) const STORIES: &[Story] = &[
    story!(ten_thousand_licences_fit_the_limits_of_time_and_memory),
    story!(files_that_come_together_are_imported_in_few_rounds),
    story!(files_beyond_the_limit_are_reported),
];

const FILES: u64 = 10_000;
/// The time limit for reading everything once, for unoptimised programs that share the machine with
/// other tests; optimised ones take a tenth.
const TIME: Duration = Duration::from_secs(25);
/// The memory limit: about 4 KB for each licence, plus the needs of a small store.
const PEAK: u64 = 128 << 20;

fn ten_thousand_licences_fit_the_limits_of_time_and_memory() {
    let world = World::new();
    let store = world.licenses();
    fs::create_dir_all(&store).unwrap();
    for n in 0..FILES {
        // Each licence has its own pack, so that every one counts; its last day identifies it.
        let licence = maker::licence().pack(&format!("WE-{n:05}"));
        fs::write(store.join(format!("{n}.lic")), licence.sign()).unwrap();
    }
    let (status, status_peak) = run_measured(world.licctl_command().args(["status", "--json"]));
    assert_eq!(status.json()["store"]["licenses"], FILES);
    let file = world.file("a.lic", maker::licence().sign());
    let (import, import_peak) = run_measured(world.licctl_command().args(["import", &file]));
    assert_eq!(import.code, 0, "{import:?}");

    let began = Instant::now();
    let daemon = world.start();
    let start = began.elapsed();
    let client = daemon.client();
    let began = Instant::now();
    let report = client.status();
    let answer = began.elapsed();
    assert!(report.contains("WE-09999"));
    let mb = |bytes: u64| bytes >> 20;
    eprintln!(
        "10,000 licences: licctl status {:?}, {} MB; import {:?}, {} MB; licd ready after \
         {start:?}, answers in {answer:?}, {} MB",
        status.took,
        mb(status_peak),
        import.took,
        mb(import_peak),
        mb(daemon.peak()),
    );
    for took in [status.took, import.took, start, answer] {
        assert!(took < TIME, "{took:?}");
    }
    for peak in [status_peak, import_peak, daemon.peak()] {
        assert!(peak < PEAK, "{} MB", mb(peak));
    }
}

fn files_that_come_together_are_imported_in_few_rounds() {
    const STORED: u64 = 1000;
    const ADDED: u64 = 256;
    /// Each round may import 64 files of one caller; a busy machine delivers fewer at a time.
    const ROUNDS: usize = 16;
    let world = World::new();
    for n in 0..STORED {
        let licence = maker::licence().pack(&format!("WE-{n:05}")).sign();
        world.copy_by_hand(&format!("{n}.lic"), licence);
    }
    let daemon = world.start();
    let signals = daemon.client().listen();
    let file = |n| world.file(&n, maker::licence().pack(&n).sign());
    let files = (0..ADDED).map(|n| file(format!("NEW-{n:05}")));
    let args: Vec<String> = ["import".to_owned()].into_iter().chain(files).collect();
    let answer = daemon.licctl(args).with_code(0);
    assert_eq!(daemon.status()["store"]["licenses"], STORED + ADDED);
    signals.catch_up();
    let rounds = signals.named("Changed").len();
    eprintln!("{ADDED} files into {STORED}: {rounds} rounds, {:?}", answer.took);
    assert!(rounds <= ROUNDS, "{rounds} rounds");
    assert!(answer.took < TIME, "{:?}", answer.took);
    // licd knows what it has stored itself; what others do is news.
    let late = world.copy_by_hand("late.lic", maker::licence().pack("WE-LATE1").sign());
    daemon.until("the file is seen", |status| status["store"]["licenses"] == STORED + ADDED + 1);
    fs::remove_file(late).unwrap();
    daemon.until("it is gone", |status| status["store"]["licenses"] == STORED + ADDED);
}

fn files_beyond_the_limit_are_reported() {
    const LOOKED_AT: usize = 16_384;
    let world = World::new();
    let store = world.licenses();
    fs::create_dir_all(&store).unwrap();
    let problem = || world.status()["problems"].to_string().contains("more than 16384 files");
    for n in 0..LOOKED_AT {
        fs::write(store.join(format!("{n}.lic")), "").unwrap();
    }
    assert!(!problem());
    fs::write(store.join("one too many.lic"), "").unwrap();
    assert!(problem());
}
