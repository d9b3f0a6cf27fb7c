//! Messages of verdicts and problems in the user's language.
//!
//! A report and a job carry a message as the English sentence of the program that found the fact. A
//! table per language translates these sentences by their templates, in which `{}` stands for what varies.
//! Where the table has no template, the verdict still says in the user's language what it means.

mod german;

use licd_rules::Code;

use crate::Words;

/// Follows the name of what a message is about.
const NAMED: &str = ": ";
/// Separates the clauses of a message: the fault and its cure.
const CLAUSE: &str = "; ";
/// Separates the items of a list.
const ITEM: &str = ", ";
/// Stands for what varies in a template.
const HOLE: &str = "{}";
/// Stands for it in a translation, where it must be translated as well.
const PHRASE: &str = "{!}";

/// How deep phrases stand in phrases: more than in any message of a program. The text of a server must not
/// take long, whatever it repeats.
const NESTING: usize = 6;

/// A template and its translation, with the same holes in the same order.
type Entry = (&'static str, &'static str);

/// A line about a file for people: its name, and its message in their language. `code`: the verdict, if it
/// is known to be that on this file.
#[must_use]
pub fn line(words: &dyn Words, code: Option<Code>, line: &str) -> String {
    let whole = words.problem(line);
    if whole != line {
        return whole;
    }
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

/// The German name of what a problem is about, which is mostly a file.
pub(crate) fn german_subject(subject: &str) -> Option<String> {
    translated(subject, german::SUBJECTS, NESTING)
}

/// The German message; `None` if a clause of it is not in the table.
pub(crate) fn german(message: &str) -> Option<String> {
    translated(message, german::TABLES, NESTING)
}

fn translated(message: &str, tables: &[&[Entry]], nesting: usize) -> Option<String> {
    let nesting = nesting.checked_sub(1)?;
    let fitting = |text: &str| {
        let entries = tables.iter().copied().flatten();
        entries.into_iter().find_map(|entry| filled(text, entry, tables, nesting))
    };
    if let Some(whole) = fitting(message) {
        return Some(whole);
    }
    // A clause of a template may hold the separator, so each place is tried.
    message.match_indices(CLAUSE).find_map(|(at, _)| {
        let (head, tail) = (message.get(..at)?, message.get(at + CLAUSE.len()..)?);
        let head = fitting(head)?;
        Some(format!("{head}{CLAUSE}{}", translated(tail, tables, nesting + 1)?))
    })
}

/// The translation of a message that fits a template.
fn filled(
    message: &str,
    (template, translation): &Entry,
    tables: &[&[Entry]],
    nesting: usize,
) -> Option<String> {
    let values = values(message, template)?;
    let mut values = values.into_iter();
    let mut text = String::new();
    let mut rest = *translation;
    while let Some((before, hole, after)) = next_hole(rest) {
        let value = values.next()?;
        text.push_str(before);
        // What varies may be a phrase of its own.
        match (phrase(value, tables, nesting), hole) {
            (Some(phrase), _) => text.push_str(&phrase),
            (None, Hole::Any) => text.push_str(value),
            (None, Hole::Phrase) => return None,
        }
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// The translation of what stands for a hole: a phrase of the table, or a list of such phrases.
fn phrase(value: &str, tables: &[&[Entry]], nesting: usize) -> Option<String> {
    if value.contains(ITEM) {
        let items: Option<Vec<_>> =
            value.split(ITEM).map(|item| translated(item, tables, nesting)).collect();
        if let Some(items) = items {
            return Some(items.join(ITEM));
        }
    }
    translated(value, tables, nesting)
}

/// What stands in a message for the holes of a template.
fn values<'m>(message: &'m str, template: &str) -> Option<Vec<&'m str>> {
    let mut parts = template.split(HOLE);
    let mut rest = message.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        // The last part ends the message.
        let at = match parts.peek() {
            None => rest.len().checked_sub(part.len()).filter(|at| rest.get(*at..) == Some(part)),
            Some(_) => rest.find(part),
        }?;
        let value = rest.get(..at).filter(|value| !value.is_empty() && !value.contains(CLAUSE))?;
        values.push(value);
        rest = rest.get(at + part.len()..)?;
    }
    rest.is_empty().then_some(values)
}

/// What a translation takes in the place of a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    /// Any text; a phrase of the table is translated.
    Any,
    /// Only a phrase of the table, so that no English is left in a German sentence.
    Phrase,
}

/// The next hole of a translation, with the text before and after it.
fn next_hole(translation: &str) -> Option<(&str, Hole, &str)> {
    let at = translation.find('{')?;
    let (before, found) = translation.split_at(at);
    let any = found.strip_prefix(HOLE).map(|after| (before, Hole::Any, after));
    any.or_else(|| found.strip_prefix(PHRASE).map(|after| (before, Hole::Phrase, after)))
}

#[cfg(test)]
mod tests;
