//! The mark of the starter period on the licence partition.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;

use std::fs;
use std::os::unix::fs::symlink;

use licd_rules::StarterMark;
use licd_store::{Change, Store, StoreError};
use license_format::Date;
use nix::mount::MsFlags;
use world::*;

fn began(day: &str) -> StarterMark {
    StarterMark::Began(Date::parse(day).unwrap())
}

#[test]
fn a_stored_mark_is_read_back_and_written_as_documented() {
    let (_dir, root) = plain();
    let store = Store::new(&root);
    assert_eq!(store.starter(), Ok(None));
    for (mark, text) in
        [(began("2026-11-22"), "began 2026-11-22\n"), (StarterMark::Forgone, "forgone\n")]
    {
        for change in [Change::Made, Change::None] {
            assert_eq!(write(&store, |window| window.put_starter(mark)).unwrap().0, change);
        }
        assert_eq!(store.starter(), Ok(Some(mark)));
        assert_eq!(fs::read_to_string(root.path("/license/dsa/starter")).unwrap(), text);
    }
}

#[test]
fn without_a_store_no_mark_exists_or_can_be_stored() {
    let (_dir, root) = plain();
    fs::remove_dir(root.path("/license")).unwrap();
    let store = Store::new(&root);
    assert_eq!(store.starter(), Ok(None));
    let refused = write(&store, |window| window.put_starter(StarterMark::Forgone));
    assert!(matches!(refused, Err(StoreError::Unwritable { .. })));
}

#[test]
fn a_damaged_mark_is_an_error_that_names_the_file() {
    let (_dir, root) = plain();
    let store = Store::new(&root);
    let file = root.path("/license/dsa/starter");
    fs::create_dir(root.path("/license/dsa")).unwrap();
    let unreadable = || {
        let error = store.starter().unwrap_err();
        assert!(matches!(&error, StoreError::Unreadable { place, .. } if *place == file));
        assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
    };
    let long = "began 2026-11-22\n".repeat(10);
    for text in ["", "\n", "began", "began 2026-02-30\n", "began 2026-11-22\n\n", "x\n", &long] {
        fs::write(&file, text).unwrap();
        unreadable();
    }
    fs::write(&file, [0xFF; 8]).unwrap();
    unreadable();
    fs::remove_file(&file).unwrap();
    symlink("elsewhere", &file).unwrap();
    unreadable();
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    unreadable();
}

#[test]
fn the_mark_is_written_to_a_partition_that_is_read_only_before_and_after() {
    with_own_mounts(
        "the_mark_is_written_to_a_partition_that_is_read_only_before_and_after",
        |root| {
            let partition = Partition::new(root, &[]);
            let (change, _) =
                write(&partition.store, |window| window.put_starter(began("2026-11-22"))).unwrap();
            assert_eq!(change, Change::Made);
            assert!(partition.options().starts_with("ro"), "{}", partition.options());
            partition.unmount();
            let again = Partition::of_image(root, partition.image.clone(), MsFlags::MS_RDONLY, "");
            assert_eq!(again.store.starter(), Ok(Some(began("2026-11-22"))));
            again.unmount();
        },
    );
}
