//! Concurrent writers wait for each other, or learn which process holds the lock.

use std::fs::{self, File};
use std::thread;
use std::time::Duration;

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program::{self, Answer};
use acceptance::{World, story};
use nix::fcntl::{Flock, FlockArg};

pub(crate) const STORIES: &[Story] = &[
    story!(importers_at_the_same_time_all_succeed),
    story!(importers_at_the_same_time_all_succeed_on_a_partition, needs root),
    story!(files_of_one_import_are_judged_together_by_licd_too),
    story!(a_caller_that_times_out_learns_which_process_writes),
];

const AT_ONCE: u32 = 8;
/// Files of one import, more than licd reads at a time.
const OF_ONE_IMPORT: u32 = 40;

fn files_of_one_import_are_judged_together_by_licd_too() {
    let key = maker::key("igel-issuer-2027", 11);
    let of_new_key = |n| maker::licence().pack(&format!("WE-000{n:02}")).signed_by(&[&key]);
    let brings_the_key: Vec<_> =
        (10..10 + OF_ONE_IMPORT).map(of_new_key).chain([maker::trust_in(&key)]).collect();
    let drops_the_key = vec![maker::licence().sign(), maker::trust_in(&key)];
    let withdraws = vec![maker::licence().sign(), maker::trust(2, &[("WE-7Q2KD", 183)])];
    for files in [brings_the_key, drops_the_key, withdraws] {
        let import = |by_licd: bool| {
            let world = World::new();
            let names = files.iter().enumerate();
            let names = names.map(|(n, content)| world.file(&format!("{n}"), content));
            let names: Vec<_> = names.map(|path| path.rsplit('/').next().unwrap().into()).collect();
            let words = ["import".to_owned(), "--json".to_owned()].into_iter().chain(names);
            let inbox = world.root().with_file_name("inbox");
            let daemon = by_licd.then(|| world.start());
            let mut licctl = match &daemon {
                Some(daemon) => daemon.licctl_command(),
                None => world.licctl_command(),
            };
            let answer = program::run(licctl.current_dir(inbox).args(words));
            (answer.code, answer.out, world.stored())
        };
        let directly = import(false);
        for _ in 0..3 {
            let by_licd = import(true);
            assert!(by_licd == directly, "{} instead of {}", by_licd.1, directly.1);
        }
    }
}

fn import_together(world: &World) {
    let daemon = world.start();
    let files: Vec<String> = (0..AT_ONCE)
        .map(|n| {
            world.file(&format!("{n}.lic"), maker::licence().pack(&format!("WE-0000{n}")).sign())
        })
        .collect();
    let import = |(n, file): (usize, &String)| -> Answer {
        // Half of them go through the daemon, the others write directly.
        if n % 2 == 0 { daemon.licctl(["import", file]) } else { world.licctl(["import", file]) }
    };
    thread::scope(|scope| {
        let threads: Vec<_> =
            files.iter().enumerate().map(|one| scope.spawn(move || import(one))).collect();
        for thread in threads {
            let _ = thread.join().unwrap().with_code(0);
        }
    });
    assert_eq!(world.stored().len(), files.len(), "{:?}", world.stored());
    daemon.until("all of them count", |status| status["store"]["licenses"] == AT_ONCE);
}

fn importers_at_the_same_time_all_succeed() {
    import_together(&World::new());
}

fn importers_at_the_same_time_all_succeed_on_a_partition() {
    let world = World::mounted();
    import_together(&world);
    assert!(world.partition().is_read_only());
}

fn a_caller_that_times_out_learns_which_process_writes() {
    let world = World::new();
    let lock = world.path("/run/licd/store.lock");
    fs::create_dir_all(lock.parent().unwrap()).unwrap();
    let lock = Flock::lock(File::create(lock).unwrap(), FlockArg::LockExclusive).unwrap();
    let daemon = world.start();
    let file = maker::licence().sign();
    for answer in [world.import(&file), daemon.import(&file)] {
        let answer = answer.with_code(9);
        assert_eq!(answer.verdict(), "busy");
        let holder = format!("being written by process {}", std::process::id());
        assert!(answer.message().contains(&holder), "{answer:?}");
        // D-Bus callers give up after 25 seconds.
        assert!(answer.took < Duration::from_secs(25), "{answer:?}");
    }
    assert_eq!(world.licctl(["remove", "all"]).code, 1, "nothing to remove needs no lock");
    assert_eq!(world.status()["state"], "none");
    drop(lock);
    let _ = daemon.import(&file).with_code(0);
}
