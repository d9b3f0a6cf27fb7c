//! Lays out text for people: aligned rows of cells, at most 80 columns wide.

use licd_fs::printable::printable;
use licensing_words::Tone;

/// Columns of the rescue shell's console.
const WIDTH: usize = 80;
/// Columns between adjacent cells.
const GAP: usize = 2;
/// The indent of a word that does not fit in the last column.
const OUTDENT: usize = 4;

/// The parameter of SGR for a tone (ECMA-48 §8.3.117).
fn color(tone: Tone) -> Option<u8> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some(32),
        Tone::Caution => Some(33),
        Tone::Bad => Some(31),
    }
}

/// A text in a row.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: printable(text.as_ref()), tone }
    }

    fn length(&self) -> usize {
        length(&self.text)
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// The output of a verb.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
    color: bool,
}

impl Page {
    pub(crate) fn new(color: bool) -> Self {
        Self { text: String::new(), color }
    }

    /// The text so far, with a line feed after every line.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Adds an empty line unless the page is empty.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds a text at an indent, wrapped over several lines if necessary.
    pub(crate) fn text_at(&mut self, indent: usize, text: impl Into<Cell>) {
        self.row(&[indent.saturating_sub(GAP)], &["".into(), text.into()]);
    }

    /// Adds labelled values; omits empty ones.
    pub(crate) fn facts(&mut self, facts: &[(&str, String)]) {
        let cells = |(label, value): &(&str, String)| vec![label.into(), value.into()];
        let rows: Vec<_> = facts.iter().filter(|(_, value)| !value.is_empty()).map(cells).collect();
        self.table(&[WIDTH], &rows);
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
        let mut column = 0;
        for (cell, width) in cells.iter().zip(widths) {
            self.paint(&cell.text, cell.tone);
            column += width + GAP;
            match (width + GAP).checked_sub(cell.length()) {
                Some(room) if room > 0 => self.text.extend(std::iter::repeat_n(' ', room)),
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
        for word in words(&cell.text) {
            let blank = usize::from(column > indent);
            if column + blank + length(word) <= WIDTH {
                self.text.extend((blank > 0).then_some(' '));
                column += blank;
            } else if indent + length(word) <= WIDTH {
                self.break_line(indent);
                column = indent;
            } else if indent > OUTDENT || blank > 0 {
                self.break_line(OUTDENT.min(indent));
                column = OUTDENT.min(indent);
            }
            self.paint(word, cell.tone);
            column += length(word);
        }
    }

    fn paint(&mut self, text: &str, tone: Tone) {
        match color(tone).filter(|_| self.color && !text.is_empty()) {
            Some(color) => self.text.push_str(&format!("\x1b[{color}m{text}\x1b[0m")),
            None => self.text.push_str(text),
        }
    }

    fn break_line(&mut self, indent: usize) {
        self.end_line();
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Splits a text into words. A quotation between “ and ”, a command or a name, is one word if it
/// fits on a line.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (word, after) = text.split_at(quoted(text).unwrap_or_else(|| blank(text, 0)));
        rest = after.strip_prefix(' ');
        Some(word)
    })
}

/// The end of the first word if it holds a quotation.
fn quoted(text: &str) -> Option<usize> {
    let open = text.find('“').filter(|open| *open < blank(text, 0))?;
    let end = blank(text, open + text.get(open..)?.find('”')?);
    (length(text.get(..end)?) <= WIDTH - OUTDENT).then_some(end)
}

/// The position of the first blank at or after `from`, or the end of the text.
fn blank(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find(' ')).map_or(text.len(), |at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(text: &str) -> String {
        let mut page = Page::new(false);
        page.row(&[6], &["Label:".into(), text.into()]);
        page.text().to_owned()
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
            let mut page = Page::new(color);
            page.row(&[6], &row);
            page.text().to_owned()
        };
        assert_eq!(print(false), "ok      note\n");
        let colored = print(true);
        assert_eq!(colored.replace("\u{1b}[32m", "").replace("\u{1b}[0m", ""), print(false));
        assert_eq!(colored.matches('\u{1b}').count(), 4, "{colored}");
    }

    #[test]
    fn blanks_inside_a_name_are_kept() {
        assert_eq!(flowed("a  b.lic"), "Label:  a  b.lic\n");
    }
}
