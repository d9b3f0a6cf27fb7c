//! The drill of the image builder: keys, their replacement and their loss.

use std::env;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::program;
use acceptance::story;
use regex_lite::Regex;

use super::pages;

pub(super) const STORIES: &[Story] = &[story!(the_drill_of_the_keys_prints_what_is_shown)];

/// The commands of the drill with what they print.
fn commands() -> Vec<(String, String)> {
    let page = pages::page("docs/image-builder.md").text;
    let (_, drill) = page.split_once("## 4. Keys").unwrap();
    let blocks = drill.split("\n```\n").filter(|block| block.starts_with("$ "));
    let parts = blocks.flat_map(|block| block.split("$ ").skip(1));
    let commands = parts.map(|part| part.split_once('\n').unwrap_or((part, "")));
    commands.map(|(command, shown)| (command.to_owned(), shown.to_owned())).collect()
}

/// The output without what differs from run to run: keys, hashes, names of stored files, days.
fn comparable(output: &str) -> String {
    let mut output = output.trim().to_owned();
    for (varies, name) in [
        (r"\+[0-9a-f]{8}\b", "+HASH"),
        (r"\+A[A-Za-z0-9+/]{43}", "+KEY"),
        (r"\b[0-9A-F]{32}\b", "FILE"),
        (r"\d{4}-\d{2}-\d{2}(T[0-9:]+Z)?", "DAY"),
    ] {
        output = Regex::new(varies).unwrap().replace_all(&output, name).into_owned();
    }
    output
}

fn the_drill_of_the_keys_prints_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let programs = program::path("licctl").parent().unwrap().to_owned();
    let search = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    let commands = commands();
    assert!(commands.len() > 30, "{}", commands.len());
    for (command, shown) in commands {
        // The day of the document passes.
        let now = command.replace("2027-11-21", "2099-11-21");
        let mut shell = Command::new("sh");
        shell.args(["-c", &now]).current_dir(folder.path()).env("PATH", &search).env("LC_ALL", "C");
        let answer = program::run(&mut shell);
        assert_eq!(comparable(&(answer.err + &answer.out)), comparable(&shown), "{command}");
    }
}
