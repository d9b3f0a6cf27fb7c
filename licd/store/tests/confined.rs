//! The store of a process whose root directory is no mount. The test needs root.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;

use std::fs;

use licd_fs::root::Root;
use licd_store::{Closed, Store, StoreState};
use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, chroot};
use world::*;

#[test]
fn a_directory_below_a_root_that_is_no_mount_is_a_store() {
    with_own_mounts("a_directory_below_a_root_that_is_no_mount_is_a_store", |root| {
        let proc = root.join("proc");
        fs::create_dir(&proc).unwrap();
        mount(Some("proc"), &proc, Some("proc"), MsFlags::empty(), None::<&str>).unwrap();
        // Only this thread's: it has its own namespace of mounts.
        chroot(root).unwrap();
        chdir("/").unwrap();
        let store = Store::new(&Root::new("/").unwrap());
        assert_eq!(store.state().unwrap(), StoreState::Writable);
        assert_eq!(put(&store, "A.lic", b"one").unwrap(), Closed::Writable);
        assert_eq!(names(&store), ["A.lic"]);
    });
}
