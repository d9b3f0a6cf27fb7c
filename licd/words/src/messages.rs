//! Messages of verdicts and problems in the user's language.
//!
//! A report and a job carry a message as the English sentence of the program that found the fact. A
//! table per language translates these sentences by their templates, in which `{}` stands for what varies.
//! Where the table has no template, the verdict still says in the user's language what it means.

mod german;

use std::borrow::Cow;

use licd_rules::Code;

use crate::Words;

/// Follows the name of what a message is about.
const NAMED: &str = ": ";
/// Separates the clauses of a message: the fault and its cure.
const CLAUSE: &str = "; ";
/// Stands for what varies in a template.
const HOLE: &str = "{}";

/// A template and its translation, with the same holes in the same order.
type Entry = (&'static str, &'static str);

/// A line about a file for people: its name, and its message in their language. `code`: the verdict, if it
/// is known to be that on this file.
#[must_use]
pub fn line(words: &dyn Words, code: Option<Code>, line: &str) -> String {
    // A name may hold the mark that follows it.
    for (at, mark) in line.match_indices(NAMED) {
        let (name, message) = (line.get(..at), line.get(at + mark.len()..));
        if let (Some(name), Some(message)) = (name, message)
            && words.problem(message) != message
        {
            return format!("{name}{mark}{}", words.problem(message));
        }
    }
    match (code, line.split_once(NAMED)) {
        (Some(code), Some((name, message))) => {
            format!("{name}{NAMED}{}", words.message(code, message))
        }
        (Some(code), None) => words.message(code, line),
        (None, _) => words.problem(line),
    }
}

/// The German message; `None` if a clause of it is not in the table.
pub(crate) fn german(message: &str) -> Option<String> {
    translated(message, german::TABLE)
}

fn translated(message: &str, table: &[Entry]) -> Option<String> {
    if let Some(whole) = table.iter().find_map(|entry| filled(message, entry, table)) {
        return Some(whole);
    }
    // A clause of a template may hold the separator, so each place is tried.
    message.match_indices(CLAUSE).find_map(|(at, _)| {
        let (head, tail) = (message.get(..at)?, message.get(at + CLAUSE.len()..)?);
        let head = table.iter().find_map(|entry| filled(head, entry, table))?;
        Some(format!("{head}{CLAUSE}{}", translated(tail, table)?))
    })
}

/// The translation of a message that fits a template.
fn filled(message: &str, (template, translation): &Entry, table: &[Entry]) -> Option<String> {
    let mut parts = template.split(HOLE);
    let mut rest = message.strip_prefix(parts.next()?)?;
    let mut values: Vec<Cow<'_, str>> = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        // The last part ends the message.
        let at = match parts.peek() {
            None => rest.len().checked_sub(part.len()).filter(|at| rest.get(*at..) == Some(part)),
            Some(_) => rest.find(part),
        }?;
        let value = rest.get(..at).filter(|value| !value.is_empty() && !value.contains(CLAUSE))?;
        // What varies may be a phrase of its own.
        values.push(translated(value, table).map_or(Cow::Borrowed(value), Cow::Owned));
        rest = rest.get(at + part.len()..)?;
    }
    if !rest.is_empty() {
        return None;
    }
    let mut values = values.into_iter();
    let mut parts = translation.split(HOLE);
    let mut text = parts.next()?.to_owned();
    for part in parts {
        text.push_str(&values.next()?);
        text.push_str(part);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn what_varies_is_kept_and_clauses_are_translated_each_by_itself() {
        assert_eq!(german("in force until 2099-12-31").unwrap(), "in Kraft bis 2099-12-31");
        let message = "in force until 2099-12-31; already in the store";
        assert_eq!(german(message).unwrap(), "in Kraft bis 2099-12-31; schon vorhanden");
        let message = "for unit 00E0C51C5088, not this device (00E0C51C5087)";
        let expected = "für Unit 00E0C51C5088, nicht dieses Gerät (00E0C51C5087)";
        assert_eq!(german(message).unwrap(), expected);
    }

    #[test]
    fn a_line_keeps_the_name_of_its_file_and_says_the_verdict() {
        let german = crate::of(licd_rules::Language::German);
        let known = line(german, None, "odd: name.lic: in force until 2099-12-31");
        assert_eq!(known, "odd: name.lic: in Kraft bis 2099-12-31");
        let unknown = line(german, Some(Code::SourceRefused), "https://h/a: says no");
        assert_eq!(unknown, "https://h/a: die Quelle gibt sie nicht heraus (says no)");
        let english = crate::of(licd_rules::Language::English);
        assert_eq!(line(english, Some(Code::SourceRefused), "a: says no"), "a: says no");
        assert_eq!(line(german, None, "a: says no"), "a: says no");
    }

    #[test]
    fn a_message_with_an_unknown_clause_is_not_translated_in_part() {
        for message in ["", "in force until ", "in force until 2099-12-31; a later clause", "later"]
        {
            assert_eq!(german(message), None, "{message}");
        }
    }

    /// The text of every source file below a directory, with strings in one piece and any `{…}` as a hole.
    fn sentences(dir: &Path, text: &mut String) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            match path.is_dir() {
                true => sentences(&path, text),
                false => text.push_str(&fs::read_to_string(path).unwrap()),
            }
        }
    }

    /// Lines that continue a string are joined, and holes lose their names.
    fn plain(source: &str) -> String {
        let mut text = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(['\\', '{']) {
            let (before, found) = rest.split_at(at);
            text.push_str(before);
            rest = if let Some(after) = found.strip_prefix("\\\n") {
                after.trim_start()
            } else if let Some(after) = found.strip_prefix('{')
                && let Some((name, after)) = after.split_once('}')
                && name.chars().all(|c| c.is_alphanumeric() || c == '_')
            {
                text.push_str(HOLE);
                after
            } else {
                let (one, after) = found.split_at(1);
                text.push_str(one);
                after
            };
        }
        text + rest
    }

    #[test]
    fn every_template_is_a_sentence_of_a_program() {
        let licd = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut source = String::new();
        for room in ["device", "store", "sources", "fs", "fetch", "protocol", "../license-format"] {
            sentences(&licd.join(room).join("src"), &mut source);
        }
        let source = plain(&source);
        let lost = |(template, _): &&Entry| !source.contains(*template);
        let lost: Vec<_> = german::TABLE.iter().filter(lost).collect();
        assert!(lost.is_empty(), "{lost:#?}");
    }

    #[test]
    fn a_translation_has_the_holes_of_its_template() {
        for (template, translation) in german::TABLE {
            let holes = |text: &str| text.matches(HOLE).count();
            assert_eq!(holes(template), holes(translation), "{template}");
        }
    }
}
