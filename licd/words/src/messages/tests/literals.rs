//! The texts in the sources of programs, read as the compiler reads them.

use std::fs;
use std::path::Path;

use super::HOLE;

/// A text that may be a sentence: it has at least two words.
pub(super) struct Literal {
    /// Its file, from the top of the project.
    pub(super) file: String,
    /// Its text, with `{}` for each part that varies.
    pub(super) text: String,
}

/// What precedes a text that no person reads: lints, attributes, and what a panic says.
const TECHNICAL: [&str; 4] = ["reason = ", ".expect(", "cfg(", "log::debug!("];

/// The texts of the sources below a directory, without those of tests.
pub(super) fn literals(top: &Path, dir: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let mut entries: Vec<_> =
        fs::read_dir(top.join(dir)).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        let below = format!("{dir}/{name}");
        match path.is_dir() {
            true if name == "tests" => {}
            true => found.extend(literals(top, &below)),
            false if !name.ends_with(".rs") || name == "tests.rs" => {}
            false => {
                let source = fs::read_to_string(&path).unwrap();
                let texts = texts(&source).into_iter().map(|text| with_holes(&text));
                let sentences = texts.filter(|text| is_sentence(text));
                found.extend(sentences.map(|text| Literal { file: below.clone(), text }));
            }
        }
    }
    found
}

/// Two words, at least one of them in small letters.
fn is_sentence(text: &str) -> bool {
    let words = text.split([' ', '\n']).filter(|word| !word.is_empty());
    let is_word = |word: &&str| word.chars().filter(char::is_ascii_lowercase).count() > 1;
    words.clone().count() > 1 && words.clone().any(|word| is_word(&word))
}

/// The string literals of a source before its tests, with their escapes resolved.
fn texts(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut texts = Vec::new();
    let mut code = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |at| &rest[at..]);
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            let (text, after) = raw.split_once("\"#").unwrap();
            texts.push(text.to_owned());
            rest = after;
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let (text, after) = string(quoted);
            if !TECHNICAL.iter().any(|before| code.ends_with(before)) {
                texts.push(text);
            }
            code.clear();
            rest = after;
        } else if let Some(length) = character(rest) {
            rest = &rest[length..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    texts
}

/// The length of the character literal at the beginning, if there is one and no lifetime.
fn character(source: &str) -> Option<usize> {
    let inner = source.strip_prefix('\'')?;
    let end = match inner.strip_prefix('\\') {
        Some(escaped) => escaped.find('\'').map(|at| at + 1).filter(|at| *at > 1).or(Some(2))?,
        None => inner.chars().next()?.len_utf8(),
    };
    inner.get(end..)?.starts_with('\'').then_some(end + 2)
}

/// A string literal after its first quotation mark, and the source after it.
fn string(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = quoted;
    loop {
        let at = rest.find(['"', '\\']).unwrap();
        text.push_str(&rest[..at]);
        let (mark, after) = rest[at..].split_at(1);
        if mark == "\"" {
            return (text, after);
        }
        let escaped = after.chars().next().unwrap();
        rest = &after[escaped.len_utf8()..];
        match escaped {
            '\n' => rest = rest.trim_start(),
            'n' => text.push('\n'),
            other => text.push(other),
        }
    }
}

/// The text with an empty hole for each part that varies.
fn with_holes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, found)) = rest.split_once('{') {
        plain.push_str(before);
        plain.push_str(HOLE);
        rest = found.split_once('}').map_or("", |(_, after)| after);
    }
    plain + rest
}

#[test]
fn texts_are_read_as_the_compiler_reads_them() {
    let source = r##"
        // "a comment"
        const A: &str = "one \"two\" \
                         three";
        let c = ['"', '\'', '\\'];
        fn f<'a>(x: &'a str) { format!("{x:?} and {0}", "four") }
        #[expect(dead_code, reason = "no text")]
        let raw = r#"a "raw" text"#;
        #[cfg(test)]
    "##;
    let read: Vec<_> = texts(source).iter().map(|text| with_holes(text)).collect();
    assert_eq!(read, ["one \"two\" three", "{} and {}", "four", "a \"raw\" text"]);
}
