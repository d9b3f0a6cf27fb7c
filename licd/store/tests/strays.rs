//! Files that resemble licences where licd does not look, and the limits of the search.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod world;

use std::fs;
use std::path::{Path, PathBuf};

use licd_fs::root::Root;
use licd_store::{Store, Stray, View};
use tempfile::TempDir;
use world::*;

/// A store with these files, and its top directory.
fn with(paths: impl IntoIterator<Item = String>) -> (TempDir, Store, PathBuf) {
    let (dir, root): (TempDir, Root) = plain();
    let top = root.path("/license");
    for path in paths {
        let file = top.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    (dir, Store::new(&root), top)
}

fn misplaced(paths: &[&str]) -> Vec<Stray> {
    paths.iter().map(|path| Stray::Misplaced(path.into())).collect()
}

/// So many names of licences in a directory.
fn licences(dir: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |n| format!("{dir}z{n:03}.lic"))
}

#[test]
fn a_licence_and_a_trust_document_have_one_directory_each() {
    let paths = ["dsa/A.lic", "dsa/licenses/A.lic", "dsa/licenses/trust.note", "trust.note"];
    let (dir, store, _) = with(paths.map(str::to_owned));
    fs::create_dir(dir.path().join("license/dsa/trust.note")).unwrap();
    let expected = misplaced(&["dsa/A.lic", "dsa/licenses/trust.note", "trust.note"]);
    assert_eq!(store.strays().unwrap(), expected);
}

#[test]
fn the_directories_of_a_search_are_known_without_those_that_licd_reads() {
    let paths = ["A.txt", "dsa/licenses/A.lic", "dsa/e/A.lic", "d/e/A.lic", "licenses/A.lic"];
    let (_dir, store, _) = with(paths.map(str::to_owned));
    let mut searched = store.searched().unwrap();
    searched.sort();
    assert_eq!(searched, ["d", "d/e", "dsa/e", "licenses"].map(PathBuf::from));
    let (_dir, store, top) = with(["dsa/licenses/A.lic".to_owned()]);
    assert!(store.searched().unwrap().is_empty());
    fs::remove_dir_all(top).unwrap();
    assert!(store.searched().unwrap().is_empty());
}

#[test]
fn a_directory_among_the_licences_is_searched_whatever_its_name() {
    let in_place = ["A.lic", "d/A.lic", "B.lic/B.lic", "A.lic.txt", "trust.note"];
    let (_dir, store, top) = with(in_place.map(|file| format!("dsa/licenses/{file}")));
    fs::create_dir(top.join("dsa/licenses/C.lic.txt")).unwrap();
    let view = store.view();
    let mut expected = misplaced(&["dsa/licenses/B.lic/B.lic", "dsa/licenses/d/A.lic"]);
    expected.extend(misplaced(&["dsa/licenses/trust.note"]));
    expected.push(Stray::Misnamed("dsa/licenses/A.lic.txt".into()));
    let listed = |view: &View<'_>| {
        let entries = &view.licenses().unwrap().entries;
        entries.iter().map(|entry| (entry.name.to_string(), entry.regular)).collect::<Vec<_>>()
    };
    let licences = [("A.lic".to_owned(), true), ("B.lic".to_owned(), false)];
    // The view reads a directory once, for both, and in either order.
    assert_eq!(listed(&view), licences);
    for _ in 0..2 {
        assert_eq!(view.strays().unwrap(), expected);
    }
    let other = store.view();
    assert_eq!(other.strays().unwrap(), expected);
    assert_eq!(listed(&other), licences);
}

#[test]
fn sixty_four_directories_are_searched_four_deep() {
    let (_dir, store, _) = with((0..70).map(|n| format!("d{n:02}/A.lic")));
    assert_eq!(store.strays().unwrap().len(), 64);
    let (_dir, store, _) = with((1..=6).map(|depth| format!("{}A.lic", "d/".repeat(depth))));
    let expected = misplaced(&["d/A.lic", "d/d/A.lic", "d/d/d/A.lic", "d/d/d/d/A.lic"]);
    let found = store.strays().unwrap();
    assert_eq!(found.len(), expected.len());
    assert!(expected.iter().all(|stray| found.contains(stray)), "{found:?}");
}

#[test]
fn only_the_first_entries_of_a_directory_are_searched_except_the_licences() {
    // Every other file is a stray.
    let half =
        |n: usize| if n.is_multiple_of(2) { format!("d/{n}.lic") } else { format!("d/{n}.txt") };
    let (_dir, store, top) = with((0..300).map(half));
    let entries = fs::read_dir(top.join("d")).unwrap().take(256);
    let is_stray = |path: PathBuf| path.extension().is_some_and(|extension| extension == "lic");
    let expected = entries.filter(|entry| is_stray(entry.as_ref().unwrap().path())).count();
    assert_eq!(store.strays().unwrap().len(), expected);
    let (_dir, store, _) = with(licences("d/", 300));
    assert_eq!(store.strays().unwrap().len(), 256);

    let misnamed = (0..30).map(|n| format!("dsa/licenses/{n}.lic.txt"));
    let (_dir, store, _) = with(licences("dsa/licenses/", 300).chain(misnamed));
    assert_eq!(store.strays().unwrap().len(), 30);
}

#[test]
fn the_search_ends_with_the_directory_that_exceeds_the_limit() {
    let first = |strays: Vec<Stray>| match strays.into_iter().next().unwrap() {
        Stray::Misplaced(path) | Stray::Misnamed(path) => path,
    };
    // 256 strays are not too many, so that the search goes on to the one that sorts first.
    let deeper = || ["a/a/A.lic".to_owned()];
    let (_dir, store, _) = with(licences("", 128).chain(licences("a/", 128)).chain(deeper()));
    let found = store.strays().unwrap();
    assert_eq!((found.len(), first(found).as_path()), (256, Path::new("a/a/A.lic")));
    let (_dir, store, _) = with(licences("", 200).chain(licences("a/", 200)).chain(deeper()));
    let found = store.strays().unwrap();
    assert_eq!((found.len(), first(found).as_path()), (256, Path::new("a/z000.lic")));
}

#[test]
fn links_are_not_followed() {
    let (dir, store, top) = with(["A.txt".to_owned()]);
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("A.lic"), "").unwrap();
    std::os::unix::fs::symlink(&outside, top.join("link")).unwrap();
    std::os::unix::fs::symlink(outside.join("A.lic"), top.join("link.lic")).unwrap();
    assert_eq!(store.strays().unwrap(), []);
}
