//! What a window stores beside single licences, and the stamps of all of it, for any user.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "what panics here fails the test")]

mod world;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use licd_fs::stamp::Stamp;
use licd_store::{Change, Closed, FileName, Opened, Store, StoreError};
use nix::errno::Errno;
use world::*;

#[test]
fn a_stamp_tells_a_file_from_its_successor() {
    let (_dir, root) = plain();
    let store = Store::new(&root);
    let (first, other) = (name("A.lic"), name("B.lic"));
    let put = |bytes: &[u8]| write(&store, |window| window.put_stamped(&first, bytes)).unwrap().0;
    let (change, stamp) = put(b"one");
    let stamp = stamp.unwrap();
    assert_eq!((change, store.stamp(&first).unwrap()), (Change::Made, Some(stamp)));
    assert_eq!(put(b"one"), (Change::None, None));
    let listing = store.licenses().unwrap();
    assert_eq!(listing.stamps().unwrap(), [(first.clone(), stamp)]);
    assert_eq!(listing.stamp(&listing.entries[0]).unwrap(), Some(stamp));
    let Opened::File { stamp: opened, .. } = listing.open(&listing.entries[0]).unwrap() else {
        panic!("not a file");
    };
    assert_eq!(opened, stamp);
    let before = store.stamps().unwrap();
    assert_eq!((before.of(&first), before.of(&other)), (Some(stamp), None));
    assert_eq!(store.stamps().unwrap(), before);

    let successor = put(b"two").1.unwrap();
    assert_ne!(successor, stamp);
    assert_ne!(store.stamps().unwrap(), before);
    fs::remove_file(root.path("/license/dsa/licenses/A.lic")).unwrap();
    assert_eq!(store.stamp(&first).unwrap(), None);
    assert_eq!(listing.stamp(&listing.entries[0]).unwrap(), None);
    assert_eq!(listing.stamps().unwrap(), []);
    let empty = store.stamps().unwrap();
    let _ = write(&store, |window| window.put_trust(b"trust")).unwrap();
    assert_ne!(store.stamps().unwrap(), empty, "the trust document has a stamp, too");
}

#[test]
fn several_licences_are_stored_together_and_none_over_another() {
    let (_dir, root) = plain();
    let store = Store::new(&root);
    for count in [0, 1, 2, 31, 32, 33, 65] {
        let names: Vec<_> = (0..count).map(|n| name(&format!("{count}-{n:02}.lic"))).collect();
        let bytes: Vec<_> = names.iter().map(|name| format!("the bytes of {name}")).collect();
        let files: Vec<(&FileName, &[u8])> =
            names.iter().zip(&bytes).map(|(name, bytes)| (name, bytes.as_bytes())).collect();
        let stamps = write(&store, |window| window.add_all(&files)).unwrap().0;
        let at = |name: &FileName| root.path("/license/dsa/licenses").join(name.as_os_str());
        let expected: Vec<Option<Stamp>> =
            names.iter().map(|name| store.stamp(name).unwrap()).collect();
        assert!(expected.iter().all(Option::is_some));
        assert_eq!(stamps, expected, "{count}");
        for (name, bytes) in names.iter().zip(&bytes) {
            assert_eq!(fs::read_to_string(at(name)).unwrap(), *bytes);
            assert_eq!(fs::metadata(at(name)).unwrap().permissions().mode() & 0o7777, 0o644);
        }
    }
    let taken = [name("new.lic"), name("2-00.lic")];
    let files: Vec<(&FileName, &[u8])> = taken.iter().map(|name| (name, &b"new"[..])).collect();
    let refused = write(&store, |window| window.add_all(&files)).unwrap_err();
    assert!(matches!(refused, StoreError::Unwritable { .. }), "{refused}");
    let old = root.path("/license/dsa/licenses/2-00.lic");
    assert_eq!(fs::read_to_string(old).unwrap(), "the bytes of 2-00.lic");
}

#[test]
fn a_request_is_for_all_and_that_of_an_activation_for_its_owner_only() {
    let (_dir, root) = plain();
    let store = Store::new(&root);
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert!(matches!(store.activation().unwrap(), Opened::Gone));
    for change in [Change::Made, Change::None] {
        let made = write(&store, |window| {
            window.put_activation(b"a name")?;
            window.put_request(b"{}")
        });
        assert_eq!(made.unwrap().0, change);
    }
    let [request, activation] =
        ["fetch.json", "fetch-activation.json"].map(|name| root.path("/license").join(name));
    assert_eq!((store.request(), store.activation_path()), (request.clone(), activation.clone()));
    assert_eq!((fs::read(&request).unwrap(), mode(&request)), (b"{}".to_vec(), 0o644));
    assert_eq!((fs::read(&activation).unwrap(), mode(&activation)), (b"a name".to_vec(), 0o600));
    assert!(matches!(store.activation().unwrap(), Opened::File { .. }));

    // A mode that was changed is set again.
    fs::set_permissions(&activation, fs::Permissions::from_mode(0o644)).unwrap();
    let _ = write(&store, |window| window.put_activation(b"a name")).unwrap();
    assert_eq!(mode(&activation), 0o600);
    for _ in 0..2 {
        let _ = write(&store, |window| window.remove_activation()).unwrap();
        assert!(matches!(store.activation().unwrap(), Opened::Gone));
    }
    fs::create_dir(&activation).unwrap();
    for refused in [
        write(&store, |window| window.put_activation(b"a name")).unwrap_err(),
        write(&store, |window| window.remove_activation()).unwrap_err(),
    ] {
        assert!(refused.to_string().starts_with(&activation.display().to_string()), "{refused}");
    }
}

#[test]
fn all_requests_are_removed_and_nothing_else() {
    let (_dir, root) = plain();
    let store = Store::new(&root);
    let _ = put(&store, "fetch.lic", b"one").unwrap();
    let top = root.path("/license");
    for file in ["fetch.json", "fetch", "fetch-by-hand.txt", "prefetch.json", "Fetch.json"] {
        fs::write(top.join(file), "").unwrap();
    }
    fs::create_dir(top.join("fetched")).unwrap();
    let _ = write(&store, |window| -> Result<(), StoreError> {
        window.remove_requests();
        Ok(())
    })
    .unwrap();
    assert_eq!(files(&top), ["Fetch.json", "dsa", "fetched", "prefetch.json"]);
    assert_eq!(names(&store), ["fetch.lic"]);
}

#[test]
fn what_cannot_be_flushed_is_an_error_and_a_missing_store_is_not() {
    for (file, fails) in [("license", true), ("license/dsa", true), ("license/none", false)] {
        let (dir, root) = plain();
        let _ = fs::remove_dir(dir.path().join(file));
        fs::write(dir.path().join(file), "").unwrap();
        let store = Store::new(&root);
        let expected = StoreError::Unwritable {
            place: root.path("/license"),
            why: licd_store::Obstacle::Kernel(Errno::ENOTDIR),
        };
        assert_eq!(store.flush(), if fails { Err(expected) } else { Ok(()) }, "{file}");
    }
}

#[test]
fn a_file_is_refused_unless_it_leaves_the_reserve_free() {
    let (_dir, root) = plain();
    let store = Store::new(&root);
    let fits = |bytes| write(&store, |window| window.leave_reserve([bytes]));
    assert!(fits(1).is_ok() && !store.is_nearly_full().unwrap());
    let full = StoreError::Full { place: root.path("/license") };
    assert_eq!(fits(1 << 60).unwrap_err(), full);
}

#[test]
fn only_a_lack_of_rights_is_a_question_of_permission() {
    let place = || "place".into();
    for (error, expected) in [
        (StoreError::NotAuthorized { place: place() }, true),
        (StoreError::Unreadable { place: place(), why: Errno::EACCES }, true),
        (StoreError::Unreadable { place: place(), why: Errno::EPERM }, true),
        (StoreError::Unreadable { place: place(), why: Errno::EIO }, false),
        (StoreError::Unflushed { place: place(), why: Errno::EACCES }, false),
        (StoreError::Full { place: place() }, false),
    ] {
        assert_eq!(error.is_permission(), expected, "{error}");
    }
}

#[test]
fn a_store_that_is_held_or_could_not_be_remounted_is_open() {
    let open = [Closed::HeldBy(Vec::new()), Closed::Failed(Errno::EIO)];
    assert!(open.iter().all(Closed::is_open));
    assert!(![Closed::ReadOnly, Closed::Writable].iter().any(Closed::is_open));
}
