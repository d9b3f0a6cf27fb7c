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

use licd_store::{Closed, Obstacle, StoreError, StoreState};
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

/// Writes until nothing more fits.
fn fill(disk: &Partition) {
    let mut filler = File::create(disk.place.join("filler")).unwrap();
    for block in [64 * 1024, 1024] {
        while std::io::Write::write(&mut filler, &vec![7; block]).is_ok() {}
    }
    filler.sync_all().unwrap();
}

#[test]
fn a_full_partition_is_reported_and_keeps_its_files() {
    with_own_mounts("a_full_partition_is_reported_and_keeps_its_files", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        disk.remount(MsFlags::empty());
        fill(&disk);
        let large = vec![b'x'; 64 * 1024];
        for file in ["A.lic", "B.lic"] {
            let full = put(&disk.store, file, &large).unwrap_err();
            assert!(matches!(full, StoreError::Full { .. }), "{full}");
            assert!(full.to_string().contains("the partition is full; what was there"), "{full}");
        }
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(fs::read(disk.licenses().join("A.lic")).unwrap(), b"one");
        assert_eq!(files(&disk.licenses()), ["A.lic"]);
    });
}

#[test]
fn a_partition_without_space_for_its_directories_is_full() {
    with_own_mounts("a_partition_without_space_for_its_directories_is_full", |root| {
        let disk = Partition::mounted(root, &[], MsFlags::empty(), "");
        fill(&disk);
        let full = put(&disk.store, "A.lic", b"one").unwrap_err();
        assert!(matches!(full, StoreError::Full { .. }), "{full}");
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(names(&disk.store), Vec::<String>::new());
    });
}

#[test]
fn a_partition_without_inodes_is_full() {
    with_own_mounts("a_partition_without_inodes_is_full", |root| {
        let disk = Partition::mounted(root, &["-N", "16"], MsFlags::empty(), "");
        store_closed(&disk.store, "A.lic", b"one");
        disk.remount(MsFlags::empty());
        (0..100).any(|n| File::create(disk.place.join(format!("inode{n}"))).is_err());
        let full = put(&disk.store, "B.lic", b"two").unwrap_err();
        assert!(matches!(full, StoreError::Full { .. }), "{full}");
        assert_eq!(files(&disk.licenses()), ["A.lic"]);
    });
}

#[test]
fn settling_cleans_up_after_a_writer_that_died() {
    let test = "settling_cleans_up_after_a_writer_that_died";
    if let Some(root) = root_of_again() {
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root));
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
fn a_write_protected_device_is_reported_as_the_obstacle() {
    with_own_mounts("a_write_protected_device_is_reported_as_the_obstacle", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        run(Command::new("blockdev").arg("--setro").arg(&disk.device));
        let refused = put(&disk.store, "A.lic", b"two").unwrap_err();
        let place = disk.place.clone();
        assert_eq!(refused, StoreError::Unwritable { place, why: Obstacle::WriteProtected });
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(fs::read(disk.licenses().join("A.lic")).unwrap(), b"one");
        run(Command::new("blockdev").arg("--setrw").arg(&disk.device));
        assert_eq!(put(&disk.store, "A.lic", b"two").unwrap(), Closed::ReadOnly);
    });
}

#[test]
fn a_file_system_that_shut_down_is_not_reported_as_writable() {
    with_own_mounts("a_file_system_that_shut_down_is_not_reported_as_writable", |root| {
        let options = "errors=remount-ro";
        let disk = Partition::mounted(root, &[], MsFlags::empty(), options);
        store_closed(&disk.store, "A.lic", b"one");
        let fs_name = disk.device.trim_start_matches("/dev/");
        let failed = write(&disk.store, |window| {
            fs::write(format!("/sys/fs/ext4/{fs_name}/trigger_fs_error"), "on purpose").unwrap();
            window.put(&name("A.lic"), b"two")
        })
        .unwrap_err();
        assert!(matches!(failed, StoreError::Unwritable { .. }), "{failed}");
        assert_ne!(disk.store.state().unwrap(), StoreState::Writable);
        assert_eq!(fs::read(disk.licenses().join("A.lic")).unwrap(), b"one");
        let failed = put(&disk.store, "B.lic", b"two").unwrap_err();
        assert!(matches!(failed, StoreError::Unwritable { .. }), "{failed}");
    });
}

#[test]
fn an_unreadable_directory_is_damage() {
    with_own_mounts("an_unreadable_directory_is_damage", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        disk.unmount();
        let blocks = Command::new("debugfs")
            .args(["-R", "blocks dsa/licenses"])
            .arg(&disk.image)
            .output()
            .unwrap();
        let block: u64 = String::from_utf8(blocks.stdout).unwrap().trim().parse().unwrap();
        run(Command::new("dd")
            .args(["if=/dev/urandom", "bs=1024", "count=1", "conv=notrunc", "status=none"])
            .arg(format!("seek={block}"))
            .arg(format!("of={}", disk.image.display())));
        let disk = Partition::of_image(root, disk.image, MsFlags::MS_RDONLY, "");
        assert_eq!(disk.store.state().unwrap(), StoreState::Damaged);
        let failed = disk.store.licenses().unwrap_err();
        assert!(matches!(failed, StoreError::Unreadable { .. }), "{failed}");
        assert!(failed.to_string().ends_with("is damaged; check it with fsck"), "{failed}");
    });
}

#[test]
fn an_unmounted_partition_is_missing_and_its_mount_point_is_not_written() {
    with_own_mounts(
        "an_unmounted_partition_is_missing_and_its_mount_point_is_not_written",
        |root| {
            let disk = Partition::new(root, &[]);
            store_closed(&disk.store, "A.lic", b"one");
            let listing = disk.store.licenses().unwrap();
            disk.unmount();
            // The open descriptor still leads to the partition.
            let opened = listing.open(&listing.entries[0]).unwrap();
            assert!(matches!(opened, licd_store::Opened::File { .. }));
            for mount_point_exists in [true, false] {
                if !mount_point_exists {
                    fs::remove_dir(&disk.place).unwrap();
                }
                assert_eq!(disk.store.state().unwrap(), StoreState::Missing);
                assert_eq!(names(&disk.store), Vec::<String>::new());
                let failed = put(&disk.store, "A.lic", b"one").unwrap_err();
                let place = disk.place.clone();
                assert_eq!(failed, StoreError::Unwritable { place, why: Obstacle::Missing });
            }
        },
    );
}

#[test]
fn a_failing_medium_is_reported_as_unwritable_and_damaged() {
    with_own_mounts("a_failing_medium_is_reported_as_unwritable_and_damaged", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        File::options().write(true).open(&disk.image).unwrap().set_len(0).unwrap();
        let failed = put(&disk.store, "B.lic", &vec![b'x'; 1 << 20]).unwrap_err();
        assert!(matches!(failed, StoreError::Unwritable { .. }), "{failed}");
        assert_eq!(disk.store.state().unwrap(), StoreState::Damaged);
    });
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
        let store = licd_store::Store::new(&licd_fs::root::Root::new(root));
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
fn a_directory_of_a_read_only_root_is_not_a_partition() {
    with_own_mounts("a_directory_of_a_read_only_root_is_not_a_partition", |root| {
        let mount = |from: &str, at: &Path, flags| {
            nix::mount::mount(Some(from), at, Some("tmpfs"), flags, None::<&str>).unwrap();
        };
        let root = root.join("device");
        fs::create_dir(&root).unwrap();
        mount("root", &root, MsFlags::empty());
        for dir in ["run", "license"] {
            fs::create_dir(root.join(dir)).unwrap();
        }
        mount("run", &root.join("run"), MsFlags::empty());
        mount("root", &root, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY);
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root));
        assert_eq!(store.state().unwrap(), StoreState::Missing);
        let place = root.join("license");
        let missing = StoreError::Unwritable { place, why: Obstacle::Missing };
        assert_eq!(put(&store, "A.lic", b"one"), Err(missing));
    });
}

#[test]
fn an_ordinary_user_may_read_but_not_write() {
    let test = "an_ordinary_user_may_read_but_not_write";
    if let Some(root) = root_of_again() {
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root));
        assert_eq!(names(&store), ["A.lic"]);
        assert_eq!(store.state().unwrap(), StoreState::ReadOnly);
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
    });
}

#[test]
fn a_writer_that_may_not_remount_leaves_the_mount_unchanged() {
    let test = "a_writer_that_may_not_remount_leaves_the_mount_unchanged";
    if let Some(root) = root_of_again() {
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root));
        assert_eq!(put(&store, "A.lic", b"one").unwrap(), Closed::Writable);
        return;
    }
    with_own_mounts(test, move |root| {
        let disk = Partition::mounted(root, &[], MsFlags::empty(), "");
        for dir in [root, &disk.place] {
            std::os::unix::fs::chown(dir, Some(USER), None).unwrap();
        }
        assert!(again(root, test, USER).success());
        assert_eq!(disk.store.state().unwrap(), StoreState::Writable);
        assert_eq!(names(&disk.store), ["A.lic"]);
    });
}
