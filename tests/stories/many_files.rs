//! A store with 10,000 licences is read in bounded time and memory.

use std::fs;
use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program::{self, Usage, run_measured};
use acceptance::{World, story};

pub(crate) const STORIES: &[Story] = &[
    story!(ten_thousand_licences_take_ten_times_the_work_of_a_thousand),
    story!(files_that_come_together_are_imported_in_few_rounds),
    story!(an_import_of_more_files_than_descriptors_takes_them_all),
    story!(files_beyond_the_limit_are_reported),
];

/// The factor of CPU time allowed for ten times the licences. Work that grows with their square would
/// take a hundred times as much.
const FACTOR: u32 = 20;
/// The memory limit: about 4 KB for each licence, plus the needs of a small store.
const PEAK: u64 = 128 << 20;

/// Adds licences to the store, each with its own pack so that every one counts.
fn fill(world: &World, numbers: Range<u64>) {
    for n in numbers {
        let licence = maker::licence().pack(&format!("WE-{n:05}"));
        fs::write(world.licenses().join(format!("{n}.lic")), licence.sign()).unwrap();
    }
}

/// What `licctl status`, an import by licctl, and the start of the daemon with one call use for a store
/// with this many licences.
fn work(world: &World, licences: u64) -> [(&'static str, Usage); 3] {
    let (answer, status) = run_measured(world.licctl_command().args(["status", "--json"]));
    assert_eq!(answer.json()["store"]["licenses"], licences);
    let another = maker::licence().pack(&format!("EMP-{licences:05}"));
    let file = world.file("another.lic", another.sign());
    let (answer, import) = run_measured(world.licctl_command().args(["import", &file]));
    assert_eq!(answer.code, 0, "{answer:?}");
    let daemon = world.start();
    assert!(daemon.client().status().contains(&format!("EMP-{licences:05}")));
    let licd = Usage { peak: daemon.peak(), cpu: daemon.cpu() };
    assert!(daemon.stop().success());
    [("licctl status", status), ("licctl import", import), ("licd", licd)]
}

fn ten_thousand_licences_take_ten_times_the_work_of_a_thousand() {
    let world = World::new();
    fs::create_dir_all(world.licenses()).unwrap();
    fill(&world, 0..1000);
    let few = work(&world, 1000);
    // The first import is in the store, too.
    fill(&world, 1000..9999);
    let many = work(&world, 10_000);
    for ((program, few), (_, many)) in few.into_iter().zip(many) {
        let factor = many.cpu.as_secs_f64() / few.cpu.as_secs_f64();
        let [few_ms, many_ms] = [few.cpu, many.cpu].map(|cpu: Duration| cpu.as_millis());
        eprintln!(
            "{program}: {few_ms} ms of CPU time for 1,000 licences, {many_ms} ms for 10,000, {factor:.1} \
             times as much; {} MB",
            many.peak >> 20
        );
        assert!(many.cpu < FACTOR * few.cpu, "{program}: {factor:.1} times as much");
        assert!(many.peak < PEAK, "{program}: {} MB", many.peak >> 20);
    }
}

fn files_that_come_together_are_imported_in_few_rounds() {
    const STORED: u64 = 1000;
    const ADDED: u64 = 256;
    /// Each round may import 64 files of one caller; a busy machine delivers fewer at a time.
    const ROUNDS: u32 = 16;
    let world = World::new();
    fs::create_dir_all(world.licenses()).unwrap();
    fill(&world, 0..STORED);
    let daemon = world.start();
    let started = daemon.cpu();
    let signals = daemon.client().listen();
    let files = (0..ADDED).map(|n| {
        let pack = format!("NEW-{n:05}");
        world.file(&pack, maker::licence().pack(&pack).sign())
    });
    let args: Vec<String> = ["import".to_owned()].into_iter().chain(files).collect();
    let answer = daemon.licctl(args).with_code(0);
    let used = daemon.cpu() - started;
    assert_eq!(daemon.status()["store"]["licenses"], STORED + ADDED);
    signals.catch_up();
    let rounds = signals.named("Changed").len();
    eprintln!(
        "{ADDED} files into {STORED}: {rounds} rounds, {:?}, {used:?} of CPU time; start {started:?}",
        answer.took
    );
    assert!(rounds <= ROUNDS as usize, "{rounds} rounds");
    // The start has read everything once; no round may cost more than that.
    assert!(used < started * ROUNDS, "{used:?}");
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

fn an_import_of_more_files_than_descriptors_takes_them_all() {
    const FILES: u32 = 300;
    for by_licd in [false, true] {
        let world = World::new();
        let licence = |n| maker::licence().pack(&format!("WE-{n:05}")).sign();
        let files: Vec<_> =
            (0..FILES).map(|n| world.file(&format!("{n}.lic"), licence(n))).collect();
        let daemon = by_licd.then(|| world.start());
        let licctl = daemon.as_ref().map_or_else(|| world.licctl_command(), Daemon::licctl_command);
        let import = |words: &[&str]| {
            let mut sh = Command::new("sh");
            sh.args(["-c", "ulimit -n 200 && exec \"$0\" \"$@\""]).arg(licctl.get_program());
            sh.args(licctl.get_args()).args(words).args(&files);
            let answer = program::run(&mut sh).with_code(0);
            let verdicts = answer.verdicts();
            assert!(verdicts.iter().all(|(code, _)| code == "valid"), "{answer:?}");
            assert_eq!(verdicts.len(), FILES as usize);
        };
        import(&["import", "-n", "--json"]);
        import(&["import", "--json"]);
        assert_eq!(world.stored().len(), FILES as usize);
    }
}
