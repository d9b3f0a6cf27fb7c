//! The files in `/run/licd`, written with the strictest umask.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use licd_files::publish::{Directory, published_restart};
use licd_fs::root::Root;
use nix::sys::stat::{Mode, umask};
use tempfile::TempDir;

/// A root without `/run`. Every test of this program sets the same umask, so that they may run in
/// parallel.
fn world() -> (TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    umask(Mode::from_bits_truncate(0o077));
    let root = Root::new(dir.path()).unwrap();
    (dir, root)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn report_and_features_are_world_readable_regardless_of_the_umask() {
    let (_dir, root) = world();
    Directory::new(&root).publish("{}\n", &["os", "90meter"]).unwrap();
    for (path, mode) in [
        ("/run", 0o755),
        ("/run/licd", 0o755),
        ("/run/licd/status.json", 0o644),
        ("/run/licd/features", 0o755),
        ("/run/licd/features/os", 0o644),
        ("/run/licd/features/90meter", 0o644),
    ] {
        let found = fs::metadata(root.path(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(found, mode, "{path}: {found:o}");
    }
    assert_eq!(fs::read_to_string(root.path("/run/licd/status.json")).unwrap(), "{}\n");
    assert_eq!(fs::metadata(root.path("/run/licd/features/os")).unwrap().len(), 0);
}

#[test]
fn features_that_are_added_together_are_links_of_one_file() {
    let (_dir, root) = world();
    let file = |name| fs::metadata(root.path("/run/licd/features").join(name)).unwrap();
    for (allowed, links) in [(&["os"][..], 1), (&["apps", "os", "uma"], 2)] {
        Directory::new(&root).publish("{}", allowed).unwrap();
        assert_eq!(file("os").nlink(), 1);
        assert!(allowed.iter().all(|name| *name == "os" || file(name).nlink() == links));
    }
    Directory::new(&root).publish("{}", &["os", "uma"]).unwrap();
    assert_eq!(names(&root.path("/run/licd/features")), ["os", "uma"]);
}

#[test]
fn each_call_publishes_exactly_the_allowed_features() {
    let (_dir, root) = world();
    let features = root.path("/run/licd/features");
    for allowed in [&["apps", "os"][..], &["os", "uma"], &[], &["os"], &["os"]] {
        Directory::new(&root).publish("{}", allowed).unwrap();
        assert_eq!(names(&features), allowed);
    }
    assert_eq!(names(&root.path("/run/licd")), ["features", "status.json"]);
}

#[test]
fn unchanged_files_and_the_directory_are_kept() {
    let (_dir, root) = world();
    let paths = ["/run/licd/features", "/run/licd/features/os", "/run/licd/status.json"];
    let inodes = || paths.map(|path| fs::metadata(root.path(path)).unwrap().ino());
    Directory::new(&root).publish("{}", &["os", "apps"]).unwrap();
    let before = inodes();
    // Otherwise a new file may have the inode of a removed one.
    let _open = paths.map(|path| fs::File::open(root.path(path)).unwrap());
    Directory::new(&root).publish("{}", &["os", "uma"]).unwrap();
    assert_eq!(inodes(), before);
}

#[test]
fn notices_and_the_restart_are_published_beside_the_report() {
    let (_dir, root) = world();
    Directory::new(&root).publish_notices("notices").unwrap();
    Directory::new(&root).publish_restart("restart").unwrap();
    assert_eq!(fs::read_to_string(root.path("/run/licd/notices.json")).unwrap(), "notices");
    assert_eq!(fs::read_to_string(root.path("/run/licd/restart.json")).unwrap(), "restart");
    assert_eq!(published_restart(&root).unwrap().as_deref(), Some("restart"));
}

#[test]
fn a_feature_that_programs_could_not_read_or_that_has_content_is_made_anew() {
    let (_dir, root) = world();
    let features = root.path("/run/licd/features");
    fs::create_dir_all(&features).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    for (content, wrong) in [("", 0o600), ("", 0o640), ("", 0o604), ("content", 0o644)] {
        let file = features.join("os");
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(wrong)).unwrap();
        Directory::new(&root).publish("{}", &["os"]).unwrap();
        assert_eq!((fs::metadata(&file).unwrap().len(), mode(&file)), (0, 0o644), "{wrong:o}");
    }
}

#[test]
fn a_reader_with_the_old_report_open_reads_all_of_it() {
    use std::io::Read as _;
    let (_dir, root) = world();
    Directory::new(&root).publish("the old report", &[]).unwrap();
    let mut open = fs::File::open(root.path("/run/licd/status.json")).unwrap();
    Directory::new(&root).publish("new", &[]).unwrap();
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!(text, "the old report");
    assert_eq!(fs::read_to_string(root.path("/run/licd/status.json")).unwrap(), "new");
}

#[test]
fn other_files_among_the_features_are_removed_without_following_links() {
    let (dir, root) = world();
    let features = root.path("/run/licd/features");
    fs::create_dir_all(features.join("os/below")).unwrap();
    fs::create_dir_all(features.join("folder")).unwrap();
    fs::write(dir.path().join("outside"), "stays").unwrap();
    symlink(dir.path().join("nowhere"), features.join("apps")).unwrap();
    symlink(dir.path().join("outside"), features.join("uma")).unwrap();
    symlink(dir.path(), features.join("link")).unwrap();
    fs::write(features.join("codecs"), "not empty").unwrap();
    let allowed = ["apps", "codecs", "os", "uma"];
    Directory::new(&root).publish("{}", &allowed).unwrap();
    assert_eq!(names(&features), allowed);
    for name in allowed {
        let found = fs::symlink_metadata(features.join(name)).unwrap();
        assert!(found.is_file() && found.len() == 0, "{name}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("outside")).unwrap(), "stays");
}

#[test]
fn an_invalid_feature_name_is_rejected_before_a_file_is_written() {
    let (_dir, root) = world();
    for name in ["", "../status.json", "a/b", "OS", ".", "a b", "ä"] {
        let error = Directory::new(&root).publish("{}", &["os", name]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
    }
    assert!(!root.path("/run").exists());
}

#[test]
fn an_error_names_its_file_and_the_other_files_are_written() {
    let (dir, root) = world();
    fs::create_dir_all(root.path("/run/licd")).unwrap();
    fs::write(root.path("/run/licd/features"), "in the way").unwrap();
    let error = Directory::new(&root).publish("{}", &["os"]).unwrap_err();
    let expected = format!("{}/run/licd/features: Not a directory", dir.path().display());
    assert_eq!(error.to_string(), expected);
    assert_eq!(fs::read_to_string(root.path("/run/licd/status.json")).unwrap(), "{}");
}
