use std::fs;

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
    let store = Store::new(&Root::new(dir.path()));
    let name = FileName::new("A.lic").unwrap();
    let mut window = Window::open(&store).unwrap();
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
