//! A partition that is full, damaged, write-protected or missing. All tests need root.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use licd_store::{Closed, Obstacle, StoreError, StoreState};
use nix::mount::MsFlags;
use world::*;

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
