//! Every file of the corpus gets its expected verdict from every program and verb.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use acceptance::corpus::{self, Entry};
use acceptance::harness::Story;
use acceptance::program::Answer;
use acceptance::story;

pub(crate) const STORIES: &[Story] = &[
    story!(the_corpus_matches_its_generator),
    story!(verify_returns_the_expected_verdict_for_every_file),
    story!(import_and_verify_agree_with_and_without_the_daemon),
    story!(a_refused_file_changes_nothing),
];

/// The exit code of a verdict (docs/technician.md, section 3).
fn exit_code(code: &str) -> i32 {
    match code {
        "valid" | "pending" => 0,
        "malformed" | "unsupported" | "too-large" | "bad-signature" | "unknown-key"
        | "untrusted-product" => 3,
        "wrong-device" => 4,
        "expired" | "superseded" | "withdrawn" => 5,
        other => panic!("no sample is {other}"),
    }
}

fn arguments(verb: &str, entries: &[Entry]) -> Vec<PathBuf> {
    let options = [verb, "--json"].map(PathBuf::from);
    options.into_iter().chain(entries.iter().map(Entry::path)).collect()
}

/// Describes files whose verdict differs from the expected one.
fn wrong(answer: &Answer, entries: &[Entry]) -> Vec<String> {
    let verdicts = answer.verdicts();
    assert_eq!(verdicts.len(), entries.len());
    // The message names the type of a file that is not a licence; the format says only that its
    // first line is wrong.
    let is_named = |entry: &Entry, message: &str| {
        entry.says.starts_with("line 1: ") && !message.starts_with("line ")
    };
    let is_wrong = |entry: &Entry, (code, message): &(String, String)| {
        *code != entry.code || !(message.contains(&entry.says) || is_named(entry, message))
    };
    entries
        .iter()
        .zip(verdicts)
        .filter(|(entry, verdict)| is_wrong(entry, verdict))
        .map(|(entry, (code, message))| {
            format!("{}: {code}: {message}\n  not {}: {}", entry.name, entry.code, entry.says)
        })
        .collect()
}

fn the_corpus_matches_its_generator() {
    let mut found = BTreeMap::new();
    read(&corpus::dir(), &mut found);
    // A script derives this file from the corpus and checks it.
    found.remove(Path::new("vectors.json"));
    let made = corpus::files();
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&made));
    for (path, content) in made {
        assert!(found[&path] == content, "{} is not what is made now", path.display());
    }
}

fn read(dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, files);
        } else {
            let name = path.strip_prefix(corpus::dir()).unwrap().to_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

fn verify_returns_the_expected_verdict_for_every_file() {
    let world = corpus::device();
    let entries = corpus::expected();
    let answer = world.licctl(arguments("verify", &entries));
    let wrong = wrong(&answer, &entries);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(answer.code, entries.iter().map(|entry| exit_code(&entry.code)).max().unwrap());
}

fn import_and_verify_agree_with_and_without_the_daemon() {
    // Files refused for their form or signatures are imported together at the end.
    for entry in corpus::expected().iter().filter(|entry| exit_code(&entry.code) != 3) {
        let alone = std::slice::from_ref(entry);
        let world = corpus::device();
        let verified = world.licctl(arguments("verify", alone));
        let imported = world.licctl(arguments("import", alone));
        assert_eq!(imported.out, verified.out, "{}", entry.name);
        assert_eq!(imported.code, exit_code(&entry.code), "{}", entry.name);

        let served = corpus::device();
        let through = served.start().licctl(arguments("import", alone));
        assert_eq!(through.out, imported.out, "{}", entry.name);
        assert_eq!(through.code, imported.code, "{}", entry.name);
        assert_eq!(served.stored(), world.stored(), "{}", entry.name);
        let is_new = !entry.name.contains("trust") && imported.code == 0;
        assert!(!is_new || world.stored() != ["present.lic"], "{}: is not stored", entry.name);
    }
}

fn a_refused_file_changes_nothing() {
    // Expired licences other than evaluations are stored, because they still allow features.
    let is_refused = |entry: &Entry| exit_code(&entry.code) >= 3 && entry.code != "expired";
    let refused: Vec<Entry> = corpus::expected().into_iter().filter(is_refused).collect();
    let world = corpus::device();
    let before = world.report();
    let direct = world.licctl(arguments("import", &refused));
    assert_eq!(wrong(&direct, &refused), Vec::<String>::new());
    let daemon = world.start();
    let through = daemon.licctl(arguments("import", &refused));
    assert_eq!(through.out, direct.out);
    assert_eq!((through.code, direct.code), (5, 5));
    assert_eq!(daemon.report(), before);
    assert_eq!(world.stored(), ["present.lic"]);
}
