//! The table against messages, and against the sources of the programs.

mod literals;

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use literals::{Literal, literals};

#[test]
fn what_varies_is_kept_and_clauses_are_translated_each_by_itself() {
    for (message, expected) in [
        ("in force until 2099-12-31", "in Kraft bis 2099-12-31"),
        (
            "in force until 2099-12-31; already in the store",
            "in Kraft bis 2099-12-31; schon vorhanden",
        ),
        (
            "for unit 00E0C51C5088, not this device (00E0C51C5087)",
            "für Unit 00E0C51C5088, nicht dieses Gerät (00E0C51C5087)",
        ),
        (
            "has no such file; check the address (HTTP 404) (tried 3 times); try again later",
            "hat diese Datei nicht; Adresse prüfen (HTTP 404) (3-mal versucht); später noch einmal \
             versuchen",
        ),
        (
            "cannot answer now (HTTP 503); it asks to come back in 60 seconds",
            "kann gerade nicht antworten (HTTP 503); der Server bittet um eine Pause von 60 Sekunden",
        ),
        (
            "line 2, column 6: unknown key `x`, expected `y`; the whole file is ignored until it is \
             corrected",
            "Zeile 2, Spalte 6: unbekannter Schlüssel `x`, erlaubt ist `y`; bis zur Korrektur gilt die \
             ganze Datei nicht",
        ),
        (
            "is still writable, because files of it are held by process 7 (sh), process 8 (vi); end \
             them",
            "ist noch beschreibbar, weil Dateien offen sind in Prozess 7 (sh), Prozess 8 (vi); diese \
             beenden",
        ),
    ] {
        assert_eq!(german(message).as_deref(), Some(expected));
    }
}

#[test]
fn a_line_keeps_the_name_of_its_file_and_says_the_verdict() {
    let german = crate::of(licd_rules::Language::German);
    let known = line(german, None, "odd: name.lic: in force until 2099-12-31");
    assert_eq!(known, "odd: name.lic: in Kraft bis 2099-12-31");
    let unknown = line(german, Some(Code::SourceRefused), "https://h/a: says no");
    assert_eq!(unknown, "https://h/a: die Quelle gibt sie nicht heraus (says no)");
    let foreign = line(german, None, "http://h/a: for unit 00E0, not this device (00E1)");
    assert_eq!(foreign, "http://h/a: für Unit 00E0, nicht dieses Gerät (00E1)");
    let whole = line(german, None, "licd: has not answered; try again");
    assert_eq!(whole, "licd: hat nicht geantwortet; noch einmal versuchen");
    let english = crate::of(licd_rules::Language::English);
    assert_eq!(line(english, Some(Code::SourceRefused), "a: says no"), "a: says no");
    assert_eq!(line(german, None, "a: says no"), "a: says no");
}

#[test]
fn a_message_with_an_unknown_clause_is_not_translated_in_part() {
    for message in [
        "",
        "in force until ",
        "in force until 2099-12-31; a later clause",
        "later",
        "is a spoon, not a licence",
        "says no (HTTP 418)",
    ] {
        assert_eq!(german(message), None, "{message}");
    }
}

#[test]
fn a_text_that_repeats_itself_takes_no_time() {
    for part in ["line 1, column 1: ", "proxy a of b: ", "try again; ", "line 1: 2: "] {
        let began = std::time::Instant::now();
        german(&part.repeat(60));
        assert!(began.elapsed().as_secs() < 5, "{part}");
    }
}

#[test]
fn a_translation_has_the_holes_of_its_template() {
    for (template, translation) in entries() {
        let mut holes = 0;
        let mut rest = *translation;
        while let Some((_, _, after)) = next_hole(rest) {
            holes += 1;
            rest = after;
        }
        assert_eq!(template.matches(HOLE).count(), holes, "{template}");
        assert!(!rest.contains(['{', '}']), "{template}");
    }
}

#[test]
fn no_template_is_there_twice_with_the_same_kinds_of_holes() {
    let mut seen = BTreeSet::new();
    for (template, translation) in german::TABLES.iter().copied().flatten() {
        assert!(seen.insert((template, translation.contains(PHRASE))), "{template}");
    }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    german::TABLES.iter().chain(german::SUBJECTS).copied().flatten()
}

/// The rooms whose sentences reach people.
const ROOMS: [&str; 13] = [
    "licd/client",
    "licd/daemon",
    "licd/device",
    "licd/fetch",
    "licd/files",
    "licd/fs",
    "licd/machine",
    "licd/protocol",
    "licd/sources",
    "licd/store",
    "license-format",
    "rescue-tools",
    "rescue-tools/licensing-tool",
];

fn sentences() -> Vec<Literal> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    ROOMS.iter().flat_map(|room| literals(&top, &format!("{room}/src"))).collect()
}

/// Templates that a program puts together from more than one text, and those of libraries.
const COMPOSED: [&str; 4] = [
    "{} (and {} more)",
    "line {}, column {}: {}",
    "{} (tried {} times)",
    "use the name that it is for ({} and others)",
];

#[test]
fn every_template_is_a_sentence_of_a_program() {
    let sentences = sentences();
    let is_said = |template: &str| {
        let bare = template.strip_suffix(HOLE).unwrap_or(template);
        sentences.iter().any(|literal| {
            let clauses = || literal.text.split(CLAUSE);
            literal.text.contains(bare)
                || clauses().any(|clause| values(clause, template).is_some())
        })
    };
    // Not the words of the kernel and of libraries.
    let is_own = |table: &&&[Entry]| table.iter().all(|(template, _)| *template != "I/O error");
    let own = german::TABLES.iter().filter(is_own).copied();
    let lost: Vec<_> = own
        .flatten()
        .map(|(template, _)| *template)
        .filter(|template| !COMPOSED.contains(template) && !is_said(template))
        .collect();
    assert!(lost.is_empty(), "no program says: {lost:#?}");
}

/// Whether a sentence of a source has a template: as a whole, in each of its clauses, or after what it
/// names. A part of a template counts, too.
fn is_translated(sentence: &str) -> bool {
    let inner = |text: &str| text.trim_matches([' ', '{', '}']).to_owned();
    let known = |text: &str| {
        let is_template = |(template, _): &Entry| inner(template) == inner(text);
        entries().any(is_template) || german(text).is_some()
    };
    let is_name = |text: &str| {
        let fixed = text.replace(HOLE, "");
        text.starts_with('/') || text == "usb" || fixed.trim_matches(['“', '”', ' ']).is_empty()
    };
    let is_known_clause = |clause: &str| {
        let message = clause.split_once(NAMED).filter(|(name, _)| is_name(name));
        is_name(clause)
            || known(clause)
            || message.is_some_and(|(_, message)| is_name(message) || known(message))
    };
    known(sentence) || sentence.split(CLAUSE).all(is_known_clause)
}

/// The sentences that stay English, each below its reason; `FILE *` stands for all of a file.
const ENGLISH: &str = include_str!("tests/english.txt");

/// New sentences that people meet get a template; others get a line in `english.txt`.
#[test]
fn every_sentence_is_translated_or_stays_english_for_a_reason() {
    let stays: BTreeSet<&str> =
        ENGLISH.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut met = BTreeSet::new();
    let mut new = Vec::new();
    for Literal { file, text } in sentences() {
        if is_translated(&text) {
            continue;
        }
        let (line, all) = (format!("{file} {}", text.escape_debug()), format!("{file} *"));
        match stays.get(line.as_str()).or_else(|| stays.get(all.as_str())) {
            Some(entry) => drop(met.insert(*entry)),
            None => new.push(line),
        }
    }
    let gone: Vec<_> = stays.difference(&met).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "without a template:\n{}\nin the list, but said no longer or translated:\n{gone:#?}",
        new.join("\n")
    );
}

/// A message says what to do; what a dialogue asks is in this crate.
#[test]
fn no_message_ends_in_a_question() {
    let questions = sentences().into_iter().filter(|one| one.text.trim_end().ends_with('?'));
    let asks: Vec<_> = questions.map(|one| format!("{}: {}", one.file, one.text)).collect();
    assert!(asks.is_empty(), "{asks:#?}");
}
