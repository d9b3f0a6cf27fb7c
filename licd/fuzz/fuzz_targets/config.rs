//! The layers of `licd.toml` and the root keys, through a root directory. Lines of `%` separate the files.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use licd_files::config::{Config, LOGINS, roots};
use licd_fuzz::{Machine, assert_printable, parts};

const FILES: [&str; 4] = [
    "/usr/lib/licd/licd.toml",
    "/etc/licd/licd.toml",
    "/etc/licd/licd.toml.d/a.toml",
    "/etc/licd/licd.toml.d/b.toml",
];
const KEY: &str = "/usr/lib/licd/roots.d/a.vkey";

static MACHINE: LazyLock<Machine> =
    LazyLock::new(|| Machine::with(&["/usr/lib/licd/roots.d", "/etc/licd/licd.toml.d"]));

fuzz_target!(|bytes: &[u8]| {
    let parts = parts(bytes);
    for (number, file) in FILES.into_iter().enumerate() {
        MACHINE.set(file, parts.get(number).copied());
    }
    MACHINE.set(KEY, Some(bytes));
    let root = MACHINE.root();
    let (config, errors) = Config::load(&root).unwrap();
    assert!(config.network.logins.len() <= LOGINS);
    assert!(!config.network.connect_timeout.is_zero() && !config.network.total_timeout.is_zero());
    errors.iter().for_each(|error| assert_printable(&error.to_string()));
    if errors.len() >= parts.len() {
        assert_eq!(config, Config::default(), "a broken file counts");
    }
    let (again, _) = Config::load(&root).unwrap();
    assert_eq!(config, again);
    let (keys, errors) = roots(&root).unwrap();
    assert_eq!(keys.len() + errors.len(), 1);
});
