//! Reads the documents of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use regex_lite::Regex;

/// A document in Markdown.
pub(super) struct Page {
    /// The file, below the top of the repository.
    pub(super) file: PathBuf,
    pub(super) text: String,
}

/// A path below the top of the repository.
pub(super) fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(below)
}

pub(super) fn page(below: &str) -> Page {
    let text = fs::read_to_string(path(below)).unwrap();
    Page { file: path(below), text }
}

/// Files and directories of the repository, without what programs and builds have made.
pub(super) fn repository() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut directories = vec![String::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(path(&directory)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            let below = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            if entry.file_type().unwrap().is_dir() {
                directories.push(below.clone());
            }
            found.insert(below);
        }
    }
    found
}

/// All documents.
pub(super) fn all() -> Vec<Page> {
    let pages = repository().into_iter().filter(|file| file.ends_with(".md"));
    pages.map(|file| page(&file)).collect()
}

/// Whether a word in a code span is to be a path of the repository: it begins with a directory at the top,
/// or names a source file.
pub(super) fn is_path(word: &str, files: &BTreeSet<String>) -> bool {
    let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    let top = word.split('/').next().unwrap_or_default();
    let begins_at_top = word.contains('/') && files.contains(top) && !word.starts_with("licd/licd");
    is_plain && (begins_at_top || word.ends_with(".rs"))
}

/// The text of each code span.
pub(super) fn code(text: &str) -> impl Iterator<Item = String> + use<> {
    let parts: Vec<_> = text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    parts.into_iter()
}

/// The keys of a document with sections, as `section.key`, in their order by name. One of the groups of
/// `section` is its name.
pub(super) fn keys(file: &str, section: &str, key: &str) -> Vec<String> {
    let (section, key) = (Regex::new(section).unwrap(), Regex::new(key).unwrap());
    let (mut within, mut keys) = (String::new(), Vec::new());
    for line in fs::read_to_string(path(file)).unwrap().lines() {
        if let Some(found) = section.captures(line) {
            let name = found.iter().skip(1).flatten().next().unwrap();
            name.as_str().clone_into(&mut within);
        } else if let Some(found) = key.captures(line) {
            keys.push(format!("{within}.{}", &found[1]));
        }
    }
    keys.sort();
    keys
}

impl Page {
    pub(super) fn name(&self) -> std::path::Display<'_> {
        self.file.display()
    }

    /// The text without blocks of code.
    fn prose(&self) -> String {
        let parts = self.text.split("\n```").step_by(2);
        parts.collect::<Vec<_>>().join("\n")
    }

    /// The targets of links and pictures, without those on the web.
    pub(super) fn links(&self) -> Vec<String> {
        let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
        let prose = self.prose();
        let targets = link.captures_iter(&prose).map(|found| found[1].to_owned());
        targets.filter(|target| !target.contains("://")).collect()
    }

    /// A target of a link as a path.
    pub(super) fn relative(&self, target: &str) -> PathBuf {
        if target.is_empty() {
            return self.file.clone();
        }
        let mut path = self.file.parent().unwrap().to_owned();
        for component in Path::new(target).components() {
            match component {
                Component::ParentDir => assert!(path.pop()),
                component => path.push(component),
            }
        }
        path
    }

    /// The names by which links reach the headings: lower case, blanks as dashes, no punctuation.
    pub(super) fn anchors(&self) -> BTreeSet<String> {
        let prose = self.prose();
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        let anchor = |heading: &str| {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().replace(' ', "-")
        };
        headings.map(anchor).collect()
    }

    /// The words of the code spans.
    pub(super) fn code_words(&self) -> impl Iterator<Item = String> + use<> {
        let prose = self.prose();
        let words = code(&prose)
            .flat_map(|span| span.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        words.collect::<Vec<_>>().into_iter()
    }

    /// The code spans, and the lines of the blocks of code.
    pub(super) fn commands(&self) -> impl Iterator<Item = String> + use<> {
        let blocks = self.text.split("\n```").skip(1).step_by(2).flat_map(str::lines);
        let blocks: Vec<_> = blocks.map(str::to_owned).collect();
        let joined = |command: String| command.split_whitespace().collect::<Vec<_>>().join(" ");
        code(&self.prose()).chain(blocks).map(joined)
    }

    /// The rows of all tables with their headings: the first four cells.
    pub(super) fn rows(&self) -> Vec<[String; 4]> {
        let rows = self.text.lines().filter(|line| line.starts_with("| "));
        rows.map(|row| {
            let row = row.trim_start_matches('|').trim_end_matches('|');
            let mut cells = row.split('|').map(|cell| cell.trim().to_owned());
            std::array::from_fn(|_| cells.next().unwrap_or_default())
        })
        .collect()
    }
}
