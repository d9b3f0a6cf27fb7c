//! The store as a plain directory, for any user.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use licd_fs::root::Root;
use licd_store::{
    Change, Closed, ENTRIES, FileName, Obstacle, Opened, Store, StoreError, StoreState, Stray,
    Window,
};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::{Mode, umask};
use tempfile::TempDir;
use world::*;

/// A store in a plain directory, and the directory of its licences.
fn store() -> (TempDir, Store, PathBuf) {
    // The modes must not depend on the umask. It belongs to the process, so every test sets the same.
    umask(Mode::from_bits_truncate(0o077));
    let (dir, root) = plain();
    let licenses = root.path("/license/dsa/licenses");
    (dir, Store::new(&root), licenses)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn stored_files_are_listed_by_name_and_can_be_read() {
    let (_dir, store, licenses) = store();
    assert_eq!(names(&store), Vec::<String>::new());
    let (changes, closed) = write(&store, |window| {
        Ok([
            window.put(&name("B.lic"), b"two")?,
            window.put(&name("A.lic"), b"one")?,
            window.put(&name("A.lic"), b"one again")?,
        ])
    })
    .unwrap();
    assert_eq!((changes, closed), ([Change::Made; 3], Closed::Writable));
    assert_eq!(store.state().unwrap(), StoreState::Writable);
    assert_eq!(names(&store), ["A.lic", "B.lic"]);
    let listing = store.licenses().unwrap();
    let Opened::File { mut file, .. } = listing.open(&listing.entries[0]).unwrap() else {
        panic!("not a file of nine bytes");
    };
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "one again");
    assert_eq!(files(&licenses), ["A.lic", "B.lic"]);
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    let (dir, store, licenses) = store();
    let _ = write(&store, |window| {
        window.put(&name("A.lic"), b"one")?;
        window.put_trust(b"trust")
    })
    .unwrap();
    let at = |path| mode(&dir.path().join(path));
    assert_eq!((at("license/dsa"), mode(&licenses)), (0o755, 0o755));
    assert_eq!((at("license/dsa/trust.note"), mode(&licenses.join("A.lic"))), (0o644, 0o644));
    assert_eq!((at("run/licd"), at("run/licd/store.lock")), (0o755, 0o600));
}

#[test]
fn storing_identical_content_writes_nothing() {
    let (dir, store, licenses) = store();
    let inodes = || {
        let trust = dir.path().join("license/dsa/trust.note");
        [licenses.join("A.lic"), trust].map(|file| fs::metadata(file).unwrap().ino())
    };
    let store_both = || {
        write(&store, |window| {
            Ok([window.put(&name("A.lic"), b"one")?, window.put_trust(b"trust")?])
        })
        .unwrap()
        .0
    };
    assert_eq!(store_both(), [Change::Made; 2]);
    let before = inodes();
    assert_eq!(store_both(), [Change::None; 2]);
    assert_eq!(inodes(), before);
}

#[test]
fn a_window_has_flushed_the_licences_once_it_has_stored_a_new_one() {
    let (_dir, store, _) = store();
    let flushed = |work: &dyn Fn(&mut Window<'_>) -> Result<Change, StoreError>| {
        write(&store, |window| work(window).map(|_| window.has_flushed_licenses())).unwrap().0
    };
    assert!(!flushed(&|window| window.put_trust(b"trust")));
    assert!(flushed(&|window| window.put(&name("A.lic"), b"one")));
    assert!(!flushed(&|window| window.put(&name("A.lic"), b"one")));
    assert!(!flushed(&|window| window.discard(&name("A.lic"))));
    assert_eq!(names(&store), Vec::<String>::new());
}

#[test]
fn a_stored_trust_document_can_be_opened() {
    let (_dir, store, _) = store();
    assert!(matches!(store.trust().unwrap(), Opened::Gone));
    let _ = write(&store, |window| window.put_trust(b"trust")).unwrap();
    assert!(matches!(store.trust().unwrap(), Opened::File { .. }));
}

#[test]
fn removing_a_missing_file_changes_nothing() {
    let (_dir, store, licenses) = store();
    let remove = |file| write(&store, |window| window.remove(&name(file))).unwrap().0;
    assert_eq!(remove("A.lic"), Change::None);
    let _ = write(&store, |window| window.put(&name("A.lic"), b"one")).unwrap();
    symlink("/nowhere", licenses.join("link.lic")).unwrap();
    assert_eq!([remove("A.lic"), remove("link.lic")], [Change::Made; 2]);
    assert_eq!(remove("A.lic"), Change::None);
    assert_eq!(files(&licenses), Vec::<String>::new());
}

#[test]
fn only_regular_files_are_opened() {
    let (dir, store, licenses) = store();
    let _ = write(&store, |window| window.put(&name("A.lic"), b"one")).unwrap();
    fs::create_dir(licenses.join("dir.lic")).unwrap();
    symlink("A.lic", licenses.join("link.lic")).unwrap();
    nix::unistd::mkfifo(&licenses.join("fifo.lic"), Mode::S_IRWXU).unwrap();
    let _socket = UnixListener::bind(licenses.join("socket.lic")).unwrap();
    fs::write(licenses.join("A.txt"), "no licence").unwrap();
    let listing = store.licenses().unwrap();
    let found: Vec<_> = listing
        .entries
        .iter()
        .map(|entry| {
            let file = matches!(listing.open(entry).unwrap(), Opened::File { .. });
            assert_eq!(file, entry.regular);
            (entry.name.to_string(), file)
        })
        .collect();
    let expected = [
        ("A.lic", true),
        ("dir.lic", false),
        ("fifo.lic", false),
        ("link.lic", false),
        ("socket.lic", false),
    ];
    assert_eq!(found, expected.map(|(name, file)| (name.to_owned(), file)));
    drop(dir);
}

#[test]
fn a_change_between_listing_and_opening_is_detected() {
    let (_dir, store, licenses) = store();
    let _ = write(&store, |window| {
        for file in ["A.lic", "B.lic", "C.lic", "D.lic"] {
            window.put(&name(file), b"one")?;
        }
        Ok(())
    })
    .unwrap();
    fs::create_dir(licenses.join("E.lic")).unwrap();
    let listing = store.licenses().unwrap();
    for file in ["A.lic", "B.lic", "C.lic"] {
        fs::remove_file(licenses.join(file)).unwrap();
    }
    fs::remove_dir(licenses.join("E.lic")).unwrap();
    fs::write(licenses.join("E.lic"), "one").unwrap();
    symlink("D.lic", licenses.join("B.lic")).unwrap();
    nix::unistd::mkfifo(&licenses.join("C.lic"), Mode::S_IRWXU).unwrap();
    let opened = |at: usize| listing.open(&listing.entries[at]).unwrap();
    assert!(matches!(opened(0), Opened::Gone));
    assert!(matches!(opened(1), Opened::NotRegular));
    assert!(matches!(opened(2), Opened::NotRegular));
    assert!(matches!(opened(3), Opened::File { .. }));
    // What was not a file when it was listed is not opened.
    assert!(matches!(opened(4), Opened::NotRegular));
}

#[test]
fn a_name_of_any_bytes_is_listed_opened_and_removed() {
    let (_dir, store, licenses) = store();
    fs::create_dir_all(&licenses).unwrap();
    let odd = OsStr::from_bytes(b"\xff\x1b[31m.lic");
    fs::write(licenses.join(odd), "one").unwrap();
    assert_eq!(names(&store), ["\u{fffd}\\u{1b}[31m.lic"]);
    let listing = store.licenses().unwrap();
    assert!(matches!(listing.open(&listing.entries[0]).unwrap(), Opened::File { .. }));
    let _ = write(&store, |window| window.remove(&FileName::new(odd).unwrap())).unwrap();
    assert_eq!(names(&store), Vec::<String>::new());
}

#[test]
fn ten_thousand_licences_are_listed_and_more_than_the_bound_is_reported() {
    let (_dir, store, licenses) = store();
    fs::create_dir_all(&licenses).unwrap();
    let fill = |range: std::ops::Range<usize>| {
        range.for_each(|n| drop(File::create(licenses.join(format!("{n:05}.lic"))).unwrap()));
    };
    fill(0..10_000);
    let listing = store.licenses().unwrap();
    assert_eq!((listing.entries.len(), listing.truncated), (10_000, false));
    assert!(listing.entries.windows(2).all(|pair| pair[0].name < pair[1].name));
    fill(10_000..ENTRIES);
    let listing = store.licenses().unwrap();
    assert_eq!((listing.entries.len(), listing.truncated), (ENTRIES, false));
    fill(ENTRIES..ENTRIES + 1);
    let listing = store.licenses().unwrap();
    assert_eq!((listing.entries.len(), listing.truncated), (ENTRIES, true));
    assert_eq!(store.state().unwrap(), StoreState::Writable);
}

#[test]
fn a_missing_store_is_empty_and_rejects_writes() {
    let (dir, store, _) = store();
    let place = dir.path().join("license");
    fs::remove_dir(&place).unwrap();
    assert_eq!(store.state().unwrap(), StoreState::Missing);
    assert_eq!(names(&store), Vec::<String>::new());
    assert!(matches!(store.trust().unwrap(), Opened::Gone));
    let expected = StoreError::Unwritable { place: place.clone(), why: Obstacle::Missing };
    assert_eq!(put(&store, "A.lic", b"one"), Err(expected));
    let text = store.settle().unwrap_err().to_string();
    let expected = "cannot be written: there is no licence partition; check that it is mounted";
    assert_eq!(text, format!("{}: {expected}", place.display()));
}

#[test]
fn a_store_that_is_not_a_directory_is_damaged_and_not_waited_for() {
    let file = |path: &Path| fs::write(path, "").unwrap();
    // Opening it would wait for a writer.
    let pipe = |path: &Path| nix::unistd::mkfifo(path, Mode::S_IRWXU).unwrap();
    for make in [file, pipe] {
        for broken in ["license", "license/dsa", "license/dsa/licenses"] {
            let (dir, store, licenses) = store();
            fs::create_dir_all(licenses.parent().unwrap()).unwrap();
            let broken = dir.path().join(broken);
            let _ = fs::remove_dir_all(&broken);
            make(&broken);
            assert_eq!(store.state().unwrap(), StoreState::Damaged);
            let failed = store.licenses().unwrap_err();
            assert!(matches!(failed, StoreError::Unreadable { .. }), "{failed}");
            let failed = put(&store, "A.lic", b"one").unwrap_err();
            assert!(matches!(failed, StoreError::Unwritable { .. }), "{failed}");
        }
    }
}

#[test]
fn a_link_out_of_the_store_is_not_followed() {
    let (dir, store, licenses) = store();
    let outside = dir.path().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(licenses.parent().unwrap()).unwrap();
    symlink(&outside, &licenses).unwrap();
    let failed = put(&store, "A.lic", b"one").unwrap_err();
    assert!(matches!(failed, StoreError::Unwritable { .. }), "{failed}");
    assert_eq!(store.state().unwrap(), StoreState::Damaged);
    assert_eq!(files(&outside), Vec::<String>::new());
}

#[test]
fn a_failed_put_changes_nothing() {
    let (_dir, store, licenses) = store();
    fs::create_dir_all(licenses.join("A.lic")).unwrap();
    let failed = put(&store, "A.lic", b"one").unwrap_err();
    let expected =
        format!("{}: cannot be written: Is a directory", licenses.join("A.lic").display());
    assert_eq!(failed.to_string(), expected);
    assert_eq!(files(&licenses), ["A.lic"]);
    assert!(licenses.join("A.lic").is_dir());
}

#[test]
fn the_next_window_removes_the_leftovers_of_a_crash_and_no_other_files() {
    let (_dir, store, licenses) = store();
    fs::create_dir_all(&licenses).unwrap();
    let dsa = licenses.parent().unwrap();
    let leave = || {
        fs::write(licenses.join(".licd-1-0.tmp"), "half").unwrap();
        fs::write(dsa.join(".licd-1-0.tmp"), "half").unwrap();
        fs::write(dsa.with_file_name(".licd-1-0.tmp"), "half").unwrap();
    };
    fs::write(licenses.join("note.tmp"), "mine").unwrap();
    leave();
    assert_eq!(store.settle().unwrap(), None);
    assert_eq!(files(dsa), ["licenses"]);
    assert_eq!(files(dsa.parent().unwrap()), ["dsa"]);
    leave();
    assert_eq!(put(&store, "A.lic", b"one").unwrap(), Closed::Writable);
    assert_eq!(files(dsa), ["licenses"]);
    assert_eq!(files(&licenses), ["A.lic", "note.tmp"]);
}

#[test]
fn a_writer_waits_for_another_and_names_it_after_the_timeout() {
    let (dir, store, _) = store();
    let _ = put(&store, "A.lic", b"one").unwrap();
    let lock = File::open(dir.path().join("run/licd/store.lock")).unwrap();
    let lock = Flock::lock(lock, FlockArg::LockExclusive).unwrap();

    let timeout = Duration::from_millis(50);
    let begun = Instant::now();
    let busy = put(&store.clone().with_lock_timeout(timeout), "A.lic", b"two").unwrap_err();
    assert!((timeout..Duration::from_secs(4)).contains(&begun.elapsed()));
    let StoreError::Busy { holder: Some(holder), .. } = &busy else { panic!("{busy}") };
    assert_eq!(holder.pid, std::process::id());
    let place = dir.path().join("license");
    let expected = format!("{}: being written by {holder}; try again when", place.display());
    assert!(busy.to_string().starts_with(&expected), "{busy}");

    // Settling never waits.
    let patient = store.clone().with_lock_timeout(Duration::from_secs(600));
    assert!(matches!(patient.settle(), Err(StoreError::Busy { .. })));
    // Readers do not need the lock.
    assert_eq!(names(&store), ["A.lic"]);

    let waiting = std::thread::spawn(move || put(&patient, "A.lic", b"three"));
    drop(lock);
    assert_eq!(waiting.join().unwrap().unwrap(), Closed::Writable);
}

#[test]
fn a_panic_in_a_window_releases_the_lock() {
    let (_dir, store, _) = store();
    let panicked = std::thread::scope(|scope| {
        scope.spawn(|| write(&store, |_| -> Result<(), StoreError> { panic!("on purpose") })).join()
    });
    assert!(panicked.is_err());
    let store = store.with_lock_timeout(Duration::ZERO);
    assert_eq!(put(&store, "A.lic", b"one").unwrap(), Closed::Writable);
}

#[test]
fn simulated_mounts_do_not_count() {
    let (dir, _, _) = store();
    fs::create_dir_all(dir.path().join("proc/self")).unwrap();
    fs::write(dir.path().join("proc/self/mountinfo"), "1 0 8:1 / /license ro - ext4 x ro\n")
        .unwrap();
    let root = Root::new(dir.path()).unwrap();
    assert!(root.is_simulated());
    assert_eq!(Store::new(&root).state().unwrap(), StoreState::Writable);
}

#[test]
fn misplaced_and_misnamed_files_are_found_up_to_a_limit() {
    let (dir, store, licenses) = store();
    let license = dir.path().join("license");
    fs::create_dir_all(licenses.join("sub/deeper")).unwrap();
    for path in ["B.LIC", "dsa/licenses/A.lic.txt", "dsa/licenses/sub/C.lic", "dsa/TRUST.NOTE"] {
        fs::write(license.join(path), "").unwrap();
    }
    for path in ["dsa/licenses/ok.LIC", "dsa/licenses/._A.lic", "dsa/trust.note", "fetch.json"] {
        fs::write(license.join(path), "").unwrap();
    }
    symlink(&license, licenses.join("loop")).unwrap();
    let misnamed = ["dsa/TRUST.NOTE", "dsa/licenses/A.lic.txt"].map(|p| Stray::Misnamed(p.into()));
    let misplaced = ["B.LIC", "dsa/licenses/sub/C.lic"].map(|p| Stray::Misplaced(p.into()));
    assert_eq!(store.strays().unwrap(), [misplaced, misnamed].concat());
    for n in 0..1000 {
        fs::write(license.join(format!("{n}.lic")), "").unwrap();
    }
    assert!(store.strays().unwrap().len() <= 256);
}
