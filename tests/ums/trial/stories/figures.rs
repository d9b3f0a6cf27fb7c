//! The figures of a document are those of the program that makes them.

use std::fs;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::{program, story};

pub(crate) const STORIES: &[Story] = &[story!(the_power_cut_is_the_one_of_the_present_schedule)];

fn the_power_cut_is_the_one_of_the_present_schedule() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/power-cut.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, row) = page.split_once("\n| all devices are licensed | ").unwrap();
    let capacity = row.split(' ').next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut simulation = Command::new(program::path("power-cut"));
    simulation.arg(capacity).arg(folder.path().join("requests.csv"));
    let table = program::run(&mut simulation).with_code(0).out;
    assert!(table.lines().count() > 5 && page.contains(&table), "{table}");
}
