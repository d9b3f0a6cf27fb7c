//! Documents with a missing byte or a changed bit are refused, and a damaged tree of files stops nothing.

use std::collections::BTreeMap;
use std::fs;

use acceptance::harness::Story;
use acceptance::maker::{self, UNIT};
use acceptance::{World, story};

pub(crate) const STORIES: &[Story] = &[
    story!(a_truncated_licence_is_never_valid),
    story!(a_licence_with_a_bit_flipped_is_never_valid),
    story!(a_truncated_or_bit_flipped_slice_is_never_valid),
    story!(a_truncated_or_bit_flipped_mass_licence_is_never_valid),
    story!(a_truncated_or_bit_flipped_trust_document_is_never_accepted),
    story!(a_pipe_in_place_of_a_directory_is_not_waited_for),
    story!(a_link_to_nothing_leads_to_a_directory_of_the_same_root),
];

/// The number of files in one run of licctl.
const BATCH: usize = 1000;

/// Every proper prefix of a file.
fn beginnings(file: &str) -> Vec<Vec<u8>> {
    (0..file.len()).map(|end| file.as_bytes()[..end].to_vec()).collect()
}

/// The file with each of its bits flipped.
fn flips(file: &str) -> Vec<Vec<u8>> {
    let flipped = |bit: usize| {
        let mut bytes = file.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    (0..8 * file.len()).map(flipped).collect()
}

/// Verifies all files, asserts that all are refused, and counts them by verdict.
fn refused(whole: &str, damaged: &[Vec<u8>]) -> BTreeMap<String, usize> {
    let world = World::new();
    let genuine = world.licctl(["verify", "--json", &world.file("whole.lic", whole)]);
    assert_eq!(genuine.with_code(0).verdict(), "valid");
    let mut counts = BTreeMap::new();
    for (n, batch) in damaged.chunks(BATCH).enumerate() {
        let file = |(m, content): (usize, &Vec<u8>)| world.file(&format!("{n}-{m}.lic"), content);
        let files: Vec<String> = batch.iter().enumerate().map(file).collect();
        let arguments = ["verify".to_owned(), "--json".to_owned()].into_iter().chain(files.clone());
        let answer = world.licctl(arguments).with_code(3);
        let verdicts = answer.verdicts();
        assert_eq!(verdicts.len(), batch.len());
        for ((code, message), content) in verdicts.iter().zip(batch) {
            let refused = ["malformed", "unsupported", "bad-signature", "unknown-key"];
            let content = String::from_utf8_lossy(content);
            assert!(refused.contains(&&**code), "{code}: {message}:\n{content}");
            *counts.entry(code.clone()).or_default() += 1;
        }
        files.iter().for_each(|file| fs::remove_file(file).unwrap());
    }
    counts
}

fn both(file: &str) {
    refused(file, &[beginnings(file), flips(file)].concat());
}

fn a_truncated_licence_is_never_valid() {
    let file = maker::licence().sign();
    let counts = refused(&file, &beginnings(&file));
    // A truncated document is malformed; its signatures are not checked.
    assert_eq!(counts, [("malformed".to_owned(), file.len())].into());
}

fn a_licence_with_a_bit_flipped_is_never_valid() {
    let file = maker::licence().sign();
    let counts = refused(&file, &flips(&file));
    assert!(counts["bad-signature"] > 1000, "{counts:?}");
}

fn a_truncated_or_bit_flipped_slice_is_never_valid() {
    both(&maker::slice(&maker::licence().mass(20).sign(), UNIT));
}

fn a_truncated_or_bit_flipped_mass_licence_is_never_valid() {
    both(&maker::licence().mass(20).sign());
}

fn a_truncated_or_bit_flipped_trust_document_is_never_accepted() {
    both(&maker::trust(2, &[("WE-7Q2KD", 182)]));
}

fn a_pipe_in_place_of_a_directory_is_not_waited_for() {
    for (dir, verdict) in
        [("/var/lib/licd", "valid"), ("/etc/licd", "valid"), ("/run/licd", "store-unwritable")]
    {
        let world = World::new();
        let pipe = world.path(dir);
        fs::create_dir_all(pipe.parent().unwrap()).unwrap();
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let daemon = world.start();
        assert_eq!(daemon.import(maker::licence().sign()).verdict(), verdict, "{dir}");
        assert!(daemon.status()["problems"].to_string().contains(dir), "{dir}");
        assert!(daemon.stop().success(), "{dir}");
        assert_eq!(world.import(maker::licence().serial(184).sign()).verdict(), verdict, "{dir}");
    }
}

fn a_link_to_nothing_leads_to_a_directory_of_the_same_root() {
    for (dir, made) in [("/var", "/made/lib/licd"), ("/run", "/made/licd")] {
        let world = World::new();
        let place = world.path(dir);
        let _ = fs::remove_dir_all(&place);
        std::os::unix::fs::symlink("/made", &place).unwrap();
        assert_eq!(world.import(maker::licence().sign()).verdict(), "valid", "{dir}");
        assert!(world.path(made).is_dir(), "{made}");
        let daemon = world.start();
        assert_eq!(daemon.status()["unit_id"], UNIT, "{dir}");
        assert_eq!(daemon.import(maker::licence().serial(184).sign()).verdict(), "valid", "{dir}");
        assert!(daemon.stop().success(), "{dir}");
    }
}
