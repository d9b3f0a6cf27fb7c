//! What documents say of the code, the decisions, options, the bus, the report and sizes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::{program, story};
use regex_lite::Regex;
use serde_json::Value;

use super::pages;

pub(super) const STORIES: &[Story] = &[
    story!(every_name_of_the_code_in_a_document_is_in_the_code),
    story!(every_target_of_make_that_a_document_names_is_there),
    story!(every_decision_is_listed_with_title_date_and_successor),
    story!(every_option_is_in_the_manual_page_and_no_other),
    story!(every_method_and_signal_is_documented_with_its_signature),
    story!(every_member_of_the_report_is_documented),
    story!(every_size_is_the_one_that_the_budgets_allow),
    story!(every_dependency_has_its_reason_and_no_other),
];

fn read(below: &str) -> String {
    fs::read_to_string(pages::path(below)).unwrap()
}

fn every_name_of_the_code_in_a_document_is_in_the_code() {
    // Of three words at least: tests, stories, settings. Shorter ones are words of other programs, too.
    let name = Regex::new(r"\b[a-z][a-z0-9]*(_[a-z0-9]+){2,}\b").unwrap();
    let is_code = |file: &String| [".rs", ".py", ".toml"].iter().any(|end| file.ends_with(end));
    let mut known = BTreeSet::new();
    for file in pages::repository().into_iter().filter(is_code) {
        known.extend(name.find_iter(&read(&file)).map(|found| found.as_str().to_owned()));
    }
    let mut names = 0;
    for page in pages::all() {
        for word in page.code_words() {
            for found in name.find_iter(&word) {
                assert!(known.contains(found.as_str()), "{}: {}", page.name(), found.as_str());
                names += 1;
            }
        }
    }
    assert!(names > 40, "{names}");
}

fn every_target_of_make_that_a_document_names_is_there() {
    let target = Regex::new(r"(?m)^([a-z-]+):").unwrap();
    let makefile = read("Makefile");
    let known: BTreeSet<_> =
        target.captures_iter(&makefile).map(|found| found[1].to_owned()).collect();
    let mut targets = 0;
    for page in pages::all() {
        for command in page.commands() {
            let Some(words) = command.strip_prefix("make ") else { continue };
            let named = words.split(' ').next().unwrap();
            assert!(known.contains(named), "{}: make {named}", page.name());
            targets += 1;
        }
    }
    assert!(targets > 40, "{targets}");
}

fn every_decision_is_listed_with_title_date_and_successor() {
    let successor = Regex::new(r"Replaced by \[(\d+)\]").unwrap();
    let mut found = Vec::new();
    for file in pages::repository() {
        let Some(name) = file.strip_prefix("docs/decisions/0") else { continue };
        let (number, text) = (&name[..3], read(&file));
        let (heading, rest) = text.split_once("\n\nDate: ").unwrap_or_else(|| panic!("{file}"));
        let title = heading.strip_prefix(&format!("# {}. ", number.trim_start_matches('0')));
        let replaced = successor.captures(rest).map(|by| format!(", replaced by {}", &by[1]));
        let title = title.unwrap_or_else(|| panic!("{file}: {heading}"));
        let link = format!("[{title}](0{name}){}", replaced.unwrap_or_default());
        found.push([format!("0{number}"), link, rest[..10].to_owned()]);
    }
    let rows = pages::page("docs/decisions/README.md").rows();
    let listed: Vec<_> = rows.into_iter().skip(1).map(|[a, b, c, _]| [a, b, c]).collect();
    for (row, file) in listed.iter().zip(&found) {
        assert_eq!(row, file);
    }
    assert_eq!(listed.len(), found.len());
}

fn every_option_is_in_the_manual_page_and_no_other() {
    let option = Regex::new(r"--[a-z][a-z-]*").unwrap();
    let options = |text: &str| -> BTreeSet<String> {
        option.find_iter(text).map(|found| found.as_str().to_owned()).collect()
    };
    for (name, page) in [
        ("licd", "packaging/man/licd.8"),
        ("licensing-tool", "packaging/licensing-tool/licensing-tool.1"),
    ] {
        let help = program::run(Command::new(program::path(name)).arg("--help")).with_code(0).out;
        let manual = read(page).replace(r"\-", "-");
        let (_, section) = manual.split_once("\n.SH OPTIONS\n").unwrap();
        let section = section.split("\n.SH ").next().unwrap();
        assert_eq!(options(section), options(&help), "{page}");
    }
}

fn every_method_and_signal_is_documented_with_its_signature() {
    let member = Regex::new(r#"(?s)<(method|signal) name="(\w+)">(.*?)</"#).unwrap();
    let argument = Regex::new(r#"<arg name="(\w+)" type="([^"]+)"( direction="out")?"#).unwrap();
    let page = pages::page("docs/ums-administrator.md").text;
    let interface = read("packaging/com.igel.License1.xml");
    let mut members = 0;
    for found in member.captures_iter(&interface) {
        let (mut of_caller, mut of_answer) = (Vec::new(), String::new());
        for one in argument.captures_iter(&found[3]) {
            match (&found[1], one.get(3)) {
                ("signal", _) => of_caller.push(one[1].to_owned()),
                (_, None) => of_caller.push(one[2].to_owned()),
                (_, Some(_)) => of_answer.push_str(&one[2]),
            }
        }
        let mut signature = format!("`{}({})`", &found[2], of_caller.join(", "));
        if !of_answer.is_empty() {
            signature.push_str(&format!(" → `{of_answer}`"));
        }
        assert!(page.contains(&signature), "{signature}");
        members += 1;
    }
    assert!(members > 15, "{members}");
}

/// The names of the members that a JSON Schema describes, at any depth.
fn members(schema: &Value) -> BTreeSet<String> {
    match schema {
        Value::Object(object) => {
            let own = object.get("properties").and_then(Value::as_object);
            let own = own.into_iter().flat_map(|members| members.keys().cloned());
            own.chain(object.values().flat_map(members)).collect()
        }
        Value::Array(values) => values.iter().flat_map(members).collect(),
        _ => BTreeSet::new(),
    }
}

fn every_member_of_the_report_is_documented() {
    let page = pages::page("docs/ums-administrator.md");
    let documented: BTreeSet<_> =
        page.code_words().map(|word| word.trim_end_matches("[]").to_owned()).collect();
    let members = members(&serde_json::from_str(&read("packaging/status.schema.json")).unwrap());
    assert!(members.len() > 40, "{members:?}");
    let missing: Vec<_> = members.difference(&documented).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn every_size_is_the_one_that_the_budgets_allow() {
    let budgets = read("benches/budgets.toml");
    let (_, sizes) = budgets.split_once("[sizes]\n").unwrap();
    let sizes = sizes.lines().filter_map(|line| line.split_once(" = "));
    let shown = |bytes: &str| format!("{:.1} MB", bytes.parse::<f64>().unwrap() / 1e6);
    let allowed: BTreeMap<_, _> =
        sizes.map(|(name, bytes)| (name.to_owned(), shown(bytes))).collect();
    let mut documented = BTreeMap::new();
    for [what, place, size, _] in pages::page("docs/image-builder.md").rows() {
        let program = pages::code(&place).next();
        let program = program.as_deref().and_then(|path| path.rsplit('/').next());
        let name = if what == "the package" { Some("package") } else { program };
        if let Some(name) = name.filter(|name| allowed.contains_key(*name)) {
            documented.entry(name.to_owned()).or_insert(size);
        }
    }
    assert_eq!(documented, allowed);
}

/// The packages that a manifest depends on, without those of this repository.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = toml::from_str(manifest).unwrap();
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let entries = tables.iter().filter_map(|table| manifest.get(*table)?.as_table()).flatten();
    // A workspace's own table says where each is.
    let own = |entry: &toml::Value| entry.get("path").is_some();
    let packages = entries.filter(|(_, entry)| !own(entry)).map(|(name, entry)| {
        let package = entry.get("package").and_then(toml::Value::as_str);
        package.unwrap_or(name).to_owned()
    });
    packages.collect()
}

fn every_dependency_has_its_reason_and_no_other() {
    let manifests = pages::repository().into_iter().filter(|file| file.ends_with("Cargo.toml"));
    let manifests: Vec<_> =
        manifests.filter(|file| !file.contains("/fuzz/")).map(|file| read(&file)).collect();
    let name = Regex::new(r#"(?m)^\[package\]\nname = "([^"]+)""#).unwrap();
    let own: BTreeSet<_> =
        manifests.iter().filter_map(|text| Some(name.captures(text)?[1].to_owned())).collect();
    let mut used: BTreeSet<_> = manifests.iter().flat_map(|text| dependencies(text)).collect();
    used.retain(|package| !own.contains(package));
    let page = pages::page("docs/code-structure.md");
    let rows = page.rows().into_iter().skip_while(|row| row[0] != "crate").skip(1);
    let reasons: BTreeSet<_> = rows.flat_map(|row| pages::code(&row[0])).collect();
    assert_eq!(reasons, used);
}
