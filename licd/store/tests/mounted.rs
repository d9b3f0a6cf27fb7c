//! The store as a partition that is mounted read-only. All tests need root.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;

use licd_store::{Change, Closed, StoreError, StoreState};
use nix::errno::Errno;
use nix::mount::MsFlags;
use world::*;

/// The UID of an ordinary user.
const USER: u32 = 65534;

/// A process that holds a file open.
fn holder(path: &Path) -> Process {
    Process::start(Command::new("sleep").arg("600").stdin(File::open(path).unwrap()))
}

fn holders(closed: &Closed) -> Vec<(u32, String)> {
    let Closed::HeldBy(holders) = closed else { return Vec::new() };
    holders.iter().map(|h| (h.pid, h.command.to_str().unwrap().to_owned())).collect()
}

#[test]
fn the_partition_is_writable_only_inside_a_window() {
    with_own_mounts("the_partition_is_writable_only_inside_a_window", |root| {
        let disk = Partition::new(root, &[]);
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(names(&disk.store), Vec::<String>::new());
        let ((), closed) = write(&disk.store, |window| {
            assert_eq!(disk.store.state().unwrap(), StoreState::Writable);
            window.put(&name("A.lic"), b"one")?;
            window.put_trust(b"trust")?;
            Ok(())
        })
        .unwrap();
        assert_eq!(closed, Closed::ReadOnly);
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(fs::write(disk.place.join("x"), "").unwrap_err().raw_os_error(), Some(30));
        assert_eq!(names(&disk.store), ["A.lic"]);
        let mode = fs::metadata(disk.licenses().join("A.lic")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o644);
        let _ = write(&disk.store, |window| window.remove(&name("A.lic"))).unwrap();
        assert_eq!(names(&disk.store), Vec::<String>::new());
        assert_eq!(disk.store.settle().unwrap(), None);
    });
}

#[test]
fn a_view_from_under_the_lock_serves_the_window() {
    with_own_mounts("a_view_from_under_the_lock_serves_the_window", |root| {
        let disk = Partition::new(root, &[]);
        let writer = disk.store.writer().unwrap();
        let done = writer.write_in(disk.store.view(), |window| window.put(&name("A.lic"), b"one"));
        assert_eq!(done, Ok::<_, StoreError>((Change::Made, Ok(Closed::ReadOnly))));
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(names(&disk.store), ["A.lic"]);
    });
}

#[test]
fn half_written_files_of_a_power_cut_leave_a_closed_partition() {
    with_own_mounts("half_written_files_of_a_power_cut_leave_a_closed_partition", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        disk.remount(MsFlags::empty());
        let left = [&disk.place, &disk.licenses()].map(|dir| dir.join(".licd-1-2.tmp"));
        left.iter().for_each(|file| fs::write(file, "half").unwrap());
        disk.remount(MsFlags::MS_RDONLY);
        assert_eq!(disk.store.settle().unwrap(), Some(Closed::ReadOnly));
        assert!(left.iter().all(|file| !file.exists()));
        assert_eq!(names(&disk.store), ["A.lic"]);
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(disk.store.settle().unwrap(), None);
    });
}

#[test]
fn a_window_keeps_every_other_option_of_the_mount() {
    let test = "a_window_keeps_every_other_option_of_the_mount";
    if !is_root(test) {
        return;
    }
    let nosymfollow = MsFlags::from_bits_retain(1 << 8);
    for flags in [
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
        MsFlags::MS_NOATIME | MsFlags::MS_NODIRATIME | nosymfollow,
        MsFlags::MS_STRICTATIME | MsFlags::MS_NODIRATIME | MsFlags::MS_SYNCHRONOUS,
        MsFlags::MS_LAZYTIME | MsFlags::MS_DIRSYNC,
    ] {
        with_own_mounts(test, move |root| {
            let options = "errors=remount-ro,commit=7";
            let disk = Partition::mounted(root, &[], flags | MsFlags::MS_RDONLY, options);
            let before = disk.options();
            let (during, closed) = write(&disk.store, |window| {
                window.put(&name("A.lic"), b"one")?;
                Ok(disk.options())
            })
            .unwrap();
            assert_eq!(closed, Closed::ReadOnly);
            assert_eq!(disk.options(), before);
            assert_eq!(during, before.replacen("ro,", "rw,", 1).replace(" ro,", " rw,"));

            let held = holder(&disk.licenses().join("A.lic"));
            assert!(matches!(put(&disk.store, "A.lic", b"two").unwrap(), Closed::HeldBy(_)));
            assert_eq!(disk.options(), before.replace(" ro,", " rw,"));
            drop(held);
        });
    }
}

#[test]
fn a_held_file_that_is_replaced_keeps_the_partition_writable_until_it_is_closed() {
    with_own_mounts(
        "a_held_file_that_is_replaced_keeps_the_partition_writable_until_it_is_closed",
        |root| {
            let disk = Partition::new(root, &[]);
            store_closed(&disk.store, "A.lic", b"one");
            let held = holder(&disk.licenses().join("A.lic"));

            let closed = put(&disk.store, "A.lic", b"two").unwrap();
            assert_eq!(holders(&closed), [(held.id(), "sleep".to_owned())]);
            let expected = "still writable, because files of it are held by process";
            assert!(closed.to_string().starts_with(expected), "{closed}");
            assert_eq!(disk.store.state().unwrap(), StoreState::Writable);
            assert_eq!(fs::read(disk.licenses().join("A.lic")).unwrap(), b"two");
            let refused = fs::write(disk.licenses().join("B.lic"), "").unwrap_err();
            assert_eq!(refused.raw_os_error(), Some(Errno::EROFS as i32));

            // The store accepts further writes.
            assert!(matches!(put(&disk.store, "B.lic", b"three").unwrap(), Closed::HeldBy(_)));
            assert!(matches!(disk.store.settle().unwrap(), Some(Closed::HeldBy(_))));
            drop(held);
            assert_eq!(disk.store.settle().unwrap(), Some(Closed::ReadOnly));
            assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
            assert_eq!(disk.store.settle().unwrap(), None);
        },
    );
}

#[test]
fn starting_programs_does_not_keep_the_partition_writable() {
    with_own_mounts("starting_programs_does_not_keep_the_partition_writable", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        let store = &disk.store;
        thread::scope(|scope| {
            // A new process inherits the descriptors of this one until execve(2). A failed assertion
            // drops the sender and thereby ends the thread.
            let (_end, ended) = mpsc::channel::<()>();
            scope.spawn(move || {
                while ended.try_recv() == Err(TryRecvError::Empty) {
                    run(&mut Command::new("true"));
                }
            });
            let held = (0..100_u8).filter(|n| match put(store, "A.lic", &[*n]).unwrap() {
                Closed::ReadOnly => false,
                // The scheduler may delay a child's execve(2) longer than a window waits.
                closed => {
                    settle(store, &closed);
                    true
                }
            });
            let held = held.count();
            assert!(held <= 20, "{held} of 100 windows stayed open");
        });
    });
}

/// Closes a store that children of this process hold, once they have called execve(2).
fn settle(store: &licd_store::Store, closed: &Closed) {
    let own = fs::read_to_string("/proc/self/comm").unwrap();
    let mut closed = Some(closed.clone());
    while let Some(held @ Closed::HeldBy(_)) = &closed {
        let is_own = |command: &str| command.is_empty() || command == own.trim_end();
        assert!(holders(held).iter().all(|(_, command)| is_own(command)), "{held}");
        closed = store.settle().unwrap();
    }
    assert!(matches!(closed, None | Some(Closed::ReadOnly)), "{closed:?}");
}

#[test]
fn a_process_that_runs_a_removed_file_is_a_holder() {
    with_own_mounts("a_process_that_runs_a_removed_file_is_a_holder", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "run.lic", &fs::read("/bin/sleep").unwrap());
        let program = disk.licenses().join("run.lic");
        disk.remount(MsFlags::empty());
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let running = Process::start(Command::new(&program).arg("600"));
        let (_, closed) = write(&disk.store, |window| window.remove(&name("run.lic"))).unwrap();
        assert_eq!(holders(&closed), [(running.id(), "run.lic".to_owned())]);
        drop(running);
        assert_eq!(disk.store.settle().unwrap(), Some(Closed::ReadOnly));
    });
}

#[test]
fn a_process_that_writes_to_the_partition_is_a_holder_and_not_disturbed() {
    with_own_mounts(
        "a_process_that_writes_to_the_partition_is_a_holder_and_not_disturbed",
        |root| {
            let disk = Partition::mounted(root, &[], MsFlags::empty(), "");
            let file = File::create(disk.place.join("by-hand")).unwrap();
            let writer = Process::start(Command::new("sleep").arg("600").stdout(file));
            let closed = put(&disk.store, "A.lic", b"one").unwrap();
            assert_eq!(holders(&closed), [(writer.id(), "sleep".to_owned())]);
            assert_eq!(disk.store.state().unwrap(), StoreState::Writable);
            drop(writer);
            assert_eq!(disk.store.settle().unwrap(), Some(Closed::ReadOnly));
        },
    );
}

#[test]
fn a_panic_or_an_error_inside_the_window_closes_it() {
    with_own_mounts("a_panic_or_an_error_inside_the_window_closes_it", |root| {
        let disk = Partition::new(root, &[]);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _ = write(&disk.store, |window| -> Result<(), StoreError> {
                window.put(&name("A.lic"), b"one")?;
                panic!("on purpose")
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(names(&disk.store), ["A.lic"]);

        let failed = write(&disk.store, |window| -> Result<(), StoreError> {
            window.put(&name("B.lic"), b"two")?;
            Err(StoreError::NotAuthorized { place: "elsewhere".into() })
        });
        assert_eq!(failed, Err(StoreError::NotAuthorized { place: "elsewhere".into() }));
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(put(&disk.store, "C.lic", b"three").unwrap(), Closed::ReadOnly);
    });
}

#[test]
fn settling_cleans_up_after_a_writer_that_died() {
    let test = "settling_cleans_up_after_a_writer_that_died";
    if let Some(root) = root_of_again() {
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root).unwrap());
        let _ = write(&store, |window| -> Result<(), StoreError> {
            window.put(&name("A.lic"), b"one")?;
            let dsa = root.join("license/dsa");
            fs::write(dsa.join("licenses/.licd-1-0.tmp"), "half").unwrap();
            fs::write(dsa.join(".licd-1-1.tmp"), "half").unwrap();
            std::process::abort()
        });
        return;
    }
    with_own_mounts(test, move |root| {
        let disk = Partition::new(root, &[]);
        assert!(!again(root, test, 0).success());
        assert_eq!(disk.store.state().unwrap(), StoreState::Writable);
        assert_eq!(names(&disk.store), ["A.lic"]);
        assert_eq!(disk.store.settle().unwrap(), Some(Closed::ReadOnly));
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(files(&disk.licenses()), ["A.lic"]);
        assert_eq!(files(&disk.place.join("dsa")), ["licenses"]);
    });
}

#[test]
fn a_partition_left_writable_by_hand_is_read_only_after_the_next_write() {
    with_own_mounts(
        "a_partition_left_writable_by_hand_is_read_only_after_the_next_write",
        |root| {
            let disk = Partition::new(root, &[]);
            disk.remount(MsFlags::empty());
            fs::create_dir_all(disk.licenses()).unwrap();
            fs::write(disk.licenses().join("by hand.lic"), "one").unwrap();
            assert_eq!(disk.store.state().unwrap(), StoreState::Writable);
            assert_eq!(put(&disk.store, "A.lic", b"two").unwrap(), Closed::ReadOnly);
            assert_eq!(names(&disk.store), ["A.lic", "by hand.lic"]);
        },
    );
}

#[test]
fn only_the_mount_of_a_volume_is_made_read_only() {
    with_own_mounts("only_the_mount_of_a_volume_is_made_read_only", |root| {
        const NONE: Option<&str> = None;
        let whole = root.join("whole");
        fs::create_dir(&whole).unwrap();
        nix::mount::mount(Some("tmpfs"), &whole, Some("tmpfs"), MsFlags::empty(), NONE).unwrap();
        let volume = whole.join("volume");
        fs::create_dir(&volume).unwrap();
        let place = root.join("license");
        nix::mount::mount(Some(&volume), &place, NONE, MsFlags::MS_BIND, NONE).unwrap();
        let store = licd_store::Store::new(&licd_fs::root::Root::new(root).unwrap());
        assert_eq!(store.state().unwrap(), StoreState::Writable);
        for content in [b"one", b"two"] {
            assert_eq!(put(&store, "A.lic", content).unwrap(), Closed::ReadOnly);
            assert_eq!(store.state().unwrap(), StoreState::ReadOnly);
            fs::write(whole.join("others"), "write").unwrap();
        }
        assert_eq!(store.settle().unwrap(), None);
    });
}

#[test]
fn an_ordinary_user_may_read_but_not_write() {
    let test = "an_ordinary_user_may_read_but_not_write";
    if let Some(root) = root_of_again() {
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root).unwrap());
        assert_eq!(store.state().unwrap(), StoreState::ReadOnly);
        match store.licenses() {
            Ok(listing) => assert_eq!(listing.entries.len(), 1),
            Err(closed) => assert!(closed.is_permission(), "{closed}"),
        }
        let refused = put(&store, "B.lic", b"two").unwrap_err();
        assert!(matches!(refused, StoreError::NotAuthorized { .. }), "{refused}");
        return;
    }
    with_own_mounts(test, move |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        assert!(again(root, test, USER).success());
        // Ownership of the lock does not help.
        std::os::unix::fs::chown(root.join("run/licd/store.lock"), Some(USER), None).unwrap();
        assert!(again(root, test, USER).success());
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        // A directory that others may not read is not damage.
        disk.remount(MsFlags::empty());
        fs::set_permissions(disk.licenses(), fs::Permissions::from_mode(0o700)).unwrap();
        disk.remount(MsFlags::MS_RDONLY);
        assert!(again(root, test, USER).success());
    });
}

#[test]
fn processes_hold_an_open_partition_only() {
    with_own_mounts("processes_hold_an_open_partition_only", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        assert_eq!(disk.store.holders().unwrap(), None);
        disk.remount(MsFlags::empty());
        assert_eq!(disk.store.holders().unwrap(), Some(Vec::new()));
        let file = File::create(disk.place.join("by-hand")).unwrap();
        let writer = Process::start(Command::new("sleep").arg("600").stdout(file));
        let found = disk.store.holders().unwrap().unwrap();
        assert_eq!(found.iter().map(|holder| holder.pid).collect::<Vec<_>>(), [writer.id()]);
        drop(writer);
        disk.remount(MsFlags::MS_RDONLY);
        let (_dir, plain) = plain();
        assert_eq!(licd_store::Store::new(&plain).holders().unwrap(), None);
    });
}

#[test]
fn a_writer_that_may_not_remount_leaves_the_mount_unchanged() {
    let test = "a_writer_that_may_not_remount_leaves_the_mount_unchanged";
    if let Some(root) = root_of_again() {
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root).unwrap());
        assert_eq!(put(&store, "A.lic", b"one").unwrap(), Closed::Writable);
        return;
    }
    with_own_mounts(test, move |root| {
        let disk = Partition::mounted(root, &[], MsFlags::empty(), "");
        for dir in [root, &disk.place] {
            std::os::unix::fs::chown(dir, Some(USER), None).unwrap();
        }
        // The user may not list the directory above, either.
        fs::set_permissions(root, fs::Permissions::from_mode(0o311)).unwrap();
        assert!(again(root, test, USER).success());
        assert_eq!(disk.store.state().unwrap(), StoreState::Writable);
        assert_eq!(names(&disk.store), ["A.lic"]);
    });
}
