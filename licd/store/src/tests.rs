use std::fs;

use licd_fs::names::FileType;

use super::*;

#[test]
fn stamps_share_the_names_that_are_the_same() {
    let named = |names: &[&str]| -> Vec<FileName> {
        names.iter().map(|name| FileName::new(*name).unwrap()).collect()
    };
    let [own, other] = [
        named(&["B.lic", "C.lic", "D.lic", "E.lic", "F.lic"]),
        named(&["A.lic", "B.lic", "BB.lic", "D.lic", "F.lic", "G.lic"]),
    ];
    let licenses = own.iter().map(|name| (name.clone(), Stamp::default())).collect();
    let mut stamps = Stamps { licenses, trust: None };
    stamps.share_names(&other);
    let is_shared = |name: &FileName| {
        let is_same = |other: &FileName| std::ptr::eq(name.as_os_str(), other.as_os_str());
        other.iter().any(is_same)
    };
    let shared: Vec<_> = stamps.licenses.iter().map(|(name, _)| is_shared(name)).collect();
    assert_eq!(shared, [true, false, true, false, true]);
    assert!(stamps.licenses.iter().map(|(name, _)| name).eq(&own));
}

#[test]
fn removals_are_flushed_when_the_window_closes_and_writes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("license")).unwrap();
    let store = Store::new(&Root::new(dir.path()).unwrap());
    let name = FileName::new("A.lic").unwrap();
    let mut window = Window::open(store.view()).unwrap();
    window.put(&name, b"one").unwrap();
    window.put_request(b"{}").unwrap();
    window.put_activation(b"{}").unwrap();
    assert!(!window.unflushed && store.has_requests());
    window.remove_requests();
    assert!(window.unflushed && !store.has_requests());
    window.unflushed = false;
    // What is not there is not removed.
    window.remove_requests();
    assert_eq!(window.remove_activation(), Ok(Change::None));
    assert_eq!(window.discard(&name), Ok(Change::Made));
    assert_eq!(window.remove(&name), Ok(Change::None));
    assert!(!window.unflushed);
    window.put(&name, b"one").unwrap();
    assert_eq!(window.remove(&name), Ok(Change::Made));
    assert_eq!(window.remove(&name), Ok(Change::None));
    assert!(window.unflushed);
}

#[test]
fn the_stamp_of_a_licence_is_set_and_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let stamp = |text: &str| {
        fs::write(dir.path().join("file"), text).unwrap();
        Stamp::at(&dir.path().join("file")).unwrap().unwrap()
    };
    let [old, new] = [stamp("old"), stamp("newer")];
    assert_ne!(old, new);
    let [a, b, c] = ["A.lic", "B.lic", "C.lic"].map(|name| FileName::new(name).unwrap());
    let mut stamps = Stamps { licenses: vec![(a.clone(), old)], trust: Some(old) };
    stamps.set(&c, Some(old));
    stamps.set(&b, Some(new));
    stamps.set(&a, Some(new));
    let expected = [(a.clone(), new), (b.clone(), new), (c.clone(), old)];
    assert_eq!(stamps.licenses, expected);
    stamps.licenses.reserve_exact(100);
    stamps.shrink_to_fit();
    assert_eq!(stamps.licenses.capacity(), 3);
    stamps.set(&b, None);
    stamps.set(&b, None);
    assert_eq!([&a, &b, &c].map(|name| stamps.of(name)), [Some(new), None, Some(old)]);
    assert_eq!(stamps.trust, Some(old));
}

#[test]
fn a_window_uses_the_directories_of_its_view() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("license/dsa/licenses")).unwrap();
    let store = Store::new(&Root::new(dir.path()).unwrap());
    let view = store.view();
    assert!(view.licenses().unwrap().entries.is_empty());
    // What is opened is the same directory under any name.
    fs::rename(dir.path().join("license/dsa"), dir.path().join("license/moved")).unwrap();
    let mut window = Window::open(view).unwrap();
    window.put(&FileName::new("A.lic").unwrap(), b"one").unwrap();
    window.put_trust(b"two").unwrap();
    drop(window);
    for file in ["licenses/A.lic", "trust.note"] {
        assert!(dir.path().join("license/moved").join(file).exists(), "{file}");
    }
}

#[test]
fn only_so_many_requests_are_removed_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..=listing::MAX_REQUESTS {
        fs::write(dir.path().join(format!("fetch-{n}.json")), "{}").unwrap();
    }
    let top = listing::open_top(dir.path()).unwrap();
    assert_eq!(listing::requests(&top).len(), listing::MAX_REQUESTS);
}

#[test]
fn the_search_for_strays_remembers_no_file_that_is_in_place() {
    let matters = |name: &str, kind| stray::matters(name.as_ref(), kind);
    assert!(!matters("WE.lic", FileType::RegularFile) && !matters("notes", FileType::RegularFile));
    assert!(!matters("WE.lic.txt", FileType::Fifo));
    assert!(matters("WE.lic.txt", FileType::RegularFile) && matters("a", FileType::Directory));
}
