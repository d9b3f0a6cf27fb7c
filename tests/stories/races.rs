//! Concurrent and interrupted programs: a decision based on a state that changed meanwhile is made
//! again.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::thread;

use acceptance::client::{Client, Refusal};
use acceptance::harness::Story;
use acceptance::maker::{self, EMP};
use acceptance::{World, story, wait};
use license_issue::SigningKey;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use zbus::{Fd, OwnedVariant};

pub(crate) const STORIES: &[Story] = &[
    story!(the_newer_of_two_concurrent_trust_documents_stays),
    story!(a_slow_trust_document_does_not_replace_a_newer_one),
    story!(a_slow_automatic_import_does_not_undo_a_removal),
    story!(a_licence_whose_key_was_revoked_meanwhile_is_not_stored),
    story!(variants_of_one_licence_occupy_one_file),
    story!(automatic_imports_leave_room_for_a_trust_document_and_a_licence, needs root),
    story!(the_next_start_finishes_an_interrupted_removal),
    story!(an_interrupted_removal_spares_a_file_copied_back),
    story!(the_start_deletes_temporary_files),
    story!(the_daemon_starts_whatever_occupies_the_paths_of_its_locks_and_state),
    story!(licences_are_imported_whatever_occupies_the_path_of_the_lock),
    story!(an_immutable_licence_is_reported_with_its_cure, needs root),
];

/// The number of races between two imports; `LICD_RACES` overrides it.
const RACES: u32 = 20;

const TRUST: &str = "/license/dsa/trust.note";
const MEMORY: &str = "/var/lib/licd/trust.note";
const STATE: &str = "/var/lib/licd/state.toml";

fn version(world: &World, file: &str) -> String {
    let note = fs::read_to_string(world.path(file)).unwrap();
    note.lines().nth(1).unwrap().to_owned()
}

fn races() -> u32 {
    std::env::var("LICD_RACES").ok().and_then(|count| count.parse().ok()).unwrap_or(RACES)
}

fn the_newer_of_two_concurrent_trust_documents_stays() {
    let world = World::new();
    let [two, three] = [2, 3].map(|n| world.file(&format!("{n}.note"), maker::trust(n, &[])));
    for race in 0..races() {
        for file in [TRUST, MEMORY] {
            let _ = fs::remove_file(world.path(file));
        }
        let import = |file: &String| world.licctl(["--direct", "import", "--json", file]);
        thread::scope(|scope| {
            let slower = scope.spawn(|| import(&two));
            let _ = import(&three).with_code(0);
            let code = slower.join().unwrap().code;
            assert!([0, 5].contains(&code), "race {race}: {code}");
        });
        for file in [TRUST, MEMORY] {
            assert_eq!(version(&world, file), "version 3", "race {race}: {file}");
        }
    }
}

/// Imports a file through a pipe that withholds its end until `meanwhile` returns.
fn slowly(
    client: &Client,
    content: &str,
    automatic: bool,
    meanwhile: impl FnOnce(),
) -> Result<String, Refusal> {
    let (reader, mut writer) = io::pipe().unwrap();
    let (first, rest) = content.split_at(content.len() / 2);
    writer.write_all(first.as_bytes()).unwrap();
    let options = HashMap::from([("automatic", OwnedVariant::from(automatic))]);
    thread::scope(|scope| {
        let import = scope
            .spawn(|| client.manager("ImportFd", &(Fd::from(reader.as_fd()), "slow.lic", options)));
        // The pipe is empty once the daemon has read its content.
        wait::until("the daemon reads", || (!has_more(&reader)).then_some(()));
        meanwhile();
        writer.write_all(rest.as_bytes()).unwrap();
        drop(writer);
        import.join().unwrap()
    })
}

/// Whether a pipe holds unread data.
fn has_more(pipe: &io::PipeReader) -> bool {
    let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).unwrap() > 0
}

fn a_slow_trust_document_does_not_replace_a_newer_one() {
    let world = World::new();
    let daemon = world.start();
    let (two, three) = (maker::trust(2, &[]), world.file("3.note", maker::trust(3, &[])));
    let refusal = slowly(&daemon.client(), &two, false, || {
        let _ = daemon.licctl(["import", &three]).with_code(0);
    })
    .unwrap_err();
    assert_eq!(refusal.name, "com.igel.License1.Error.Superseded");
    assert_eq!(version(&world, TRUST), "version 3");
    wait::until("it is remembered", || {
        world.path(MEMORY).exists().then(|| version(&world, MEMORY) == "version 3")
    });
}

fn a_slow_automatic_import_does_not_undo_a_removal() {
    let world = World::new();
    let daemon = world.start();
    let licence = maker::licence().sign();
    let _ = daemon.import(&licence).with_code(0);
    // An extra signature line makes it a different file, so the import has to store it.
    let found = format!("{licence}{}", stranger_line(&licence, &maker::stranger()));
    let refusal = slowly(&daemon.client(), &found, true, || {
        let _ = daemon.licctl(["remove", "all"]).with_code(0);
    })
    .unwrap_err();
    assert_eq!(refusal.name, "com.igel.License1.Error.Removed");
    assert!(world.stored().is_empty());
    let again = daemon.licctl(["import", "--automatic", &world.file("a.lic", &licence)]);
    let _ = again.with_code(5);
}

fn a_licence_whose_key_was_revoked_meanwhile_is_not_stored() {
    let world = World::new();
    let daemon = world.start();
    let revoking = {
        let newer = maker::trust(2, &[]);
        let (head, _) = newer.split_once("key ").unwrap();
        let [a, b, _] = maker::roots();
        let key = format!("key {} *\n", maker::stranger().verifier());
        license_issue::sign(&format!("{head}{key}"), &[&a, &b])
    };
    let revoking = world.file("2.note", revoking);
    let refusal = slowly(&daemon.client(), &maker::licence().sign(), false, || {
        let _ = daemon.licctl(["import", &revoking]).with_code(0);
    })
    .unwrap_err();
    assert_eq!(refusal.name, "com.igel.License1.Error.UnknownKey");
    assert!(world.stored().is_empty());
}

/// A signature line by an unknown key.
fn stranger_line(licence: &str, key: &SigningKey) -> String {
    let (text, _) = licence.split_once("\n\n").unwrap();
    let signed = license_issue::sign(&format!("{text}\n"), &[key]);
    signed.split_once("\n\n").unwrap().1.to_owned()
}

fn variants(licence: &str, count: u8) -> impl Iterator<Item = String> {
    (0..count).map(move |n| {
        let key = maker::key(&format!("stranger-{n}"), 100 + n);
        format!("{licence}{}", stranger_line(licence, &key))
    })
}

fn variants_of_one_licence_occupy_one_file() {
    let world = World::new();
    let licence = maker::licence().sign();
    let files: Vec<String> = variants(&licence, 8)
        .enumerate()
        .map(|(n, content)| world.file(&format!("{n}.lic"), content))
        .collect();
    for file in &files {
        let answer = world.licctl(["import", "--automatic", "--json", file]).with_code(0);
        assert_eq!(answer.verdict(), "valid");
        assert_eq!(world.stored().len(), 1);
    }
    let first = world.stored();
    // An explicit import replaces the stored variant, so that its extra lines are kept.
    let _ = world.licctl(["import", &files[7]]).with_code(0);
    assert_eq!(world.stored().len(), 1);
    assert_ne!(world.stored(), first);
    let stored = world.licenses().join(&world.stored()[0]);
    assert_eq!(fs::read_to_string(stored).unwrap(), fs::read_to_string(&files[7]).unwrap());
}

fn automatic_imports_leave_room_for_a_trust_document_and_a_licence() {
    let world = World::mounted_with(1 << 20);
    let fill = |n: u32| {
        let licence = maker::licence().pack(&format!("WE-{n:05}")).serial(1);
        let file = world.file("found.lic", licence.sign());
        world.licctl(["import", "--automatic", "--json", &file])
    };
    let full = (0..2000).map(fill).find(|answer| answer.code != 0).unwrap();
    assert_eq!((full.code, full.verdict().as_str()), (7, "store-full"));
    let problems = world.status()["problems"].to_string();
    assert!(problems.contains("less than 64 KiB"), "{problems}");
    // A trust document and an explicitly imported licence still fit.
    let trust = world.file("2.note", maker::trust(2, &[("WE-00000", 1)]));
    let _ = world.licctl(["import", &trust]).with_code(0);
    let emp = maker::licence().product("EMP").pack("EMP-R9HXH").services(&[EMP]).sign();
    let _ = world.import(&emp).with_code(0);
    assert!(world.partition().is_read_only());
}

/// Writes the state as it is after a removal was recorded and before the file was deleted.
fn intend_to_remove(world: &World, file: &Path) {
    let found = fs::metadata(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let changed = found.ctime() * 1_000_000_000 + found.ctime_nsec();
    world.write(
        STATE,
        format!(
            "schema = 1\n[[removed]]\npack = \"WE-7Q2KD\"\nserial = 183\n[[removing]]\n\
             file = \"{name}\"\ninode = {}\nchanged = {changed}\n",
            found.ino()
        ),
    );
}

fn the_next_start_finishes_an_interrupted_removal() {
    let world = World::new();
    let file = world.copy_by_hand("a.lic", maker::licence().sign());
    let other = world.copy_by_hand("b.lic", maker::licence().pack("WE-OTHER").sign());
    intend_to_remove(&world, &file);
    let daemon = world.start();
    assert!(!file.exists() && other.exists());
    let again = world.file("again.lic", maker::licence().sign());
    let _ = daemon.licctl(["import", "--automatic", &again]).with_code(5);
    let _ = daemon.licctl(["import", &again]).with_code(0);
    assert!(daemon.stop().success());
    let _daemon = world.start();
    assert_eq!(world.stored().len(), 2, "{:?}", world.stored());
}

fn an_interrupted_removal_spares_a_file_copied_back() {
    let world = World::new();
    let file = world.copy_by_hand("a.lic", maker::licence().sign());
    intend_to_remove(&world, &file);
    // A technician restores the file before the next start.
    let kept = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    world.copy_by_hand("a.lic", kept);
    let daemon = world.start();
    assert!(file.exists());
    assert_eq!(daemon.status()["state"], "valid");
}

fn the_start_deletes_temporary_files() {
    let world = World::new();
    let dirs = ["/var/lib/licd", "/etc/licd", "/run/licd", "/license/dsa/licenses"];
    let half = dirs.map(|dir| world.write(&format!("{dir}/.licd-1-0.tmp"), "half"));
    let _daemon = world.start();
    for file in half {
        assert!(!file.exists(), "{}", file.display());
    }
}

/// The kinds of objects that may occupy the path of a file, by accident or on purpose.
const OBSTACLES: [fn(&Path); 3] = [
    |path| mkfifo(path, Mode::S_IRWXU).unwrap(),
    |path| fs::create_dir(path).unwrap(),
    |path| symlink("/nowhere/at/all", path).unwrap(),
];

fn the_daemon_starts_whatever_occupies_the_paths_of_its_locks_and_state() {
    for obstacle in OBSTACLES {
        for name in ["store.partition", "store.lock", "state.lock"] {
            let world = World::new();
            fs::create_dir_all(world.path("/run/licd")).unwrap();
            obstacle(&world.path("/run/licd").join(name));
            let daemon = world.start();
            assert!(daemon.stop().success());
        }
    }
}

fn licences_are_imported_whatever_occupies_the_path_of_the_lock() {
    for obstacle in OBSTACLES {
        for name in ["store.lock", "state.lock"] {
            let world = World::new();
            fs::create_dir_all(world.path("/run/licd")).unwrap();
            obstacle(&world.path("/run/licd").join(name));
            let _ = world.import(maker::licence().sign()).with_code(0);
        }
    }
}

fn an_immutable_licence_is_reported_with_its_cure() {
    let world = World::mounted();
    let _ = world.import(maker::licence().sign()).with_code(0);
    let file = world.licenses().join(&world.stored()[0]);
    let chattr = |how: &str| {
        let status = world.by_hand(|_| {
            std::process::Command::new("chattr").arg(how).arg(&file).status().unwrap()
        });
        assert!(status.success());
    };
    for (set, clear) in [("+i", "-i"), ("+a", "-a")] {
        chattr(set);
        let answer = world.licctl(["remove", "--json", "all"]).with_code(7);
        assert!(answer.json()["message"].to_string().contains("chattr -i -a"), "{answer:?}");
        assert_eq!(world.stored().len(), 1);
        chattr(clear);
    }
    let _ = world.licctl(["remove", "all"]).with_code(0);
}
