//! A file of its limit is read, and one byte more is too much.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;

use licd_files::config::{self, Config};
use licd_files::deployment::Deployments;
use licd_files::downloads::Downloads;
use licd_files::notices::NoticeMemory;
use licd_files::{publish, settings, state};
use licd_fs::root::Root;

/// The bytes that a file may have, and whether it is read.
type Limit = (&'static str, usize, fn(&Root) -> bool);

const LIMITS: [Limit; 8] = [
    ("var/lib/licd/state.toml", 4_194_304, |root| state::load(root).unwrap().1.is_none()),
    ("var/lib/licd/notices.toml", 65_536, |root| NoticeMemory::load(root).unwrap().1.is_none()),
    ("var/lib/licd/downloads.toml", 1_048_576, |root| Downloads::load(root).unwrap().1.is_none()),
    ("var/lib/licd/deployment.toml", 65_536, |root| Deployments::load(root).unwrap().1.is_none()),
    ("etc/licd/licd.toml", 65_536, |root| Config::load(root).unwrap().1.is_empty()),
    ("etc/licd/settings.toml", 1_048_576, |root| settings::load(root).unwrap().problem.is_none()),
    ("run/licd/status.json", 16_777_216, |root| publish::published(root).is_some()),
    ("run/licd/restart.json", 65_536, |root| publish::published_restart(root).unwrap().is_some()),
];

/// A device with this file.
fn device(path: &str, content: &str) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
    let root = Root::new(dir.path()).unwrap();
    (dir, root)
}

#[test]
fn a_file_of_its_limit_is_read_and_no_larger_one() {
    for (path, limit, is_read) in LIMITS {
        let start = if path.starts_with("var") { "schema = 1\n#" } else { "#" };
        for (bytes, expected) in [(limit, true), (limit + 1, false)] {
            let content = format!("{start}{}", "x".repeat(bytes - start.len()));
            let (_dir, root) = device(path, &content);
            assert_eq!(is_read(&root), expected, "{path} of {bytes} bytes");
        }
    }
}

#[test]
fn a_root_key_has_a_file_of_at_most_four_kilobytes() {
    let key = include_str!("../../../license-format/tests/example/example-root-a.vkey");
    for (bytes, expected) in [(4096, 1), (4097, 0)] {
        let (_dir, root) = device("usr/lib/licd/roots.d/a.vkey", &format!("{key:bytes$}"));
        let (keys, errors) = config::roots(&root).unwrap();
        assert_eq!((keys.len(), errors.len()), (expected, 1 - expected), "{bytes} bytes");
    }
}
