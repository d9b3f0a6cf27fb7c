//! The page for issuers shows the real output of the tool.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics here fails the test"
)]

mod folder;

use folder::Folder;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/issuer.md"));
/// The day of commands that name none.
const DAY: &str = "--issued=2026-11-22T12:00:00Z";

/// The keys of a pack file.
const KEYS: [&str; 23] = [
    "pack",
    "serial",
    "issued",
    "product",
    "term",
    "category",
    "subscription-key",
    "order",
    "supersedes",
    "services",
    "starts",
    "expires",
    "grace-days",
    "warn-days",
    "roster-complete",
    "status",
    "source-pack",
    "successor",
    "emp-pack",
    "latest-activation",
    "redeemed",
    "seats",
    "units",
];

/// The code blocks of the page: label and content.
fn blocks() -> impl Iterator<Item = (&'static str, &'static str)> {
    let fenced = PAGE.split("\n```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').unwrap())
}

/// The output of a command in the folder.
fn output(folder: &Folder, command: &str) -> String {
    let mut words = command.split(' ');
    match (words.next(), words.collect::<Vec<_>>()) {
        (Some("cat"), files) => folder.read(files[0]),
        (Some("licissue"), mut words) => {
            if !words.contains(&"--issued") {
                words.push(DAY);
            }
            let run = folder.run(&words);
            run.err + &run.out
        }
        _ => panic!("{command}"),
    }
}

#[test]
fn every_documented_command_prints_the_documented_output() {
    let folder = Folder::new();
    let mut commands = 0;
    for (label, block) in blocks() {
        if let Some(name) = label.strip_prefix("text ") {
            folder.write(name, format!("{block}\n"));
            continue;
        }
        assert_eq!(label, "console");
        for (command, shown) in
            block.split("$ ").skip(1).map(|part| part.split_once('\n').unwrap_or((part, "")))
        {
            assert_eq!(output(&folder, command).trim_end(), shown.trim_end(), "{command}");
            commands += 1;
        }
    }
    assert!(commands > 20, "{commands}");
}

#[test]
fn every_verb_and_pack_key_is_documented() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]).ok();
    let verbs = help.lines().skip_while(|line| !line.starts_with("  slice")).skip(1);
    for verb in verbs.take_while(|line| !line.starts_with("  help")) {
        let verb = verb.split_whitespace().next().unwrap();
        assert!(PAGE.contains(&format!("licissue {verb} ")), "{verb}");
    }
    for key in KEYS {
        assert!(PAGE.contains(&format!("`{key}`")), "{key}");
    }
}
