//! The tool reproduces the worked example of the specification.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what panics here fails the test")]

use std::fs;
use std::process::Command;

const SPECIFICATION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/license-format.md"));
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/example");

/// The labelled code blocks of the specification.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fenced = SPECIFICATION.split("\n```text ").skip(1);
    fenced.map(|block| block.split("```").next().unwrap().split_once('\n').unwrap()).collect()
}

#[test]
fn licissue_reproduces_the_example() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap();
        if ["key", "vkey", "toml"].contains(&extension) {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let commands: Vec<_> =
        blocks().into_iter().filter(|(label, _)| *label == "command").map(|b| b.1).collect();
    let names = ["trust.note", "licence.lic", "mass.lic", "slice.lic"];
    assert_eq!(commands.len(), names.len());
    for (command, name) in commands.into_iter().zip(names) {
        let words = command.trim().strip_prefix("licissue ").unwrap().split(' ');
        // In a shell an unquoted “#” begins a comment.
        let words = words.map(|word| word.trim_matches('\''));
        let output = Command::new(env!("CARGO_BIN_EXE_licissue"))
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (_, text) = blocks().into_iter().find(|(label, _)| *label == name).unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{name}");
        fs::write(folder.path().join(name), text).unwrap();
    }
}
