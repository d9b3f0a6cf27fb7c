//! Lays out text for people: aligned rows of cells, at most as wide as the page.

mod color;
mod wrapping;

use licd_fs::printable::printable;
use licensing_words::Tone;
use unicode_width::UnicodeWidthStr as _;

pub(crate) use color::Color;
use wrapping::{fitting, words};

/// Columns of the rescue shell's console.
const WIDTH: usize = 80;
/// Columns between adjacent cells.
pub(crate) const GAP: usize = 2;
/// The indent of a word that does not fit in the last column.
const OUTDENT: usize = 4;

/// What becomes of a word that is longer than a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LongWords {
    /// It stays whole, so that it can be copied.
    Stay,
    /// It is cut, because nothing beyond the page is visible.
    Cut,
}

/// A text in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: printable(text.as_ref()), tone }
    }

    fn length(&self) -> usize {
        self.text.width()
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// A page of lines, each made of cells.
#[derive(Debug)]
pub(crate) struct Page {
    lines: Vec<Vec<Cell>>,
    width: usize,
    long: LongWords,
}

impl Default for Page {
    fn default() -> Self {
        Self { lines: Vec::new(), width: WIDTH, long: LongWords::Stay }
    }
}

impl Page {
    /// A page of a screen with this many columns, which cuts longer words.
    pub(crate) fn of_screen(width: usize) -> Self {
        Self { lines: Vec::new(), width: width.max(1), long: LongWords::Cut }
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> &[Vec<Cell>] {
        &self.lines
    }

    /// The text, with a line feed after every line; `color` repeats the tones in colour.
    pub(crate) fn text(&self, color: Color) -> String {
        let mut text = String::new();
        for line in &self.lines {
            line.iter().for_each(|cell| color.write(cell, &mut text));
            text.push('\n');
        }
        text
    }

    /// Adds an empty line unless the page is empty.
    pub(crate) fn gap(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
    }

    /// Adds a line as it is.
    pub(crate) fn exact(&mut self, line: &str) {
        self.lines.push(vec![line.into()]);
    }

    /// Adds a text at an indent, wrapped over several lines if necessary.
    pub(crate) fn text_at(&mut self, indent: usize, text: impl Into<Cell>) {
        self.row(&[indent.saturating_sub(GAP)], &["".into(), text.into()]);
    }

    /// Adds labelled values; omits empty ones.
    pub(crate) fn facts(&mut self, facts: &[(&str, String)]) {
        let cells = |(label, value): &(&str, String)| vec![label.into(), value.into()];
        let rows: Vec<_> = facts.iter().filter(|(_, value)| !value.is_empty()).map(cells).collect();
        self.table(&[self.width], &rows);
    }

    /// Adds rows whose columns are as wide as their widest cell, up to `caps`; the last column takes
    /// the rest of the line.
    pub(crate) fn table<const N: usize>(&mut self, caps: &[usize; N], rows: &[Vec<Cell>]) {
        let mut widths = [0; N];
        for ((at, width), cap) in widths.iter_mut().enumerate().zip(caps) {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(Cell::length);
            *width = cells.filter(|length| length <= cap).max().unwrap_or(*cap);
        }
        for row in rows {
            self.row(&widths, row);
        }
    }

    /// Adds one cell for each width, then one that takes the rest of the line. A cell that is wider
    /// than its column ends its line.
    pub(crate) fn row(&mut self, widths: &[usize], cells: &[Cell]) {
        self.lines.push(Vec::new());
        let mut column = 0;
        for (cell, width) in cells.iter().zip(widths) {
            self.paint(&cell.text, cell.tone);
            column += width + GAP;
            match (width + GAP).checked_sub(cell.length()) {
                Some(room) if room > 0 => self.paint(&" ".repeat(room), Tone::Plain),
                _ => self.break_line(column),
            }
        }
        if let Some(last) = cells.get(widths.len()) {
            self.flow(last, column);
        }
        self.end_line();
    }

    /// Wraps the words of a cell; every line begins at `indent`.
    fn flow(&mut self, cell: &Cell, indent: usize) {
        let mut column = indent;
        for word in words(&cell.text, self.width) {
            let blank = usize::from(column > indent);
            if column + blank + word.width() <= self.width {
                self.paint(if blank > 0 { " " } else { "" }, cell.tone);
                column += blank;
            } else if indent + word.width() <= self.width {
                self.break_line(indent);
                column = indent;
            } else if indent > OUTDENT || blank > 0 {
                self.break_line(OUTDENT.min(indent));
                column = OUTDENT.min(indent);
            }
            column = self.put(word, cell.tone, column);
        }
    }

    /// Adds a word at a column; returns the column after it.
    fn put(&mut self, word: &str, tone: Tone, column: usize) -> usize {
        let room = self.width.saturating_sub(column).max(1);
        if self.long == LongWords::Stay || word.width() <= room {
            self.paint(word, tone);
            return column + word.width();
        }
        let (head, rest) = word.split_at(fitting(word, room));
        self.paint(head, tone);
        self.break_line(0);
        self.put(rest, tone, 0)
    }

    fn paint(&mut self, text: &str, tone: Tone) {
        if let Some(line) = self.lines.last_mut()
            && !text.is_empty()
        {
            line.push(Cell { text: text.to_owned(), tone });
        }
    }

    fn break_line(&mut self, indent: usize) {
        self.end_line();
        self.lines.push(Vec::new());
        self.paint(&" ".repeat(indent), Tone::Plain);
    }

    /// Drops the blanks at the end of the line.
    fn end_line(&mut self) {
        let Some(line) = self.lines.last_mut() else { return };
        while let Some(cell) = line.last_mut() {
            cell.text.truncate(cell.text.trim_end_matches(' ').len());
            if !cell.text.is_empty() {
                break;
            }
            line.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(text: &str) -> String {
        let mut page = Page::default();
        page.row(&[6], &["Label:".into(), text.into()]);
        page.text(Color::Hidden)
    }

    #[test]
    fn wrapped_lines_start_in_the_column_of_the_text() {
        let text = "word ".repeat(30);
        let lines = flowed(&text);
        assert!(lines.lines().skip(1).all(|line| line.starts_with("        word")), "{lines}");
        assert!(lines.lines().all(|line| line.len() <= WIDTH), "{lines}");
        assert_eq!(lines.split_whitespace().skip(1).collect::<Vec<_>>(), vec!["word"; 30]);
    }

    #[test]
    fn a_long_word_gets_its_own_line_and_is_never_split() {
        let url = format!("https://ums.example.com/{}", "x".repeat(50));
        assert_eq!(flowed(&url), format!("Label:\n    {url}\n"));
        let longer = url.repeat(2);
        let lines = flowed(&format!("see {longer} for it"));
        assert_eq!(lines, format!("Label:  see\n    {longer}\n        for it\n"));
    }

    #[test]
    fn a_quoted_command_stays_on_one_line() {
        let command = "“licctl import '/license/dsa/trust (1).note'”,";
        let lines = flowed(&format!("{} {command} then", "word ".repeat(7)));
        assert_eq!(lines.lines().filter(|line| line.contains(command)).count(), 1, "{lines}");
        // A quotation may be longer than a line, or lack its closing mark.
        let long = format!("“{}”", "word ".repeat(30));
        assert!(flowed(&long).lines().all(|line| line.chars().count() <= WIDTH));
        assert!(
            flowed(&format!("“{}", "word ".repeat(30))).lines().all(|line| line.len() <= WIDTH)
        );
    }

    #[test]
    fn colour_leaves_the_text_unchanged() {
        let row = ["ok", "note"].map(|word| Cell::new(word, Tone::Good));
        let print = |color| {
            let mut page = Page::default();
            page.row(&[6], &row);
            page.text(color)
        };
        let plain = print(Color::Hidden);
        assert_eq!(plain, "ok      note\n");
        let colored = print(Color::Shown);
        assert_eq!(colored.replace("\u{1b}[32m", "").replace("\u{1b}[0m", ""), plain);
        assert_eq!(colored.matches('\u{1b}').count(), 4, "{colored}");
    }

    #[test]
    fn blanks_inside_a_name_are_kept() {
        assert_eq!(flowed("a  b.lic"), "Label:  a  b.lic\n");
    }

    #[test]
    fn a_screen_cuts_what_is_longer_than_a_line_and_loses_nothing() {
        let name = "日本x".repeat(50);
        let mut page = Page::of_screen(30);
        page.row(&[6], &["Label:".into(), format!("see {name} for it").into()]);
        let lines: Vec<String> =
            page.lines().iter().map(|line| line.iter().map(|cell| &*cell.text).collect()).collect();
        assert!(lines.iter().all(|line| line.width() <= 30), "{lines:?}");
        let text: String = lines.concat().split_whitespace().collect();
        assert_eq!(text, format!("Label:see{name}forit"));
    }
}
