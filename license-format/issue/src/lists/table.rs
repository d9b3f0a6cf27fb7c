//! Cuts a list into rows and cells.
//!
//! Not by the crate `csv`: it knows one separator for a whole file, and the portal's lists mix
//! commas, semicolons and line ends in one line.

use std::iter::Peekable;
use std::str::Chars;

/// Every separator that lists are written with.
pub(super) const SEPARATORS: &[char] = &[',', ';'];

/// A row and the line it begins on, counted from 1. Its cells have no blanks around them.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) cells: Vec<String>,
}

/// How a list is cut.
#[derive(Clone, Copy)]
pub(super) struct Cut<'a> {
    /// What parts the cells.
    pub(super) separators: &'a [char],
    /// Whether a quoted cell may hold line ends. In a bare list it may not, so that a quote that is
    /// never closed costs one entry and not the rest of the list.
    pub(super) quoted_lines: bool,
}

/// The text of a list. Bytes that are not UTF-8 become a character that no entry has.
pub(super) fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// The rows of a text that have a cell that is not empty.
pub(super) fn rows<'a>(text: &'a str, cut: Cut<'a>) -> impl Iterator<Item = Row> + 'a {
    Rows { chars: text.chars().peekable(), cut, line: 1 }
        .filter(|row| row.cells.iter().any(|cell| !cell.is_empty()))
}

struct Rows<'a> {
    chars: Peekable<Chars<'a>>,
    cut: Cut<'a>,
    /// The line that comes next.
    line: usize,
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        self.chars.peek()?;
        let mut row = Row { line: self.line, cells: Vec::new() };
        loop {
            let (cell, end) = self.cell();
            row.cells.push(cell);
            if end == End::Row {
                return Some(row);
            }
        }
    }
}

/// What a cell ends with.
#[derive(PartialEq)]
enum End {
    Cell,
    Row,
}

impl Rows<'_> {
    fn cell(&mut self) -> (String, End) {
        let mut cell = String::new();
        let mut quoted = false;
        loop {
            let Some(c) = self.chars.next() else { return (trimmed(&cell), End::Row) };
            match c {
                '"' if quoted && self.chars.peek() == Some(&'"') => {
                    self.chars.next();
                    cell.push('"');
                }
                '"' if quoted || cell.trim().is_empty() => quoted = !quoted,
                '\r' | '\n' => {
                    self.end_line(c);
                    if !(quoted && self.cut.quoted_lines) {
                        return (trimmed(&cell), End::Row);
                    }
                    cell.push('\n');
                }
                c if !quoted && self.cut.separators.contains(&c) => {
                    return (trimmed(&cell), End::Cell);
                }
                c => cell.push(c),
            }
        }
    }

    /// Lines end in LF, CRLF or, as old spreadsheets write them, CR.
    fn end_line(&mut self, c: char) {
        if c == '\r' && self.chars.peek() == Some(&'\n') {
            self.chars.next();
        }
        self.line += 1;
    }
}

fn trimmed(cell: &str) -> String {
    cell.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, quoted_lines: bool) -> Vec<(usize, Vec<String>)> {
        let cut = Cut { separators: SEPARATORS, quoted_lines };
        rows(text, cut).map(|row| (row.line, row.cells)).collect()
    }

    #[test]
    fn cells_end_at_separators_and_rows_at_any_line_end() {
        let found = cut("a,b;c\r\n\r\n d \re\n", false);
        let cells: Vec<(usize, &str)> = vec![(1, "a b c"), (3, "d"), (4, "e")];
        let joined: Vec<(usize, String)> =
            found.into_iter().map(|(line, cells)| (line, cells.join(" "))).collect();
        assert!(joined.iter().map(|(line, cells)| (*line, cells.as_str())).eq(cells));
    }

    #[test]
    fn quotes_keep_separators_and_a_doubled_one_is_one() {
        assert_eq!(cut("\"a,b\" ; \"c\"\"d\",", false)[0].1, ["a,b", "c\"d", ""]);
        assert_eq!(cut("a\"b", false)[0].1, ["a\"b"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_entry() {
        assert_eq!(cut("\"a\nb\n", false).len(), 2);
        let found = cut("\"a\r\nb\";c\nd", true);
        assert_eq!(found, [(1, vec!["a\nb".into(), "c".into()]), (3, vec!["d".into()])]);
    }
}
