//! Splits a list into rows and cells.
//!
//! The crate `csv` does not fit: it has one separator per file, and the portal's lists mix commas,
//! semicolons and line ends.

use std::iter::Peekable;
use std::str::Chars;

/// Every separator of lists.
const SEPARATORS: &[char] = &[',', ';'];

/// A row and the number of its first line, counted from 1. Its cells are trimmed.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) cells: Vec<String>,
}

/// The format of a list.
#[derive(Clone, Copy)]
pub(super) struct Format<'a> {
    /// The separators of cells.
    pub(super) separators: &'a [char],
    /// Whether a quoted cell may hold line ends. In a plain list it may not, so that a quote without
    /// its pair spoils one entry and not the rest of the list.
    pub(super) multi_line_cells: bool,
}

/// The format of a list without columns.
pub(super) const PLAIN: Format<'static> =
    Format { separators: SEPARATORS, multi_line_cells: false };

/// The text of a list. Bytes that are not UTF-8 become a character that is valid in no entry.
pub(super) fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// The rows of a text, without empty ones.
pub(super) fn rows<'a>(text: &'a str, format: Format<'a>) -> impl Iterator<Item = Row> + 'a {
    Rows { chars: text.chars().peekable(), format, line: 1 }
        .filter(|row| row.cells.iter().any(|cell| !cell.is_empty()))
}

struct Rows<'a> {
    chars: Peekable<Chars<'a>>,
    format: Format<'a>,
    /// The number of the next line.
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

/// The end of a cell.
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
                    if !(quoted && self.format.multi_line_cells) {
                        return (trimmed(&cell), End::Row);
                    }
                    cell.push('\n');
                }
                c if !quoted && self.format.separators.contains(&c) => {
                    return (trimmed(&cell), End::Cell);
                }
                c => cell.push(c),
            }
        }
    }

    /// Consumes a line end: LF, CRLF, or the CR of old spreadsheets.
    fn end_line(&mut self, c: char) {
        if c == '\r' && self.chars.peek() == Some(&'\n') {
            self.chars.next();
        }
        self.line += 1;
    }
}

/// The cell of a column; empty if the row has none.
pub(super) fn cell(row: &Row, column: Option<usize>) -> &str {
    column.and_then(|column| row.cells.get(column)).map_or("", String::as_str)
}

fn trimmed(cell: &str) -> String {
    cell.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, multi_line_cells: bool) -> Vec<(usize, Vec<String>)> {
        let format = Format { separators: SEPARATORS, multi_line_cells };
        rows(text, format).map(|row| (row.line, row.cells)).collect()
    }

    #[test]
    fn cells_end_at_separators_and_rows_at_line_ends() {
        let found = split("a,b;c\r\n\r\n d \re\n", false);
        let cells: Vec<(usize, &str)> = vec![(1, "a b c"), (3, "d"), (4, "e")];
        let joined: Vec<(usize, String)> =
            found.into_iter().map(|(line, cells)| (line, cells.join(" "))).collect();
        assert!(joined.iter().map(|(line, cells)| (*line, cells.as_str())).eq(cells));
    }

    #[test]
    fn quoted_cells_keep_separators_and_doubled_quotes() {
        assert_eq!(split("\"a,b\" ; \"c\"\"d\",", false)[0].1, ["a,b", "c\"d", ""]);
        assert_eq!(split("a\"b", false)[0].1, ["a\"b"]);
    }

    #[test]
    fn an_unclosed_quote_spoils_one_entry() {
        assert_eq!(split("\"a\nb\n", false).len(), 2);
        let found = split("\"a\r\nb\";c\nd", true);
        assert_eq!(found, [(1, vec!["a\nb".into(), "c".into()]), (3, vec!["d".into()])]);
    }
}
