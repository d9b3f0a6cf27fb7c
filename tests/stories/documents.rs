//! The documents: what they refer to exists, what they list is what the programs have, and commands print
//! what is shown.

mod claims;
mod drill;
mod pages;

use std::fs;

use acceptance::harness::Story;
use acceptance::program;
use acceptance::{World, story};
use regex_lite::Regex;

pub(crate) const CHAPTERS: [&[Story]; 3] = [STORIES, claims::STORIES, drill::STORIES];

const STORIES: &[Story] = &[
    story!(every_link_of_a_document_leads_somewhere),
    story!(every_path_that_a_document_names_is_there),
    story!(every_file_that_the_code_structure_lists_is_there),
    story!(every_configuration_key_is_documented_and_no_other),
    story!(every_setting_is_documented_in_both_places),
    story!(every_name_of_the_bus_is_documented),
    story!(every_verb_and_exit_code_is_documented),
    story!(every_comment_that_contributors_are_shown_is_in_the_code),
];

fn every_link_of_a_document_leads_somewhere() {
    let pages = pages::all();
    let mut links = 0;
    for page in &pages {
        for link in page.links() {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = page.relative(path);
            assert!(target.exists(), "{}: {link} leads to no file", page.name());
            if let Some(other) = pages.iter().find(|other| other.file == target)
                && !anchor.is_empty()
            {
                assert!(other.anchors().contains(anchor), "{}: {link}: no heading", page.name());
            }
            links += 1;
        }
    }
    assert!(links > 100, "{links}");
}

fn every_path_that_a_document_names_is_there() {
    let files = pages::repository();
    let mut paths = 0;
    for page in pages::all() {
        for word in page.code_words().filter(|word| pages::is_path(word, &files)) {
            let path = word.trim_end_matches('/');
            // A document may leave out the room that it is about.
            let end = format!("/{path}");
            let found = files.iter().any(|file| file == path || file.ends_with(&end));
            assert!(found, "{}: `{word}` is not in the repository", page.name());
            paths += 1;
        }
    }
    assert!(paths > 200, "{paths}");
}

fn every_file_that_the_code_structure_lists_is_there() {
    let page = pages::page("docs/code-structure.md");
    let (mut room, mut files) = (String::new(), 0);
    for [first, second, ..] in page.rows() {
        let named =
            pages::code(&second).filter(|file| file.ends_with(".rs") || file.ends_with('/'));
        let named: Vec<_> = named.collect();
        room = pages::code(&first).next().unwrap_or(room);
        for file in named {
            let path = pages::path(&format!("{room}/src/{file}"));
            assert!(path.exists(), "{}: {} does not exist", page.name(), path.display());
            files += 1;
        }
    }
    assert!(files > 80, "{files}");
}

/// The words in backticks that follow “expected” in licd's message about an unknown key.
fn keys_that_licd_knows(world: &World, text: &str) -> Vec<String> {
    world.write("/etc/licd/licd.toml", text);
    let doctor = world.licctl(["--direct", "--json", "doctor"]).out;
    let (_, expected) = doctor.split_once(", expected ").unwrap_or_else(|| panic!("{doctor}"));
    let (expected, _) = expected.split_once(';').unwrap();
    pages::code(expected).collect()
}

fn every_configuration_key_is_documented_and_no_other() {
    let world = World::new();
    let mut known = Vec::new();
    for section in keys_that_licd_knows(&world, "nonsense = 1\n") {
        for key in keys_that_licd_knows(&world, &format!("[{section}]\nnonsense = 1\n")) {
            known.push(format!("{section}.{key}"));
        }
    }
    for key in keys_that_licd_knows(&world, "[[network.login]]\nnonsense = 1\n") {
        known.push(format!("network.login.{key}"));
    }
    known.retain(|key| key != "network.login");
    known.sort();
    assert!(known.len() > 10, "{known:?}");
    let manual =
        pages::keys("packaging/man/licd.toml.5", r"^\.SS \[+([a-z.]+)\]+$", r"^\.B (\w+)$");
    let packaged = pages::keys(
        "packaging/licd.toml",
        r"^# *\[\[(\S+)\]\]$|^\[(\S+)\]$",
        r"^# *([a-z_0-9]+) = ",
    );
    assert_eq!(manual, known, "licd.toml(5)");
    assert_eq!(packaged, known, "packaging/licd.toml");
}

fn every_setting_is_documented_in_both_places() {
    let manual =
        pages::keys("packaging/man/licd-settings.5", r"^\.SS \[([a-z._]+)\]$", r"^\.B (\w+)$");
    let page = pages::page("docs/ums-administrator.md");
    let rows = page.rows().into_iter().skip_while(|row| row[0] != "key").skip(1);
    let rows = rows.take_while(|row| row[0].starts_with('`'));
    let mut listed: Vec<String> = rows.map(|row| pages::code(&row[0]).collect()).collect();
    listed.sort();
    assert_eq!(listed, manual);
}

fn every_name_of_the_bus_is_documented() {
    let page = pages::page("docs/ums-administrator.md").text;
    let interface = fs::read_to_string(pages::path("packaging/com.igel.License1.xml")).unwrap();
    let named = Regex::new(r#"<(?:interface|method|signal|property) name="([^"]+)""#).unwrap();
    let mut names = 0;
    for name in named.captures_iter(&interface) {
        let mentioned = Regex::new(&format!(r"\b{}\b", &name[1])).unwrap();
        assert!(mentioned.is_match(&page), "{}", &name[1]);
        names += 1;
    }
    assert!(names > 35, "{names}");
}

fn every_verb_and_exit_code_is_documented() {
    let page = pages::page("docs/technician.md");
    let help = program::run(World::new().licctl_command().arg("--help")).with_code(0).out;
    let (_, verbs) = help.split_once("Commands:\n").unwrap();
    // A description goes on in a column of its own.
    let is_verb = |line: &&str| !line.starts_with("   ");
    let verbs = verbs.lines().take_while(|line| line.starts_with("  "));
    let verbs: Vec<_> = verbs.filter(is_verb).collect();
    assert!(verbs.len() > 14, "{verbs:?}");
    for verb in verbs.iter().filter_map(|line| line.split_whitespace().next()) {
        let documented = page.code_words().any(|word| word == verb);
        assert!(documented || verb == "help", "{verb}");
    }
    let manual = fs::read_to_string(pages::path("packaging/man/licctl.rest.roff")).unwrap();
    for row in page.rows().into_iter().skip_while(|row| row[0] != "verdict").skip(1) {
        let Some(verdict) = pages::code(&row[0]).next() else { break };
        let code = row.last().unwrap();
        let listed = manual.split("\n.TP\n").any(|entry| {
            let entry = entry.replace('\\', "");
            entry.starts_with(&format!("{code}\n")) && entry.contains(&format!("fB{verdict}fR"))
        });
        assert!(listed || code == "0", "licctl(1): {verdict} with exit code {code}");
    }
}

fn every_comment_that_contributors_are_shown_is_in_the_code() {
    let files = pages::repository().into_iter().filter(|file| file.ends_with(".rs"));
    let sources = files.map(|file| fs::read_to_string(pages::path(&file)).unwrap());
    // A comment may be longer than a line.
    let line_end = Regex::new(r"\n\s*//+ ").unwrap();
    let sources: Vec<_> =
        sources.map(|text| line_end.replace_all(&text, " ").into_owned()).collect();
    let text = pages::page("CONTRIBUTING.md").text;
    let shown: Vec<_> = pages::code(&text).filter(|span| span.starts_with("//")).collect();
    assert_eq!(shown.len(), 4, "{shown:?}");
    for comment in shown {
        let words = comment.trim_start_matches("/// ").trim_start_matches("// ");
        let words = words.trim_end_matches('…').trim();
        assert!(sources.iter().any(|source| source.contains(words)), "{comment}");
    }
}
