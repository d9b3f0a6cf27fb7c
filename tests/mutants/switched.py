"""Source files with all mutants inside, of which a number in the environment chooses one.

A function with mutants becomes `match` over their numbers; each arm is the body with one change, the last
one the body as it is. A mutant has the shape that `cargo mutants --list --json` gives it, and a number `id`.
"""

import re
from collections import defaultdict

CHOICE = '''//! Which mutant runs, and which functions are reached.
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::string::String;
use std::sync::{Mutex, OnceLock};

/// The number of the mutant, or 0 for the code as it is. Writes the number of the function down, if
/// a file for that is named.
pub(crate) fn id(function: u32) -> u32 {
    static ID: OnceLock<u32> = OnceLock::new();
    static REACHED: OnceLock<Option<Mutex<(BTreeSet<u32>, File)>>> = OnceLock::new();
    let open = |path: String| File::options().append(true).create(true).open(path).ok();
    let file = || std::env::var("REACHED").ok().and_then(open).map(|file| Mutex::new((BTreeSet::new(), file)));
    if let Some(Ok(mut reached)) = REACHED.get_or_init(file).as_ref().map(Mutex::lock) {
        if reached.0.insert(function) {
            let _ = reached.1.write_all(std::format!("{function}\\n").as_bytes());
        }
    }
    *ID.get_or_init(|| std::env::var("MUTANT").ok().and_then(|id| id.parse().ok()).unwrap_or(0))
}
'''


class Source:
    """The text of a file, by positions of its lines."""

    def __init__(self, text):
        self.text = text
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, span):
        """The offsets of a span's start and end."""
        return tuple(self.starts[at["line"] - 1] + at["column"] - 1 for at in (span["start"], span["end"]))

    def body(self, function):
        """The offset of a function's opening brace, or None if its body cannot be chosen when it runs."""
        start, _ = self.span(function["span"])
        at, depth, returned = start, 0, None
        # Braces in angle brackets are constants.
        while self.text[at] != "{" or depth:
            if self.text.startswith("//", at):
                at = self.text.index("\n", at)
            elif self.text.startswith("->", at):
                returned = at if depth == 0 and returned is None else returned
                at += 1
            else:
                depth += (self.text[at] in "([<") - (self.text[at] in ")]>")
            at += 1
        # The arms of `impl Trait` would be of different types.
        is_opaque = returned is not None and re.search(r"\bimpl\b", self.text[returned:at])
        return None if is_opaque or re.search(r"\bconst\s+fn\b", self.text[start:at]) else at

    def changed(self, mutant, start=0, end=None):
        """A part of the text with one change."""
        first, last = self.span(mutant["span"])
        return f"{self.text[start:first]} {mutant['replacement']} {self.text[last:end]}"


def switchable(source, mutant):
    """Whether a `match` can choose this mutant."""
    return bool(mutant["function"]) and source.body(mutant["function"]) is not None


def functions(source, mutants):
    """The mutants of each outermost function, by its span."""
    spans = sorted({source.span(mutant["function"]["span"]) for mutant in mutants})
    groups = defaultdict(list)
    for mutant in mutants:
        start, end = source.span(mutant["function"]["span"])
        outer = next(span for span in spans if span[0] <= start and end <= span[1])
        groups[outer].append(mutant)
    return sorted(groups.items())


def switched(source, mutants):
    """The text with all these mutants, and for each its first line, its last line and itself."""
    out, lines, last = "", [], 0
    for (start, end), members in functions(source, mutants):
        outer = min((m["function"] for m in members), key=lambda f: source.span(f["span"]))
        body = source.body(outer)
        if source.span(outer["span"]) != (start, end) or body is None:
            raise ValueError(f"{members[0]['name']}: a function inside one that cannot be chosen")
        # The first mutant's number is that of the function.
        function = members[0]["id"]
        out += f"{source.text[last:body]}{{ match crate::mutant::id({function}) {{\n"
        for mutant in members:
            mutant["reached"] = function
            first = out.count("\n") + 1
            out += f"{mutant['id']} => {source.changed(mutant, body, end)}\n"
            lines.append((first, out.count("\n"), mutant))
        out += f"_ => {source.text[body:end]}\n}} }}"
        last = end
    return out + source.text[last:], lines


def with_choice(library):
    """The text of lib.rs with the module that chooses."""
    std = "extern crate std;\n" if "#![no_std]" in library else ""
    return f"{library}{std}mod mutant;\n"
