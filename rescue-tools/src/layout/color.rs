//! Colour, which repeats what a text says already.

use licensing_words::Tone;

use super::Cell;

/// Whether a page is printed in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    Shown,
    Hidden,
}

impl Color {
    /// Writes a cell, in colour with SGR (ECMA-48 §8.3.117).
    pub(super) fn write(self, cell: &Cell, to: &mut String) {
        let color = match cell.tone {
            Tone::Plain => None,
            Tone::Good => Some(32),
            Tone::Caution => Some(33),
            Tone::Bad => Some(31),
        };
        let text = &cell.text;
        match color.filter(|_| self == Self::Shown && !text.trim().is_empty()) {
            Some(color) => to.push_str(&format!("\x1b[{color}m{text}\x1b[0m")),
            None => to.push_str(text),
        }
    }
}
