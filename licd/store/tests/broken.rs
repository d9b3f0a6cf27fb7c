//! A partition that is full, damaged, write-protected or missing. All tests need root.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use licd_store::{Closed, Obstacle, Opened, RESERVE, StoreError, StoreState};
use nix::mount::MsFlags;
use world::*;

/// The UID of an ordinary user.
const USER: u32 = 65534;

/// A write-protected device. The next user of a loop device must not find it protected.
struct Protected<'a>(&'a str);

impl<'a> Protected<'a> {
    fn new(device: &'a str) -> Self {
        run(Command::new("blockdev").arg("--setro").arg(device));
        Self(device)
    }
}

impl Drop for Protected<'_> {
    fn drop(&mut self) {
        run(Command::new("blockdev").arg("--setrw").arg(self.0));
    }
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
fn a_partition_is_nearly_full_below_its_reserve() {
    with_own_mounts("a_partition_is_nearly_full_below_its_reserve", |root| {
        let disk = Partition::mounted(root, &["-b", "1024"], MsFlags::empty(), "");
        let fits = |bytes| write(&disk.store, |window| window.leave_reserve([bytes])).is_ok();
        assert!(!disk.store.is_nearly_full().unwrap());
        fill(&disk);
        assert!(disk.store.is_nearly_full().unwrap() && !fits(0));
        disk.remount(MsFlags::empty());
        let filler = File::options().write(true).open(disk.place.join("filler")).unwrap();
        let free = || {
            let found = nix::sys::statvfs::statvfs(&disk.place).unwrap();
            found.blocks_available() * found.fragment_size()
        };
        // The file gives its blocks back one by one.
        while free() < RESERVE {
            assert!(disk.store.is_nearly_full().unwrap(), "{} bytes are free", free());
            filler.set_len(filler.metadata().unwrap().len() - 1024).unwrap();
        }
        assert_eq!((free(), disk.store.is_nearly_full().unwrap()), (RESERVE, false));
        drop(filler);
        assert!(fits(0) && !fits(1), "a file takes whole blocks");
        assert_eq!((RESERVE, disk.store.state().unwrap()), (65_536, StoreState::ReadOnly));
    });
}

#[test]
fn a_partition_is_nearly_full_with_three_inodes_left() {
    with_own_mounts("a_partition_is_nearly_full_with_three_inodes_left", |root| {
        let disk = Partition::mounted(root, &["-N", "32"], MsFlags::empty(), "");
        let free = || nix::sys::statvfs::statvfs(&disk.place).unwrap().files_free();
        for n in 0.. {
            assert_eq!(disk.store.is_nearly_full().unwrap(), free() < 4, "{} inodes", free());
            if free() == 2 {
                break;
            }
            File::create(disk.place.join(format!("inode{n}"))).unwrap();
        }
        disk.unmount();
        // This file system does not count them.
        let options = Some("nr_inodes=0");
        let (from, flags) = (Some("tmpfs"), MsFlags::empty());
        nix::mount::mount(from, &disk.place, from, flags, options).unwrap();
        assert_eq!(nix::sys::statvfs::statvfs(&disk.place).unwrap().files(), 0);
        assert!(!disk.store.is_nearly_full().unwrap());
    });
}

#[test]
fn an_immutable_file_is_an_obstacle_for_root_and_forbidden_to_others() {
    let test = "an_immutable_file_is_an_obstacle_for_root_and_forbidden_to_others";
    if let Some(root) = root_of_again() {
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root).unwrap());
        let refused = put(&store, "A.lic", b"two").unwrap_err();
        assert!(matches!(refused, StoreError::NotAuthorized { .. }), "{refused}");
        return;
    }
    with_own_mounts(test, move |root| {
        let disk = Partition::mounted(root, &[], MsFlags::empty(), "");
        let _ = put(&disk.store, "A.lic", b"one").unwrap();
        disk.remount(MsFlags::empty());
        let mut owned = vec![root.to_owned(), disk.place.clone(), disk.place.join("dsa")];
        owned.extend([disk.licenses(), disk.licenses().join("A.lic"), root.join("run/licd")]);
        owned.push(root.join("run/licd/store.lock"));
        for path in owned {
            std::os::unix::fs::chown(path, Some(USER), None).unwrap();
        }
        let file = disk.licenses().join("A.lic");
        run(Command::new("chattr").arg("+i").arg(&file));
        assert!(again(root, test, USER).success());
        let refused = put(&disk.store, "A.lic", b"two").unwrap_err();
        let immutable = StoreError::Unwritable { place: file.clone(), why: Obstacle::Immutable };
        assert_eq!(refused, immutable);
        disk.remount(MsFlags::empty());
        run(Command::new("chattr").arg("-i").arg(&file));
    });
}

#[test]
fn the_note_of_a_partition_is_neither_followed_nor_waited_for() {
    with_own_mounts("the_note_of_a_partition_is_neither_followed_nor_waited_for", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        let (note, elsewhere) = (root.join("run/licd/store.partition"), root.join("elsewhere"));
        assert!(note.exists());
        fs::remove_file(&note).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &note).unwrap();
        store_closed(&disk.store, "A.lic", b"two");
        assert!(!elsewhere.exists());
        fs::remove_file(&note).unwrap();
        nix::unistd::mkfifo(&note, nix::sys::stat::Mode::S_IRWXU).unwrap();
        store_closed(&disk.store, "A.lic", b"three");
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
fn a_write_protected_device_is_reported_as_the_obstacle() {
    with_own_mounts("a_write_protected_device_is_reported_as_the_obstacle", |root| {
        let disk = Partition::new(root, &[]);
        store_closed(&disk.store, "A.lic", b"one");
        let protected = Protected::new(&disk.device);
        let refused = put(&disk.store, "A.lic", b"two").unwrap_err();
        let place = disk.place.clone();
        assert_eq!(refused, StoreError::Unwritable { place, why: Obstacle::WriteProtected });
        assert_eq!(disk.store.state().unwrap(), StoreState::ReadOnly);
        assert_eq!(fs::read(disk.licenses().join("A.lic")).unwrap(), b"one");
        drop(protected);
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
            assert!(matches!(opened, Opened::File { .. }));
            for mount_point_exists in [true, false] {
                if mount_point_exists {
                    fs::create_dir_all(disk.licenses()).unwrap();
                    for file in ["dsa/licenses/A.lic", "B.lic", "fetch-activation.json"] {
                        fs::write(disk.place.join(file), "not on the partition").unwrap();
                    }
                } else {
                    fs::remove_dir_all(&disk.place).unwrap();
                }
                assert_eq!(disk.store.state().unwrap(), StoreState::Missing);
                assert_eq!(names(&disk.store), Vec::<String>::new());
                assert_eq!(disk.store.strays().unwrap(), []);
                assert!(matches!(disk.store.activation().unwrap(), Opened::Gone));
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
        let store = licd_store::Store::new(&licd_fs::root::Root::new(&root).unwrap());
        assert_eq!(store.state().unwrap(), StoreState::Missing);
        let place = root.join("license");
        let missing = StoreError::Unwritable { place, why: Obstacle::Missing };
        assert_eq!(put(&store, "A.lic", b"one"), Err(missing));
    });
}
