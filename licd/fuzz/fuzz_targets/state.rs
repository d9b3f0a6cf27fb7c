//! The state files, through a root directory: each is read, changed by nothing and read again.
#![no_main]

use std::sync::LazyLock;

use flate2::Crc;
use libfuzzer_sys::fuzz_target;
use licd_files::deployment::Deployments;
use licd_files::downloads::Downloads;
use licd_files::marks::LastMarks;
use licd_files::{deployment, notices, state};
use licd_fuzz::{Machine, assert_printable, parts};
use licd_rules::BootId;

const DIR: &str = "/var/lib/licd";
/// The second state file is a copy of the first, and the marks have two slots.
const FILES: [&str; 7] = [
    "state.toml",
    "state.copy.toml",
    "downloads.toml",
    "deployment.toml",
    "notices.toml",
    "clock.a",
    "clock.b",
];

static MACHINE: LazyLock<Machine> = LazyLock::new(|| Machine::with(&[DIR, "/run/licd"]));

fuzz_target!(|bytes: &[u8]| {
    let parts = parts(bytes);
    for (number, file) in FILES.into_iter().enumerate() {
        // All files get the first part where there are not enough, so that one input reaches every reader.
        let part = parts.get(number).or(parts.first()).copied().unwrap_or_default();
        let content = if file.starts_with("clock") { summed(part) } else { part.to_vec() };
        MACHINE.set(&format!("{DIR}/{file}"), Some(&content));
    }
    check_memory();
    check_others();
});

fn check_memory() {
    let root = MACHINE.root();
    let (memory, warning) = state::load(&root).unwrap();
    warning.iter().for_each(|warning| assert_printable(&warning.to_string()));
    assert!(memory.removing.len() <= state::REMOVING);
    state::update(&root, |same| assert_eq!(same.past, memory.past)).unwrap();
    let (again, warning) = state::load(&root).unwrap();
    assert!(warning.is_none());
    assert_eq!((again.past, again.removing), (memory.past, memory.removing));
}

fn check_others() {
    let root = MACHINE.root();
    let (_, warning) = Downloads::load(&root).unwrap();
    warning.iter().for_each(|warning| assert_printable(&warning.to_string()));
    Downloads::update(&root, |_| ()).unwrap();
    assert!(Downloads::load(&root).unwrap().1.is_none());

    let boot = BootId::parse("5b1f1d0c-0000-4000-8000-000000000001").unwrap();
    let _ = deployment::DeploymentMemory::load(&root, &boot).unwrap().may_order();
    let (deployments, _) = Deployments::load(&root).unwrap();
    let _ = deployments.is_pending(&boot);

    let (mut notices, _) = notices::NoticeMemory::load(&root).unwrap();
    let announced = notices.announced().to_vec();
    notices.remember(&root, announced).unwrap();
    assert!(notices::NoticeMemory::load(&root).unwrap().1.is_none());

    let (mut written, warnings) = LastMarks::load(&root).unwrap();
    warnings.iter().for_each(|warning| assert_printable(&warning.to_string()));
    if let Some(marks) = written.marks().cloned() {
        written.save(&root, marks.clone()).unwrap();
        assert_eq!(LastMarks::load(&root).unwrap().0.marks(), Some(&marks));
    }
}

/// A slot of the marks with its checksum, which no mutation hits.
fn summed(body: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(body);
    let mut slot = body.to_vec();
    slot.extend(format!("# crc32 {:08x}\n", crc.sum()).bytes());
    slot
}
