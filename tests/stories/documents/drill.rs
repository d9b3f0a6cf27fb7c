//! Commands whose output documents show: the drill of the image builder (keys, their replacement and their
//! loss), and licences in the hands of a technician.

use std::env;
use std::path::Path;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::maker::{self, EMP, POWERTERM, WE};
use acceptance::program;
use acceptance::{World, story};
use regex_lite::Regex;

use super::pages;

pub(super) const STORIES: &[Story] = &[
    story!(the_drill_of_the_keys_prints_what_is_shown),
    story!(the_commands_of_a_technician_print_what_is_shown),
];

/// The commands between two headings with what they print.
fn commands(page: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let page = pages::page(page).text;
    let (_, section) = page.split_once(from).unwrap_or_else(|| panic!("{from}"));
    let section = section.split(to).next().unwrap();
    let blocks = section.split("\n```\n").filter(|block| block.starts_with("$ "));
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
        (r"\d+ days left", "N days left"),
    ] {
        output = Regex::new(varies).unwrap().replace_all(&output, name).into_owned();
    }
    output
}

fn the_drill_of_the_keys_prints_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let programs = program::path("licctl").parent().unwrap().to_owned();
    let search = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    let commands = commands("docs/image-builder.md", "\n## 4. Keys", "\n## 5.");
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

fn the_commands_of_a_technician_print_what_is_shown() {
    let world = World::new();
    let program = program::path("licctl");
    let ends = maker::today_plus(357);
    let base = maker::licence().serial(1).expires(ends);
    let file = world.file("WE.lic", base.sign());
    let folder = Path::new(&file).parent().unwrap();
    let run = |command: &str| {
        // The device of a technician is the machine itself.
        let script = format!("licctl() {{ \"$0\" --root \"$ROOT\" \"$@\"; }}; {command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(&program).current_dir(folder);
        let answer = program::run(shell.env("ROOT", world.root()).env("LC_ALL", "C"));
        answer.err + &answer.out
    };
    let prints_what_is_shown = |from, to, expected| {
        let commands = commands("docs/technician.md", from, to);
        let commands = commands.iter().filter(|(command, _)| !command.starts_with("licctl status"));
        let mut ran = 0;
        for (command, shown) in commands {
            let (printed, shown) = (comparable(&run(command)), comparable(shown));
            match shown.strip_suffix('…') {
                Some(begins) => assert!(printed.starts_with(begins), "{command}: {printed}"),
                None => assert_eq!(printed, shown, "{command}"),
            }
            ran += 1;
        }
        assert_eq!(ran, expected, "{from}");
    };
    prints_what_is_shown("\n### 1.2 ", "\n### 1.3 ", 2);
    let add_on = maker::licence().pack("PWT-4D8KA").product("PWT").term("perpetual").serial(1);
    let _ = world.import(add_on.services(&[POWERTERM]).expires(ends).sign()).with_code(0);
    prints_what_is_shown("\n### 2.1 ", "\n### 2.2 ", 2);
    let both = maker::licence().pack("PAS-K7RM2").product("PAS").services(&[WE, EMP]);
    let _ = world.import(both.sign()).with_code(0);
    prints_what_is_shown("\n## 6. ", "\n## 7. ", 4);
}
